"""The invoices of a UCI Online Retail file become events once, whole and in balance."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from analytics.importers.reading import ImportFileError
from analytics.importers.uci_online_retail import import_online_retail
from analytics.lake import EventLake
from contracts.events import check_payload, event_id
from tests.support.online_retail import (
    IMPORTED_AT,
    LATER,
    SALE,
    Row,
    as_csv,
    bring,
    bring_rows,
    events_of,
    files_of,
    payloads,
    published_frame,
    quarantined,
)


@pytest.fixture
def lake(tmp_path: Path) -> EventLake:
    return EventLake(tmp_path / "lake")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "online_retail.csv"


def test_an_invoice_becomes_one_document_with_its_lines_in_file_order(
    file: Path, lake: EventLake
) -> None:
    other = SALE._replace(StockCode="71053", Quantity="2", UnitPrice="3.39")

    result = bring_rows(file, lake, SALE, other)

    [document] = payloads(lake, "order.imported")
    assert [(line["sku"], line["amount_minor"]) for line in document["lines"]] == [
        ("85123A", 1530),
        ("71053", 678),
    ]
    assert (document["order_id"], document["external_id"]) == ("UCI-536365", "536365")
    assert (document["customer_ref"], document["region"]) == ("uci-17850", "United Kingdom")
    assert (result.documents, result.signed_minor) == (1, 2208)


def test_every_document_posts_a_balanced_transfer(file: Path, lake: EventLake) -> None:
    bring_rows(file, lake, SALE, SALE._replace(InvoiceNo="C536379", Quantity="-1"))

    transfers = payloads(lake, "ledger.posted")

    assert [[entry["amount_minor"] for entry in transfer["entries"]] for transfer in transfers] == [
        [1530, -1530],
        [-255, 255],
    ]


def test_a_document_worth_nothing_posts_nothing(file: Path, lake: EventLake) -> None:
    bring_rows(file, lake, SALE._replace(UnitPrice="0"))

    assert events_of(lake)["event_name"].to_list() == ["order.imported"]


def test_events_carry_derived_ids_first_sequence_numbers_and_complete_payloads(
    file: Path, lake: EventLake
) -> None:
    bring_rows(file, lake, SALE)

    events = events_of(lake)

    assert events.select("event_id", "stream_type", "stream_seq").rows() == [
        (str(event_id("order", "UCI-536365", 1)), "order", 1),
        (str(event_id("ledger", "UCI-536365", 1)), "ledger", 1),
    ]
    for name, payload in events.select("event_name", "payload").rows():
        check_payload(name, json.loads(payload))


def test_a_london_summer_clock_is_an_hour_ahead_of_utc(file: Path, lake: EventLake) -> None:
    bring_rows(file, lake, SALE._replace(InvoiceDate="7/1/2011 0:30"))

    event = events_of(lake).row(0, named=True)

    assert event["occurred_at"] == datetime(2011, 6, 30, 23, 30, tzinfo=UTC)
    assert event["business_date"] == date(2011, 7, 1)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (SALE, "sale"),
        (SALE._replace(InvoiceNo="C536379", Quantity="-1"), "return"),
        (SALE._replace(InvoiceNo="A563186", StockCode="B"), "adjustment"),
        (SALE._replace(Quantity="-3", UnitPrice="0", CustomerID=""), "adjustment"),
        (SALE._replace(StockCode="POST"), "sale"),
    ],
)
def test_a_document_is_a_sale_a_return_or_an_adjustment(
    file: Path, lake: EventLake, row: Row, kind: str
) -> None:
    bring_rows(file, lake, row)

    assert payloads(lake, "order.imported")[0]["document_kind"] == kind


def test_importing_again_changes_no_byte(tmp_path: Path, lake: EventLake, file: Path) -> None:
    bring_rows(file, lake, SALE, SALE._replace(InvoiceNo="536366", Quantity="x"))
    before = files_of(tmp_path / "lake")

    again = bring(file, lake, LATER)

    assert files_of(tmp_path / "lake") == before
    assert (again.documents, again.documents_added, again.signed_minor) == (1, 0, 1530)


def test_the_same_history_as_parquet_adds_nothing_to_the_csv(
    tmp_path: Path, lake: EventLake, file: Path
) -> None:
    bring_rows(file, lake, SALE)
    parquet = tmp_path / "online_retail.parquet"
    published_frame([SALE]).write_parquet(parquet)

    again = bring(parquet, lake, LATER)

    assert again.documents_added == 0


def test_a_later_file_adds_only_the_invoices_that_are_new(file: Path, lake: EventLake) -> None:
    bring_rows(file, lake, SALE)

    grown = bring_rows(file, lake, SALE, SALE._replace(InvoiceNo="536366"))

    assert (grown.documents, grown.documents_added) == (2, 1)
    assert [batch.path.name for batch in lake.batches()] == [
        "000000000001-000000000002.parquet",
        "000000000003-000000000004.parquet",
    ]
    assert events_of(lake)["event_id"].n_unique() == 4


def test_a_known_invoice_with_other_rows_is_refused_and_nothing_changes(
    tmp_path: Path, lake: EventLake, file: Path
) -> None:
    bring_rows(file, lake, SALE)
    before = files_of(tmp_path / "lake")

    with pytest.raises(ImportFileError, match="imported before with other rows: 536365"):
        bring_rows(file, lake, SALE._replace(Quantity="7"), SALE._replace(InvoiceNo="536366"))

    assert files_of(tmp_path / "lake") == before


def test_quarantined_rows_of_two_files_are_kept_side_by_side(
    tmp_path: Path, lake: EventLake
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    later = SALE._replace(InvoiceNo="536400")

    bring_rows(first, lake, SALE, SALE._replace(Quantity=""))
    bring_rows(second, lake, later, later, later._replace(UnitPrice=""))
    bring(first, lake)

    assert sorted(quarantined(tmp_path)) == [
        (2, "the quantity is missing"),
        (3, "the unit price is missing"),
    ]


def test_progress_is_told_while_a_file_is_imported(file: Path, lake: EventLake) -> None:
    file.write_text(as_csv([SALE]), encoding="utf-8")
    told: list[str] = []

    import_online_retail(file, lake=lake, imported_at=IMPORTED_AT, progress=told.append)

    assert told == [
        "reading online_retail.csv",
        "sorting 1 rows into documents",
        "writing 2 events",
    ]


def test_the_figures_are_offered_as_json_and_as_a_table(file: Path, lake: EventLake) -> None:
    result = bring_rows(
        file, lake, SALE, SALE._replace(InvoiceNo="C1", Quantity="-1"), SALE._replace(UnitPrice="x")
    )

    assert result.as_json() == {
        "rows": 3,
        "sale_lines": 1,
        "return_lines": 1,
        "other_lines": 0,
        "quarantined": 1,
        "signed_minor": 1275,
        "seconds": 0.0,
    }
    assert "  the unit price is not an amount" in result.as_text()
    assert "2 documents from 2010-12-01 to 2010-12-01, 2 of them new; 0.0 s" in result.as_text()
