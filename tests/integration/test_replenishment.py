"""From a plan to goods in stock: one suggestion per SKU, the buyer's word, and each delivery once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.warehouse import PlanningActivities
from analytics.lake import EventLake
from contracts import ids, queues
from contracts.replenishment import Delivery, Proposal, SuggestionStatus
from contracts.warehouse import ProposeStock
from domain.timers import SupplyTimers
from runtime.worker import ORDER_WORKFLOWS, sandboxed_runner
from tests.support.api import key, stock_up
from tests.support.books import broken_rules
from tests.support.mall import Mall, open_quick_mall
from tests.support.postgres import TestDatabases
from workflows.replenish_stock import ReplenishStockWorkflow

FIRST_DAY = date(2026, 11, 23)
PLACE = "DE-1"


@pytest.fixture(scope="module")
async def mall(
    databases: TestDatabases, temporal_address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mall]:
    """A mall whose planner finds workers on the queue it knows."""
    async with open_quick_mall(
        databases.create(),
        temporal_address=temporal_address,
        folder=tmp_path_factory.mktemp("mall"),
        works=False,
    ) as opened:
        worker = Worker(
            opened.temporal,
            task_queue=queues.ORDERS,
            workflows=ORDER_WORKFLOWS,
            activities=opened.worker.config()["activities"],
            workflow_runner=sandboxed_runner(),
        )
        async with worker:
            yield opened


async def plan(
    mall: Mall, folder: Path, *proposals: Proposal, timers: SupplyTimers | None = None
) -> int:
    planning = PlanningActivities(
        client=mall.temporal,
        lake=EventLake(folder / "lake"),
        warehouse_dir=folder / "warehouse",
        code_version="test",
        timers=timers or SupplyTimers(),
        now=lambda: datetime.now(UTC),
    )
    return await ActivityEnvironment().run(
        planning.propose_stock, ProposeStock(proposals=proposals)
    )


def proposal(sku: str, qty: int, *, day: int = 0) -> Proposal:
    """The proposal of a planner's run on some day."""
    return Proposal(
        sku=sku,
        location_id=PLACE,
        qty=qty,
        order_by=FIRST_DAY + timedelta(days=day + 1),
        need_by=FIRST_DAY + timedelta(days=day + 8),
        reason=f"the plan of day {day}",
        run_id=f"run-{day}",
    )


async def suggestion_until(mall: Mall, suggestion_id: str, **wanted: Any) -> dict[str, Any]:
    """Read a suggestion until its columns are as wanted."""
    async with asyncio.timeout(20):
        while True:
            row = await mall.pool.fetchrow(
                "select * from suggestions where suggestion_id = $1", suggestion_id
            )
            if row is not None and all(row[name] == value for name, value in wanted.items()):
                return dict(row)
            await asyncio.sleep(0.02)


async def open_one(mall: Mall, folder: Path, sku: str, qty: int = 40) -> str:
    await stock_up(mall.api, sku, on_hand=5)
    await plan(mall, folder, proposal(sku, qty))
    suggestion_id = f"run-0-{sku}-{PLACE}"
    await suggestion_until(mall, suggestion_id, status="open")
    return suggestion_id


async def decide(mall: Mall, suggestion_id: str, **body: Any) -> httpx2.Response:
    return await mall.api.client.post(
        f"/v1/replenishment/suggestions/{suggestion_id}/decision",
        json={"by": "staff:bo", **body},
        headers=key(suggestion_id),
    )


def workflow_of(mall: Mall, sku: str) -> WorkflowHandle[Any, Any]:
    return mall.temporal.get_workflow_handle(ids.replenishment_workflow_id(sku, PLACE))


async def deliver(mall: Mall, sku: str, *, po_id: str, event: str, qty: int) -> None:
    delivery = Delivery(event_id=event, po_id=po_id, qty=qty, delivered_at=datetime.now(UTC))
    await workflow_of(mall, sku).signal(ReplenishStockWorkflow.goods_delivered, delivery)


async def events_about(mall: Mall, stream_id: str) -> list[dict[str, Any]]:
    rows = await mall.pool.fetch(
        "select event_name, payload from outbox where stream_id = $1 order by stream_seq", stream_id
    )
    return [dict(row) for row in rows]


async def received(mall: Mall, sku: str) -> list[dict[str, Any]]:
    """Return what came into stock: quantity, balance after, and the purchase behind it."""
    rows = await mall.pool.fetch(
        """
        select qty, on_hand, cause_id from stock_movements
        where sku = $1 and kind = 'received' order by on_hand
        """,
        sku,
    )
    return [dict(row) for row in rows]


async def test_five_plans_in_a_row_leave_one_open_suggestion_with_the_newest_quantity(
    mall: Mall, tmp_path: Path
) -> None:
    skus = ["PLAN-1", "PLAN-2"]
    for sku in skus:
        await stock_up(mall.api, sku, on_hand=5)

    for day in range(5):
        await plan(mall, tmp_path, *(proposal(sku, 40 + day, day=day) for sku in skus))
        for sku in skus:
            await suggestion_until(mall, f"run-0-{sku}-{PLACE}", qty=40 + day, run_id=f"run-{day}")

    rows = await mall.api.rows("select * from suggestions where sku = any($1)", skus)
    assert [(row["sku"], row["qty"], row["status"], row["reason"]) for row in rows] == [
        (sku, 44, "open", "the plan of day 4") for sku in skus
    ]
    assert {row["order_by"] for row in rows} == {FIRST_DAY + timedelta(days=5)}
    for sku in skus:
        events = await events_about(mall, f"run-0-{sku}-{PLACE}")
        assert [event["event_name"] for event in events] == [
            "replenishment.suggested",
            *["replenishment.superseded"] * 4,
        ]


async def test_the_same_plan_twice_says_nothing_twice(mall: Mall, tmp_path: Path) -> None:
    suggestion_id = await open_one(mall, tmp_path, "SAME")

    await plan(mall, tmp_path, proposal("SAME", 40, day=1))
    await suggestion_until(mall, suggestion_id, run_id="run-1")

    events = await events_about(mall, suggestion_id)
    assert [event["event_name"] for event in events] == ["replenishment.suggested"]


async def test_an_approval_with_another_quantity_is_ordered_delivered_and_in_stock(
    mall: Mall, tmp_path: Path
) -> None:
    suggestion_id = await open_one(mall, tmp_path, "GOODS")
    po_id = ids.purchase_order_id(suggestion_id)

    answer = await decide(mall, suggestion_id, decision="approve", qty=25, reason="shelf is small")
    outcome = await workflow_of(mall, "GOODS").result()

    suggestion = await suggestion_until(mall, suggestion_id, status="received")
    [purchase] = await mall.api.rows("select * from purchase_orders where po_id = $1", po_id)
    assert (answer.json()["qty"], outcome["status"]) == (25, SuggestionStatus.RECEIVED)
    assert (suggestion["qty"], suggestion["decided_by"]) == (25, "staff:bo")
    assert (purchase["qty"], purchase["received_qty"], purchase["status"]) == (25, 25, "received")
    assert await received(mall, "GOODS") == [{"qty": 25, "on_hand": 30, "cause_id": po_id}]
    assert [event["event_name"] for event in await events_about(mall, suggestion_id)] == [
        "replenishment.suggested",
        "replenishment.approved",
        "replenishment.adjusted",
    ]
    ordered, arrived = await events_about(mall, po_id)
    assert (ordered["event_name"], ordered["payload"]["qty"]) == ("purchase.ordered", 25)
    assert (arrived["event_name"], arrived["payload"]["qty"]) == ("purchase.received", 25)
    assert await broken_rules(mall.pool) == {}


async def test_goods_come_in_parts_and_each_part_counts_once(mall: Mall, tmp_path: Path) -> None:
    mall.sandbox.script_fault("supplier.webhook", "drop_webhook", count=20)
    suggestion_id = await open_one(mall, tmp_path, "PARTS", qty=10)
    po_id = ids.purchase_order_id(suggestion_id)
    await decide(mall, suggestion_id, decision="approve")
    await suggestion_until(mall, suggestion_id, status="ordered")

    for event, qty in [("D-1", 4), ("D-1", 4), ("D-2", 3), ("D-1", 4), ("D-2", 3), ("D-3", 3)]:
        await deliver(mall, "PARTS", po_id=po_id, event=event, qty=qty)
    await workflow_of(mall, "PARTS").result()
    mall.sandbox.clear_faults()

    [purchase] = await mall.api.rows("select * from purchase_orders where po_id = $1", po_id)
    assert (purchase["received_qty"], purchase["status"]) == (10, "received")
    assert [row["qty"] for row in await received(mall, "PARTS")] == [4, 3, 3]
    arrived = [event["payload"]["qty"] for event in (await events_about(mall, po_id))[1:]]
    assert arrived == [4, 3, 3]


async def test_a_rejection_ends_it_and_the_next_plan_may_suggest_again(
    mall: Mall, tmp_path: Path
) -> None:
    suggestion_id = await open_one(mall, tmp_path, "NO")

    await decide(mall, suggestion_id, decision="reject", reason="season over")
    outcome = await workflow_of(mall, "NO").result()
    await plan(mall, tmp_path, proposal("NO", 12, day=1))
    second = await suggestion_until(mall, f"run-1-NO-{PLACE}", status="open")

    assert outcome["status"] == SuggestionStatus.REJECTED
    assert second["qty"] == 12
    assert await received(mall, "NO") == []
    assert await mall.api.rows("select * from purchase_orders where sku = 'NO'") == []
    [_, rejected] = await events_about(mall, suggestion_id)
    assert rejected["payload"]["reason"] == "season over"


async def test_a_plan_while_goods_are_on_their_way_opens_nothing_new(
    mall: Mall, tmp_path: Path
) -> None:
    mall.sandbox.script_fault("supplier.webhook", "drop_webhook", count=20)
    suggestion_id = await open_one(mall, tmp_path, "ONCE", qty=10)
    await decide(mall, suggestion_id, decision="approve")
    await suggestion_until(mall, suggestion_id, status="ordered")

    await plan(mall, tmp_path, proposal("ONCE", 99, day=1))
    po_id = ids.purchase_order_id(suggestion_id)
    await deliver(mall, "ONCE", po_id=po_id, event="D-1", qty=10)
    await workflow_of(mall, "ONCE").result()
    mall.sandbox.clear_faults()

    rows = await mall.api.rows("select suggestion_id, qty from suggestions where sku = 'ONCE'")
    assert rows == [{"suggestion_id": suggestion_id, "qty": 10}]


async def test_a_suggestion_nobody_answers_expires(mall: Mall, tmp_path: Path) -> None:
    await stock_up(mall.api, "LATE", on_hand=5)

    await plan(mall, tmp_path, proposal("LATE", 40), timers=SupplyTimers(answer=0.3, delivery=1))
    outcome = await workflow_of(mall, "LATE").result()

    assert outcome["status"] == SuggestionStatus.EXPIRED
    names = [event["event_name"] for event in await events_about(mall, f"run-0-LATE-{PLACE}")]
    assert names == ["replenishment.suggested", "replenishment.expired"]


async def test_goods_that_never_come_free_the_sku_for_the_next_plan(
    mall: Mall, tmp_path: Path
) -> None:
    mall.sandbox.script_fault("supplier.webhook", "drop_webhook", count=20)
    await stock_up(mall.api, "LOST", on_hand=5)
    suggestion_id = f"run-0-LOST-{PLACE}"

    await plan(mall, tmp_path, proposal("LOST", 10), timers=SupplyTimers(answer=60, delivery=0.5))
    await suggestion_until(mall, suggestion_id, status="open")
    await decide(mall, suggestion_id, decision="approve")
    outcome = await workflow_of(mall, "LOST").result()
    await plan(mall, tmp_path, proposal("LOST", 12, day=1))
    await suggestion_until(mall, f"run-1-LOST-{PLACE}", status="open")
    mall.sandbox.clear_faults()

    assert outcome["status"] == SuggestionStatus.EXPIRED
    [_, cancelled] = await events_about(mall, ids.purchase_order_id(suggestion_id))
    assert cancelled["event_name"] == "purchase.cancelled"


async def test_an_order_the_supplier_refuses_ends_the_suggestion_with_the_reason(
    mall: Mall, tmp_path: Path
) -> None:
    suggestion_id = await open_one(mall, tmp_path, "FAR")
    await mall.pool.execute("update skus set lead_time_days = 400 where sku = 'FAR'")

    await decide(mall, suggestion_id, decision="approve")
    outcome = await workflow_of(mall, "FAR").result()
    row = await suggestion_until(mall, suggestion_id, status="expired")

    assert outcome["status"] == SuggestionStatus.EXPIRED
    assert "lead_time" in row["decision_reason"]
    assert await mall.api.rows("select * from purchase_orders where sku = 'FAR'") == []
