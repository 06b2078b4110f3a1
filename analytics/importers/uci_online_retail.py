"""Turns the UCI Online Retail file into the events of a shop whose invoices are already history.

Every invoice becomes one `order.imported` and, unless it comes to nothing, one `ledger.posted`.
Every row of the file is exactly one of

- a sale line: a product (its stock code begins with five digits) in positive quantity;
- a return line: a product in negative quantity, on a cancellation (invoice `C…`) or at a price;
- another line: freight (POST, DOT, C2), a fee (BANK CHARGES, AMAZONFEE, CRUK), or an adjustment,
  which is any other code that is no product (manual entries, discounts, samples, vouchers, bad
  debt), any row of an `A…` invoice or with a negative price, and stock put right at no price:
  negative quantities without a cancellation, and invoices without a customer and without any price;
- quarantined, with the first thing that makes it unreadable as its reason.

A row's amount is Quantity x UnitPrice in pence, rounded half away from zero; prices are taken as
the decimal number they are written as. The wall clock of an invoice is the shop's. Codes that
differ only in case are one SKU; the code as written stays on the line, and a line's id is the
number of its row in the file.

An invoice is imported once. A later file of the same shop adds the invoices that are new; if it
states a known invoice differently it is refused, because history does not change by itself.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analytics.importers import uci_online_retail_sql as sql
from analytics.importers.reading import Column, ImportFileError, Kind, SourceFile, open_rows
from analytics.importers.reconciliation import Reconciliation
from analytics.lake import Batch, EventLake
from analytics.warehouse import CLOSED_WORLD
from contracts.events import StoreContext, event_id

SOURCE = "import-uci-online-retail"
STORE = StoreContext(store_id="uci-online-retail", currency="GBP", time_zone="Europe/London")
COLUMNS = (
    Column(name="InvoiceNo", kinds=frozenset({Kind.WHOLE})),
    Column(name="StockCode", kinds=frozenset({Kind.WHOLE})),
    Column(name="Description"),
    Column(name="Quantity", kinds=frozenset({Kind.WHOLE, Kind.NUMBER})),
    Column(name="InvoiceDate", kinds=frozenset({Kind.TIME})),
    Column(name="UnitPrice", kinds=frozenset({Kind.WHOLE, Kind.NUMBER})),
    Column(name="CustomerID", kinds=frozenset({Kind.WHOLE, Kind.NUMBER})),
    Column(name="Country"),
)
_ORDER_PREFIX = "UCI-"
_BATCH_EVENTS_MAX = 20_000
_NAMED_INVOICES_MAX = 5


def import_online_retail(
    path: Path,
    *,
    lake: EventLake,
    imported_at: datetime,
    store: StoreContext = STORE,
    progress: Callable[[str], None] | None = None,
    clock: Callable[[], float] = perf_counter,
) -> Reconciliation:
    """Bring the file's invoices into the lake, all or none. Raises ImportFileError."""
    started = clock()
    report = progress or _say_nothing
    with duckdb.connect(":memory:", config=CLOSED_WORLD) as connection:
        connection.execute("set timezone = 'UTC'")
        report(f"reading {path.name}")
        file = open_rows(connection, path, COLUMNS)
        report(f"sorting {file.rows:,} rows into documents")
        _judge_rows(connection, file)
        _group_documents(connection)
        known = [batch for batch in lake.batches() if batch.source == SOURCE]
        _refuse_other_history(connection, file, known)
        events = _events(connection, store, imported_at)
        report(f"writing {events.num_rows:,} events")
        _write_quarantine(_write_events(lake, events, known), connection, file)
        return _reconcile(
            connection,
            file,
            currency=store.currency,
            documents_added=events["event_name"].to_pylist().count("order.imported"),
            seconds=clock() - started,
        )


def _say_nothing(_: str) -> None:
    pass


def _judge_rows(connection: duckdb.DuckDBPyConnection, file: SourceFile) -> None:
    connection.execute(sql.JUDGED_ROWS)
    good, reason, first_row = _one_row(connection, sql.VERDICT)
    if good == 0:
        raise ImportFileError(
            file.path,
            problem=f"no row can be used; mostly {reason}, first in row {first_row}",
            advice="Give the columns the types and forms they are published with",
        )


def _group_documents(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(sql.LINES)
    connection.execute(sql.PRODUCT_NAMES)
    connection.execute(sql.DOCUMENTS, {"order_prefix": _ORDER_PREFIX})


def _refuse_other_history(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, known: Sequence[Batch]
) -> None:
    """Load which invoices the lake has, and refuse a file that states one of them differently."""
    connection.execute("create temp table known_documents (invoice_no varchar, row_hash varchar)")
    for batch in known:
        imported = pq.read_table(
            batch.path,
            columns=["payload"],
            filters=pc.field("event_name") == "order.imported",
        )
        connection.register("imported_events", imported)
        connection.execute(sql.KNOWN)
        connection.unregister("imported_events")
    invoices = [invoice for (invoice,) in connection.execute(sql.CONFLICTS).fetchall()]
    if invoices:
        named = ", ".join(invoices[:_NAMED_INVOICES_MAX])
        raise ImportFileError(
            file.path,
            problem=f"{len(invoices)} invoices were imported before with other rows: {named}",
            advice="Import the file they came from, or start with an empty event lake",
        )


def _events(
    connection: duckdb.DuckDBPyConnection, store: StoreContext, imported_at: datetime
) -> pa.Table:
    events: pa.Table = connection.sql(
        sql.EVENTS,
        params={
            "source": store.store_id,
            "store_id": store.store_id,
            "currency": store.currency,
            "time_zone": store.time_zone,
            "recorded_at": imported_at,
        },
    ).to_arrow_table()
    streams = zip(events["stream_type"].to_pylist(), events["stream_id"].to_pylist(), strict=True)
    ids = [str(event_id(str(stream_type), str(stream_id), 1)) for stream_type, stream_id in streams]
    return events.append_column("event_id", pa.array(ids, type=pa.string()))


def _write_events(lake: EventLake, events: pa.Table, known: Sequence[Batch]) -> Path:
    """Commit the events and return the lake's root. What is in the lake stays as it is."""
    if not known:
        written = lake.write_source(SOURCE, _batches(events))
    elif events.num_rows:
        # One file, so that an addition too is there as a whole or not at all.
        last = max(batch.last for batch in known)
        written = [lake.write_batch(SOURCE, last + 1, last + events.num_rows, events)]
    else:
        written = [known[0].path]
    return written[0].parents[2]


def _batches(events: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, events.num_rows, _BATCH_EVENTS_MAX):
        yield events.slice(start, _BATCH_EVENTS_MAX)


def _write_quarantine(root: Path, connection: duckdb.DuckDBPyConnection, file: SourceFile) -> None:
    """Keep this file's unreadable rows beside those of other files, each with its reason."""
    target = root / "quarantine" / f"{SOURCE}.parquet"
    rows = connection.sql(sql.QUARANTINED, params={"sha256": file.sha256}).to_arrow_table()
    if target.exists():
        others = pq.read_table(target, filters=pc.field("file_sha256") != file.sha256)
        rows = pa.concat_tables([others, rows])
    if rows.num_rows == 0:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.partial")
    pq.write_table(rows, beside, compression="zstd")
    beside.replace(target)


def _reconcile(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    *,
    currency: str,
    documents_added: int,
    seconds: float,
) -> Reconciliation:
    counts = _one_row(connection, sql.COUNTS)
    figures = dict(zip(sql.COUNT_NAMES, counts, strict=True))
    reasons = connection.execute(sql.REASON_COUNTS).fetchall()
    return Reconciliation(
        rows=file.rows,
        currency=currency,
        documents_added=documents_added,
        seconds=seconds,
        quarantine_reasons=tuple((str(reason), int(count)) for reason, count in reasons),
        **figures,
    )


def _one_row(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return tuple(row)
