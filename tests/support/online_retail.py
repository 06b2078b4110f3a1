"""Small UCI Online Retail files, their import, and what it left in the lake."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from analytics.importers.reconciliation import Reconciliation
from analytics.importers.uci_online_retail import SOURCE, import_online_retail
from analytics.lake import EventLake

IMPORTED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Row(NamedTuple):
    """A row as published: every field as the text a CSV holds."""

    InvoiceNo: str = "536365"
    StockCode: str = "85123A"
    Description: str = "WHITE HANGING HEART"
    Quantity: str = "6"
    InvoiceDate: str = "12/1/2010 8:26"
    UnitPrice: str = "2.55"
    CustomerID: str = "17850"
    Country: str = "United Kingdom"


SALE = Row()


def as_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([Row._fields, *rows])
    return text.getvalue()


def published_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """The rows in the column types the Parquet copy is published with."""
    return pl.DataFrame(rows, schema=Row._fields, orient="row").with_columns(
        pl.col("Quantity").cast(pl.Int32),
        pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M"),
        pl.col("UnitPrice").cast(pl.Float64),
        pl.col("CustomerID").cast(pl.Int32),
    )


def bring(file: Path, lake: EventLake, at: datetime = IMPORTED_AT) -> Reconciliation:
    return import_online_retail(file, lake=lake, imported_at=at, clock=lambda: 0.0)


def bring_rows(file: Path, lake: EventLake, *rows: Row) -> Reconciliation:
    file.write_text(as_csv(rows), encoding="utf-8", newline="")
    return bring(file, lake)


def events_of(lake: EventLake) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(batch.path) for batch in lake.batches()])


def payloads(lake: EventLake, name: str) -> list[dict[str, Any]]:
    named = events_of(lake).filter(pl.col("event_name") == name)
    return [json.loads(payload) for payload in named["payload"]]


def only_line(lake: EventLake) -> dict[str, Any]:
    [document] = payloads(lake, "order.imported")
    [line] = document["lines"]
    return dict(line)


def quarantined(tmp_path: Path) -> list[tuple[int, str]]:
    table = pl.read_parquet(tmp_path / "lake" / "quarantine" / f"{SOURCE}.parquet")
    return table.select("row_number", "reason").rows()


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
