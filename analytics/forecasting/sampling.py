"""Which rows a model is trained on: a bounded, seeded sample that favours volume and recency."""

import numpy as np

from analytics.forecasting.demand import Flags, Floats, Indexes
from analytics.forecasting.features import History, Rows, scales

_HALF_LIFE_DAYS = 240.0
_CANDIDATES_PER_ROW = 4
_DAYS_PER_ROW = 2
_VOLUME_CAP_QUANTILE = 0.98


def training_rows(
    history: History, *, length_days: Indexes, ahead_days: Indexes, rows_max: int, seed: int
) -> Rows:
    """Draw rows whose last day is known: (series, origin, days ahead, length) at random.

    `ahead_days` and `length_days` are the values to draw from. A row whose target holds no
    trading day is left out, as is an origin before the series began.
    """
    # More rows than half the days there are would show each day several times, and a model that
    # has seen a day several times believes it knows it: its intervals come out too narrow.
    panel = history.panel
    lived = int((panel.days - panel.started).sum())
    rows_max = min(rows_max, max(lived // _DAYS_PER_ROW, 1))
    random = np.random.default_rng(seed)
    candidates = _candidates(history, length_days, ahead_days, random, rows_max)
    # Importance is drawn, not handed over as weights: weighted binning costs four times the fit.
    ticket = np.log(random.random(candidates.series.size)) / _importance(history, candidates)
    return _take(candidates, np.sort(np.argsort(-ticket, kind="stable")[:rows_max]))


def _candidates(
    history: History,
    length_days: Indexes,
    ahead_days: Indexes,
    random: np.random.Generator,
    rows_max: int,
) -> Rows:
    panel = history.panel
    usable = np.flatnonzero(panel.started < panel.days - 1)
    if usable.size == 0:
        return _no_rows()
    # A long-lived series has more to teach: draw in proportion to the days it has.
    lived = np.cumsum(panel.days - panel.started[usable])
    distinct = int(lived[-1]) * length_days.size * ahead_days.size
    count = min(rows_max * _CANDIDATES_PER_ROW, distinct)
    ticket = random.integers(0, lived[-1], size=count)
    position = np.searchsorted(lived, ticket, side="right")
    origin = panel.days - (lived[position] - ticket)
    first = origin + random.choice(ahead_days, size=count)
    last = first + random.choice(length_days, size=count) - 1
    opened = np.concatenate([[0], np.cumsum(history.is_open)])
    fit = last < panel.days
    fit[fit] = opened[last[fit] + 1] > opened[first[fit]]
    return _take(Rows(series=usable[position], origin=origin, first=first, last=last), fit)


def _importance(history: History, rows: Rows) -> Floats:
    """Value a row by its series' volume, because errors are counted in units, and by recency."""
    if rows.series.size == 0:
        return np.zeros(0)
    scale = scales(history, rows)
    volume = np.minimum(scale, np.quantile(scale, _VOLUME_CAP_QUANTILE))
    age = history.panel.days - 1 - rows.last
    return np.asarray(volume * 0.5 ** (age / _HALF_LIFE_DAYS))


def _take(rows: Rows, chosen: Indexes | Flags) -> Rows:
    return Rows(
        series=rows.series[chosen],
        origin=rows.origin[chosen],
        first=rows.first[chosen],
        last=rows.last[chosen],
    )


def _no_rows() -> Rows:
    nothing = np.zeros(0, dtype=np.int64)
    return Rows(series=nothing, origin=nothing, first=nothing, last=nothing)


def daily_rows(history: History, *, horizon_days: int) -> Rows:
    """Return one row per series and day ahead, series by series, asked at the panel's last day."""
    panel = history.panel
    count = panel.units.shape[0]
    series = np.repeat(np.arange(count), horizon_days)
    first = np.tile(np.arange(panel.days, panel.days + horizon_days), count)
    return Rows(series=series, origin=np.full(series.size, panel.days - 1), first=first, last=first)


def sum_rows(history: History, *, lengths_days: Indexes) -> Rows:
    """Return one row per series and interval length, all starting on the day after the last."""
    panel = history.panel
    count = panel.units.shape[0]
    series = np.repeat(np.arange(count), lengths_days.size)
    first = np.full(series.size, panel.days)
    last = first + np.tile(lengths_days, count) - 1
    return Rows(series=series, origin=first - 1, first=first, last=last)


def open_days(history: History, rows: Rows) -> Floats:
    """Return how many trading days each row's target holds."""
    opened = np.concatenate([[0], np.cumsum(history.is_open)])
    return np.asarray(opened[rows.last + 1] - opened[rows.first], dtype=np.float64)


def units_of_measure(history: History, rows: Rows) -> Floats:
    """Return what a target is divided by: the series' scale times the target's trading days."""
    return scales(history, rows) * open_days(history, rows)


def targets(history: History, rows: Rows) -> Floats:
    """Return the units demanded over each row's days."""
    totals = history.own.units
    return np.asarray(totals[rows.series, rows.last + 1] - totals[rows.series, rows.first])
