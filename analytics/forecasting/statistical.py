"""The statistical fallback: an intermittent-demand level times a pooled weekday profile."""

from dataclasses import dataclass

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

from analytics.forecasting.demand import WEEK_DAYS, DemandPanel, Flags, Floats, Indexes

_ALPHA = 0.1
_TSB_ALPHA = 0.05
_PROFILE_DAYS = 182
# Weight, in units sold, of the store's profile in that of a category.
_PROFILE_SHRINKAGE = 200.0
_SILENT_INTERVALS = 3.0
_SUM_DAYS = 28
_DISPERSION_BOUNDS = (0.05, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Units per open day as known at the end of each day, one row per series."""

    sba: Floats
    tsb: Floats
    best: Floats


def intermittent_levels(panel: DemandPanel) -> Levels:
    """Run SBA and TSB over all series at once, from each one's first day, over open days.

    While averages are young each observation weighs 1/n, so that a start does not echo for weeks.
    `best` is SBA while a series still sells; after a silence of three usual intervals it is TSB
    where that is lower, because SBA would never fade.
    """
    state = _LevelState(panel.units.shape[0])
    shape = panel.units.shape
    levels = Levels(sba=np.zeros(shape), tsb=np.zeros(shape), best=np.zeros(shape))
    for column in range(shape[1]):
        if panel.is_open[column]:
            state.observe(panel.units[:, column], panel.started <= column)
        levels.sba[:, column] = state.sba()
        levels.tsb[:, column] = state.probability * state.size
        silent = state.gap > _SILENT_INTERVALS * state.interval
        levels.best[:, column] = np.where(
            silent,
            np.minimum(levels.sba[:, column], levels.tsb[:, column]),
            levels.sba[:, column],
        )
    return levels


class _LevelState:
    """Running averages of all series: size and interval of a sale, probability of one."""

    def __init__(self, count: int) -> None:
        self.age = np.zeros(count)
        self.sales = np.zeros(count)
        self.gap = np.zeros(count)
        self.size = np.zeros(count)
        self.interval = np.ones(count)
        self.probability = np.zeros(count)

    def observe(self, units: Floats, alive: Flags) -> None:
        sold = alive & (units > 0)
        self.age += alive
        self.gap += alive
        self.sales += sold
        weight = np.maximum(_ALPHA, 1 / np.maximum(self.sales, 1)) * sold
        self.size += weight * (units - self.size)
        self.interval += weight * (self.gap - self.interval)
        fading = np.maximum(_TSB_ALPHA, 1 / np.maximum(self.age, 1)) * alive
        self.probability += fading * (sold - self.probability)
        self.gap[sold] = 0.0

    def sba(self) -> Floats:
        # Croston's ratio is biased upward by about alpha / 2 once its averages have settled.
        settled = np.where(self.sales * _ALPHA >= 1, 1 - _ALPHA / 2, 1.0)
        return np.asarray(settled * self.size / np.maximum(self.interval, 1.0))


def category_codes(panel: DemandPanel) -> Indexes:
    """Number the categories of a panel's series from zero, in alphabetical order."""
    _, codes = np.unique(panel.series["category"].to_numpy().astype(str), return_inverse=True)
    return codes.astype(np.int64)


def pooled(values: Floats, codes: Indexes) -> Floats:
    """Add up the rows that share a code."""
    sums = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def weekday_profile(panel: DemandPanel) -> Floats:
    """Return for each series the factor of each weekday; one is the mean over open days.

    Pooled by category and drawn towards the store's profile, because one slow SKU's weekdays
    are noise. A weekday without an open day has factor zero.
    """
    columns = np.arange(max(panel.days - _PROFILE_DAYS, 0), panel.days)
    columns = columns[panel.is_open[columns]]
    weekdays = panel.weekdays(columns)
    codes = category_codes(panel)
    by_day = pooled(panel.units[:, columns], codes)
    counts = np.bincount(weekdays, minlength=WEEK_DAYS).astype(np.float64)
    sums = np.stack([by_day[:, weekdays == day].sum(axis=1) for day in range(WEEK_DAYS)], axis=1)
    store = _relative(sums.sum(axis=0, keepdims=True), counts)
    own = _relative(sums, counts)
    trust = sums.sum(axis=1, keepdims=True)
    trust /= trust + _PROFILE_SHRINKAGE
    return np.asarray((trust * own + (1 - trust) * store)[codes])


def _relative(sums: Floats, counts: Floats) -> Floats:
    mean = sums.sum(axis=1, keepdims=True) / max(counts.sum(), 1.0)
    flat = np.where(counts > 0, 1.0, 0.0)
    ratio = np.where(counts > 0, sums / np.maximum(counts, 1.0), 0.0)
    return np.where(mean > 0, ratio / np.where(mean > 0, mean, 1.0), flat)


def dispersion(panel: DemandPanel, levels: Levels) -> tuple[float, float]:
    """Return the overdispersion of one day and of four weeks, pooled over the series.

    Measured as the error of the level known four weeks ago, so it holds the doubt about the
    level as well as the noise around it.
    """
    origin = panel.days - 1 - _SUM_DAYS
    if origin < 0:
        return 0.5, 0.5
    after = panel.units[:, origin + 1 :]
    is_open = panel.is_open[origin + 1 :]
    level = np.where(panel.started <= origin, levels.best[:, origin], 0.0)
    day = _overdispersion(after[:, is_open], np.repeat(level[:, None], is_open.sum(), axis=1))
    return day, _overdispersion(after.sum(axis=1), level * is_open.sum())


def _overdispersion(actual: Floats, expected: Floats) -> float:
    known = expected > 0
    # One runaway series must not set everybody's spread: its share of the doubt is bounded.
    excess = (actual[known] - expected[known]) ** 2 - expected[known]
    ratio = np.minimum(excess, _DISPERSION_BOUNDS[1] * expected[known] ** 2).sum()
    base = (expected[known] ** 2).sum()
    return float(np.clip(ratio / base if base > 0 else 0.5, *_DISPERSION_BOUNDS))


def count_quantiles(mean: Floats, overdispersion: Floats, levels: tuple[float, ...]) -> Floats:
    """Return negative-binomial quantiles, one column per level; a zero mean gives zeros."""
    safe = np.maximum(mean, 1e-9)[:, None]
    shape = 1 / overdispersion[:, None]
    values = stats.nbinom.ppf(np.asarray(levels)[None, :], shape, shape / (shape + safe))
    return np.where(mean[:, None] > 0, np.maximum(values, 0.0), 0.0)
