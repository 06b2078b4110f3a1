"""Years of plausible history of a shop, told as the events its live orders would have caused.

Orders are submitted, priced, paid, shipped, delivered and completed; some expire unpaid, some are
cancelled before or after payment, some goods are sent back. Every order has ended by the end of
the last day. Stock is not part of it. The same arguments give the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from analytics.importers import generated_history_sql, generated_orders_sql
from analytics.importers.generated_demand import HistorySku, days_between, draw_demand
from analytics.importers.generated_orders import UNITS_PER_ORDER, pack_orders
from analytics.lake import EventLake
from analytics.warehouse import CLOSED_WORLD
from contracts.events import StoreContext, event_id
from domain.pricing import PriceRules

__all__ = ["SOURCE", "HistoryReport", "HistorySku", "generate_history", "has_history"]

SOURCE = "generated"
_BATCH_EVENTS_MAX = 20_000
_DEFAULT_RULES = PriceRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReport:
    """What the generated history contains."""

    first_day: date
    last_day: date
    orders: int
    completed: int
    expired: int
    cancelled: int
    refunds: int
    units: int
    paid_minor: int
    refunded_minor: int
    events: int


def has_history(lake: EventLake) -> bool:
    """Tell whether the lake holds a generated history; a second one, of other days, is refused."""
    return any(batch.source == SOURCE for batch in lake.batches())


def generate_history(
    catalogue: Sequence[HistorySku],
    *,
    store: StoreContext,
    first_day: date,
    last_day: date,
    seed: int,
    orders_per_day: float,
    lake: EventLake,
    rules: PriceRules = _DEFAULT_RULES,
) -> HistoryReport:
    """Write the history of the days, both included, into the lake: all of it or none.

    Raises:
        ValueError: there is nothing to sell or no day to sell it on.
        ConflictingBatchError: the lake holds a history made from other arguments.
    """
    if not catalogue or last_day < first_day or orders_per_day <= 0:
        raise ValueError("a history needs products, days in order, and orders on them")
    random = np.random.default_rng(seed)
    days = days_between(first_day, last_day)
    demand = draw_demand(
        catalogue, days, units_per_day=orders_per_day * UNITS_PER_ORDER, random=random
    )
    packed = pack_orders(demand, days, orders_per_day=orders_per_day, random=random)
    with duckdb.connect(":memory:", config=CLOSED_WORLD) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("catalogue", _catalogue_table(catalogue))
        connection.register("packed_lines", packed.lines.to_arrow())
        connection.register("packed_orders", packed.orders.to_arrow())
        _price(connection, store, last_day, rules)
        events = _events(connection, store)
        lake.write_source(SOURCE, _batches(events))
        return _report(connection, first_day, last_day, events=events.num_rows)


def _catalogue_table(catalogue: Sequence[HistorySku]) -> pa.Table:
    return pa.table(
        {
            "sku_no": list(range(len(catalogue))),
            "sku": [sku.sku for sku in catalogue],
            "product_id": [sku.product_id for sku in catalogue],
            "product_name": [sku.product_name for sku in catalogue],
            "category": [sku.category for sku in catalogue],
            "list_price_minor": [sku.price_minor for sku in catalogue],
            "unit_cost_minor": [sku.cost_minor for sku in catalogue],
        }
    )


def _price(
    connection: duckdb.DuckDBPyConnection, store: StoreContext, last_day: date, rules: PriceRules
) -> None:
    connection.execute(
        generated_orders_sql.PRICED_LINES,
        {
            "freight_minor": rules.freight_minor,
            "free_freight_from_minor": rules.free_freight_from_minor,
            "tax_rate_bps": rules.tax_rate_bps,
        },
    )
    connection.execute(
        generated_orders_sql.ORDERS,
        {
            "time_zone": store.time_zone,
            "last_day": last_day,
            "tax_rate_bps": rules.tax_rate_bps,
        },
    )


def _events(connection: duckdb.DuckDBPyConnection, store: StoreContext) -> pa.Table:
    events: pa.Table = connection.sql(
        generated_history_sql.EVENTS,
        params={
            "store_id": store.store_id,
            "currency": store.currency,
            "time_zone": store.time_zone,
        },
    ).to_arrow_table()
    streams = zip(
        events["stream_type"].to_pylist(),
        events["stream_id"].to_pylist(),
        events["stream_seq"].to_pylist(),
        strict=True,
    )
    ids = [
        str(event_id(str(stream_type), str(stream_id), int(seq or 0)))
        for stream_type, stream_id, seq in streams
    ]
    return events.append_column("event_id", pa.array(ids, type=pa.string()))


def _batches(events: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, events.num_rows, _BATCH_EVENTS_MAX):
        yield events.slice(start, _BATCH_EVENTS_MAX)


def _report(
    connection: duckdb.DuckDBPyConnection, first_day: date, last_day: date, *, events: int
) -> HistoryReport:
    figures = connection.execute(generated_history_sql.FIGURES).fetchone()
    assert figures is not None
    orders, completed, expired, cancelled, refunds, units, paid_minor, refunded_minor = figures
    return HistoryReport(
        first_day=first_day,
        last_day=last_day,
        orders=orders,
        completed=completed,
        expired=expired,
        cancelled=cancelled,
        refunds=refunds,
        units=units,
        paid_minor=paid_minor,
        refunded_minor=refunded_minor,
        events=events,
    )
