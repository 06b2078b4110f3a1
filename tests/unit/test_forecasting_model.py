"""The forecaster: every kind of SKU answered, ordered, never negative, and repeatable."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone

from analytics.forecasting.backtest import cutoffs, rolling_origin_backtest
from analytics.forecasting.demand import DemandPanel, Floats, panel_from_frame
from analytics.forecasting.forecaster import (
    COLD_MODEL,
    FALLBACK_MODEL,
    GLOBAL_MODEL,
    SILENT_MODEL,
    DemandForecaster,
)
from analytics.forecasting.model import DistributionRegressor
from analytics.forecasting.scores import (
    bias,
    coverage,
    weighted_absolute_percentage_error,
    weighted_quantile_loss,
)
from analytics.forecasting.settings import ForecastSettings

FIRST_DAY = date(2024, 1, 1)
DAYS = 420
SMALL = ForecastSettings(day_rows_max=4_000, sum_rows_max=2_000, folds_max=2, trees=40)
ALL_ZERO, SINGLE_SALE, NEW, FADING, PROMOTED = range(5)


def seasonal_units(count: int) -> Floats:
    random = np.random.default_rng(11)
    day = np.arange(DAYS)
    week = np.array([0.7, 0.8, 0.9, 1.0, 1.4, 1.8, 0.4])[day % 7]
    year = 1 + 0.4 * np.sin(2 * np.pi * day / 365)
    rate = random.uniform(0.5, 8.0, size=(count, 1)) * week * year
    return np.asarray(random.poisson(rate), dtype=np.float64)


def panel_of(units: Floats, *, listed: int = 0) -> DemandPanel:
    """Build a panel whose first `listed` SKUs have no demand rows at all."""
    rows, columns = np.nonzero(units)
    names = np.array([f"S{row:02}" for row in range(units.shape[0])])
    frame = pl.DataFrame(
        {
            "sku": names[rows],
            "location_id": "main",
            "demand_date": [FIRST_DAY + timedelta(days=int(column)) for column in columns],
            "units": units[rows, columns],
            "price": 100.0,
        }
    )
    also = pl.DataFrame({"sku": names[:listed], "location_id": "main"})
    return panel_from_frame(
        frame, store_id="shop", last_day=FIRST_DAY + timedelta(days=DAYS - 1), also=also
    )


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    units = seasonal_units(24)
    units[ALL_ZERO] = units[SINGLE_SALE] = 0.0
    units[SINGLE_SALE, 250] = 3.0
    units[NEW, :-9] = 0.0
    units[FADING, 330:] = 0.0
    units[PROMOTED, 180:187] *= 12
    return panel_of(units, listed=1)


@pytest.fixture(scope="module")
def forecaster(panel: DemandPanel) -> DemandForecaster:
    return DemandForecaster(settings=SMALL).fit(panel)


def test_each_kind_of_sku_is_answered_by_its_model(forecaster: DemandForecaster) -> None:
    assert forecaster.routes_[:5].tolist() == [
        SILENT_MODEL,
        COLD_MODEL,
        COLD_MODEL,
        GLOBAL_MODEL,
        GLOBAL_MODEL,
    ]


def test_forecasts_are_finite_ordered_and_never_negative(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    for answer in (forecaster.predict(panel), forecaster.predict_sums(panel, [1, 7, 21, 42])):
        assert np.isfinite(answer.mean).all()
        assert (answer.mean >= 0).all()
        assert (answer.quantiles >= 0).all()
        assert (np.diff(answer.quantiles, axis=2) >= 0).all()


def test_a_sku_that_never_sold_is_forecast_at_zero(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    assert not forecaster.predict(panel).mean[ALL_ZERO].any()
    assert not forecaster.predict_sums(panel, [21]).quantiles[ALL_ZERO].any()


def test_a_single_sale_long_ago_is_nearly_nothing(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    assert forecaster.predict(panel).mean[SINGLE_SALE].mean() < 0.1


def test_a_new_sku_is_forecast_between_its_own_start_and_the_pool(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    daily = forecaster.predict(panel).mean[NEW].mean()

    assert 0.3 < daily < 8


def test_a_faded_sku_is_forecast_far_below_its_past(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    before = panel.units[FADING, :330].mean()

    assert forecaster.predict(panel).mean[FADING].mean() < 0.2 * before


def test_a_past_promotion_does_not_lift_the_forecast(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    recent = panel.units[PROMOTED, -28:].mean()

    assert forecaster.predict(panel).mean[PROMOTED].mean() < 1.6 * recent


def test_the_same_seed_gives_the_same_bytes(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    again = clone(forecaster).fit(panel)

    assert again.predict(panel).mean.tobytes() == forecaster.predict(panel).mean.tobytes()
    assert (
        again.predict_sums(panel, [21]).quantiles.tobytes()
        == forecaster.predict_sums(panel, [21]).quantiles.tobytes()
    )


def test_another_seed_draws_another_model(panel: DemandPanel, forecaster: DemandForecaster) -> None:
    other = clone(forecaster).set_params(random_state=5, with_sums=False).fit(panel)

    assert not np.array_equal(other.predict(panel).mean, forecaster.predict(panel).mean)


@pytest.mark.parametrize("days", [1, 3, 8, 30, 60])
def test_a_short_history_is_answered_by_rule(panel: DemandPanel, days: int) -> None:
    short = panel_of(panel.units[5:, -days:][:, : min(days, DAYS)])
    known = short.until(FIRST_DAY + timedelta(days=days - 1))

    fitted = DemandForecaster(settings=SMALL).fit(known)

    assert set(fitted.routes_) <= {FALLBACK_MODEL, COLD_MODEL, SILENT_MODEL}
    assert np.isfinite(fitted.predict(known).mean).all()
    assert np.isfinite(fitted.predict_sums(known, [7, 21]).quantiles).all()


def test_a_forecast_of_another_panel_than_the_fitted_is_refused(
    forecaster: DemandForecaster, panel: DemandPanel
) -> None:
    with pytest.raises(ValueError, match="fitted on"):
        forecaster.predict(panel.until(FIRST_DAY + timedelta(days=200)))


def test_nothing_after_the_cutoff_reaches_a_forecast(panel: DemandPanel) -> None:
    cutoff = FIRST_DAY + timedelta(days=300)
    units = panel.units.copy()
    units[:, 301:] = 777.0
    tampered = panel_of(units, listed=1)

    first, second = (
        DemandForecaster(settings=SMALL, with_sums=False).fit(known).predict(known)
        for known in (panel.until(cutoff), tampered.until(cutoff))
    )

    # NEW began after the cutoff, ALL_ZERO after the tampering: both are unknown at the cutoff.
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.quantiles, second.quantiles)


def test_the_backtest_beats_the_seasonal_naive_on_a_seasonal_panel(panel: DemandPanel) -> None:
    rows = rolling_origin_backtest(
        panel,
        forecaster=DemandForecaster(settings=SMALL, with_sums=False),
        horizon_days=28,
        folds_max=2,
    )
    model = weighted_absolute_percentage_error(rows, "predicted")
    naive = weighted_absolute_percentage_error(rows, "naive")

    assert model is not None
    assert naive is not None
    assert model < 0.9 * naive
    assert 0.7 < (coverage(rows) or 0) < 0.97
    assert abs(bias(rows) or 0) < 0.2


def test_the_backtest_returns_one_row_per_begun_series_cutoff_and_day(panel: DemandPanel) -> None:
    rows = rolling_origin_backtest(
        panel,
        forecaster=DemandForecaster(settings=SMALL, with_sums=False),
        horizon_days=14,
        folds_max=2,
    )
    ends = [panel.last_day - timedelta(days=14 * fold) for fold in (2, 1)]

    assert rows["cutoff"].unique().sort().to_list() == ends
    # ALL_ZERO and NEW had not begun at either cutoff.
    assert rows.height == 2 * (24 - 2) * 14
    assert rows.unique(["sku", "location_id", "demand_date"]).height == rows.height
    assert (rows["demand_date"] > rows["cutoff"]).all()
    assert (rows["p10"] <= rows["p90"]).all()


@pytest.mark.parametrize(("days", "folds"), [(20, 0), (55, 0), (56, 1), (84, 2), (420, 3)])
def test_folds_follow_the_length_of_the_history(panel: DemandPanel, days: int, folds: int) -> None:
    known = panel.until(FIRST_DAY + timedelta(days=days - 1))

    assert len(cutoffs(known, horizon_days=28, folds_max=3)) == folds


def test_an_estimator_learns_an_all_zero_target_as_zero() -> None:
    features = np.random.default_rng(0).normal(size=(50, 3))

    model = DistributionRegressor().fit(features, np.zeros(50))

    assert not model.predict(features).any()
    assert not model.predict_quantiles(features).any()


def test_an_estimator_bears_a_feature_nobody_knows() -> None:
    features = np.random.default_rng(0).normal(size=(500, 3))
    features[:, 1] = np.nan

    model = DistributionRegressor(max_iter=5).fit(features, np.abs(features[:, 0]))

    assert np.isfinite(model.predict(features)).all()


def test_an_estimator_refuses_negative_demand() -> None:
    with pytest.raises(ValueError, match="negative"):
        DistributionRegressor().fit(np.zeros((2, 1)), np.array([1.0, -1.0]))


def test_scores_without_demand_are_unknown_not_zero() -> None:
    rows = pl.DataFrame({"units": [0, 0], "predicted": [1.0, 0.0], "naive": [0.0, 0.0]})

    assert weighted_absolute_percentage_error(rows, "predicted") is None
    assert bias(rows) is None


def test_quantile_loss_of_a_sure_and_right_forecast_is_zero() -> None:
    actual = np.array([3.0, 5.0])

    assert weighted_quantile_loss(actual, np.stack([actual, actual], axis=1), (0.1, 0.9)) == 0
