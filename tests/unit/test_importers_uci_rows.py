"""Every row of a UCI Online Retail file becomes exactly one thing, and its pence are exact."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.lake import EventLake
from tests.support.online_retail import (
    SALE,
    Row,
    bring,
    bring_rows,
    events_of,
    only_line,
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


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (SALE, "sale"),
        (SALE._replace(UnitPrice="0"), "sale"),
        (SALE._replace(InvoiceNo="C536379", Quantity="-1"), "return"),
        (SALE._replace(Quantity="-1"), "return"),
        (SALE._replace(StockCode="POST"), "freight"),
        (SALE._replace(StockCode="DOT"), "freight"),
        (SALE._replace(StockCode="C2"), "freight"),
        (SALE._replace(StockCode="AMAZONFEE", InvoiceNo="C1", Quantity="-1"), "fee"),
        (SALE._replace(StockCode="BANK CHARGES"), "fee"),
        (SALE._replace(StockCode="CRUK", InvoiceNo="C1", Quantity="-1"), "fee"),
        (SALE._replace(StockCode="M"), "adjustment"),
        (SALE._replace(StockCode="gift_0001_20"), "adjustment"),
        (SALE._replace(InvoiceNo="A563186", StockCode="B", UnitPrice="-11062.06"), "adjustment"),
        (SALE._replace(Quantity="-3", UnitPrice="0", CustomerID=""), "adjustment"),
        (SALE._replace(Quantity="3", UnitPrice="0", CustomerID=""), "adjustment"),
        (SALE._replace(InvoiceNo="C1", Quantity="3"), "adjustment"),
        (SALE._replace(UnitPrice="-1"), "adjustment"),
    ],
)
def test_a_row_is_what_its_invoice_code_and_sign_say(
    file: Path, lake: EventLake, row: Row, kind: str
) -> None:
    bring_rows(file, lake, row)

    assert only_line(lake)["line_kind"] == kind


def test_a_product_without_price_on_a_paid_invoice_is_still_sold(
    file: Path, lake: EventLake
) -> None:
    free = SALE._replace(UnitPrice="0", CustomerID="")
    postage = SALE._replace(StockCode="DOT", CustomerID="")

    result = bring_rows(file, lake, free, postage)

    assert (result.sale_lines, result.other_lines) == (1, 1)


@pytest.mark.parametrize(
    ("price", "quantity", "amount_minor"),
    [
        ("0.001", "1", 0),
        ("0.005", "1", 1),
        ("0.005", "-1", -1),
        ("1.005", "1", 101),
        ("2.675", "1", 268),
        ("0.145", "10", 145),
        ("4.35", "100", 43500),
        ("38970", "1", 3897000),
        ("1.04", "80995", 8423480),
        ("1e-05", "1000", 1),
    ],
)
def test_an_amount_is_the_written_price_times_quantity_rounded_half_away_from_zero(
    file: Path, lake: EventLake, price: str, quantity: str, amount_minor: int
) -> None:
    result = bring_rows(file, lake, SALE._replace(UnitPrice=price, Quantity=quantity))

    assert result.signed_minor == amount_minor


@pytest.mark.parametrize(
    "text",
    [
        "12/1/2010 8:26",
        "12/1/10 8:26",
        "12/01/2010 08:26:00",
        "2010-12-01 08:26:00",
        "2010-12-01T08:26",
    ],
)
def test_a_date_is_read_in_every_published_form(file: Path, lake: EventLake, text: str) -> None:
    bring_rows(file, lake, SALE._replace(InvoiceDate=text))

    assert events_of(lake)["occurred_at"][0] == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_codes_that_differ_in_case_are_one_sku_and_keep_their_spelling(
    file: Path, lake: EventLake
) -> None:
    bring_rows(file, lake, SALE._replace(StockCode="15056bl"))

    assert (only_line(lake)["sku"], only_line(lake)["external_code"]) == ("15056BL", "15056bl")


def test_a_product_is_named_as_its_sales_name_it_and_not_as_remarks_do(
    file: Path, lake: EventLake
) -> None:
    remark = SALE._replace(
        InvoiceNo="536400", Description="damages", Quantity="-3", UnitPrice="0", CustomerID=""
    )

    bring_rows(file, lake, remark, remark._replace(InvoiceNo="536401"), SALE)

    documents = payloads(lake, "order.imported")
    assert {line["product_name"] for document in documents for line in document["lines"]} == {
        "WHITE HANGING HEART"
    }


def test_a_product_nobody_describes_is_named_by_its_code(file: Path, lake: EventLake) -> None:
    bring_rows(file, lake, SALE._replace(Description="  "))

    assert only_line(lake)["product_name"] == "85123A"


@pytest.mark.parametrize("customer", ["", "NA", "nan"])
def test_a_sale_without_customer_is_a_guest_s(file: Path, lake: EventLake, customer: str) -> None:
    bring_rows(file, lake, SALE._replace(CustomerID=customer))

    assert payloads(lake, "order.imported")[0]["customer_ref"] == "guest"


def test_a_customer_number_stored_as_a_fraction_is_the_same_customer(
    tmp_path: Path, lake: EventLake
) -> None:
    parquet = tmp_path / "online_retail.parquet"
    published_frame([SALE]).with_columns(
        pl.col("CustomerID", "Quantity").cast(pl.Float64)
    ).write_parquet(parquet)

    bring(parquet, lake)

    assert payloads(lake, "order.imported")[0]["customer_ref"] == "uci-17850"
    assert only_line(lake)["qty"] == 6


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (SALE._replace(InvoiceNo=""), "the invoice number is missing"),
        (
            SALE._replace(InvoiceNo="X1"),
            "the invoice number is not digits after at most one C or A",
        ),
        (SALE._replace(StockCode=" "), "the stock code is missing"),
        (SALE._replace(Quantity=""), "the quantity is missing"),
        (SALE._replace(Quantity="six"), "the quantity is not a whole number"),
        (SALE._replace(Quantity="1.5"), "the quantity is not a whole number"),
        (SALE._replace(Quantity="0"), "the quantity is zero"),
        (SALE._replace(UnitPrice=""), "the unit price is missing"),
        (SALE._replace(UnitPrice="2,55"), "the unit price is not an amount"),
        (SALE._replace(UnitPrice="inf"), "the unit price is not an amount"),
        (SALE._replace(InvoiceDate=""), "the invoice date is missing"),
        (SALE._replace(InvoiceDate="2/30/2010 8:26"), "the invoice date is not a day and time"),
        (
            SALE._replace(InvoiceDate="0010-12-01 08:26:00"),
            "the invoice date is outside the years 1970 to 2200",
        ),
        (
            SALE._replace(Quantity="999999999", UnitPrice="999999999"),
            "the amount is too large",
        ),
    ],
)
def test_a_broken_row_is_set_aside_with_its_number_and_reason(
    tmp_path: Path, lake: EventLake, broken: Row, reason: str
) -> None:
    result = bring_rows(tmp_path / "rows.csv", lake, SALE, broken)

    assert quarantined(tmp_path) == [(2, reason)]
    assert (result.rows, result.sale_lines, result.quarantined) == (2, 1, 1)
    assert result.quarantine_reasons == ((reason, 1),)


codes = st.sampled_from(["85123A", "85123a", "71053", "POST", "D", "AMAZONFEE", "gift_0001_20", ""])
invoices = st.sampled_from(["536365", "536366", "C536379", "A563185", "", "??"])
prices = st.decimals(min_value=-50, max_value=40_000, places=3).map(str) | st.sampled_from(
    ["", "free", "0", "0.005", "1e-3"]
)
quantities = st.integers(min_value=-90_000, max_value=90_000).map(str) | st.sampled_from(
    ["", "2.5", "many"]
)
rows = st.builds(
    Row,
    InvoiceNo=invoices,
    StockCode=codes,
    Description=st.text(alphabet="AB ,\"'£é", max_size=8),
    Quantity=quantities,
    InvoiceDate=st.sampled_from(["12/1/2010 8:26", "2011-07-01 00:30:00"]),
    UnitPrice=prices,
    CustomerID=st.sampled_from(["", "17850", "12346"]),
    Country=st.sampled_from(["United Kingdom", "EIRE", ""]),
)


@settings(max_examples=30, deadline=None)
@given(made=st.lists(rows, max_size=25))
def test_the_four_counts_add_up_and_the_money_is_exact_for_any_rows(
    tmp_path_factory: pytest.TempPathFactory, made: list[Row]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    lake = EventLake(folder / "lake")
    # One good row, because a file without any is refused.
    result = bring_rows(folder / "rows.csv", lake, SALE, *made)

    good = [row for row in [SALE, *made] if is_good(row)]
    assert result.rows == len(made) + 1
    assert result.quarantined == result.rows - len(good)
    assert result.sale_lines + result.return_lines + result.other_lines == len(good)
    assert result.signed_minor == sum(pence(row) for row in good)
    assert line_sum(lake) == result.signed_minor


def is_good(row: Row) -> bool:
    has_keys = row.InvoiceNo not in {"", "??"} and row.StockCode != ""
    has_quantity = row.Quantity not in {"", "2.5", "many", "0"}
    return has_keys and has_quantity and row.UnitPrice not in {"", "free"}


def pence(row: Row) -> int:
    exact = Decimal(row.Quantity) * Decimal(row.UnitPrice) * 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def line_sum(lake: EventLake) -> int:
    documents = payloads(lake, "order.imported")
    return sum(line["amount_minor"] for document in documents for line in document["lines"])
