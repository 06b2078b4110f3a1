"""Figures as people read them: money, counts, shares, days and ages. Pure, no Streamlit."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    "BHD": 3, "CLP": 0, "ISK": 0, "JPY": 0, "JOD": 3, "KRW": 0,
    "KWD": 3, "OMR": 3, "PYG": 0, "TND": 3, "VND": 0,
}  # fmt: skip
_SYMBOLS = {"CNY": "CN¥", "EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
_MINUS = "\N{MINUS SIGN}"
_NOTHING = "\N{EN DASH}"
_TO = " \N{EN DASH} "
_MILLION = 1_000_000
_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S


def exponent(currency: str) -> int:
    """Return how many decimal places the currency's minor unit stands for."""
    return _EXPONENTS.get(currency, 2)


def money(amount_minor: int | None, currency: str) -> str:
    """Write an amount exactly, sign before symbol: `£1,234.56`; a dash when there is none."""
    if amount_minor is None:
        return _NOTHING
    places = exponent(currency)
    number = f"{Decimal(abs(amount_minor)).scaleb(-places):,.{places}f}"
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{_MINUS if amount_minor < 0 else ''}{symbol}{number}"


def money_headline(amount_minor: int | None, currency: str) -> str:
    """Write an amount for a small card: exactly below a million units, above in whole units.

    Whole units are rounded half away from zero; whoever shows them names the exact amount too.
    """
    unit = 10 ** exponent(currency)
    if amount_minor is None or abs(amount_minor) < _MILLION * unit:
        return money(amount_minor, currency)
    whole = (abs(amount_minor) * 2 + unit) // (2 * unit)
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{_MINUS if amount_minor < 0 else ''}{symbol}{whole:,}"


def count(number: int | None) -> str:
    return _NOTHING if number is None else f"{number:,}".replace("-", _MINUS)


def quantity(number: float | None) -> str:
    """Write a forecast quantity: whole numbers from ten on, one decimal below."""
    if number is None:
        return _NOTHING
    return f"{number:,.0f}" if abs(number) >= 10 else f"{number:,.1f}"  # noqa: PLR2004


def share(fraction: float | None, *, places: int = 1) -> str:
    return _NOTHING if fraction is None else f"{fraction * 100:.{places}f} %"


def change(now: int, before: int) -> str | int | None:
    """Write the relative change from `before` to `now`; 0 when equal, None without a base.

    Streamlit colours a delta by its sign, and only the number 0 is drawn as neutral.
    """
    if before == 0:
        return 0 if now == 0 else None
    if now == before:
        return 0
    percent = (now - before) * 100 / abs(before)
    return f"{percent:+,.1f} %" if abs(percent) < 1000 else f"{percent:+,.0f} %"  # noqa: PLR2004


def day(value: date | None) -> str:
    return _NOTHING if value is None else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None) -> str:
    """Write an instant of a mart, which is UTC, to the second."""
    return _NOTHING if value is None else f"{value.day} {value:%b %Y, %H:%M:%S}"


def span(first: date, last: date) -> str:
    """Write a range of days without repeating what both ends share."""
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)}{_TO}{day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%b}{_TO}{day(last)}"
    return f"{first.day}{_TO}{day(last)}"


def duration(length: timedelta | None) -> str:
    """Write a length of time in its two largest units: `3 h 5 min`."""
    if length is None:
        return _NOTHING
    seconds = max(0, int(length.total_seconds()))
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min"
    if seconds < _DAY_S:
        hours, rest = divmod(seconds, _HOUR_S)
        return f"{hours} h {rest // _MINUTE_S} min" if rest >= _MINUTE_S else f"{hours} h"
    days, rest = divmod(seconds, _DAY_S)
    return f"{days:,} d {rest // _HOUR_S} h" if rest >= _HOUR_S else f"{days:,} d"


def sentence(name: str) -> str:
    """Write a snake_case name of the marts as a label."""
    return name.replace("_", " ").capitalize()


def plain(text: str) -> str:
    """Escape what Markdown would read as markup, so that data stays data."""
    return "".join(f"\\{mark}" if mark in r"\`*_{}[]<>#|~$:" else mark for mark in text)


def major_units(frame: pl.DataFrame, columns: Iterable[str], currency: str) -> pl.DataFrame:
    """Turn minor-unit columns into exact decimals for a table and its export."""
    unit = pl.lit(Decimal(1).scaleb(-exponent(currency)))
    return frame.with_columns(pl.col(name).cast(pl.Decimal(36, 0)) * unit for name in columns)


def plotted(frame: pl.DataFrame, columns: Iterable[str], currency: str) -> pl.DataFrame:
    """Turn minor-unit columns into floats: for pixels only, never for a figure."""
    return frame.with_columns(pl.col(name) / 10 ** exponent(currency) for name in columns)
