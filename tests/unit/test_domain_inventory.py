"""Stock: counters never break, and an order is promised only what is there."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.inventory import (
    EFFECTS,
    MovementKind,
    Sourcing,
    StockBalance,
    StockDriftError,
    WantedLine,
    source_lines,
)

LOCATIONS = ["near", "mid", "far"]
counts = st.integers(min_value=0, max_value=30)
balances_of_one = st.builds(
    lambda free, reserved, allocated: StockBalance(
        on_hand=free + reserved + allocated, reserved=reserved, allocated=allocated
    ),
    counts,
    counts,
    counts,
)
balances_of_all = st.dictionaries(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.sampled_from(LOCATIONS)),
    balances_of_one,
    max_size=9,
)
wanted_lines = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C", "unknown"]), st.integers(1, 25)),
    min_size=1,
    max_size=6,
).map(
    lambda wanted: [
        WantedLine(line_id=f"L{number}", sku=sku, qty=qty)
        for number, (sku, qty) in enumerate(wanted, start=1)
    ]
)
Balances = dict[tuple[str, str], StockBalance]


def promised(lines: list[WantedLine], sourcing: Sourcing) -> Counter[tuple[str, str]]:
    """Return units promised by SKU and location."""
    units: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if line.line_id in sourcing.location_of_line:
            units[line.sku, sourcing.location_of_line[line.line_id]] += line.qty
    return units


def wanted_of(lines: list[WantedLine]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        units[line.sku] += line.qty
    return units


def available_at(balances: Balances, sku: str, location: str) -> int:
    return balances[sku, location].available if (sku, location) in balances else 0


@given(
    balance=balances_of_one,
    kind=st.sampled_from(MovementKind),
    qty=st.integers(min_value=-40, max_value=40),
)
def test_a_movement_leaves_whole_counters_or_is_refused(
    balance: StockBalance, kind: MovementKind, qty: int
) -> None:
    effect = EFFECTS[kind]
    wanted = (
        balance.on_hand + effect[0] * qty,
        balance.reserved + effect[1] * qty,
        balance.allocated + effect[2] * qty,
    )
    is_whole = wanted[1] >= 0 and wanted[2] >= 0 and wanted[0] >= wanted[1] + wanted[2]

    try:
        after = balance.after(kind, qty)
    except StockDriftError:
        assert not is_whole
    else:
        assert is_whole
        assert (after.on_hand, after.reserved, after.allocated) == wanted


@given(balance=balances_of_one, qty=st.integers(1, 90))
@pytest.mark.parametrize(
    ("there", "back"),
    [
        (MovementKind.RESERVED, MovementKind.RELEASED),
        (MovementKind.RECEIVED, MovementKind.ADJUSTED),
    ],
)
def test_a_movement_and_its_opposite_change_nothing(
    balance: StockBalance, qty: int, there: MovementKind, back: MovementKind
) -> None:
    assume(there is MovementKind.RECEIVED or qty <= balance.available)
    undo = -qty if back is MovementKind.ADJUSTED else qty

    assert balance.after(there, qty).after(back, undo) == balance


@given(lines=wanted_lines, balances=balances_of_all)
def test_no_location_is_promised_more_than_it_has(
    lines: list[WantedLine], balances: Balances
) -> None:
    sourcing = source_lines(lines, balances=balances, locations=LOCATIONS)

    assert all(
        units <= available_at(balances, sku, location)
        for (sku, location), units in promised(lines, sourcing).items()
    )


@given(lines=wanted_lines, balances=balances_of_all)
def test_an_order_is_sourced_whole_or_told_what_is_short(
    lines: list[WantedLine], balances: Balances
) -> None:
    sourcing = source_lines(lines, balances=balances, locations=LOCATIONS)
    everything = {line.line_id for line in lines}

    assert set(sourcing.location_of_line) == (set() if sourcing.short_lines else everything)


@given(lines=wanted_lines, balances=balances_of_all, able=st.sampled_from(LOCATIONS))
def test_the_most_preferred_location_that_has_everything_serves_everything(
    lines: list[WantedLine], balances: Balances, able: str
) -> None:
    wanted = wanted_of(lines)
    enough = {
        (sku, able): StockBalance(on_hand=qty, reserved=0, allocated=0)
        for sku, qty in wanted.items()
    }
    stocked = balances | enough

    sourcing = source_lines(lines, balances=stocked, locations=LOCATIONS)

    whole = [
        location
        for location in LOCATIONS
        if all(available_at(stocked, sku, location) >= qty for sku, qty in wanted.items())
    ]
    assert set(sourcing.location_of_line.values()) == {whole[0]}


@given(lines=wanted_lines, balances=balances_of_all)
def test_a_short_line_states_what_was_wanted_and_what_is_there(
    lines: list[WantedLine], balances: Balances
) -> None:
    sourcing = source_lines(lines, balances=balances, locations=LOCATIONS)
    wanted = wanted_of(lines)

    assert all(
        (short.wanted, short.available)
        == (
            wanted[short.sku],
            sum(available_at(balances, short.sku, location) for location in LOCATIONS),
        )
        for short in sourcing.short_lines
    )


def test_lines_are_served_from_two_places_if_no_place_has_both() -> None:
    lines = [WantedLine(line_id="L1", sku="A", qty=2), WantedLine(line_id="L2", sku="B", qty=2)]
    balances = {
        ("A", "near"): StockBalance(on_hand=2, reserved=0, allocated=0),
        ("B", "far"): StockBalance(on_hand=2, reserved=0, allocated=0),
    }

    sourcing = source_lines(lines, balances=balances, locations=LOCATIONS)

    assert sourcing.location_of_line == {"L1": "near", "L2": "far"}
