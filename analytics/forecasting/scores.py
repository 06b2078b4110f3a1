"""How good forecasts were: errors as shares of demand, so that SKUs of any size add up."""

import numpy as np
import polars as pl

from analytics.forecasting.demand import Floats


def weighted_absolute_percentage_error(rows: pl.DataFrame, column: str) -> float | None:
    """Return the sum of absolute errors over the sum of demand; None where nothing was demanded."""
    demand = float(rows["units"].sum())
    return float((rows[column] - rows["units"]).abs().sum()) / demand if demand > 0 else None


def bias(rows: pl.DataFrame) -> float | None:
    """Return what was forecast too much, as a share of demand; negative is too little."""
    demand = float(rows["units"].sum())
    return float((rows["predicted"] - rows["units"]).sum()) / demand if demand > 0 else None


def coverage(rows: pl.DataFrame) -> float | None:
    """Return the share of days on which demand fell between p10 and p90."""
    inside = rows.select(pl.col("units").is_between("p10", "p90").mean()).item()
    return None if inside is None else float(inside)


def weighted_quantile_loss(actual: Floats, quantiles: Floats, levels: tuple[float, ...]) -> float:
    """Return twice the pinball loss over demand, averaged over the levels (the last axis)."""
    error = actual[..., None] - quantiles
    level = np.asarray(levels)
    loss = np.maximum(level * error, (level - 1) * error)
    return float(2 * loss.sum() / len(levels) / actual.sum())
