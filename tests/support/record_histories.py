"""Record one history of every way a workflow can end, for the replay test.

Run it after a deliberate change of a workflow: `python -m tests.support.record_histories`.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from contracts import ids
from runtime.embedded.temporal import EmbeddedTemporal
from tests.conftest import free_port
from tests.support.mall import BAD_CARD, GOOD_CARD, QUICK, Mall, open_quick_mall
from tests.support.postgres import TestDatabases, database_server

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
)


async def record(url: str, temporal_address: str, folder: Path) -> None:
    """Live every way through once and keep its history."""
    HISTORIES.mkdir(exist_ok=True)
    timers = replace(QUICK, payment=1.0, customer_action=1.0, late_payment=4.0)
    async with open_quick_mall(
        url, temporal_address=temporal_address, folder=folder, timers=timers
    ) as mall:
        for way in WAYS:
            order_id = await way(mall)
            await _ended(mall.temporal, order_id)
            history = await mall.workflow(order_id).fetch_history()
            (HISTORIES / f"order_{way.__name__}.json").write_text(history.to_json() + "\n")
            print(f"order_{way.__name__}: {len(history.events)} events")  # noqa: T201


async def _ended(client: Client, order_id: str) -> None:
    try:
        await client.get_workflow_handle(ids.order_workflow_id(order_id)).result()
    except RPCError as error:
        raise RuntimeError(f"{order_id} did not end") from error


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
