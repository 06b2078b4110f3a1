"""Rolling-origin backtest: what the forecaster would have said, on days it had not seen."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
from sklearn.base import clone

from analytics.forecasting.demand import KEYS, WEEK_DAYS, DemandPanel, Floats
from analytics.forecasting.forecaster import DemandForecaster

BACKTEST_SCHEMA = pl.Schema(
    {
        "cutoff": pl.Date(),
        "store_id": pl.String(),
        "sku": pl.String(),
        "location_id": pl.String(),
        "demand_date": pl.Date(),
        "units": pl.Int64(),
        "predicted": pl.Float64(),
        "naive": pl.Float64(),
        "p10": pl.Float64(),
        "p90": pl.Float64(),
    }
)
_HISTORY_DAYS_MIN = 28
_DIGITS = 4


def cutoffs(panel: DemandPanel, *, horizon_days: int, folds_max: int) -> list[date]:
    """Return the days at which history is cut, oldest first, a horizon apart.

    As many as leave four weeks of history before the first, at most `folds_max`; none if the
    history is too short to hold any part of itself back.
    """
    folds = (panel.days - _HISTORY_DAYS_MIN) // horizon_days
    return [
        panel.last_day - timedelta(days=horizon_days * fold)
        for fold in range(max(min(folds, folds_max), 0), 0, -1)
    ]


def rolling_origin_backtest(
    panel: DemandPanel,
    *,
    forecaster: DemandForecaster,
    horizon_days: int,
    folds_max: int,
    progress: Callable[[float], None] | None = None,
) -> pl.DataFrame:
    """Refit at each cutoff and forecast the horizon that follows; return every prediction.

    Each fit receives only the panel as known at the cutoff, so features, levels and quantiles are
    embargoed by construction. Cutoffs step by a whole horizon: no day is scored twice. `naive`
    repeats the last known week. Series that had not begun at a cutoff are not asked there.
    """
    frames = []
    days = cutoffs(panel, horizon_days=horizon_days, folds_max=folds_max)
    for done, cutoff in enumerate(days, start=1):
        frames.append(_fold(panel, cutoff, forecaster, horizon_days))
        if progress is not None:
            progress(done / len(days))
    return pl.concat(frames) if frames else pl.DataFrame(schema=BACKTEST_SCHEMA)


def seasonal_naive(known: DemandPanel, *, horizon_days: int) -> Floats:
    """Repeat the last known week, series by series: the bar a model has to clear."""
    week = known.units[:, -WEEK_DAYS:]
    return np.asarray(week[:, np.arange(horizon_days) % week.shape[1]])


def _fold(
    panel: DemandPanel, cutoff: date, forecaster: DemandForecaster, horizon_days: int
) -> pl.DataFrame:
    known = panel.until(cutoff)
    forecast = clone(forecaster).fit(known).predict(known)
    begun = np.flatnonzero(known.started < known.days)
    ahead = slice(known.days, known.days + horizon_days)

    def flat(values: Floats) -> Floats:
        return np.round(values[begun, :horizon_days], _DIGITS).reshape(-1)

    keys = panel.series[begun].select(KEYS)
    return pl.DataFrame(
        {
            "cutoff": pl.repeat(cutoff, begun.size * horizon_days, eager=True, dtype=pl.Date),
            "store_id": panel.store_id,
            **{
                key: keys[key].gather(np.repeat(np.arange(begun.size), horizon_days))
                for key in KEYS
            },
            "demand_date": [
                cutoff + timedelta(days=day) for _ in begun for day in range(1, horizon_days + 1)
            ],
            "units": flat(panel.units[:, ahead]),
            "predicted": flat(forecast.mean),
            "naive": flat(seasonal_naive(known, horizon_days=horizon_days)),
            "p10": flat(forecast.quantiles[:, :, 0]),
            "p90": flat(forecast.quantiles[:, :, -1]),
        }
    ).cast(BACKTEST_SCHEMA)
