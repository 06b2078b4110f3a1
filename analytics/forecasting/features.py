"""Demand features: each is known at the end of its row's origin, before the days it describes.

A row asks for the demand of one series over the days `first`..`last`, as seen from the end of day
`origin`. A single day and a lead-time sum are the same question with another length, so training
and scoring, daily chart and order proposal, all pass through `demand_features`.
"""

from dataclasses import dataclass

import numpy as np

from analytics.forecasting.demand import (
    WEEK_DAYS,
    YEAR_DAYS,
    DemandPanel,
    Flags,
    Floats,
    Indexes,
)
from analytics.forecasting.statistical import (
    Levels,
    category_codes,
    intermittent_levels,
    pooled,
)

LEVEL_WINDOWS_DAYS = (7, 14, 28, 56, 91, 182, 365)
WEEKDAY_WEEKS = (4, 13)
SCALE_FLOOR = 0.02
_PROFILE_WEEKS = 26
_YEAR_MARGIN_DAYS = 3
_YEAR_BASE_DAYS = 28

FEATURES = (
    *(f"level_{days}" for days in LEVEL_WINDOWS_DAYS),
    "level_sba",
    "level_tsb",
    "sold_share_28",
    "sold_share_91",
    "spread_28",
    "lumpiness_91",
    "days_since_sale",
    "age_days",
    "log_scale",
    "price_ratio",
    "category_level_7_to_28",
    "category_level_28_to_91",
    "store_level_7_to_28",
    "store_level_28_to_91",
    "year_ago_own",
    "year_ago_category",
    "year_ago_store",
    *(f"weekday_mean_{weeks}" for weeks in WEEKDAY_WEEKS),
    "weekday_factor",
    "weekday",
    "ahead_days",
    "length_days",
    "open_days",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Questions to the panel: the demand of `series` on days `first`..`last`, asked at `origin`."""

    series: Indexes
    origin: Indexes
    first: Indexes
    last: Indexes

    def __post_init__(self) -> None:
        assert bool((self.first > self.origin).all()), "a row would describe a day it has seen"
        assert bool((self.last >= self.first).all()), "a row would describe no day"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Totals:
    """Running totals over days for the rows of one matrix; column k holds the days before k."""

    units: Floats
    opened: Floats

    def mean(self, row: Indexes, *, first: Indexes, last: Indexes) -> Floats:
        """Return units per open day over first..last; NaN where no day was open."""
        opened = self.opened[last + 1] - self.opened[first]
        sums = self.units[row, last + 1] - self.units[row, first]
        return _ratio(sums, opened)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """What a panel knows, arranged so that any row's features are a few look-ups."""

    panel: DemandPanel
    levels: Levels
    codes: Indexes
    is_open: Flags
    own: _Totals
    squares: _Totals
    sold: _Totals
    category: _Totals
    store: _Totals
    price: _Totals
    own_by_weekday: Floats
    category_by_weekday: Floats
    last_sale: Indexes


def demand_history(panel: DemandPanel, *, ahead_days: int) -> History:
    """Prepare a panel for features up to `ahead_days` past its last day."""
    codes = category_codes(panel)
    is_open = panel.open_through(ahead_days)
    opened = _before(panel.is_open.astype(np.float64)[None, :])[0]
    column = np.arange(panel.days)
    sold = panel.units > 0
    by_category = pooled(panel.units, codes)

    def totals(values: Floats) -> _Totals:
        return _Totals(units=_before(values), opened=opened)

    return History(
        panel=panel,
        levels=intermittent_levels(panel),
        codes=codes,
        is_open=is_open,
        own=totals(panel.units),
        squares=totals(panel.units**2),
        sold=totals(sold.astype(np.float64)),
        category=totals(by_category),
        store=totals(panel.units.sum(axis=0, keepdims=True)),
        price=totals(np.nan_to_num(panel.price) * panel.is_open),
        own_by_weekday=_weekday_totals(panel.units),
        category_by_weekday=_weekday_totals(by_category),
        last_sale=np.maximum.accumulate(np.where(sold, column, -1), axis=1),
    )


def _before(values: Floats) -> Floats:
    return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)


def _weekday_totals(units: Floats) -> Floats:
    totals = units.copy()
    for column in range(WEEK_DAYS, units.shape[1]):
        totals[:, column] += totals[:, column - WEEK_DAYS]
    return totals


def scales(history: History, rows: Rows) -> Floats:
    """Return each row's unit of measure: its own mean over 91 days, never below a floor."""
    start = history.panel.started[rows.series]
    first = np.maximum(rows.origin - 90, np.minimum(start, rows.origin))
    mean = history.own.mean(rows.series, first=first, last=rows.origin)
    return np.maximum(np.nan_to_num(mean), SCALE_FLOOR)


def demand_features(history: History, rows: Rows) -> Floats:
    """Return one column per name in FEATURES; levels are ratios to the row's scale."""
    scale = scales(history, rows)
    parts = {
        **_own_levels(history, rows, scale),
        **_rhythm(history, rows, scale),
        **_surroundings(history, rows),
        **_year_ago(history, rows),
        **_calendar(history, rows, scale),
    }
    return np.stack([parts[name] for name in FEATURES], axis=1)


def _own_levels(history: History, rows: Rows, scale: Floats) -> dict[str, Floats]:
    start = history.panel.started[rows.series]
    parts: dict[str, Floats] = {}
    for days in LEVEL_WINDOWS_DAYS:
        first = np.maximum(rows.origin - days + 1, np.minimum(start, rows.origin))
        mean = history.own.mean(rows.series, first=first, last=rows.origin) / scale
        # A window that began before the series did would repeat the next shorter one.
        young = rows.origin - start + 1 < days / 2
        parts[f"level_{days}"] = np.where(young, np.nan, mean)
    parts["level_sba"] = history.levels.sba[rows.series, rows.origin] / scale
    parts["level_tsb"] = history.levels.tsb[rows.series, rows.origin] / scale
    parts["log_scale"] = np.log(scale)
    return parts


def _rhythm(history: History, rows: Rows, scale: Floats) -> dict[str, Floats]:
    start = np.minimum(history.panel.started[rows.series], rows.origin)
    first = {days: np.maximum(rows.origin - days + 1, start) for days in (28, 91)}
    mean = history.own.mean(rows.series, first=first[28], last=rows.origin)
    square = history.squares.mean(rows.series, first=first[28], last=rows.origin)
    large = history.squares.mean(rows.series, first=first[91], last=rows.origin)
    sale = history.last_sale[rows.series, rows.origin]
    parts = {
        "spread_28": np.sqrt(np.maximum(square - mean**2, 0.0)) / scale,
        # Root mean square over thirteen weeks: what a few large orders leave behind.
        "lumpiness_91": np.sqrt(np.maximum(large, 0.0)) / scale,
        "days_since_sale": np.where(sale >= 0, rows.origin - sale, np.nan).astype(np.float64),
        "age_days": np.log1p(np.maximum(rows.origin - start, 0)),
    }
    for days in (28, 91):
        share = history.sold.mean(rows.series, first=first[days], last=rows.origin)
        parts[f"sold_share_{days}"] = share
    return parts


def _surroundings(history: History, rows: Rows) -> dict[str, Floats]:
    origin = rows.origin
    parts: dict[str, Floats] = {}
    for name, totals, row in _groups(history, rows):
        means = {
            days: totals.mean(row, first=np.maximum(origin - days + 1, 0), last=origin)
            for days in (7, 28, 91)
        }
        parts[f"{name}_level_7_to_28"] = _ratio(means[7], means[28])
        parts[f"{name}_level_28_to_91"] = _ratio(means[28], means[91])
    price = history.panel.price[rows.series, origin]
    start = np.minimum(history.panel.started[rows.series], origin)
    usual = history.price.mean(rows.series, first=np.maximum(origin - 90, start), last=origin)
    parts["price_ratio"] = _ratio(price, usual)
    return parts


def _groups(history: History, rows: Rows) -> tuple[tuple[str, _Totals, Indexes], ...]:
    return (
        ("category", history.category, history.codes[rows.series]),
        ("store", history.store, np.zeros_like(rows.series)),
    )


def _year_ago(history: History, rows: Rows) -> dict[str, Floats]:
    """Compare the same days a year ago, give or take a few, with the weeks before their origin."""
    first = rows.first - YEAR_DAYS - _YEAR_MARGIN_DAYS
    last = np.minimum(rows.last - YEAR_DAYS + _YEAR_MARGIN_DAYS, rows.origin)
    base_last = rows.origin - YEAR_DAYS
    base_first = base_last - _YEAR_BASE_DAYS + 1
    start = history.panel.started[rows.series]
    parts: dict[str, Floats] = {}
    for name, totals, row in (("own", history.own, rows.series), *_groups(history, rows)):
        begun = start if name == "own" else np.zeros_like(start)
        known = (base_first >= begun) & (last >= first)
        then = totals.mean(row, first=np.where(known, first, 0), last=np.where(known, last, 0))
        base = totals.mean(
            row, first=np.where(known, base_first, 0), last=np.where(known, base_last, 0)
        )
        parts[f"year_ago_{name}"] = np.where(known, _ratio(then, base), np.nan)
    return parts


def _calendar(history: History, rows: Rows, scale: Floats) -> dict[str, Floats]:
    one_day = rows.first == rows.last
    opened = np.concatenate([[0], np.cumsum(history.is_open)])
    parts = {
        "weekday": np.where(one_day, history.panel.weekdays(rows.first), np.nan),
        "ahead_days": (rows.first - rows.origin).astype(np.float64),
        "length_days": (rows.last - rows.first + 1).astype(np.float64),
        "open_days": (opened[rows.last + 1] - opened[rows.first]).astype(np.float64),
    }
    own, pool = history.own_by_weekday, history.category_by_weekday
    start = history.panel.started[rows.series]
    for weeks in WEEKDAY_WEEKS:
        mean, count = _weekday_mean(own, rows.series, rows, weeks=weeks, start=start)
        known = one_day & (count == weeks)
        parts[f"weekday_mean_{weeks}"] = np.where(known, mean / scale, np.nan)
    code, always = history.codes[rows.series], np.zeros_like(start)
    mean, count = _weekday_mean(pool, code, rows, weeks=_PROFILE_WEEKS, start=always)
    since = np.maximum(rows.origin - _PROFILE_WEEKS * WEEK_DAYS + 1, 0)
    usual = history.category.mean(code, first=since, last=rows.origin)
    known = one_day & (count >= min(WEEKDAY_WEEKS))
    parts["weekday_factor"] = np.where(known, _ratio(mean, usual), np.nan)
    return parts


def _weekday_mean(
    totals: Floats, row: Indexes, rows: Rows, *, weeks: int, start: Indexes
) -> tuple[Floats, Indexes]:
    """Return the mean of the last known days on the asked weekday, and how many there were."""
    weeks_back = (rows.first - rows.origin + WEEK_DAYS - 1) // WEEK_DAYS
    latest = rows.first - WEEK_DAYS * weeks_back
    count = np.clip((latest - start) // WEEK_DAYS + 1, 0, weeks)
    before = latest - WEEK_DAYS * weeks
    recent = totals[row, np.maximum(latest, 0)]
    sums = recent - np.where(before >= 0, totals[row, np.maximum(before, 0)], 0.0)
    return np.where(count > 0, sums / np.maximum(count, 1), 0.0), count


def _ratio(value: Floats, base: Floats) -> Floats:
    usable = np.isfinite(base) & (base > 0)
    return np.asarray(np.divide(value, base, out=np.full(np.shape(value), np.nan), where=usable))
