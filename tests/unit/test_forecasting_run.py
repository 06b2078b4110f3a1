"""One run on a published file: four tables in the lake, equal when repeated."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from analytics.forecasting.demand import NoDemandError
from analytics.forecasting.run import ForecastRun, run_forecast
from analytics.forecasting.settings import ForecastSettings
from analytics.lake import TABLE_SCHEMAS, EventLake

FIRST_DAY = date(2025, 1, 6)
DAYS = 240
AS_OF = FIRST_DAY + timedelta(days=DAYS - 1)
SKUS = 8
QUICK = ForecastSettings(day_rows_max=1_500, sum_rows_max=1_000, folds_max=1, trees=15)


def demand_rows(store_id: str, *, days: int, location_id: str = "main") -> pl.DataFrame:
    random = np.random.default_rng(5)
    rate = np.linspace(0.5, 6, SKUS)[:, None] * np.where(np.arange(days) % 7 == 5, 2.0, 1.0)
    return pl.DataFrame(
        {
            "store_id": store_id,
            "sku": np.repeat([f"S{row}" for row in range(SKUS)], days),
            "location_id": location_id,
            "demand_date": [FIRST_DAY + timedelta(days=day) for day in range(days)] * SKUS,
            "units": random.poisson(rate).reshape(-1),
            "unit_price_minor": pl.Series([1_000] * (SKUS * days), dtype=pl.Int64),
        }
    )


def stock_rows() -> pl.DataFrame:
    # S7 is listed and stocked without ever having sold from this location.
    return pl.DataFrame(
        {
            "store_id": "shop",
            "sku": [f"S{row}" for row in range(SKUS)] + ["NEVER"],
            "location_id": "main",
            "on_hand": [0, 5, 500, 20, 20, 20, 20, 20, 3],
            "available": [0, 3, 500, 20, 20, 20, 20, 20, 3],
            "on_order": [0, 0, 0, 12, 0, 0, 0, 0, 0],
        }
    )


def product_rows() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "store_id": "shop",
            "sku": [f"S{row}" for row in range(SKUS)],
            "category": ["Home", "Garden"] * (SKUS // 2),
            "supplier_id": "SUP-1",
            "lead_time_days": pl.Series([14] * (SKUS - 1) + [None], dtype=pl.Int64),
            "moq": 6,
            "case_pack": 6,
            "cost_minor": 450,
        }
    )


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("published") / "warehouse-1.duckdb"
    foreign = demand_rows("import", days=100)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        for name, rows in {
            "daily_demand": pl.concat([demand_rows("shop", days=DAYS), foreign]),
            "stock_levels": stock_rows(),
            "products": product_rows(),
        }.items():
            connection.register("source_rows", rows.to_arrow())
            connection.execute(f"create table marts.{name} as select * from source_rows")
    return file


def run(
    publication: Path, lake: EventLake, *, run_id: str = "run-1", stores: tuple[str, ...] = ()
) -> ForecastRun:
    return run_forecast(
        publication,
        lake=lake,
        as_of=AS_OF,
        created_at=datetime(2025, 9, 3, 4, 0, tzinfo=UTC),
        run_id=run_id,
        seed=42,
        code_version="test",
        store_ids=stores or None,
        settings=QUICK,
        stopwatch=lambda: 0.0,
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> EventLake:
    return EventLake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def outcome(publication: Path, lake: EventLake) -> ForecastRun:
    return run(publication, lake)


@pytest.fixture(scope="module")
def tables(outcome: ForecastRun) -> dict[str, pl.DataFrame]:
    return {path.parent.name: pl.read_parquet(path) for path in outcome.tables}


def test_a_run_writes_its_four_tables_its_own_row_last(
    outcome: ForecastRun, tables: dict[str, pl.DataFrame]
) -> None:
    assert outcome.tables[-1].parent.name == "forecast_runs"
    assert {name: frame.columns for name, frame in tables.items()} == {
        name: TABLE_SCHEMAS[name].names for name in tables
    }
    assert len(tables) == 4


def test_every_stocked_sku_is_forecast_for_the_whole_horizon(
    tables: dict[str, pl.DataFrame],
) -> None:
    forecasts = tables["forecasts"]

    assert forecasts.height == (SKUS + 1) * 28
    assert forecasts["forecast_date"].min() == AS_OF + timedelta(days=1)
    assert forecasts["forecast_date"].max() == AS_OF + timedelta(days=28)
    assert forecasts.null_count().sum_horizontal().item() == 0
    assert (forecasts["p10"] >= 0).all()


def test_only_stores_with_stock_are_forecast_unless_asked(
    publication: Path, outcome: ForecastRun, tmp_path: Path
) -> None:
    asked = run(publication, EventLake(tmp_path), stores=("import",))

    assert [store.store_id for store in outcome.stores] == ["shop"]
    assert [store.store_id for store in asked.stores] == ["import"]
    # Its history ends early; it is forecast from there and not from months of silence.
    assert asked.stores[0].as_of == FIRST_DAY + timedelta(days=99)
    assert asked.suggestions == 0


def test_every_stocked_sku_has_a_proposal_that_re_adds(tables: dict[str, pl.DataFrame]) -> None:
    proposals = tables["replenishment_proposals"]

    assert proposals.height == SKUS + 1
    assert (proposals["qty"] % 6 == 0).filter(proposals["sku"] != "NEVER").all()
    assert (proposals["value_minor"] == proposals["qty"] * 450).drop_nulls().all()
    assert (proposals["packs"] * 6 == proposals["qty"]).filter(proposals["sku"] != "NEVER").all()
    ordered = proposals.filter(pl.col("qty") > 0)
    assert (ordered["order_by"] > AS_OF).all()
    assert (ordered["available"] + ordered["on_order"] < ordered["order_up_to"]).all()


def test_plenty_of_stock_and_no_demand_order_nothing(tables: dict[str, pl.DataFrame]) -> None:
    quantities = dict(tables["replenishment_proposals"].select("sku", "qty").iter_rows())

    assert quantities["S2"] == 0
    assert quantities["NEVER"] == 0
    assert quantities["S6"] > 0


def test_an_unknown_lead_time_is_the_usual_one(tables: dict[str, pl.DataFrame]) -> None:
    proposals = tables["replenishment_proposals"]

    assert set(proposals["protection_days"]) == {21}


def test_the_run_is_recorded_with_what_it_takes_to_repeat_it(
    tables: dict[str, pl.DataFrame], outcome: ForecastRun
) -> None:
    record = tables["forecast_runs"].row(0, named=True)

    assert (record["run_id"], record["seed"], record["code_version"]) == ("run-1", 42, "test")
    assert len(record["data_hash"]) == 64
    assert "scikit-learn" in json.loads(record["libraries"])
    assert "level_28" in json.loads(record["features"])
    assert record["wape_model"] == outcome.wape_model
    assert record["skus"] == SKUS + 1
    assert record["train_rows"] > 0


def test_the_same_run_again_gives_the_same_rows(
    publication: Path, tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    again = run(publication, EventLake(tmp_path))

    for path in again.tables:
        assert pl.read_parquet(path).equals(tables[path.parent.name], null_equal=True)


def test_writing_a_run_twice_changes_nothing(
    publication: Path, lake: EventLake, outcome: ForecastRun
) -> None:
    before = [path.stat().st_mtime_ns for path in outcome.tables]

    run(publication, lake)

    assert [path.stat().st_mtime_ns for path in outcome.tables] == before


def test_progress_rises_to_one(publication: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []

    run_forecast(
        publication,
        lake=EventLake(tmp_path),
        as_of=AS_OF,
        created_at=datetime(2025, 9, 3, 4, 0, tzinfo=UTC),
        run_id="run-2",
        seed=1,
        code_version="test",
        settings=QUICK,
        progress=lambda step, share: told.append((step, share)),
    )

    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("forecasts written", 1.0)


def test_a_store_without_demand_is_named(publication: Path, tmp_path: Path) -> None:
    with pytest.raises(NoDemandError, match="nowhere"):
        run(publication, EventLake(tmp_path), stores=("nowhere",))
