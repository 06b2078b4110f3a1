"""The forecaster of one store: global model, statistical fallback, and the rule that routes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from analytics.forecasting import sampling
from analytics.forecasting.demand import DemandPanel, Floats, Indexes
from analytics.forecasting.features import History, Rows, demand_features, demand_history
from analytics.forecasting.model import DistributionRegressor
from analytics.forecasting.settings import ForecastSettings
from analytics.forecasting.statistical import count_quantiles, dispersion, weekday_profile

GLOBAL_MODEL = "global-boosting"
FALLBACK_MODEL = "sba-weekday"
COLD_MODEL = "cold-start"
SILENT_MODEL = "never-sold"

DAY_QUANTILES = (0.1, 0.5, 0.9)
SUM_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98)

_GLOBAL_DAYS_MIN = 112
_SERIES_DAYS_MIN = 28
_SERIES_SALES_MIN = 5
# How many days of own history weigh as much as the pool, for a series that just began.
_COLD_PRIOR_DAYS = 14.0
_SUM_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """A mean and ordered quantiles: (series, target), and (series, target, quantile)."""

    mean: Floats
    quantiles: Floats
    levels: tuple[float, ...]


class DemandForecaster(BaseEstimator):  # type: ignore[misc]
    """Forecast every series of a panel; an ordinary estimator whose X is a `DemandPanel`.

    A short or cold history is answered by rule, the rest by the global model. Nothing later than
    the panel's last day can be known to it, because it is not in the panel.
    """

    def __init__(
        self,
        *,
        settings: ForecastSettings | None = None,
        with_sums: bool = True,
        sum_days_max: int = 42,
        random_state: int = 0,
    ) -> None:
        self.settings = settings
        self.with_sums = with_sums
        self.sum_days_max = sum_days_max
        self.random_state = random_state

    def fit(self, X: DemandPanel, y: None = None) -> Self:  # noqa: ARG002, N803
        """Learn from a panel."""
        self.settings_ = self.settings or ForecastSettings()
        ahead = max(self.settings_.horizon_days, self.sum_days_max)
        self.history_ = demand_history(X, ahead_days=ahead)
        self.routes_ = routes(self.history_)
        self.profile_ = weekday_profile(X)
        self.dispersion_ = dispersion(X, self.history_.levels)
        self.train_rows_ = 0
        self.day_model_ = self.sum_model_ = None
        if (self.routes_ == GLOBAL_MODEL).any():
            days = np.arange(1, self.settings_.horizon_days + 1)
            self.day_model_ = self._fitted(np.array([1]), days, DAY_QUANTILES)
            if self.with_sums:
                lengths = np.arange(1, min(self.sum_days_max, X.days // 3) + 1)
                self.sum_model_ = self._fitted(lengths, np.array([1]), SUM_QUANTILES)
        return self

    def predict(self, X: DemandPanel) -> Distribution:  # noqa: N803
        """Return the daily distribution over the horizon after the fitted panel's last day."""
        self._check_is_fitted_on(X)
        rows = sampling.daily_rows(self.history_, horizon_days=self.settings_.horizon_days)
        return self._distribution(rows, self.day_model_, DAY_QUANTILES)

    def predict_sums(self, X: DemandPanel, lengths_days: Sequence[int]) -> Distribution:  # noqa: N803
        """Return the distribution of the demand of the next so many days, for several lengths."""
        self._check_is_fitted_on(X)
        if max(lengths_days) > self.sum_days_max:
            raise ValueError(f"{max(lengths_days)} days exceed the {self.sum_days_max} prepared")
        rows = sampling.sum_rows(self.history_, lengths_days=np.asarray(lengths_days))
        return self._distribution(rows, self.sum_model_, SUM_QUANTILES)

    def _check_is_fitted_on(self, panel: DemandPanel) -> None:
        if panel is not self.history_.panel:
            raise ValueError("a forecast is asked on the panel the forecaster was fitted on")

    def _fitted(
        self, lengths: Indexes, ahead: Indexes, levels: tuple[float, ...]
    ) -> DistributionRegressor | None:
        rows_max = self.settings_.day_rows_max if lengths.size == 1 else self.settings_.sum_rows_max
        rows = sampling.training_rows(
            self.history_,
            length_days=lengths,
            ahead_days=ahead,
            rows_max=rows_max,
            seed=self.random_state,
        )
        if rows.series.size == 0:
            return None
        self.train_rows_ += rows.series.size
        units = sampling.targets(self.history_, rows)
        measure = sampling.units_of_measure(self.history_, rows)
        # Quantiles of counts (Machado and Santos Silva): learn those of the count plus uniform
        # noise, which are smooth, and take the count back out of them when predicting.
        noise = np.random.default_rng(self.random_state).random(units.size)
        model = DistributionRegressor(
            quantiles=levels,
            max_iter=self.settings_.trees,
            random_state=self.random_state,
            n_jobs=self.settings_.threads,
        )
        features = demand_features(self.history_, rows)
        return model.fit(features, units / measure, y_smooth=(units + noise) / measure)

    def _distribution(
        self, rows: Rows, model: DistributionRegressor | None, levels: tuple[float, ...]
    ) -> Distribution:
        mean, quantiles = self._by_rule(rows, levels)
        chosen = self.routes_[rows.series] == GLOBAL_MODEL
        if model is not None and chosen.any():
            asked = Rows(
                series=rows.series[chosen],
                origin=rows.origin[chosen],
                first=rows.first[chosen],
                last=rows.last[chosen],
            )
            features = demand_features(self.history_, asked)
            measure = sampling.units_of_measure(self.history_, asked)
            mean[chosen] = model.predict(features) * measure
            smooth = model.predict_quantiles(features) * measure[:, None]
            quantiles[chosen] = np.maximum(np.ceil(smooth - 1), 0.0)
        shape = (self.routes_.size, rows.series.size // self.routes_.size)
        return Distribution(
            mean=mean.reshape(shape),
            quantiles=quantiles.reshape((*shape, len(levels))),
            levels=levels,
        )

    def _by_rule(self, rows: Rows, levels: tuple[float, ...]) -> tuple[Floats, Floats]:
        level = _rule_levels(self.history_, self.routes_)
        mean = level[rows.series] * _profile_sums(self.history_, self.profile_, rows)
        day, weeks = self.dispersion_
        share = np.clip((rows.last - rows.first) / (_SUM_DAYS - 1), 0.0, 1.0)
        return mean, count_quantiles(mean, day + share * (weeks - day), levels)


def routes(history: History) -> npt.NDArray[np.str_]:
    """Name the model that answers for each series: by length of its history and by its sales."""
    panel = history.panel
    age = panel.days - panel.started
    sales = (panel.units > 0).sum(axis=1)
    chosen = np.full(age.size, GLOBAL_MODEL, dtype="<U24")
    if panel.days < _GLOBAL_DAYS_MIN:
        chosen[:] = FALLBACK_MODEL
    chosen[(age < _SERIES_DAYS_MIN) | (sales < _SERIES_SALES_MIN)] = COLD_MODEL
    chosen[sales == 0] = SILENT_MODEL
    return chosen


def _rule_levels(history: History, chosen: npt.NDArray[np.str_]) -> Floats:
    """Return units per open day: the statistical level, drawn to the pool while history is thin."""
    panel = history.panel
    level = history.levels.best[:, -1].copy()
    cold = chosen == COLD_MODEL
    young = cold & (panel.days - panel.started < _SERIES_DAYS_MIN)
    age = np.maximum(panel.days - panel.started, 1).astype(np.float64)
    trust = age / (age + _COLD_PRIOR_DAYS)
    level[young] = (trust * level + (1 - trust) * _launch_level(history, chosen))[young]
    # Few sales over a long life: the plain mean of that life says what there is to say.
    rare = cold & ~young
    level[rare] = np.minimum(history.levels.tsb[:, -1], level)[rare]
    level[chosen == SILENT_MODEL] = 0.0
    return level


def _launch_level(history: History, chosen: npt.NDArray[np.str_]) -> Floats:
    """Return for each series the median level of its category's settled series, else the store's."""
    settled = np.isin(chosen, (GLOBAL_MODEL, FALLBACK_MODEL))
    level = history.levels.best[:, -1]
    store = float(np.median(level[settled])) if settled.any() else 0.0
    answer = np.full(level.size, store)
    for code in np.unique(history.codes):
        members = history.codes == code
        if (members & settled).sum() >= _SERIES_SALES_MIN:
            answer[members] = np.median(level[members & settled])
    # A store of newcomers has no pool: then each stands on its own.
    return answer if settled.any() else level


def _profile_sums(history: History, profile: Floats, rows: Rows) -> Floats:
    """Add up each row's weekday factors over its trading days."""
    days = np.arange(history.is_open.size)
    factors = profile[:, history.panel.weekdays(days)] * history.is_open
    totals = np.concatenate([np.zeros((factors.shape[0], 1)), np.cumsum(factors, axis=1)], axis=1)
    return np.asarray(totals[rows.series, rows.last + 1] - totals[rows.series, rows.first])
