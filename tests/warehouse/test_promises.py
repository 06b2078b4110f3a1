"""Every promise of the warehouse is kept by a data test: a planted fault trips that very test."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from analytics.load import open_build
from analytics.transform import DbtProject
from analytics.warehouse import published
from tests.support.events import DAY, MINUTE, START, EventLog, Line, Row, Shop
from tests.warehouse.conftest import NOW
from tests.warehouse.conftest import Line as WarehouseLine

LATER = START + 60 * DAY
Fault = Callable[[list[Row]], None]


def life_of_an_order() -> list[Row]:
    """Return an order from goods received to hand-over, and a younger one: the first is settled."""
    shop = Shop(location_id="annexe")
    shop.product("extra")
    shop.move("received", "extra", 100, LATER)
    lines = [Line(sku="extra", qty=2, price_minor=700), Line(sku="extra", qty=1, price_minor=650)]
    order = shop.submit("extra-1", lines, LATER).pay(LATER + MINUTE).ship(LATER + DAY)
    order.deliver(LATER + 2 * DAY).complete(LATER + 9 * DAY)
    shop.submit("extra-2", lines[:1], LATER + 30 * DAY)
    return shop.log.take()


def find(rows: list[Row], name: str) -> Row:
    return next(row for row in rows if row["event_name"] == name)


def rewrite(row: Row, edit: Callable[[dict[str, Any]], None]) -> None:
    payload = json.loads(row["payload"])
    edit(payload)
    row["payload"] = json.dumps(payload)


def lose_an_event(rows: list[Row]) -> None:
    rows.remove(find(rows, "order.confirmed"))


def unbalance_the_ledger(rows: list[Row]) -> None:
    rewrite(
        find(rows, "ledger.posted"), lambda payload: payload["entries"][-1].update(amount_minor=-1)
    )


def drift_a_balance(rows: list[Row]) -> None:
    rewrite(find(rows, "stock.reserved"), lambda payload: payload.update(on_hand=99))


def go_below_zero(rows: list[Row]) -> None:
    rewrite(find(rows, "stock.received"), lambda payload: payload.update(qty=-1, on_hand=-1))


def misprice_a_line(rows: list[Row]) -> None:
    rewrite(find(rows, "order.priced"), lambda payload: payload["lines"][0].update(tax_minor=1))


def mistotal_an_order(rows: list[Row]) -> None:
    rewrite(find(rows, "order.priced"), lambda payload: payload.update(total_minor=1))


def keep_stock_of_an_ended_order(rows: list[Row]) -> None:
    shop = Shop(location_id="cellar")
    shop.move("received", "extra", 5, LATER)
    shop.move("reserved", "extra", 1, LATER, order_id="extra-1")
    rows += shop.log.take()


def refund_more_than_was_captured(rows: list[Row]) -> None:
    log = EventLog()
    refund = {"refund_id": "r", "order_id": "extra-1", "payment_id": "extra-1-P1"}
    log.add(
        "refund.succeeded",
        "r",
        LATER + DAY,
        refund | {"amount_minor": 99_999, "gateway_ref": "re"},
        correlation_id="extra-1",
    )
    rows += log.take()


def book_another_amount_than_was_captured(rows: list[Row]) -> None:
    def add_a_cent(payload: dict[str, Any]) -> None:
        payload["entries"][0]["amount_minor"] += 1
        payload["entries"][2]["amount_minor"] -= 1

    rewrite(find(rows, "ledger.posted"), add_a_cent)


def call_an_unpaid_order_paid(rows: list[Row]) -> None:
    rewrite(find(rows, "payment.captured"), lambda payload: payload.update(amount_minor=1))
    rewrite(
        find(rows, "ledger.posted"),
        lambda payload: payload.update(
            entries=[
                {"account": "gateway_receivable", "amount_minor": 1},
                {"account": "sales_goods", "amount_minor": -1},
            ]
        ),
    )


def name_no_order(rows: list[Row]) -> None:
    find(rows, "payment.authorised")["correlation_id"] = ""


def deliver_without_hand_over(rows: list[Row]) -> None:
    find(rows, "parcel.handed_over")["event_name"] = "parcel.milestone"
    rewrite(
        find(rows, "parcel.milestone"),
        lambda payload: payload.update(carrier_status="?", raw_code="?"),
    )


def skip_a_milestone(rows: list[Row]) -> None:
    rows_of_order = [row for row in rows if row["stream_id"] == "extra-1"]
    find(rows_of_order, "order.shipped")["event_name"] = "order.failed"
    rewrite(find(rows_of_order, "order.failed"), lambda payload: payload.update(code="?"))


def post_a_transfer_twice(rows: list[Row]) -> None:
    again = {"stream_id": "extra-0", "event_id": "again", "stream_seq": 1}
    rows.append(find(rows, "ledger.posted") | again)


def move_the_same_stock_twice(rows: list[Row]) -> None:
    again = {"stream_id": "extra@elsewhere", "event_id": "again", "stream_seq": 1}
    rows.append(find(rows, "stock.received") | again)


def repeat_a_line(rows: list[Row]) -> None:
    rewrite(find(rows, "order.submitted"), lambda payload: payload["lines"][1].update(line_id="1"))


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        (lose_an_event, "streams_have_no_gaps"),
        (unbalance_the_ledger, "ledger_transfers_balance"),
        (drift_a_balance, "stock_balances_follow_movements"),
        (go_below_zero, "stock_balances_follow_movements"),
        (misprice_a_line, "order_parts_equal_line_parts"),
        (mistotal_an_order, "order_parts_equal_line_parts"),
        (keep_stock_of_an_ended_order, "terminal_orders_hold_no_stock"),
        (refund_more_than_was_captured, "refunds_stay_within_captures"),
        (book_another_amount_than_was_captured, "order_money_equals_ledger"),
        (call_an_unpaid_order_paid, "paid_orders_have_captured_payments"),
        (name_no_order, "events_name_their_order"),
        (deliver_without_hand_over, "delivered_parcels_were_handed_over"),
        (skip_a_milestone, "headline_status_agrees_with_milestones"),
        (post_a_transfer_twice, "unique_key_ledger_entries_transfer_id__entry_no__load_id"),
        (move_the_same_stock_twice, "unique_key_stock_movements_movement_id__load_id"),
        (repeat_a_line, "unique_key_order_lines_order_id__line_id__last_load_id"),
    ],
)
def test_a_fault_trips_the_test_of_its_promise_and_is_not_published(
    built: WarehouseLine, fault: Fault, promise: str
) -> None:
    rows = life_of_an_order()
    fault(rows)
    built.export(rows, first=10_001)

    report = built.pipeline.refresh(NOW)

    assert promise in {test.name for test in report.failed_tests}
    assert (report.is_published, report.published_version) == (False, 1)
    assert promise in (built.pipeline.status().last_failure or "")


def test_without_a_fault_the_same_events_are_published(built: WarehouseLine) -> None:
    built.export(life_of_an_order(), first=10_001)

    report = built.pipeline.refresh(NOW)

    assert report.failed_tests == ()
    assert report.published_version == 2


def test_a_late_event_heals_a_gap_and_is_published(built: WarehouseLine) -> None:
    rows = life_of_an_order()
    late = find(rows, "order.confirmed")
    rows.remove(late)
    built.export(rows, first=10_001)
    assert built.pipeline.refresh(NOW).failed_tests != ()
    built.export([late], first=20_001)

    report = built.pipeline.refresh(NOW)

    assert report.failed_tests == ()
    publication = published(built.warehouse_dir)
    assert publication is not None
    assert publication.version == 2
    assert built.pipeline.status().last_failure is None


def test_an_event_that_got_into_raw_twice_is_found(built: WarehouseLine) -> None:
    with open_build(built.pipeline.build_file) as connection:
        connection.execute("insert into raw.loads (load_id, batch_file, rows) values (2, 'x', 1)")
        connection.execute(
            "insert into raw.events select * replace (2 as load_id) from raw.events limit 1"
        )

    report = built.pipeline.refresh(NOW)

    assert [test.name for test in report.failed_tests] == ["streams_have_no_gaps"]


@pytest.mark.parametrize(
    ("damage", "promise"),
    [
        (
            "delete from marts.daily_demand where demand_date = date '2026-03-15'",
            "daily_demand_has_no_gaps",
        ),
        (
            "update marts.stock_levels set on_hand = on_hand + 1 where sku = 'sku-0'",
            "stock_levels_equal_their_movements",
        ),
        (
            "update marts.daily_sales set net_minor = net_minor + 1 where sku = 'sku-0'",
            "daily_sales_equal_order_lines",
        ),
        ("insert into raw.events select * from raw.events limit 1", "events_are_unique"),
        (
            "insert into marts.products select * from marts.products limit 1",
            "unique_key_products_store_id__sku__last_load_id",
        ),
    ],
)
def test_damage_that_only_other_sql_could_do_is_found_by_a_full_test(
    built: WarehouseLine, project: DbtProject, damage: str, promise: str
) -> None:
    with open_build(built.pipeline.build_file) as connection:
        connection.execute(damage)

    report = project.build(
        built.pipeline.build_file, since_load_id=0, is_full=False, selection=["--select", promise]
    )

    assert [test.name for test in report.failed_tests] == [promise]
