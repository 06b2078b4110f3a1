"""Record one history of every way a workflow can end, for the replay test.

Run it after a deliberate change of a workflow: `python -m tests.support.record_histories`.
"""

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from contracts import ids
from contracts.replenishment import Decision, Proposal, ReplenishmentInput
from runtime.embedded.temporal import EmbeddedTemporal
from tests.conftest import free_port
from tests.support.mall import BAD_CARD, GOOD_CARD, QUICK, Mall, open_quick_mall
from tests.support.postgres import TestDatabases, database_server
from workflows.replenish_stock import ReplenishStockWorkflow

HISTORIES = Path(__file__).parent.parent / "workflows" / "histories"


async def completed(mall: Mall) -> str:
    placed = await mall.place("completed", 2, payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "completed")
    return str(placed["order_id"])


async def declined_then_paid(mall: Mall) -> str:
    placed = await mall.place("declined", payment_method=BAD_CARD)
    await mall.act(placed["order_id"], "pay", payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "completed")
    return str(placed["order_id"])


async def cancelled_unpaid(mall: Mall) -> str:
    placed = await mall.place("cancelled-unpaid")
    await mall.act(placed["order_id"], "cancellation", reason="changed my mind")
    return str(placed["order_id"])


async def cancelled_paid(mall: Mall) -> str:
    mall.sandbox.script_fault("carrier.webhook", "drop_webhook", count=1)
    placed = await mall.place("cancelled-paid", payment_method=GOOD_CARD)
    await mall.until_event(placed["order_id"], "label.bought")
    await mall.act(placed["order_id"], "cancellation", reason="changed my mind")
    await mall.until_event(placed["order_id"], "refund.succeeded")
    return str(placed["order_id"])


async def expired(mall: Mall) -> str:
    placed = await mall.place("expired")
    await mall.until(placed["order_id"], "expired")
    return str(placed["order_id"])


async def late_money_refunded(mall: Mall) -> str:
    mall.sandbox.script_fault("gateway.cancel", "captured_after_cancel", seconds=1.5)
    placed = await mall.place("late", 900)
    await mall.until_event(placed["order_id"], "order.expired")
    await mall.place("quicker", 800, payment_method=GOOD_CARD)
    await mall.until_event(placed["order_id"], "refund.succeeded")
    return str(placed["order_id"])


async def late_money_revives(mall: Mall) -> str:
    mall.sandbox.script_fault("gateway.cancel", "captured_after_cancel", seconds=0.5)
    placed = await mall.place("revived")
    await mall.until_event(placed["order_id"], "order.late_payment_received")
    await mall.until(placed["order_id"], "completed")
    return str(placed["order_id"])


async def label_at_second_try(mall: Mall) -> str:
    mall.sandbox.script_fault("carrier.label", "error_500", count=1)
    placed = await mall.place("second-try", payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "completed")
    return str(placed["order_id"])


async def capture_too_slow(mall: Mall) -> str:
    mall.sandbox.script_fault("gateway.capture", "delay", seconds=2.0, count=1)
    placed = await mall.place("slow", payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "completed")
    return str(placed["order_id"])


async def short(mall: Mall) -> str:
    placed = await mall.place("short", 5_000)
    await mall.until(placed["order_id"], "cancelled")
    return str(placed["order_id"])


WAYS: tuple[Callable[[Mall], Awaitable[str]], ...] = (
    completed,
    declined_then_paid,
    cancelled_unpaid,
    cancelled_paid,
    late_money_refunded,
    late_money_revives,
    expired,
    short,
    label_at_second_try,
    capture_too_slow,
)


async def received(mall: Mall) -> str:
    suggestion = await suggested(mall, "received")
    await suggestion.execute_update(
        ReplenishStockWorkflow.decide, Decision(is_approved=True, by="staff:bo", qty=30)
    )
    return suggestion.id


async def rejected(mall: Mall) -> str:
    suggestion = await suggested(mall, "rejected")
    await suggestion.execute_update(
        ReplenishStockWorkflow.decide, Decision(is_approved=False, by="staff:bo", reason="no")
    )
    return suggestion.id


async def unanswered(mall: Mall) -> str:
    return (await suggested(mall, "unanswered", answer_seconds=0.5)).id


SUPPLY_WAYS = (received, rejected, unanswered)


async def suggested(
    mall: Mall, run_id: str, *, answer_seconds: float = 60
) -> WorkflowHandle[Any, Any]:
    """Open a suggestion for the mall's one SKU, and a newer one over it."""
    proposal = Proposal(
        sku="MUG-1",
        location_id="DE-1",
        qty=20,
        order_by=date(2026, 11, 24),
        need_by=date(2026, 12, 1),
        reason="to be recorded",
        run_id=run_id,
    )
    handle = await mall.temporal.start_workflow(
        ReplenishStockWorkflow.run,
        ReplenishmentInput(
            suggestion_id=f"{run_id}-MUG-1-DE-1",
            proposal=proposal,
            answer_seconds=answer_seconds,
            delivery_seconds=60,
        ),
        id=ids.replenishment_workflow_id("MUG-1", "DE-1"),
        task_queue=mall.worker.task_queue,
    )
    await asyncio.sleep(0.3)
    await handle.signal(ReplenishStockWorkflow.proposed, replace(proposal, qty=25))
    await asyncio.sleep(0.1)
    return handle


async def record(url: str, temporal_address: str, folder: Path) -> None:
    """Live every way through once and keep its history."""
    HISTORIES.mkdir(exist_ok=True)
    timers = replace(QUICK, payment=1.0, customer_action=1.0, late_payment=4.0)
    async with open_quick_mall(
        url, temporal_address=temporal_address, folder=folder, timers=timers
    ) as mall:
        for way in WAYS:
            workflow_id = ids.order_workflow_id(await way(mall))
            await _keep(mall, workflow_id, f"order_{way.__name__}")
        for supply_way in SUPPLY_WAYS:
            await _keep(mall, await supply_way(mall), f"replenish_{supply_way.__name__}")


async def _keep(mall: Mall, workflow_id: str, name: str) -> None:
    handle = mall.temporal.get_workflow_handle(workflow_id)
    await handle.result()
    history = await handle.fetch_history()
    (HISTORIES / f"{name}.json").write_text(without_traces(history.to_json()) + "\n")
    print(f"{name}: {len(history.events)} events")  # noqa: T201


def without_traces(text: str) -> str:
    """Empty the stack traces: replay does not read them, and they name this machine's folders."""
    return re.sub(r'("stackTrace": )"(?:[^"\\]|\\.)*"', r'\1""', text)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedTemporal(folder / "temporal", port=free_port(), ui_port=None)
        server.start()
        try:
            with database_server(folder / "postgres") as url:
                asyncio.run(record(TestDatabases(url).create(), server.address, folder))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
