"""States of orders and parcels, and the durations between them."""

from dataclasses import astuple
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import MOVES, TERMINAL, OrderStateError, OrderStatus, check_move, waiting_for
from domain.shipments import (
    IN_CARRIER_HANDS,
    CarrierStatus,
    ParcelStatus,
    is_milestone,
    parcel_after_scan,
)
from domain.timers import TIMERS, OrderTimers, TimerProfile

ORDER_OF_PARCELS = [
    ParcelStatus.PLANNED,
    ParcelStatus.LABELLED,
    ParcelStatus.HANDED_OVER,
    ParcelStatus.DELIVERED,
]
scans = st.lists(st.sampled_from(CarrierStatus), max_size=12)


def test_every_state_says_where_it_may_go() -> None:
    assert set(MOVES) == set(OrderStatus)


def test_nothing_leaves_an_end_but_a_late_payment() -> None:
    exits = {status: MOVES[status] for status in TERMINAL if MOVES[status]}

    assert exits == {OrderStatus.EXPIRED: frozenset({OrderStatus.AWAITING_PAYMENT})}


def test_every_open_order_can_reach_an_end_and_waits_for_something() -> None:
    still_open = set(OrderStatus) - TERMINAL

    assert all(MOVES[status] for status in still_open)
    assert all(waiting_for(status) is not None for status in still_open)
    assert all(waiting_for(status) is None for status in TERMINAL)


def test_after_hand_over_an_order_is_not_cancelled() -> None:
    cancellable = {status for status, targets in MOVES.items() if OrderStatus.CANCELLED in targets}

    assert cancellable == {
        OrderStatus.ACTION_REQUIRED,
        OrderStatus.AWAITING_PAYMENT,
        OrderStatus.PAID,
    }


@pytest.mark.parametrize(("current", "target"), list(product(OrderStatus, OrderStatus)))
def test_a_move_outside_the_table_is_refused(current: OrderStatus, target: OrderStatus) -> None:
    if target in MOVES[current]:
        check_move("M-1", current, target)
    else:
        with pytest.raises(OrderStateError, match=f"M-1 is {current} and cannot become {target}"):
            check_move("M-1", current, target)


@given(scans=scans)
def test_scans_only_take_a_parcel_forward(scans: list[CarrierStatus]) -> None:
    status = ParcelStatus.LABELLED
    for scan in scans:
        moved = parcel_after_scan(status, scan)

        assert ORDER_OF_PARCELS.index(moved) >= ORDER_OF_PARCELS.index(status)
        assert is_milestone(status, scan) == (moved is not status)
        status = moved


@given(scans=scans, final=st.sampled_from([ParcelStatus.DELIVERED, ParcelStatus.CANCELLED]))
def test_no_scan_moves_a_parcel_that_is_done(
    scans: list[CarrierStatus], final: ParcelStatus
) -> None:
    assert all(parcel_after_scan(final, scan) is final for scan in scans)


@given(scans=scans)
def test_where_a_parcel_ends_does_not_depend_on_the_order_of_its_scans(
    scans: list[CarrierStatus],
) -> None:
    ends = set()
    for sequence in (scans, scans[::-1]):
        status = ParcelStatus.LABELLED
        for scan in sequence:
            status = parcel_after_scan(status, scan)
        ends.add(status)

    assert len(ends) == 1


@pytest.mark.parametrize("scan", CarrierStatus)
def test_a_parcel_is_handed_over_exactly_when_the_carrier_holds_it(scan: CarrierStatus) -> None:
    moved = parcel_after_scan(ParcelStatus.LABELLED, scan)

    assert (moved is not ParcelStatus.LABELLED) == (scan in IN_CARRIER_HANDS)


@pytest.mark.parametrize("profile", TimerProfile)
def test_every_profile_names_every_duration_of_every_kind_of_order(profile: TimerProfile) -> None:
    table = TIMERS[profile]

    assert set(table.orders) == {"normal", "flash"}
    assert all(seconds > 0 for timers in table.orders.values() for seconds in astuple(timers))
    assert all(seconds > 0 for seconds in astuple(table.supply))


def test_a_demonstration_never_waits_longer_than_the_business() -> None:
    business, quick = TIMERS[TimerProfile.STANDARD], TIMERS[TimerProfile.DEMONSTRATION]

    assert all(
        fast <= slow
        for kind, timers in quick.orders.items()
        for fast, slow in zip(astuple(timers), astuple(business.orders[kind]), strict=True)
    )


def test_a_flash_order_is_paid_sooner_or_not_at_all() -> None:
    orders = TIMERS[TimerProfile.STANDARD].orders

    assert orders["flash"].payment < orders["normal"].payment == OrderTimers().payment
