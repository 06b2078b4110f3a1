"""A preset ends where data ends and is compared with as many days before it."""

from datetime import date

from dashboards.periods import Period, preset

COVERED = Period(first=date(2026, 1, 5), last=date(2026, 6, 30))


def test_a_preset_ends_on_the_last_day_with_data() -> None:
    assert preset("28d", covered=COVERED) == Period(first=date(2026, 6, 3), last=date(2026, 6, 30))


def test_all_means_every_day_with_data() -> None:
    assert preset("all", covered=COVERED) == COVERED


def test_the_period_before_is_as_long_and_touches() -> None:
    period = preset("7d", covered=COVERED)

    assert period.before == Period(first=date(2026, 6, 17), last=date(2026, 6, 23))
    assert period.before.days == period.days
