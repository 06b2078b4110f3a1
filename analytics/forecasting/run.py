"""One forecast run: panel, backtest, final fit, forecasts, proposals, and the row that records it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
import pyarrow as pa

from analytics.forecasting import registry
from analytics.forecasting.backtest import rolling_origin_backtest
from analytics.forecasting.demand import KEYS, DemandPanel, Floats, read_panels
from analytics.forecasting.forecaster import DemandForecaster
from analytics.forecasting.proposals import propose, read_supply, sum_days_max, sum_outlooks
from analytics.forecasting.settings import ForecastSettings
from analytics.lake import TABLE_SCHEMAS, EventLake

_BACKTEST_SHARE = 0.6
_FIT_SHARE = 0.9
_DIGITS = 4


class Progress(Protocol):
    """Told which step a run is at and which share of the whole is done."""

    def __call__(self, step: str, share: float, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreScore:
    """What one store's run came to; scores are None where history was too short to test on."""

    store_id: str
    as_of: date
    skus: int
    suggestions: int
    wape_model: float | None
    wape_naive: float | None
    coverage_80: float | None
    bias: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRun:
    """The outcome of a run; the errors are over all stores' backtests together."""

    run_id: str
    stores: tuple[StoreScore, ...]
    skus_forecast: int
    suggestions: int
    wape_model: float | None
    wape_naive: float | None
    seconds: float
    tables: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What a run was asked for, as its rows repeat it."""

    publication_file: Path
    as_of: date
    created_at: datetime
    run_id: str
    seed: int
    code_version: str
    settings: ForecastSettings
    stopwatch: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoreRun:
    forecasts: pl.DataFrame
    backtest: pl.DataFrame
    proposals: list[dict[str, Any]]
    record: dict[str, Any]


def run_forecast(
    publication_file: Path,
    *,
    lake: EventLake,
    as_of: date,
    created_at: datetime,
    run_id: str,
    seed: int,
    code_version: str,
    store_ids: Sequence[str] | None = None,
    settings: ForecastSettings | None = None,
    progress: Progress | None = None,
    stopwatch: Callable[[], float] = time.perf_counter,
) -> ForecastRun:
    """Forecast every store asked for and write the four tables of the run.

    `as_of` is the last complete day; nothing later is read. The tables are written together at
    the end, the run's own row last, so a run that is listed is complete. The same arguments on
    the same publication give the same rows, and writing them again changes nothing.
    Raises NoDemandError, WarehouseUnavailableError.
    """
    began = stopwatch()
    order = _Order(
        publication_file=publication_file,
        as_of=as_of,
        created_at=created_at,
        run_id=run_id,
        seed=seed,
        code_version=code_version,
        settings=settings or ForecastSettings(),
        stopwatch=stopwatch,
    )
    tell = _quiet if progress is None else progress
    runs = _store_runs(order, store_ids, tell)
    tables = _write(lake, run_id, runs)
    tell("forecasts written", 1.0)
    return _outcome(run_id, runs, tables, seconds=stopwatch() - began)


def _store_runs(order: _Order, store_ids: Sequence[str] | None, tell: Progress) -> list[_StoreRun]:
    panels = read_panels(
        order.publication_file,
        as_of=order.as_of,
        history_days_max=order.settings.history_days_max,
        store_ids=store_ids,
    )
    return [
        _store_run(panel, order, _part(tell, index, len(panels)))
        for index, panel in enumerate(panels)
    ]


def _quiet(step: str, share: float, /) -> None:
    pass


def _part(tell: Progress, index: int, count: int) -> Progress:
    return lambda step, share: tell(step, (index + share) / count)


def _store_run(panel: DemandPanel, order: _Order, tell: Progress) -> _StoreRun:
    began, settings, store = order.stopwatch(), order.settings, panel.store_id
    tell(f"{store}: backtest", 0.0)
    backtest = rolling_origin_backtest(
        panel,
        forecaster=DemandForecaster(settings=settings, with_sums=False, random_state=order.seed),
        horizon_days=settings.horizon_days,
        folds_max=settings.folds_max,
        progress=lambda share: tell(f"{store}: backtest", share * _BACKTEST_SHARE),
    )
    supply = read_supply(order.publication_file, store_id=store)
    forecaster = DemandForecaster(
        settings=settings,
        with_sums=not supply.is_empty(),
        sum_days_max=sum_days_max(supply, settings),
        random_state=order.seed,
    ).fit(panel)
    tell(f"{store}: orders", _FIT_SHARE)
    proposals = _proposals(panel, forecaster, supply, order)
    return _StoreRun(
        forecasts=_forecasts(panel, forecaster),
        backtest=backtest,
        proposals=proposals,
        record={
            "store_id": store,
            "as_of": panel.last_day,
            "created_at": order.created_at,
            "model": Counter(forecaster.routes_.tolist()).most_common(1)[0][0],
            "code_version": order.code_version,
            "seed": order.seed,
            "data_hash": registry.data_hash(panel),
            "features": registry.features_json(),
            "libraries": registry.libraries_json(),
            "skus": panel.series["sku"].n_unique(),
            **registry.score_columns(backtest),
            "train_rows": forecaster.train_rows_,
            "seconds": round(order.stopwatch() - began, 3),
        },
    )


def _proposals(
    panel: DemandPanel, forecaster: DemandForecaster, supply: pl.DataFrame, order: _Order
) -> list[dict[str, Any]]:
    if supply.is_empty():
        return []
    rows = propose(
        panel,
        sum_outlooks(forecaster, panel, days_max=forecaster.sum_days_max),
        supply=supply,
        settings=order.settings,
        today=order.as_of + timedelta(days=1),
    )
    return [{"store_id": panel.store_id, **row} for row in rows]


def _forecasts(panel: DemandPanel, forecaster: DemandForecaster) -> pl.DataFrame:
    daily = forecaster.predict(panel)
    count, horizon = daily.mean.shape
    each = np.repeat(np.arange(count), horizon)

    def flat(values: Floats) -> Floats:
        return np.round(values, _DIGITS).reshape(-1)

    ahead = np.tile(np.arange(1, horizon + 1), count)
    return pl.DataFrame(
        {
            "store_id": panel.store_id,
            **{key: panel.series[key].gather(each) for key in KEYS},
            "as_of": panel.last_day,
            "horizon_days": ahead,
            "mean": flat(daily.mean),
            **{
                name: flat(daily.quantiles[:, :, column])
                for column, name in enumerate(("p10", "p50", "p90"))
            },
            "model": forecaster.routes_[each],
        }
    ).with_columns(
        (pl.col("as_of") + pl.duration(days=pl.col("horizon_days"))).alias("forecast_date")
    )


def _write(lake: EventLake, run_id: str, runs: list[_StoreRun]) -> tuple[Path, ...]:
    tables: dict[str, pa.Table | list[dict[str, Any]]] = {
        "forecasts": pl.concat([run.forecasts for run in runs]).to_arrow(),
        "forecast_backtests": pl.concat([run.backtest for run in runs]).to_arrow(),
        "replenishment_proposals": [row for run in runs for row in run.proposals],
        "forecast_runs": [run.record for run in runs],
    }
    return tuple(
        lake.write_table(name, run_id, _table(name, run_id, rows)) for name, rows in tables.items()
    )


def _table(name: str, run_id: str, rows: pa.Table | list[dict[str, Any]]) -> pa.Table:
    schema = TABLE_SCHEMAS[name]
    if isinstance(rows, list):
        return pa.Table.from_pylist([{"run_id": run_id, **row} for row in rows], schema=schema)
    named = rows.append_column("run_id", pa.array([run_id] * rows.num_rows, pa.string()))
    return named.select(schema.names).cast(schema)


def _outcome(
    run_id: str, runs: list[_StoreRun], tables: tuple[Path, ...], *, seconds: float
) -> ForecastRun:
    scores = registry.score_columns(pl.concat([run.backtest for run in runs]))
    stores = tuple(
        StoreScore(
            suggestions=sum(row["qty"] > 0 for row in run.proposals),
            **{
                name: run.record[name]
                for name in StoreScore.__dataclass_fields__
                if name != "suggestions"
            },
        )
        for run in runs
    )
    return ForecastRun(
        run_id=run_id,
        stores=stores,
        skus_forecast=sum(store.skus for store in stores),
        suggestions=sum(store.suggestions for store in stores),
        wape_model=scores["wape_model"],
        wape_naive=scores["wape_naive"],
        seconds=seconds,
        tables=tables,
    )
