"""Figures read the same everywhere, and exactly."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import format as fmt


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (123_456, "GBP", "£1,234.56"),
        (-5, "EUR", "\N{MINUS SIGN}€0.05"),
        (1_000, "JPY", "¥1,000"),
        (1_234, "KWD", "KWD 1.234"),
        (None, "EUR", "\N{EN DASH}"),
    ],
)
def test_money_is_written_exactly(amount_minor: int | None, currency: str, text: str) -> None:
    assert fmt.money(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("amount_minor", "text"),
    [
        (99_999_999, "£999,999.99"),
        (100_000_050, "£1,000,001"),
        (-100_000_049, "\N{MINUS SIGN}£1,000,000"),
    ],
)
def test_a_headline_drops_pence_only_from_a_million_on(amount_minor: int, text: str) -> None:
    assert fmt.money_headline(amount_minor, "GBP") == text


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_a_table_holds_the_same_amount_as_the_minor_units(amount_minor: int) -> None:
    frame = fmt.major_units(pl.DataFrame({"net_minor": [amount_minor]}), ["net_minor"], "EUR")

    assert frame["net_minor"].to_list() == [Decimal(amount_minor) / 100]


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(150, 100, "+50.0 %"), (50, 100, "-50.0 %"), (7, 7, 0), (7, 0, None), (0, 0, 0),
     (99_000, 1, "+9,899,900 %")],
)  # fmt: skip
def test_a_change_has_a_sign_and_needs_a_base(now: int, before: int, text: str | int) -> None:
    assert fmt.change(now, before) == text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 6, 30), date(2026, 6, 30), "30 Jun 2026"),
        (date(2026, 6, 3), date(2026, 6, 30), "3 \N{EN DASH} 30 Jun 2026"),
        (date(2026, 5, 31), date(2026, 6, 1), "31 May \N{EN DASH} 1 Jun 2026"),
        (date(2025, 12, 31), date(2026, 1, 1), "31 Dec 2025 \N{EN DASH} 1 Jan 2026"),
    ],
)
def test_a_span_says_nothing_twice(first: date, last: date, text: str) -> None:
    assert fmt.span(first, last) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (3_900, "1 h 5 min"), (86_400, "1 d"),
     (90_000, "1 d 1 h")],
)  # fmt: skip
def test_a_duration_shows_its_two_largest_units(seconds: int, text: str) -> None:
    assert fmt.duration(timedelta(seconds=seconds)) == text


def test_data_cannot_turn_into_markup() -> None:
    assert fmt.plain("*a* [b](c) $x$ :red[d]") == (r"\*a\* \[b\](c) \$x\$ \:red\[d\]")


def test_quantities_keep_a_decimal_only_while_it_matters() -> None:
    assert (fmt.quantity(4.25), fmt.quantity(1234.6), fmt.quantity(None)) == (
        "4.2",
        "1,235",
        "\N{EN DASH}",
    )
