"""Order quantities: bounds, lots, calendar, and a reason whose numbers re-add."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.replenishment import (
    DemandOutlook,
    OrderDecision,
    ReplenishmentError,
    StockPosition,
    SupplyTerms,
    critical_fractile,
    decide_order,
    order_quantity,
    order_up_to_level,
)

TODAY = date(2026, 3, 2)
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98)

outlooks = st.lists(
    st.floats(min_value=0, max_value=5_000), min_size=len(LEVELS), max_size=len(LEVELS)
).map(lambda units: outlook(*sorted(units)))
terms_of_supply = st.builds(
    SupplyTerms,
    lead_time_days=st.just(14),
    review_days=st.just(7),
    moq=st.integers(min_value=0, max_value=200),
    case_pack=st.integers(min_value=1, max_value=48),
)
positions = st.integers(min_value=-500, max_value=10_000)
targets = st.floats(min_value=0.5, max_value=0.99)


def outlook(*units: float, days: int = 21) -> DemandOutlook:
    return DemandOutlook(days=days, mean=sum(units) / len(units), levels=LEVELS, units=units)


def decide(
    demand: DemandOutlook,
    *,
    available: int,
    on_order: int = 0,
    terms: SupplyTerms | None = None,
) -> OrderDecision:
    return decide_order(
        demand,
        position=StockPosition(available=available, on_order=on_order),
        terms=terms or SupplyTerms(lead_time_days=14, review_days=7),
        service_target=0.95,
        today=TODAY,
        demand_at_target=((7, 40.0), (14, 70.0), (21, 95.0), (28, 120.0)),
    )


USUAL = outlook(40, 48, 60, 74, 88, 95, 110)


@given(demand=outlooks, position=positions, terms=terms_of_supply, target=targets)
def test_an_order_is_zero_or_whole_packs_of_at_least_the_minimum(
    demand: DemandOutlook, position: int, terms: SupplyTerms, target: float
) -> None:
    qty = order_quantity(demand, position=position, terms=terms, service_target=target)

    assert qty >= 0
    assert qty % terms.case_pack == 0
    assert qty == 0 or qty >= terms.moq


@given(demand=outlooks, position=positions, more=st.integers(1, 500), terms=terms_of_supply)
def test_more_stock_never_orders_more(
    demand: DemandOutlook, position: int, more: int, terms: SupplyTerms
) -> None:
    poor = order_quantity(demand, position=position, terms=terms, service_target=0.95)
    rich = order_quantity(demand, position=position + more, terms=terms, service_target=0.95)

    assert rich <= poor


@given(demand=outlooks, position=positions)
def test_without_lots_the_order_fills_up_to_the_level(demand: DemandOutlook, position: int) -> None:
    free = SupplyTerms(lead_time_days=14, review_days=7)
    level = order_up_to_level(demand, service_target=0.9)

    qty = order_quantity(demand, position=position, terms=free, service_target=0.9)

    assert qty == max(level - position, 0)


@given(demand=outlooks, low=targets, high=targets)
def test_a_higher_target_never_lowers_the_level(
    demand: DemandOutlook, low: float, high: float
) -> None:
    low, high = sorted((low, high))

    assert order_up_to_level(demand, service_target=low) <= order_up_to_level(
        demand, service_target=high
    )


@given(demand=outlooks, position=positions, terms=terms_of_supply)
def test_the_row_re_adds(demand: DemandOutlook, position: int, terms: SupplyTerms) -> None:
    decision = decide(demand, available=position, on_order=30, terms=terms)

    assert decision.expected + decision.buffer == decision.order_up_to
    assert decision.order_up_to - position - 30 == decision.gap
    assert decision.qty == (decision.gap + decision.rounding if decision.qty else 0)
    assert decision.packs * terms.case_pack == decision.qty
    assert 0 <= decision.stockout_chance_without <= 1


def test_the_reason_states_the_numbers_that_re_add() -> None:
    packs = SupplyTerms(lead_time_days=14, review_days=7, case_pack=12)

    decision = decide(USUAL, available=40, on_order=10, terms=packs)

    assert decision.reason == (
        "Order 48: the next 21 days need 95 at 95% service (74 expected + 21 for uncertainty); "
        "40 available + 10 on order leave 45 missing, + 3 for packs of 12."
    )


def test_a_rounding_down_is_chosen_where_it_is_cheaper() -> None:
    packs = SupplyTerms(lead_time_days=14, review_days=7, case_pack=40)

    decision = decide(USUAL, available=50, terms=packs)

    assert (decision.gap, decision.qty, decision.rounding) == (45, 40, -5)


def test_a_minimum_that_costs_more_than_it_saves_is_not_ordered() -> None:
    large = SupplyTerms(lead_time_days=14, review_days=7, moq=1_000)

    decision = decide(USUAL, available=94, terms=large)

    assert decision.qty == 0
    assert "1 missing, too few to justify 1000" in decision.reason


def test_enough_stock_orders_nothing_and_says_what_is_to_spare() -> None:
    decision = decide(USUAL, available=120)

    assert decision.qty == 0
    assert decision.reason.endswith("120 available + 0 on order cover it with 25 to spare.")


def test_a_sku_nobody_wants_is_not_ordered() -> None:
    decision = decide(outlook(*[0.0] * 7), available=0)

    assert (decision.qty, decision.stockout_chance_without, decision.cover_days) == (0, 0.0, None)


@pytest.mark.parametrize(
    ("available", "need_by_days", "order_by_days"),
    [(0, 0, 0), (39, 6, 0), (40, 7, 0), (70, 14, 0), (95, 21, 7), (119, 27, 13)],
)
def test_goods_are_needed_on_the_first_uncovered_day_and_ordered_a_lead_time_earlier(
    available: int, need_by_days: int, order_by_days: int
) -> None:
    decision = decide(USUAL, available=available)

    assert decision.need_by == TODAY + timedelta(days=need_by_days)
    assert decision.order_by == TODAY + timedelta(days=order_by_days)


def test_an_order_on_its_last_day_arrives_on_the_day_it_is_needed() -> None:
    decision = decide(USUAL, available=95)

    assert decision.order_by is not None
    assert decision.order_by + timedelta(days=14) == decision.need_by


def test_stock_that_outlasts_the_outlook_has_no_date() -> None:
    decision = decide(USUAL, available=500)

    assert (decision.need_by, decision.order_by) == (None, None)


def test_cover_counts_the_order() -> None:
    decision = decide(outlook(*[42.0] * 7), available=20)

    assert decision.qty == 22
    assert decision.cover_days == pytest.approx(21)


def test_the_chance_of_running_out_is_read_off_the_distribution() -> None:
    assert USUAL.chance_above(88) == pytest.approx(0.1)
    assert USUAL.chance_above(60) == pytest.approx(0.5)
    assert USUAL.chance_above(10_000) == 0


def test_expected_excess_is_the_area_above_the_stock() -> None:
    even = DemandOutlook(days=7, mean=50, levels=(0.25, 0.5, 0.75), units=(25, 50, 75))

    assert even.expected_excess_over(0) == pytest.approx(50)
    assert even.expected_excess_over(50) == pytest.approx(12.5)
    assert even.expected_excess_over(100) == 0


def test_the_critical_fractile_weighs_shortage_against_holding() -> None:
    assert critical_fractile(shortage_cost_minor=95, holding_cost_minor=5) == 0.95


@pytest.mark.parametrize(
    ("levels", "units"),
    [((0.5,), ()), ((0.5, 0.5), (1.0, 2.0)), ((0.1, 0.9), (2.0, 1.0)), ((0.5,), (-1.0,))],
)
def test_an_outlook_that_is_no_distribution_is_refused(
    levels: tuple[float, ...], units: tuple[float, ...]
) -> None:
    with pytest.raises(ReplenishmentError):
        DemandOutlook(days=7, mean=1.0, levels=levels, units=units)


def test_an_outlook_for_other_days_than_the_protection_is_refused() -> None:
    with pytest.raises(ReplenishmentError, match="7 for 21 days"):
        decide(outlook(*[1.0] * 7, days=7), available=0)


def test_reasons_hold_no_fraction() -> None:
    decision = decide(outlook(1.3, 2.7, 3.1, 4.4, 5.2, 6.9, 8.8), available=1)

    assert not re.search(r"\d\.\d", decision.reason)
