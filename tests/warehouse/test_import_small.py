"""A small imported file and a generated history stand in the marts as they were told."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics import warehouse
from analytics.importers.generated_history import HistoryReport, HistorySku, generate_history
from analytics.importers.reconciliation import Reconciliation
from analytics.lake import EventLake
from analytics.pipeline import RefreshReport, WarehousePipeline
from contracts.events import StoreContext
from tests.support.online_retail import SALE, bring_rows

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIRST_DAY, LAST_DAY = date(2026, 3, 1), date(2026, 4, 19)
LIVE_STORE = StoreContext(store_id="mallard", currency="EUR", time_zone="Europe/Berlin")
CATALOGUE = [
    HistorySku(
        sku=f"SKU-{number}",
        product_id=f"P-{number}",
        product_name=f"Product {number}",
        category="Home/Kitchen",
        price_minor=1_499 + 1_000 * number,
        cost_minor=700,
    )
    for number in range(3)
]
FOREIGN_ROWS = (
    SALE,
    SALE._replace(StockCode="71053", Quantity="2", UnitPrice="3.39"),
    SALE._replace(StockCode="POST", UnitPrice="4.005", Quantity="1"),
    SALE._replace(InvoiceNo="C536379", Quantity="-1", InvoiceDate="12/2/2010 9:00"),
    SALE._replace(InvoiceNo="A536380", StockCode="B", Quantity="1", UnitPrice="-11.06"),
    SALE._replace(InvoiceNo="536381", Quantity="-4", UnitPrice="0", CustomerID=""),
    SALE._replace(InvoiceNo="536382", Quantity="broken"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was imported and generated, and the warehouse built from it."""

    warehouse_dir: Path
    foreign: Reconciliation
    history: HistoryReport
    refresh: RefreshReport

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        publication = warehouse.published(self.warehouse_dir)
        assert publication is not None
        return warehouse.query(publication, sql).rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("small")
    lake = EventLake(folder / "lake")
    foreign = bring_rows(folder / "rows.csv", lake, *FOREIGN_ROWS)
    history = generate_history(
        CATALOGUE,
        store=LIVE_STORE,
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
        seed=3,
        orders_per_day=8,
        lake=lake,
    )
    pipeline = WarehousePipeline(folder / "lake", folder / "warehouse")
    return Built(
        warehouse_dir=folder / "warehouse",
        foreign=foreign,
        history=history,
        refresh=pipeline.refresh(NOW),
    )


def test_the_warehouse_takes_every_event_and_finds_no_promise_broken(built: Built) -> None:
    assert built.refresh.failed_tests == ()
    assert built.refresh.quarantined == 0
    assert built.refresh.loaded_events == built.history.events + 7


def test_a_foreign_document_keeps_its_kind_its_day_and_its_pence(built: Built) -> None:
    documents = built.rows(
        """
        select order_id, document_kind, business_date, total_minor from marts.orders
        where store_id = 'uci-online-retail'
        order by order_id
        """
    )

    assert documents == [
        ("UCI-536365", "sale", date(2010, 12, 1), 2609),
        ("UCI-536381", "adjustment", date(2010, 12, 1), 0),
        ("UCI-A536380", "adjustment", date(2010, 12, 1), -1106),
        ("UCI-C536379", "return", date(2010, 12, 2), -255),
    ]


def test_foreign_sales_returns_and_other_money_stay_apart_and_add_up(built: Built) -> None:
    sums = built.rows(
        """
        select sum(sale_minor), sum(return_minor), sum(other_minor), sum(net_minor)
        from marts.daily_sales
        where store_id = 'uci-online-retail'
        """
    )

    assert sums == [(2208, -255, -705, built.foreign.signed_minor)]


def test_generated_orders_end_in_the_marts_as_they_were_generated(built: Built) -> None:
    counted = built.rows(
        """
        select
            count(*),
            count_if(status = 'completed'),
            count_if(status = 'expired'),
            count_if(status = 'cancelled'),
            sum(captured_minor),
            sum(refunded_minor),
            count_if(not is_terminal)
        from marts.orders
        where store_id = 'mallard'
        """
    )

    history = built.history
    assert counted == [
        (
            history.orders,
            history.completed,
            history.expired,
            history.cancelled,
            history.paid_minor,
            history.refunded_minor,
            0,
        )
    ]


def test_generated_sales_are_what_was_paid_less_what_was_given_back(built: Built) -> None:
    [(net_minor,)] = built.rows(
        "select sum(net_minor) from marts.daily_sales where store_id = 'mallard'"
    )

    assert net_minor == built.history.paid_minor - built.history.refunded_minor


def test_the_two_shops_and_their_currencies_never_mix(built: Built) -> None:
    assert built.rows(
        "select distinct store_id, currency, origin from marts.orders order by store_id"
    ) == [("mallard", "EUR", "generated"), ("uci-online-retail", "GBP", "import")]
