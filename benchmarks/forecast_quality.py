"""Forecast quality on real demand, as ratios to the seasonal naive: errors, quantiles, effort.

Protocol: the 280 daily series of the M5 subset, cut 28 days before their end; the forecaster is
trained on what lies before and answers those 28 days. The days scored were not used to choose any
setting. Prices, events and promotions of the days ahead are not given to it.
"""

import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from analytics.forecasting.backtest import seasonal_naive
from analytics.forecasting.demand import DemandPanel, Floats, panel_from_frame
from analytics.forecasting.forecaster import SUM_QUANTILES, DemandForecaster, Distribution
from analytics.forecasting.scores import weighted_quantile_loss
from analytics.forecasting.settings import ForecastSettings
from benchmarks.measuring import print_table, shared_data_file

HORIZON_DAYS = 28
SUM_DAYS = 21
LAST_DAY = date(2016, 4, 24)
_SALES = "m5/sales_280series_daily.parquet"


def m5_panel(file: Path, *, history_days: int) -> DemandPanel:
    """Return the subset as one store whose locations are the ten shops."""
    sales = pl.read_parquet(file).select(
        sku="item_id",
        location_id="store_id",
        category="cat_id",
        demand_date="date",
        units=pl.col("value").cast(pl.Float64),
        price=pl.col("sell_price") * 100,
    )
    begun = (
        sales.filter(pl.col("units") > 0)
        .group_by("sku", "location_id")
        .agg(pl.col("demand_date").min().alias("first_sale"))
    )
    recent = pl.col("demand_date") > LAST_DAY - timedelta(days=history_days)
    return panel_from_frame(
        sales.join(begun, on=["sku", "location_id"]).filter(
            recent & (pl.col("demand_date") >= pl.col("first_sale"))
        ),
        store_id="m5",
        last_day=LAST_DAY,
        categories=dict(sales.select("sku", "category").unique().iter_rows()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    daily: Floats
    sums: Floats


def _model(known: DemandPanel) -> Answer:
    forecaster = DemandForecaster(settings=ForecastSettings()).fit(known)
    sums: Distribution = forecaster.predict_sums(known, [SUM_DAYS])
    return Answer(daily=forecaster.predict(known).mean, sums=sums.quantiles[:, 0, :])


def _naive(known: DemandPanel) -> Answer:
    daily = seasonal_naive(known, horizon_days=HORIZON_DAYS)
    total = daily[:, :SUM_DAYS].sum(axis=1)
    return Answer(daily=daily, sums=np.repeat(total[:, None], len(SUM_QUANTILES), axis=1))


def _wape(actual: Floats, forecast: Floats) -> float:
    return float(np.abs(actual - forecast).sum() / actual.sum())


def _compared(
    panel: DemandPanel, *, model: Answer, naive: Answer
) -> tuple[dict[str, tuple[float, float]], str]:
    """Return each score of model and naive, and how often sums lay below the model's quantiles."""
    actual = panel.units[:, -HORIZON_DAYS:]
    sums = actual[:, :SUM_DAYS].sum(axis=1)
    scores = {
        "WAPE, day": (_wape(actual, model.daily), _wape(actual, naive.daily)),
        "WAPE, 28-day sum": (
            _wape(actual.sum(axis=1), model.daily.sum(axis=1)),
            _wape(actual.sum(axis=1), naive.daily.sum(axis=1)),
        ),
        f"WQL, {SUM_DAYS}-day sum": (
            weighted_quantile_loss(sums, model.sums, SUM_QUANTILES),
            weighted_quantile_loss(sums, naive.sums, SUM_QUANTILES),
        ),
    }
    below = ", ".join(
        f"{(sums <= quantile).mean():.3f} at {level:.2f}"
        for level, quantile in zip(SUM_QUANTILES, model.sums.T, strict=True)
    )
    return scores, below


def run(*, quick: bool) -> None:
    """Compare model and naive; there is no smaller protocol, so quick changes nothing."""
    del quick
    file = shared_data_file(_SALES)
    if file is None:
        print("\nForecast: skipped, no shared data (set MALLARD_SHARED_DATA)")
        return
    panel = m5_panel(file, history_days=ForecastSettings().history_days_max + HORIZON_DAYS)
    known = panel.until(LAST_DAY - timedelta(days=HORIZON_DAYS))
    began = time.process_time()
    model = _model(known)
    model_seconds = time.process_time() - began
    scores, below = _compared(panel, model=model, naive=_naive(known))
    print_table(
        f"Forecast: {panel.units.shape[0]} series, {known.days} days, scored on {HORIZON_DAYS} after",
        ["", "model", "naive", "ratio"],
        [[name, own, bar, own / bar] for name, (own, bar) in scores.items()],
        [
            f"CPU seconds, training and answering: {model_seconds:.1f}",
            f"sums at or below the asked quantile: {below}",
        ],
    )


if __name__ == "__main__":
    run(quick=False)
