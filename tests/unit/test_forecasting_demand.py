"""The panel: dense, honest about closed days, and unable to know what comes later."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.forecasting.demand import (
    DemandPanel,
    NoDemandError,
    panel_from_frame,
    trading_days,
)

MONDAY = date(2026, 1, 5)


def frame(rows: list[tuple[str, int, float, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sku": [row[0] for row in rows],
            "location_id": ["main"] * len(rows),
            "demand_date": [MONDAY + timedelta(days=row[1]) for row in rows],
            "units": [row[2] for row in rows],
            "price": pl.Series([row[3] for row in rows], dtype=pl.Float64),
        }
    )


def panel(rows: list[tuple[str, int, float, float | None]], *, days: int) -> DemandPanel:
    last_day = MONDAY + timedelta(days=days - 1)
    return panel_from_frame(frame(rows), store_id="shop", last_day=last_day)


def busy_store(*, weeks: int, closed_weekday: int, closed_days: frozenset[int]) -> DemandPanel:
    days = [day for day in range(weeks * 7) if day % 7 != closed_weekday and day not in closed_days]
    return panel([(f"S{sku}", day, 1.0, 100.0) for sku in range(8) for day in days], days=weeks * 7)


def test_days_without_a_row_are_days_without_demand() -> None:
    dense = panel([("A", 0, 3, 100), ("A", 4, 2, 100), ("B", 2, 1, 50)], days=6)

    assert dense.units.tolist() == [[3, 0, 0, 0, 2, 0], [0, 0, 1, 0, 0, 0]]
    assert dense.started.tolist() == [0, 2]


def test_returns_beyond_the_days_sales_are_no_negative_demand() -> None:
    dense = panel([("A", 0, 3, 100), ("A", 1, -5, None)], days=2)

    assert dense.units.tolist() == [[3, 0]]


def test_prices_are_carried_forward_and_never_backward() -> None:
    dense = panel([("A", 0, 0, None), ("A", 1, 2, 100), ("A", 3, 1, 80)], days=5)

    assert np.isnan(dense.price[0, 0])
    assert dense.price[0, 1:].tolist() == [100, 100, 80, 80]


def test_a_key_that_never_sold_is_kept() -> None:
    also = pl.DataFrame({"sku": ["N"], "location_id": ["main"]})

    dense = panel_from_frame(frame([("A", 0, 3, 100)]), store_id="shop", last_day=MONDAY, also=also)

    assert dense.series["sku"].to_list() == ["A", "N"]
    assert dense.started.tolist() == [0, 1]


def test_a_store_without_demand_is_an_error() -> None:
    with pytest.raises(NoDemandError):
        panel_from_frame(frame([]), store_id="shop", last_day=MONDAY)


def test_a_cut_panel_holds_nothing_later() -> None:
    cut = panel([("A", 0, 3, 100), ("B", 4, 2, 100)], days=6).until(MONDAY + timedelta(days=2))

    assert cut.last_day == MONDAY + timedelta(days=2)
    assert cut.units.shape == (2, 3)
    assert cut.started.tolist() == [0, 3]


def test_a_cut_outside_the_panel_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        panel([("A", 0, 3, 100)], days=6).until(MONDAY + timedelta(days=6))


def test_a_silent_day_of_a_busy_store_is_closed() -> None:
    store = busy_store(weeks=6, closed_weekday=6, closed_days=frozenset({30}))

    closed = np.flatnonzero(~store.is_open)

    assert closed.tolist() == [6, 13, 20, 27, 30, 34, 41]


def test_a_silent_day_of_a_small_store_is_open() -> None:
    assert trading_days(np.array([[1.0, 0, 0, 1, 0, 0, 0, 2]])).all()


def test_weekly_closures_are_expected_to_go_on() -> None:
    store = busy_store(weeks=6, closed_weekday=6, closed_days=frozenset({30}))

    ahead = store.open_through(14)[store.days :]

    assert np.flatnonzero(~ahead).tolist() == [6, 13]


def test_a_holiday_of_last_year_is_expected_to_return() -> None:
    store = busy_store(weeks=54, closed_weekday=6, closed_days=frozenset({17}))

    ahead = store.open_through(14)[store.days :]

    # Day 17 of last year is day 382 of the panel, the fifth day after its last.
    assert np.flatnonzero(~ahead).tolist() == [4, 6, 13]
