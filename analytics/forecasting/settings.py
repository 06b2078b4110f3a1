"""What a forecast run may be told: how far ahead, how much effort, how much service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSettings:
    """Parameters of one run; the defaults suit a shop that orders once a week."""

    horizon_days: int = 28
    history_days_max: int = 1_100
    folds_max: int = 3
    day_rows_max: int = 60_000
    sum_rows_max: int = 40_000
    trees: int = 80
    review_days: int = 7
    # Used where the catalogue does not know the supplier's lead time.
    lead_time_days: int = 14
    service_target: float = 0.95
    threads: int = 2
