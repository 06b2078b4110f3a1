"""Features: blind to the future, defined for every kind of SKU, equal to a second computation."""

from dataclasses import replace
from datetime import date, timedelta

import duckdb
import numpy as np
import polars as pl
import pytest

from analytics.forecasting import sampling
from analytics.forecasting.demand import DemandPanel, Floats, panel_from_frame
from analytics.forecasting.features import FEATURES, Rows, demand_features, demand_history
from analytics.forecasting.sampling import training_rows
from analytics.forecasting.statistical import intermittent_levels

FIRST_DAY = date(2024, 1, 1)
DAYS = 460


def panel_of(units: Floats) -> DemandPanel:
    days = [FIRST_DAY + timedelta(days=day) for day in range(units.shape[1])]
    return panel_from_frame(
        pl.concat(
            pl.DataFrame(
                {
                    "sku": f"S{row:02}",
                    "location_id": "main",
                    "demand_date": days,
                    "units": units[row],
                    "price": 100.0 + np.arange(units.shape[1]) % 50,
                }
            )
            for row in range(units.shape[0])
        ),
        store_id="shop",
        last_day=days[-1],
    )


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    random = np.random.default_rng(3)
    units = random.poisson(random.uniform(0.1, 6, size=(9, 1)), size=(9, DAYS)).astype(np.float64)
    units[0], units[1] = 0.0, 0.0
    units[1, 200] = 4.0
    units[2, 300:] = 0.0
    return panel_of(units)


def rows_at(origin: int, *, count: int, length: int = 1) -> Rows:
    series = np.arange(count)
    at = np.full(count, origin)
    return Rows(series=series, origin=at, first=at + 3, last=at + 2 + length)


@pytest.mark.parametrize("origin", [0, 5, 60, 200, 380, 430])
@pytest.mark.parametrize("length", [1, 21])
def test_features_ignore_everything_after_their_origin(
    panel: DemandPanel, origin: int, length: int
) -> None:
    units, price = panel.units.copy(), panel.price.copy()
    units[:, origin + 1 :] = 999.0
    price[:, origin + 1 :] = 1.0
    rows = rows_at(origin, count=9, length=length)

    seen = demand_features(demand_history(panel, ahead_days=28), rows)
    tampered = demand_features(
        demand_history(replace(panel, units=units, price=price), ahead_days=28), rows
    )

    np.testing.assert_array_equal(seen, tampered)


def test_a_cut_panel_gives_the_features_that_were_known_then(panel: DemandPanel) -> None:
    rows = rows_at(400, count=9)

    whole = demand_features(demand_history(panel, ahead_days=28), rows)
    cut = panel.until(FIRST_DAY + timedelta(days=400))
    known = demand_features(demand_history(cut, ahead_days=28), rows)

    np.testing.assert_allclose(whole, known)


def test_every_sku_has_finite_levels(panel: DemandPanel) -> None:
    features = demand_features(demand_history(panel, ahead_days=28), rows_at(430, count=9))

    assert np.isfinite(features[:, FEATURES.index("level_28")]).all()
    assert not np.isinf(features).any()


def test_levels_equal_those_computed_in_sql(panel: DemandPanel) -> None:
    long = pl.DataFrame(
        {
            "row": np.repeat(np.arange(9), DAYS),
            "day": np.tile(np.arange(DAYS), 9),
            "units": panel.units.reshape(-1),
        }
    )
    with duckdb.connect() as connection:
        connection.register("demand", long.to_arrow())
        expected = connection.execute(
            """
            select avg(units) filter (where day > 402) / greatest(avg(units), 0.02)
            from demand where day between 340 and 430 group by "row" order by "row"
            """
        ).fetchall()

    features = demand_features(demand_history(panel, ahead_days=28), rows_at(430, count=9))

    np.testing.assert_allclose(
        features[:, FEATURES.index("level_28")], [value for (value,) in expected]
    )


def test_a_row_that_describes_a_day_it_has_seen_is_refused() -> None:
    with pytest.raises(AssertionError, match="has seen"):
        Rows(series=np.array([0]), origin=np.array([9]), first=np.array([9]), last=np.array([9]))


def test_training_targets_lie_inside_the_known_history(panel: DemandPanel) -> None:
    history = demand_history(panel, ahead_days=28)

    rows = training_rows(
        history,
        length_days=np.arange(1, 30),
        ahead_days=np.array([1]),
        rows_max=500,
        seed=1,
    )

    assert rows.series.size == 500
    assert rows.last.max() < panel.days
    assert (rows.origin >= panel.started[rows.series]).all()


def test_training_rows_follow_the_seed(panel: DemandPanel) -> None:
    history = demand_history(panel, ahead_days=28)

    def draw(seed: int) -> list[int]:
        one, ahead = np.array([1]), np.arange(1, 29)
        rows = training_rows(history, length_days=one, ahead_days=ahead, rows_max=200, seed=seed)
        return [int(first) for first in rows.first]

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_targets_add_up_the_units_of_their_days(panel: DemandPanel) -> None:
    rows = rows_at(100, count=9, length=14)

    totals = sampling.targets(demand_history(panel, ahead_days=28), rows)

    np.testing.assert_array_equal(totals, panel.units[:, 103:117].sum(axis=1))


def test_the_tsb_level_fades_while_nothing_sells_and_the_used_level_follows(
    panel: DemandPanel,
) -> None:
    levels = intermittent_levels(panel)

    assert levels.tsb[2, -1] < 0.01 * levels.tsb[2, 299]
    assert levels.best[2, -1] == levels.tsb[2, -1]
    assert levels.sba[2, -1] == levels.sba[2, 299]


def test_levels_of_a_steady_series_are_its_rate() -> None:
    levels = intermittent_levels(panel_of(np.full((1, 200), 4.0)))

    assert levels.tsb[0, -1] == pytest.approx(4.0)
    assert levels.sba[0, -1] == pytest.approx(4.0 * 0.95)
