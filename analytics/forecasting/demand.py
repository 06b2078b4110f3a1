"""Daily demand of one store as a dense panel: every SKU and location, every day, nothing hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.warehouse import read_only

Floats = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WEEK_DAYS = 7
YEAR_DAYS = 364
KEYS = ("sku", "location_id")

_TRAILING_DAYS = 56
# A store with five SKUs selling on a usual day has a silent day by chance once in 150.
_SELLERS_MIN = 5.0

_DEMAND_SQL = """
select store_id, sku, location_id, demand_date,
    units::double as units, unit_price_minor::double as price
from marts.daily_demand
where demand_date > $after and demand_date <= $as_of
"""
_STOCKED_SQL = "select distinct store_id, sku, location_id from marts.stock_levels"
_CATEGORY_SQL = "select store_id, sku, coalesce(category, '') as category from marts.products"


class NoDemandError(Exception):
    """The published warehouse holds no demand for the stores asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemandPanel:
    """One store's demand: a row per SKU and location, a column per calendar day.

    `started` is the column of a series' first known day (the panel's width if it has none);
    `is_open` tells the days on which the store traded. Days before the start hold zeros.
    """

    store_id: str
    first_day: date
    series: pl.DataFrame
    units: Floats
    price: Floats
    started: Indexes
    is_open: Flags

    @property
    def days(self) -> int:
        return int(self.units.shape[1])

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=self.days - 1)

    def until(self, last_day: date) -> "DemandPanel":
        """Return the panel as it was known at the end of a day: later days are not in it."""
        width = (last_day - self.first_day).days + 1
        if not 0 < width <= self.days:
            raise ValueError(f"{last_day} lies outside {self.first_day}..{self.last_day}")
        return replace(
            self,
            units=self.units[:, :width],
            price=self.price[:, :width],
            started=np.minimum(self.started, width),
            is_open=self.is_open[:width],
        )

    def weekdays(self, columns: Indexes) -> Indexes:
        """Return the weekday (Monday is 0) of day columns, also of days still to come."""
        return (columns + self.first_day.weekday()) % WEEK_DAYS

    def open_through(self, ahead_days: int) -> Flags:
        """Return the open days with the expected ones of the days ahead appended."""
        columns = np.arange(self.days, self.days + ahead_days)
        weekly = _weekly_closures(self)[self.weekdays(columns)]
        last_year = columns - 365
        known = (last_year >= 0) & (last_year < self.days)
        closed_last_year = known & ~self.is_open[np.where(known, last_year, 0)]
        return np.concatenate(
            [self.is_open, ~weekly & ~(closed_last_year & self._holiday(columns))]
        )

    def _holiday(self, columns: Indexes) -> Flags:
        # A day closed last year counts only if its weekday then was one on which the store trades.
        return ~_weekly_closures(self)[self.weekdays(columns - 365)]


def _weekly_closures(panel: DemandPanel) -> Flags:
    """Tell for each weekday whether the store stayed shut on its last four occurrences."""
    closed = np.zeros(WEEK_DAYS, dtype=np.bool_)
    occurrences = 4
    for back in range(WEEK_DAYS):
        columns = panel.days - 1 - back - WEEK_DAYS * np.arange(occurrences)
        if columns.min() >= 0:
            closed[panel.weekdays(columns[:1])] = not panel.is_open[columns].any()
    return closed


def trading_days(units: Floats) -> Flags:
    """Tell trading days from closed ones, each day judged by itself and the days before it."""
    sellers = (units > 0).sum(axis=0).astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(sellers)])
    column = np.arange(units.shape[1])
    first = np.maximum(column - _TRAILING_DAYS, 0)
    usual = (total[column] - total[first]) / np.maximum(column - first, 1)
    return np.asarray((sellers > 0) | (usual < _SELLERS_MIN))


def panel_from_frame(
    demand: pl.DataFrame,
    *,
    store_id: str,
    last_day: date,
    also: pl.DataFrame | None = None,
    categories: Mapping[str, str] | None = None,
) -> DemandPanel:
    """Build a panel from rows (sku, location_id, demand_date, units, price).

    `also` names keys that must be answered although they never sold. A day without a row is a
    day without demand; returns that outweigh a day's sales count as no demand.
    """
    keys = demand.select(KEYS)
    if also is not None:
        keys = pl.concat([keys, also.select(KEYS)])
    series = keys.unique().sort(KEYS).with_row_index("row")
    first_day = demand["demand_date"].min()
    if not isinstance(first_day, date):
        raise NoDemandError(f"store {store_id} has no demand up to {last_day}")
    placed = demand.join(series, on=KEYS, how="inner")
    rows = placed["row"].to_numpy().astype(np.int64)
    columns = (placed["demand_date"] - first_day).dt.total_days().to_numpy().astype(np.int64)
    shape = (series.height, (last_day - first_day).days + 1)
    units, price = np.zeros(shape), np.full(shape, np.nan)
    started = np.full(shape[0], shape[1], dtype=np.int64)
    units[rows, columns] = placed["units"].fill_null(0.0).clip(0.0).to_numpy()
    price[rows, columns] = placed["price"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    np.minimum.at(started, rows, columns)
    names = pl.Series("category", [(categories or {}).get(sku, "") for sku in series["sku"]])
    return DemandPanel(
        store_id=store_id,
        first_day=first_day,
        series=series.drop("row").with_columns(names.cast(pl.String)),
        units=units,
        price=_last_known(price),
        started=started,
        is_open=trading_days(units),
    )


def _last_known(values: Floats) -> Floats:
    """Carry each value forward over the days that have none; never backward."""
    column = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    np.maximum.accumulate(column, axis=1, out=column)
    return np.take_along_axis(values, column, axis=1)


def read_frame(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]
) -> pl.DataFrame:
    """Run one query and return its rows as a frame."""
    frame = pl.from_arrow(connection.sql(sql, params=parameters).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def read_panels(
    publication_file: Path,
    *,
    as_of: date,
    history_days_max: int,
    store_ids: Sequence[str] | None = None,
) -> list[DemandPanel]:
    """Read the stores asked for (default: those that keep stock, else all), each as one panel.

    A store whose data ends before `as_of` is forecast from its own last day: silence after the
    end of an imported history is not a lack of demand.
    """
    after = as_of - timedelta(days=history_days_max)
    with read_only(publication_file) as connection:
        demand = read_frame(connection, _DEMAND_SQL, {"after": after, "as_of": as_of})
        stocked = read_frame(connection, _STOCKED_SQL, {})
        products = read_frame(connection, _CATEGORY_SQL, {})
    with_demand = set(demand["store_id"].unique())
    wanted = set(store_ids or stocked["store_id"].unique()) & with_demand
    if not wanted and store_ids is None:
        wanted = with_demand
    if not wanted:
        raise NoDemandError(f"no demand up to {as_of} for {sorted(store_ids or [])}")
    return [_store_panel(store, demand, stocked, products) for store in sorted(wanted)]


def _store_panel(
    store_id: str, demand: pl.DataFrame, stocked: pl.DataFrame, products: pl.DataFrame
) -> DemandPanel:
    own = demand.filter(pl.col("store_id") == store_id)
    last_day = own["demand_date"].max()
    assert isinstance(last_day, date)
    catalogue = products.filter(pl.col("store_id") == store_id)
    return panel_from_frame(
        own,
        store_id=store_id,
        last_day=last_day,
        also=stocked.filter(pl.col("store_id") == store_id),
        categories=dict(zip(catalogue["sku"], catalogue["category"], strict=True)),
    )
