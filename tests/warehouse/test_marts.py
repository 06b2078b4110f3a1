"""One small shop, followed through the marts to the cent and to the unit."""

from datetime import date, datetime
from pathlib import Path

import pytest

from analytics.transform import DbtProject
from tests.support.events import DAY, MINUTE, START, Line, Shop
from tests.support.histories import imported, imported_line
from tests.warehouse.conftest import NOW, line_at
from tests.warehouse.conftest import Line as WarehouseLine


@pytest.fixture(scope="module")
def shop(project: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> WarehouseLine:
    """Two SKUs; one order completed, one half refunded, one expired; a foreign sale and return."""
    line = line_at(tmp_path_factory.mktemp("shop"), project)
    shop = Shop()
    shop.product("cup", price_minor=1000)
    shop.product("pot", price_minor=2500)
    shop.move("received", "cup", 50)
    shop.move("received", "pot", 20)
    cups = Line(sku="cup", qty=3, price_minor=1000, discount_minor=100)
    pots = Line(sku="pot", qty=1, price_minor=2500)
    done = shop.submit("done", [cups, pots], START).pay(START + MINUTE).ship(START + DAY)
    done.deliver(START + 2 * DAY).complete(START + 9 * DAY)
    shop.submit("called-off", [cups], START + 2 * DAY).pay(START + 2 * DAY + MINUTE).cancel(
        START + 2 * DAY + 5 * MINUTE, was_paid=True
    )
    shop.submit("left", [pots], START + 3 * DAY).expire(START + 3 * DAY + 30 * MINUTE)
    shop.submit("open", [cups], START + 4 * DAY)
    imported(shop.log, "F-1", START, [imported_line("1", "vase", 4, 1001)])
    imported(
        shop.log, "F-2", START, [imported_line("1", "vase", -1, -250, kind="return")], kind="return"
    )
    line.export(shop.log.take(), first=1)
    report = line.pipeline.refresh(NOW)
    assert report.failed_tests == ()
    return line


def test_orders_show_their_state_and_what_they_wait_for(shop: WarehouseLine) -> None:
    assert shop.ask(
        "select order_id, status, waiting_for, due_at from marts.orders order by 1"
    ) == [
        ("F-1", "completed", None, None),
        ("F-2", "completed", None, None),
        ("called-off", "cancelled", None, None),
        ("done", "completed", None, None),
        ("left", "expired", None, None),
        ("open", "awaiting_payment", "customer payment", datetime(2026, 3, 6, 9, 30)),  # noqa: DTZ001
    ]


def test_orders_carry_their_money(shop: WarehouseLine) -> None:
    columns = "goods_minor, discount_minor, freight_minor, tax_minor, total_minor, net_minor"

    assert shop.ask(f"select order_id, {columns} from marts.orders order by 1") == [
        ("F-1", 1001, 0, 0, 0, 1001, 1001),
        ("F-2", -250, 0, 0, 0, -250, -250),
        ("called-off", 3000, 100, 490, 678, 4068, 0),
        ("done", 5500, 100, 490, 1178, 7068, 7068),
        ("left", 2500, 0, 490, 598, 3588, 0),
        ("open", 3000, 100, 490, 678, 4068, 0),
    ]


def test_daily_sales_count_what_was_paid_on_the_day_of_the_order(shop: WarehouseLine) -> None:
    assert shop.ask(
        """
        select business_date, sku, units_sold, units_returned, sale_minor, return_minor,
            other_minor, net_minor
        from marts.daily_sales order by 1, 2
        """
    ) == [
        (date(2026, 3, 2), "cup", 3, 0, 2900, 0, 1668, 4568),
        (date(2026, 3, 2), "pot", 1, 0, 2500, 0, 0, 2500),
        (date(2026, 3, 2), "vase", 4, 1, 1001, -250, 0, 751),
        (date(2026, 3, 4), "cup", 3, 3, 2900, -4068, 1168, 0),
    ]


def test_the_three_ways_to_sum_sales_agree(shop: WarehouseLine) -> None:
    assert shop.ask(
        """
        select
            (select sum(net_minor) from marts.daily_sales),
            (select sum(payable_minor - refunded_minor) from marts.order_lines where is_sold),
            (select sum(net_minor) from marts.orders)
        """
    ) == [(7819, 7819, 7819)]


def test_order_counts_follow_the_day_of_the_order(shop: WarehouseLine) -> None:
    assert shop.ask(
        """
        select business_date, region, orders_submitted, orders_paid, orders_cancelled,
            orders_expired, paid_minor, refunded_minor
        from marts.daily_order_counts order by 1, 2
        """
    ) == [
        (date(2026, 3, 2), "DE", 1, 1, 0, 0, 7068, 0),
        (date(2026, 3, 2), "France", 1, 1, 0, 0, 1001, 250),
        (date(2026, 3, 4), "DE", 1, 1, 1, 0, 4068, 4068),
        (date(2026, 3, 5), "DE", 1, 0, 0, 1, 0, 0),
        (date(2026, 3, 6), "DE", 1, 0, 0, 0, 0, 0),
    ]


def test_stock_is_what_the_movements_left(shop: WarehouseLine) -> None:
    assert shop.ask(
        "select sku, on_hand, reserved, allocated, available from marts.stock_levels order by 1"
    ) == [("cup", 47, 3, 0, 44), ("pot", 19, 0, 0, 19)]


def test_demand_counts_paid_orders_and_runs_to_the_last_day(shop: WarehouseLine) -> None:
    assert shop.ask(
        """
        select sku, location_id, min(demand_date), max(demand_date), sum(units), sum(sale_minor)
        from marts.daily_demand group by 1, 2 order by 1
        """
    ) == [
        ("cup", "depot", date(2026, 3, 2), date(2026, 3, 6), 6, 5800),
        ("pot", "depot", date(2026, 3, 2), date(2026, 3, 6), 1, 2500),
        ("vase", "main", date(2026, 3, 2), date(2026, 3, 6), 3, 751),
    ]


def test_payments_and_ledger_tell_the_same_story(shop: WarehouseLine) -> None:
    assert shop.ask(
        "select order_id, status, captured_minor, refunded_minor from marts.payments order by 1"
    ) == [
        ("called-off", "refunded", 4068, 4068),
        ("done", "captured", 7068, 0),
        ("left", "expired", 0, 0),
        ("open", "initiated", 0, 0),
    ]
    assert shop.ask(
        """
        select account, sum(amount_minor) from marts.ledger_entries
        where kind <> 'import' group by 1 order by 1
        """
    ) == [
        ("gateway_fees", 35),
        ("gateway_receivable", 7033),
        ("sales_discounts", 100),
        ("sales_freight", -490),
        ("sales_goods", -5500),
        ("tax_payable", -1178),
    ]


def test_products_come_from_the_catalogue_or_from_foreign_lines(shop: WarehouseLine) -> None:
    assert shop.ask(
        "select sku, name, category, price_minor, case_pack from marts.products order by 1"
    ) == [
        ("cup", "Product cup", "Home/Kitchen", 1000, 5),
        ("pot", "Product pot", "Home/Kitchen", 2500, 5),
        ("vase", "Foreign vase", "unknown", 250, None),
    ]


def test_parcels_follow_their_scans(shop: WarehouseLine) -> None:
    assert shop.ask("select parcel_id, status, tracking_no from marts.parcels order by 1") == [
        ("called-off-S1", "cancelled", None),
        ("done-S1", "delivered", "T1"),
    ]


def test_what_nobody_has_made_yet_is_there_and_empty(shop: WarehouseLine) -> None:
    tables = ("forecasts", "forecast_runs", "forecast_backtests", "replenishment_proposals")

    assert [shop.ask(f"select count(*) from marts.{table}") for table in tables] == [[(0,)]] * 4


def test_the_unit_tests_of_the_models_pass(
    shop: WarehouseLine, project: DbtProject, tmp_path: Path
) -> None:
    copy = tmp_path / "build.duckdb"
    copy.write_bytes(shop.pipeline.build_file.read_bytes())

    report = project.run_unit_tests(copy)

    assert report.failed_tests == ()
    assert report.tests_passed >= 16
