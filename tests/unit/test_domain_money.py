"""Splits and prices: every part adds up to the unit, and nobody gets more than their share."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import apportion, tax_minor
from domain.pricing import LineToPrice, PriceRules, price_order

amounts = st.integers(min_value=0, max_value=10**12)
weights = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=40)
rules = st.builds(
    PriceRules,
    freight_minor=st.integers(min_value=0, max_value=5_000),
    free_freight_from_minor=st.integers(min_value=0, max_value=50_000),
    tax_rate_bps=st.integers(min_value=0, max_value=3_000),
)
lines_to_price = st.lists(
    st.tuples(st.integers(min_value=0, max_value=100_000), st.integers(min_value=1, max_value=99)),
    min_size=1,
    max_size=20,
).map(
    lambda priced: [
        LineToPrice(line_id=f"L{number}", unit_price_minor=price, qty=qty)
        for number, (price, qty) in enumerate(priced, start=1)
    ]
)


@given(amount=amounts, weights=weights)
def test_shares_add_up_exactly(amount: int, weights: list[int]) -> None:
    assert sum(apportion(amount, weights)) == amount


@given(amount=amounts, weights=weights)
def test_no_share_is_a_unit_away_from_its_proportion(amount: int, weights: list[int]) -> None:
    effective = weights if any(weights) else [1] * len(weights)
    shares = apportion(amount, weights)

    assert all(
        abs(share - Fraction(amount * weight, sum(effective))) < 1
        for share, weight in zip(shares, effective, strict=True)
    )


@given(amount=amounts, weights=weights)
def test_who_weighs_nothing_gets_nothing_beside_one_who_does(
    amount: int, weights: list[int]
) -> None:
    shares = apportion(amount, [*weights, 1])

    assert all(share == 0 for share, weight in zip(shares, weights, strict=False) if weight == 0)


@given(amount=amounts, weight=st.integers(0, 10**6), size=st.integers(1, 40))
def test_among_equals_the_earlier_gets_the_unit_left_over(
    amount: int, weight: int, size: int
) -> None:
    shares = apportion(amount, [weight] * size)

    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] in {0, 1}


@given(amount=amounts, weights=weights)
def test_a_split_is_the_same_each_time(amount: int, weights: list[int]) -> None:
    assert apportion(amount, weights) == apportion(amount, list(weights))


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, [1, -1]), (1, [])])
def test_what_cannot_be_split_is_refused(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"negative|nobody"):
        apportion(amount, weights)


@given(base=amounts, rate=st.integers(min_value=0, max_value=10_000))
def test_tax_is_rounded_half_up(base: int, rate: int) -> None:
    exact = Fraction(base * rate, 10_000)

    assert -Fraction(1, 2) < tax_minor(base, rate) - exact <= Fraction(1, 2)


@given(lines=lines_to_price, rules=rules)
def test_lines_add_up_to_their_order_in_every_part(
    lines: list[LineToPrice], rules: PriceRules
) -> None:
    order = price_order(lines, rules)

    assert sum(line.goods_minor for line in order.lines) == order.goods_minor
    assert sum(line.discount_minor for line in order.lines) == order.discount_minor
    assert sum(line.freight_minor for line in order.lines) == order.freight_minor
    assert sum(line.tax_minor for line in order.lines) == order.tax_minor
    assert sum(line.payable_minor for line in order.lines) == order.total_minor


@given(lines=lines_to_price, rules=rules)
def test_parts_add_up_to_what_is_paid(lines: list[LineToPrice], rules: PriceRules) -> None:
    order = price_order(lines, rules)

    assert all(
        part.goods_minor - part.discount_minor + part.freight_minor + part.tax_minor == payable
        for part, payable in [(line, line.payable_minor) for line in order.lines]
    )
    assert (
        order.goods_minor - order.discount_minor + order.freight_minor + order.tax_minor
        == order.total_minor
    )


@given(lines=lines_to_price, rules=rules)
def test_lines_keep_their_place_and_their_goods(
    lines: list[LineToPrice], rules: PriceRules
) -> None:
    order = price_order(lines, rules)

    assert [(line.line_id, line.goods_minor) for line in order.lines] == [
        (line.line_id, line.unit_price_minor * line.qty) for line in lines
    ]


@pytest.mark.parametrize(("goods", "freight"), [(4_899, 490), (4_900, 0)])
def test_freight_is_free_from_the_limit_on(goods: int, freight: int) -> None:
    line = LineToPrice(line_id="L1", unit_price_minor=goods, qty=1)

    assert price_order([line], PriceRules()).freight_minor == freight
