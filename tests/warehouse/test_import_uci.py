"""The whole published year of UCI Online Retail reaches the marts, to the penny."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from analytics import warehouse
from analytics.importers.reconciliation import Reconciliation
from analytics.importers.uci_online_retail import import_online_retail
from analytics.lake import EventLake
from analytics.pipeline import RefreshReport, WarehousePipeline
from tests.support.shared_data import shared_data_file

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedYear:
    """The published file, the folder its import and build wrote, and what they reported."""

    file: Path
    folder: Path
    reconciliation: Reconciliation
    refresh: RefreshReport

    def from_marts(self, sql: str) -> list[tuple[Any, ...]]:
        publication = warehouse.published(self.folder / "warehouse")
        assert publication is not None
        return warehouse.query(publication, sql).rows

    def from_file(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the file itself, without anything the importer knows."""
        with duckdb.connect() as connection:
            connection.execute(
                "create view file_rows as select *, cast(round("
                "cast(cast(UnitPrice as varchar) as decimal(18, 6)) * Quantity * 100, 0) as bigint"
                f") as pence from '{self.file}'"
            )
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> ImportedYear:
    file = shared_data_file("uci_online_retail/online_retail.parquet")
    folder = tmp_path_factory.mktemp("year")
    reconciliation = import_online_retail(file, lake=EventLake(folder / "lake"), imported_at=NOW)
    refresh = WarehousePipeline(folder / "lake", folder / "warehouse").refresh(NOW)
    return ImportedYear(file=file, folder=folder, reconciliation=reconciliation, refresh=refresh)


def test_every_row_of_the_year_is_accounted_for_and_none_is_broken(year: ImportedYear) -> None:
    result = year.reconciliation

    assert (result.rows, result.quarantined, result.documents) == (541_909, 0, 25_900)
    assert result.sale_lines + result.return_lines + result.other_lines == 541_909
    assert result.signed_minor == 974_774_793


def test_the_build_on_the_year_is_green_and_published(year: ImportedYear) -> None:
    assert year.refresh.failed_tests == ()
    assert year.refresh.quarantined == 0
    assert year.refresh.is_published


def test_every_month_of_the_marts_is_the_month_of_the_file(year: ImportedYear) -> None:
    months = "strftime(InvoiceDate, '%Y-%m') as month, sum(pence) from file_rows"
    expected = year.from_file(f"select {months} group by month order by month")

    net = "strftime(business_date, '%Y-%m') as month, sum(net_minor) from marts.daily_sales"
    assert year.from_marts(f"select {net} group by month order by month") == expected
    assert len(expected) == 13


def test_lines_documents_and_ledger_hold_the_same_pence(year: ImportedYear) -> None:
    sums = year.from_marts(
        """
        select
            (select sum(payable_minor) from marts.order_lines where is_sold),
            (select sum(total_minor) from marts.orders),
            (select -sum(amount_minor) from marts.ledger_entries where account = 'imported_sales')
        """
    )

    assert sums == [(974_774_793,) * 3]


def test_every_country_has_the_pence_of_its_rows(year: ImportedYear) -> None:
    expected = year.from_file("select Country, sum(pence) from file_rows group by 1 order by 1")

    assert (
        year.from_marts(
            "select region, sum(net_minor) from marts.daily_sales group by 1 order by 1"
        )
        == expected
    )


def test_units_of_a_product_are_those_of_its_rows(year: ImportedYear) -> None:
    expected = year.from_file(
        """
        with corrections as (
            select InvoiceNo from file_rows
            group by all
            having max(UnitPrice) = 0 and count(CustomerID) = 0
        )
        select
            sum(Quantity) filter (where Quantity > 0 and InvoiceNo not in (from corrections)),
            sum(-Quantity) filter (where InvoiceNo like 'C%')
        from file_rows
        where upper(StockCode) = '85123A'
        """
    )

    assert (
        year.from_marts(
            "select sum(units_sold), sum(units_returned) from marts.daily_sales"
            " where sku = '85123A'"
        )
        == expected
    )


def test_demand_has_a_row_for_every_day_since_the_first_sale(year: ImportedYear) -> None:
    gaps = year.from_marts(
        """
        select sku from marts.daily_demand
        group by sku
        having
            count(*) <> max(demand_date) - min(demand_date) + 1
            or max(demand_date) <> date '2011-12-09'
            or min(units) < 0
        """
    )

    assert gaps == []


def test_importing_and_refreshing_again_builds_nothing(year: ImportedYear) -> None:
    lake = EventLake(year.folder / "lake")

    again = import_online_retail(year.file, lake=lake, imported_at=LATER)
    refresh = WarehousePipeline(year.folder / "lake", year.folder / "warehouse").refresh(LATER)

    assert again.documents_added == 0
    assert again.signed_minor == year.reconciliation.signed_minor
    assert (refresh.loaded_batches, refresh.loaded_events, refresh.models_built) == (0, 0, 0)
    assert refresh.published_version == year.refresh.published_version


def test_the_year_as_csv_in_latin_1_is_the_same_history(year: ImportedYear, tmp_path: Path) -> None:
    csv = tmp_path / "online_retail.csv"
    frame = pl.read_parquet(year.file).with_columns(
        pl.col("InvoiceDate").dt.strftime("%-m/%-d/%Y %-H:%M")
    )
    csv.write_bytes(frame.write_csv(line_terminator="\r\n").encode("latin-1"))

    again = import_online_retail(csv, lake=EventLake(year.folder / "lake"), imported_at=LATER)

    assert (again.rows, again.quarantined, again.documents_added) == (541_909, 0, 0)
    assert again.signed_minor == year.reconciliation.signed_minor
