"""Reporting periods: which days a choice means, and which days it is compared with."""

from dataclasses import dataclass
from datetime import date, timedelta

DAYS_OF_PRESET = {"7d": 7, "28d": 28, "90d": 90, "365d": 365}
PRESET_LABELS = {
    "7d": "7d",
    "28d": "28d",
    "90d": "90d",
    "365d": "1y",
    "all": "All",
    "custom": "Custom",
}
GRAIN_LABELS = {"day": "Day", "week": "Week", "month": "Month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The period of the same length that ends the day before this one."""
        last = self.first - timedelta(days=1)
        return Period(first=last - timedelta(days=self.days - 1), last=last)


def preset(choice: str, *, covered: Period) -> Period:
    """Return the days of a preset: they end on the last day that has data."""
    if choice == "all":
        return covered
    days = DAYS_OF_PRESET[choice]
    return Period(first=covered.last - timedelta(days=days - 1), last=covered.last)
