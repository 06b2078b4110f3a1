"""A damaged order file is refused with what is wrong, and leaves nothing behind."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from analytics.importers.reading import ImportFileError
from analytics.importers.uci_online_retail import SOURCE
from analytics.lake import EventLake
from tests.support.online_retail import (
    SALE,
    as_csv,
    bring,
    bring_rows,
    files_of,
    only_line,
    payloads,
    published_frame,
)

HEADING = as_csv([]).encode()
LINE = as_csv([SALE]).encode().removeprefix(HEADING)


@pytest.fixture
def lake(tmp_path: Path) -> EventLake:
    return EventLake(tmp_path / "lake")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "online_retail.csv"


def test_a_missing_file_is_named_and_nothing_is_left(file: Path, lake: EventLake) -> None:
    with pytest.raises(ImportFileError, match="cannot be opened \\(No such file"):
        bring(file, lake)

    assert not lake_files(file)


def lake_files(file: Path) -> list[Path]:
    return [path for path in (file.parent / "lake").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \r\n", "the file is empty"),
        (HEADING, "a heading and no rows"),
        (b"\x89PNG\r\n\x00\x00", "neither Parquet nor text"),
        (b"InvoiceNo,StockCode\n536365,85123A\n", "column Description, Quantity, InvoiceDate"),
        (HEADING.strip() + b",quantity\n", "column Quantity occurs more than once"),
        (HEADING + b"536365,85123A,X,6,12/1/20", "ends in the middle of row 1"),
        (HEADING + LINE + b'536365,85123A,"X,6\n' + LINE, "a quote opened in row 2 is not closed"),
        (b"PAR1 and nothing that belongs to it", "damaged or cut off"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(
    file: Path, lake: EventLake, content: bytes, message: str
) -> None:
    file.write_bytes(content)

    with pytest.raises(ImportFileError, match=message):
        bring(file, lake)

    assert not lake_files(file)


def test_the_error_names_the_file_and_says_what_to_do(file: Path, lake: EventLake) -> None:
    file.write_bytes(b"")

    with pytest.raises(ImportFileError) as caught:
        bring(file, lake)

    assert str(caught.value) == (
        f"{file}: the file is empty. Export it again. Nothing was imported."
    )


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("Quantity", "the quantity is not a whole number"),
        ("UnitPrice", "the unit price is not an amount"),
        ("InvoiceDate", "the invoice date is not a day and time"),
    ],
)
def test_a_column_of_which_nothing_can_be_read_refuses_the_file(
    file: Path, lake: EventLake, column: str, reason: str
) -> None:
    row = SALE._replace(**{column: "unreadable"})

    with pytest.raises(ImportFileError, match=f"no row can be used; mostly {reason}"):
        bring_rows(file, lake, row, row)

    assert not lake_files(file)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("Quantity", [True], "column Quantity holds bool, not number, text, whole number"),
        ("UnitPrice", [date(2010, 12, 1)], "column UnitPrice holds date32"),
        ("InvoiceDate", [1291191960], "column InvoiceDate holds int64, not text, time"),
        ("InvoiceDate", [datetime(2010, 12, 1, tzinfo=UTC)], "column InvoiceDate holds timestamp"),
        ("Country", [44], "column Country holds int64, not text"),
        ("StockCode", [["85123A"]], "column StockCode holds large_list"),
    ],
)
def test_a_parquet_column_of_another_type_refuses_the_file(
    file: Path, lake: EventLake, column: str, values: list[object], message: str
) -> None:
    frame = published_frame([SALE]).with_columns(pl.Series(column, values))
    frame.write_parquet(file)

    with pytest.raises(ImportFileError, match=message):
        bring(file, lake)

    assert not lake_files(file)


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_parquet_file_cut_short_is_refused(file: Path, lake: EventLake, kept: float) -> None:
    published_frame([SALE] * 500).write_parquet(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])

    with pytest.raises(ImportFileError, match="damaged or cut off"):
        bring(file, lake)

    assert not lake_files(file)


def test_a_file_refused_after_a_good_one_leaves_the_good_one_alone(
    file: Path, lake: EventLake
) -> None:
    bring_rows(file, lake, SALE)
    before = files_of(file.parent / "lake")

    file.write_bytes(HEADING)
    with pytest.raises(ImportFileError):
        bring(file, lake)

    assert files_of(file.parent / "lake") == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_a_csv_is_read_in_the_encoding_it_is_written_in(
    file: Path, lake: EventLake, encoding: str
) -> None:
    file.write_text(as_csv([SALE._replace(Description="VOUCHER £20 CAFÉ")]), encoding=encoding)

    bring(file, lake)

    assert only_line(lake)["product_name"] == "VOUCHER £20 CAFÉ"


def test_headings_are_known_in_any_case_and_order_and_others_are_ignored(
    file: Path, lake: EventLake
) -> None:
    file.write_text(
        "Note,invoice_no,Stock Code,Country,QUANTITY,InvoiceDate,UnitPrice,Description,Customer ID\n"
        "x,536365,85123A,EIRE,6,12/1/2010 8:26,2.55,LANTERN,17850\n",
        encoding="utf-8",
    )

    result = bring(file, lake)

    assert (result.signed_minor, payloads(lake, "order.imported")[0]["region"]) == (1530, "EIRE")


def test_a_quoted_text_may_hold_commas_quotes_and_line_breaks(file: Path, lake: EventLake) -> None:
    text = 'SET OF 3, "RED"\nAND BLUE'

    bring_rows(file, lake, SALE._replace(Description=text))

    assert only_line(lake)["product_name"] == text


def test_a_last_row_without_line_end_is_a_row(file: Path, lake: EventLake) -> None:
    file.write_text(as_csv([SALE, SALE]).rstrip(), encoding="utf-8")

    assert bring(file, lake).sale_lines == 2


def test_empty_lines_are_no_rows(file: Path, lake: EventLake) -> None:
    file.write_text(as_csv([SALE]) + "\r\n\r\n", encoding="utf-8", newline="")

    assert bring(file, lake).rows == 1


def test_a_row_with_too_few_or_too_many_fields_is_set_aside_with_its_text(
    tmp_path: Path, lake: EventLake, file: Path
) -> None:
    text = as_csv([SALE, SALE]).splitlines()
    text[1:1] = ["536365,85123A", "1,2,3,4,5,6,7,8,9"]
    file.write_text("\n".join(text) + "\n", encoding="utf-8")

    result = bring(file, lake)

    table = pl.read_parquet(tmp_path / "lake" / "quarantine" / f"{SOURCE}.parquet")
    assert table.select("row_number", "reason", "broken_text").rows() == [
        (1, "the row has 2 fields", "536365,85123A"),
        (2, "the row has 9 fields", "1,2,3,4,5,6,7,8,9"),
    ]
    assert (result.rows, result.sale_lines, result.quarantined) == (4, 2, 2)
