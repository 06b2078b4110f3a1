"""The global model: one gradient-boosting estimator per question, fitted over all series at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from analytics.forecasting.demand import Floats

Answer = TypeVar("Answer")

# Above this share of the training targets a scaled target is a bulk order, not a habit.
_CLIP_QUANTILE = 0.999


class DistributionRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A mean (Poisson) and ordered quantiles of a non-negative target, by gradient boosting.

    The same random_state, data and versions give the same numbers: every tree is grown by one
    thread, and `n_jobs` only decides how many estimators grow side by side.
    """

    def __init__(
        self,
        *,
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
        max_iter: int = 80,
        learning_rate: float = 0.08,
        max_leaf_nodes: int = 12,
        min_samples_leaf: int = 200,
        l2_regularization: float = 1.0,
        random_state: int = 0,
        n_jobs: int = 2,
    ) -> None:
        self.quantiles = quantiles
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Floats, y: Floats, *, y_smooth: Floats | None = None) -> Self:  # noqa: N803
        """Fit the mean to y and the quantiles to `y_smooth` (default: y as well).

        A count has no smooth quantile to learn; its caller may hand in the count with noise added.
        An all-zero target is learned as zero.
        """
        if X.shape[0] != y.shape[0] or X.shape[0] == 0:
            raise ValueError(f"{X.shape[0]} rows of features for {y.shape[0]} targets")
        if (y < 0).any():
            raise ValueError("a target is negative: demand is a count")
        self.n_features_in_ = X.shape[1]
        # A feature unknown in every row (no year of history yet) cannot be binned.
        self.is_known_ = np.isfinite(X).any(axis=0)
        self.estimators_: list[HistGradientBoostingRegressor] = []
        target = np.minimum(y, np.quantile(y, _CLIP_QUANTILE))
        if not target.any():
            return self
        smooth = y if y_smooth is None else y_smooth
        smooth = np.minimum(smooth, np.quantile(smooth, _CLIP_QUANTILE))
        known = X[:, self.is_known_]
        self.estimators_ = self._side_by_side(
            [self._estimator(None), *(self._estimator(level) for level in self.quantiles)],
            lambda estimator: estimator.fit(
                known, target if estimator.loss == "poisson" else smooth
            ),
        )
        return self

    def predict(self, X: Floats) -> Floats:  # noqa: N803
        """Return the mean."""
        if not self.estimators_:
            return np.zeros(X.shape[0])
        with threadpool_limits(1, user_api="openmp"):
            return np.asarray(np.maximum(self.estimators_[0].predict(X[:, self.is_known_]), 0.0))

    def predict_quantiles(self, X: Floats) -> Floats:  # noqa: N803
        """Return one column per quantile, non-negative and sorted within each row."""
        if not self.estimators_:
            return np.zeros((X.shape[0], len(self.quantiles)))
        columns = self._side_by_side(
            self.estimators_[1:],
            lambda estimator: np.asarray(estimator.predict(X[:, self.is_known_])),
        )
        return np.sort(np.maximum(np.stack(columns, axis=1), 0.0), axis=1)

    def _estimator(self, quantile: float | None) -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(
            loss="poisson" if quantile is None else "quantile",
            quantile=quantile,
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            early_stopping=False,
            random_state=self.random_state,
        )

    def _side_by_side(
        self,
        estimators: Sequence[HistGradientBoostingRegressor],
        work: Callable[[HistGradientBoostingRegressor], Answer],
    ) -> list[Answer]:
        def alone(estimator: HistGradientBoostingRegressor) -> Answer:
            # The limit belongs to the calling thread, so it is set inside each one.
            with threadpool_limits(1, user_api="openmp"):
                return work(estimator)

        with ThreadPoolExecutor(max_workers=max(self.n_jobs, 1)) as pool:
            return list(pool.map(alone, estimators))
