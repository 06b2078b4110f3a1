"""Generated demand has the shape it is asked for: weekdays, seasons, trends, offers, launches."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from analytics.importers.generated_demand import Demand, HistorySku, days_between, draw_demand

FIRST_DAY = date(2024, 1, 1)
DAYS = days_between(FIRST_DAY, FIRST_DAY + timedelta(days=729))
STEADY = HistorySku(
    sku="steady",
    product_id="P-1",
    product_name="Steady",
    category="Home",
    price_minor=1000,
    cost_minor=500,
    weekly_profile=(1.0,) * 7,
    promo_sensitivity=0.0,
)


def draw(*catalogue: HistorySku, units_per_day: float = 60) -> Demand:
    return draw_demand(
        catalogue, DAYS, units_per_day=units_per_day, random=np.random.default_rng(11)
    )


def test_all_products_together_sell_the_wanted_units() -> None:
    demand = draw(STEADY, replace(STEADY, sku="other", base_daily_units=3.0))

    assert demand.units.sum() / len(DAYS) == pytest.approx(60, rel=0.05)
    assert demand.units[:, 1].sum() / demand.units[:, 0].sum() == pytest.approx(3, rel=0.1)


def test_a_weekly_profile_shows_in_the_weekdays() -> None:
    demand = draw(replace(STEADY, weekly_profile=(1, 1, 1, 1, 1, 2, 0)))

    weekdays = np.array([day.weekday() for day in DAYS])
    assert demand.units[weekdays == 6].sum() == 0
    assert demand.units[weekdays == 5].mean() == pytest.approx(
        2 * demand.units[weekdays < 5].mean(), rel=0.1
    )


def test_a_season_peaks_at_its_phase() -> None:
    demand = draw(replace(STEADY, season_amplitude=0.8, season_phase_days=182))

    months = np.array([day.month for day in DAYS])
    assert demand.units[months == 7].mean() > 3 * demand.units[months == 1].mean()


def test_a_fading_product_sells_less_each_year() -> None:
    demand = draw(replace(STEADY, trend_per_year=-0.5))

    first, second = demand.units[:365].sum(), demand.units[365:].sum()
    assert second / first == pytest.approx(0.5, rel=0.1)


def test_an_offer_sells_more_where_customers_care() -> None:
    demand = draw(replace(STEADY, promo_sensitivity=4.0), STEADY)

    on_offer = demand.discount_bps > 0
    lift = demand.units[on_offer[:, 0], 0].mean() / demand.units[~on_offer[:, 0], 0].mean()
    no_lift = demand.units[on_offer[:, 1], 1].mean() / demand.units[~on_offer[:, 1], 1].mean()
    assert lift > 1.4
    assert no_lift == pytest.approx(1, abs=0.1)


def test_nothing_is_sold_before_its_launch() -> None:
    demand = draw(STEADY, replace(STEADY, launch_offset_days=400))

    assert demand.units[:400, 1].sum() == 0
    assert demand.units[400:410, 1].mean() < demand.units[500:, 1].mean()


def test_intermittent_demand_comes_rarely_and_in_lumps_but_sells_as_much() -> None:
    demand = draw(STEADY, replace(STEADY, is_intermittent=True), units_per_day=2)

    sold = demand.units > 0
    assert sold[:, 1].mean() < 0.6 * sold[:, 0].mean()
    assert demand.units[sold[:, 1], 1].mean() > 3
    assert demand.units[:, 1].sum() == pytest.approx(demand.units[:, 0].sum(), rel=0.25)
