"""Every path of an order, on real parts: each ends right and the books balance."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from tests.support.mall import BAD_CARD, GOOD_CARD, QUICK, Mall, open_quick_mall
from tests.support.postgres import TestDatabases


@pytest.fixture(scope="module")
async def mall(
    databases: TestDatabases, temporal_address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mall]:
    async with open_quick_mall(
        databases.create(),
        temporal_address=temporal_address,
        folder=tmp_path_factory.mktemp("mall"),
    ) as opened:
        yield opened


@pytest.fixture
async def hasty_mall(
    databases: TestDatabases, temporal_address: str, tmp_path: Path
) -> AsyncIterator[Mall]:
    """A mall whose payment deadline is half a second."""
    async with open_quick_mall(
        databases.create(),
        temporal_address=temporal_address,
        folder=tmp_path,
        on_hand=5,
        timers=replace(QUICK, payment=0.5, customer_action=0.5),
    ) as opened:
        yield opened


async def test_an_order_paid_at_once_is_shipped_delivered_and_confirms_itself(mall: Mall) -> None:
    placed = await mall.place("at-once", 2, payment_method=GOOD_CARD)

    order = await mall.until(placed["order_id"], "completed")

    assert placed["status"] == "paid"
    assert [payment["captured_minor"] for payment in order["payments"]] == [
        placed["totals"]["total_minor"]
    ]
    names = await mall.event_names(placed["order_id"])
    milestones = [name for name in names if name.startswith("order.")]
    assert milestones == [
        "order.submitted",
        "order.priced",
        "order.confirmed",
        "order.payment_awaited",
        "order.paid",
        "order.sourced",
        "order.shipped",
        "order.delivered",
        "order.completed",
    ]
    scans = await mall.pool.fetch(
        "select carrier_status from parcel_scans where parcel_id = $1 order by scanned_at",
        f"{placed['order_id']}-S1",
    )
    assert [row["carrier_status"] for row in scans][-4:] == [
        "picked_up",
        "in_transit",
        "out_for_delivery",
        "delivered",
    ]
    await mall.assert_books_balance()


async def test_a_declined_card_leaves_the_hold_and_another_card_pays(mall: Mall) -> None:
    placed = await mall.place("declined", payment_method=BAD_CARD)
    order_id = placed["order_id"]

    declined = await mall.act(order_id, "pay", payment_method=BAD_CARD)
    paid = await mall.api.client.post(
        f"/v1/orders/{order_id}/pay",
        json={"payment_method": GOOD_CARD},
        headers={"Idempotency-Key": f"second-{order_id}"},
    )

    assert placed["status"] == "awaiting_payment"
    assert placed["payment"]["decline_code"] == "generic_decline"
    assert declined.json()["payment"]["decline_code"] == "generic_decline"
    assert paid.json()["status"] == "paid"
    await mall.until(order_id, "completed")
    await mall.assert_books_balance()


async def test_cancelling_before_payment_gives_the_stock_back(mall: Mall) -> None:
    before = await mall.stock()
    placed = await mall.place("cancel-unpaid")

    cancelled = await mall.act(placed["order_id"], "cancellation", reason="changed my mind")

    assert cancelled.json()["status"] == "cancelled"
    assert (await mall.stock())["reserved"] <= before["reserved"] + 1
    assert "payment.voided" in await mall.event_names(placed["order_id"])
    await mall.until_event(placed["order_id"], "order.cancelled")
    await mall.assert_books_balance()


async def test_cancelling_after_payment_refunds_once_and_voids_the_label(
    databases: TestDatabases, temporal_address: str, tmp_path: Path
) -> None:
    async with open_quick_mall(
        databases.create(),
        temporal_address=temporal_address,
        folder=tmp_path,
        scan_delays_seconds=(60, 60, 60, 60),
    ) as mall:
        placed = await mall.place("cancel-paid", payment_method=GOOD_CARD)
        await mall.until_event(placed["order_id"], "label.bought")

        cancelled = await mall.act(placed["order_id"], "cancellation", reason="too late for me")
        await mall.until_event(placed["order_id"], "refund.succeeded")

        assert cancelled.json()["status"] == "cancelled"
        assert cancelled.json()["refund_minor"] == placed["totals"]["total_minor"]
        assert "label.voided" in await mall.event_names(placed["order_id"])
        await mall.assert_books_balance()


async def test_a_cancel_wins_over_a_carrier_that_does_not_answer(
    databases: TestDatabases, temporal_address: str, tmp_path: Path
) -> None:
    async with open_quick_mall(
        databases.create(), temporal_address=temporal_address, folder=tmp_path
    ) as mall:
        mall.sandbox.script_fault("carrier.label", "error_500", rate=1.0)
        placed = await mall.place("no-carrier", payment_method=GOOD_CARD)

        cancelled = await mall.act(placed["order_id"], "cancellation", reason="waited enough")
        await mall.until_event(placed["order_id"], "refund.succeeded")

        assert cancelled.json()["status"] == "cancelled"
        await mall.assert_books_balance()


async def test_after_hand_over_an_order_cannot_be_cancelled(mall: Mall) -> None:
    placed = await mall.place("handed-over", payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "shipped", "delivered", "completed")

    refused = await mall.act(placed["order_id"], "cancellation", reason="too late")

    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"


async def test_an_unpaid_order_expires_at_its_deadline_and_its_stock_is_free(
    hasty_mall: Mall,
) -> None:
    placed = await hasty_mall.place("abandoned", 3)

    await hasty_mall.until(placed["order_id"], "expired")

    assert await hasty_mall.stock() == {"on_hand": 5, "reserved": 0, "allocated": 0}
    await hasty_mall.assert_books_balance()


async def test_money_found_at_the_deadline_counts_although_its_callback_was_lost(
    hasty_mall: Mall,
) -> None:
    hasty_mall.sandbox.script_fault("gateway.webhook", "drop_webhook", rate=1.0)
    placed = await hasty_mall.place("lost-callback")

    await pay_at_gateway(hasty_mall, placed)
    order = await hasty_mall.until(placed["order_id"], "paid", "shipped", "delivered", "completed")

    assert order["payments"][0]["captured_minor"] == placed["totals"]["total_minor"]
    await hasty_mall.until(placed["order_id"], "completed")
    await hasty_mall.assert_books_balance()


async def test_money_after_expiry_revives_the_order_while_stock_remains(hasty_mall: Mall) -> None:
    hasty_mall.sandbox.script_fault("gateway.cancel", "captured_after_cancel", seconds=0.5)
    placed = await hasty_mall.place("revived", 2)

    await hasty_mall.until_event(placed["order_id"], "order.expired")
    await hasty_mall.until_event(placed["order_id"], "order.late_payment_received")
    order = await hasty_mall.until(placed["order_id"], "completed")

    assert len(order["refunds"]) == 0
    assert await hasty_mall.stock() == {"on_hand": 3, "reserved": 0, "allocated": 0}
    await hasty_mall.assert_books_balance()


async def test_money_after_expiry_is_refunded_once_when_the_stock_is_gone(
    hasty_mall: Mall,
) -> None:
    hasty_mall.sandbox.script_fault("gateway.cancel", "captured_after_cancel", seconds=1.5)
    hasty_mall.sandbox.script_fault("gateway.webhook", "duplicate_webhook", rate=1.0)
    late = await hasty_mall.place("too-late", 4)
    await hasty_mall.until_event(late["order_id"], "order.expired")
    other = await hasty_mall.place("quicker", 3, payment_method=GOOD_CARD)

    await hasty_mall.until_event(late["order_id"], "refund.succeeded")
    order = await hasty_mall.until(late["order_id"], "expired")
    await hasty_mall.until(other["order_id"], "completed")

    assert [refund["amount_minor"] for refund in order["refunds"]] == [
        late["totals"]["total_minor"]
    ]
    await hasty_mall.assert_books_balance()


@pytest.mark.parametrize("step", ["create", "capture"])
async def test_a_gateway_that_times_out_after_accepting_is_resolved_by_asking(
    mall: Mall, step: str
) -> None:
    mall.sandbox.script_fault(f"gateway.{step}", "timeout_after_accept", count=1)
    placed = await mall.place(f"timeout-{step}", payment_method=GOOD_CARD)

    order = await mall.until(placed["order_id"], "completed")

    assert order["payments"][0]["captured_minor"] == order["total_minor"]
    assert "payment.outcome_resolved" in await mall.event_names(placed["order_id"])
    await mall.assert_books_balance()


async def test_a_refund_that_times_out_after_accepting_is_paid_once(
    databases: TestDatabases, temporal_address: str, tmp_path: Path
) -> None:
    async with open_quick_mall(
        databases.create(),
        temporal_address=temporal_address,
        folder=tmp_path,
        scan_delays_seconds=(60, 60, 60, 60),
    ) as mall:
        mall.sandbox.script_fault("gateway.refund", "timeout_after_accept", count=1)
        placed = await mall.place("refund-timeout", payment_method=GOOD_CARD)
        await mall.until_event(placed["order_id"], "label.bought")

        await mall.act(placed["order_id"], "cancellation", reason="no longer needed")
        await mall.until_event(placed["order_id"], "refund.succeeded")

        await mall.assert_books_balance()


async def test_doubled_and_disordered_callbacks_change_nothing(mall: Mall) -> None:
    for target in ("gateway.webhook", "carrier.webhook"):
        mall.sandbox.script_fault(target, "duplicate_webhook", count=4)
        mall.sandbox.script_fault(target, "out_of_order", count=2)
    placed = await mall.place("noise")

    await pay_at_gateway(mall, placed)
    await mall.until(placed["order_id"], "completed")
    mall.sandbox.clear_faults()

    names = await mall.event_names(placed["order_id"])
    assert names.count("payment.captured") == 1
    assert names.count("order.shipped") == 1
    await mall.assert_books_balance()


async def test_a_short_order_holds_nothing_and_is_cancelled_by_its_timer(
    hasty_mall: Mall,
) -> None:
    placed = await hasty_mall.place("short", 7)

    assert placed["status"] == "action_required"
    assert placed["short_lines"] == [{"sku": "MUG-1", "wanted": 7, "available": 5}]
    await hasty_mall.until(placed["order_id"], "cancelled")
    assert await hasty_mall.stock() == {"on_hand": 5, "reserved": 0, "allocated": 0}
    await hasty_mall.assert_books_balance()


async def test_two_hundred_parallel_orders_for_fifty_units_sell_exactly_fifty(
    databases: TestDatabases, temporal_address: str, tmp_path: Path
) -> None:
    async with open_quick_mall(
        databases.create(), temporal_address=temporal_address, folder=tmp_path, on_hand=50
    ) as mall:
        answers = await asyncio.gather(*(mall.place(f"rush-{number}") for number in range(200)))
        settled = [
            answer
            if answer["status"] != "accepted"
            else await mall.until(answer["order_id"], "awaiting_payment", "action_required")
            for answer in answers
        ]

        statuses = [answer["status"] for answer in settled]
        short = [answer for answer in settled if answer["status"] == "action_required"]
        assert statuses.count("awaiting_payment") == 50
        assert len(short) == 150
        assert all(
            line["wanted"] == 1 and line["available"] == 0
            for answer in short
            for line in answer["short_lines"]
        )
        assert await mall.stock() == {"on_hand": 50, "reserved": 50, "allocated": 0}
        await mall.assert_books_balance()


async def test_the_same_order_called_twenty_times_at_once_is_one_order_and_one_charge(
    mall: Mall,
) -> None:
    answers = await asyncio.gather(
        *(mall.place("twenty", payment_method=GOOD_CARD) for _ in range(20))
    )

    assert len({answer["order_id"] for answer in answers}) == 1
    await mall.until(answers[0]["order_id"], "completed")
    await mall.assert_books_balance()


async def pay_at_gateway(mall: Mall, placed: dict[str, object]) -> None:
    """Pay as the buyer's own browser would, with the client secret."""
    payment = placed["payment"]
    assert isinstance(payment, dict)
    async with httpx2.AsyncClient(base_url=mall.sandbox.url) as browser:
        answer = await browser.post(
            f"/v1/payment_intents/{payment['gateway_ref']}/confirm",
            data={"client_secret": payment["client_secret"], "payment_method": GOOD_CARD},
            headers={"Authorization": "Bearer pk_test_storefront"},
        )
    assert answer.status_code == 200, answer.text
