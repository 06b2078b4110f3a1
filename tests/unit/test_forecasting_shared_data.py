"""On real demand: the forecaster clears the seasonal naive by a margin."""

from datetime import date

import polars as pl

from analytics.forecasting.backtest import rolling_origin_backtest
from analytics.forecasting.demand import panel_from_frame
from analytics.forecasting.forecaster import DemandForecaster
from analytics.forecasting.scores import coverage, weighted_absolute_percentage_error
from analytics.forecasting.settings import ForecastSettings
from tests.support.shared_data import shared_data_file

LAST_DAY = date(2016, 3, 27)


def test_the_forecaster_beats_the_seasonal_naive_on_real_shops() -> None:
    sales = pl.read_parquet(shared_data_file("m5/sales_280series_daily.parquet"))
    demand = sales.filter(pl.col("date").is_between(date(2014, 12, 1), LAST_DAY)).select(
        sku="item_id",
        location_id="store_id",
        demand_date="date",
        units=pl.col("value").cast(pl.Float64),
        price=pl.col("sell_price") * 100,
    )

    rows = rolling_origin_backtest(
        panel_from_frame(demand, store_id="m5", last_day=LAST_DAY),
        forecaster=DemandForecaster(
            settings=ForecastSettings(day_rows_max=20_000), with_sums=False
        ),
        horizon_days=28,
        folds_max=1,
    )
    model = weighted_absolute_percentage_error(rows, "predicted")
    naive = weighted_absolute_percentage_error(rows, "naive")

    assert model is not None
    assert naive is not None
    assert model < 0.9 * naive
    assert 0.8 < (coverage(rows) or 0) < 0.97
