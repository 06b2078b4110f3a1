"""A whole mall in one process: real database, engine, worker, API and outside world."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from contracts import ids
from domain.timers import OrderTimers, SupplyTimers, TimerTable
from tests.conftest import free_port
from tests.support.api import Api, connect, key, open_mall, order_body, stock_up
from tests.support.books import broken_rules, money_disagreements
from tests.support.sandbox import SandboxServer, running_sandbox, sandbox_config

GOOD_CARD = "pm_card_visa"
BAD_CARD = "pm_card_chargeDeclined"
QUICK = OrderTimers(
    payment=30,
    customer_action=30,
    hand_over=60,
    delivery=60,
    auto_confirm=0.3,
    late_payment=30,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mall:
    api: Api
    temporal: Client
    sandbox: SandboxServer
    worker: Worker
    # The engine is shared by a whole run: a mall's order numbers must be its own.
    name: str

    @property
    def pool(self) -> Any:
        return self.api.dependencies.pool

    def workflow(self, order_id: str) -> WorkflowHandle[Any, Any]:
        return self.temporal.get_workflow_handle(ids.order_workflow_id(order_id))

    async def place(self, name: str, qty: int = 1, **changes: Any) -> dict[str, Any]:
        response = await self.api.client.post(
            "/v1/orders",
            json=order_body(("MUG-1", qty), **changes),
            headers=key(f"{self.name}-{name}"),
        )
        assert response.status_code in {201, 202}, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def act(self, order_id: str, what: str, **body: Any) -> httpx2.Response:
        return await self.api.client.post(
            f"/v1/orders/{order_id}/{what}", json=body, headers=key(f"{what}-{order_id}")
        )

    async def until(self, order_id: str, *statuses: str) -> dict[str, Any]:
        """Read an order until it is in one of these states."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.api.client.get(f"/v1/orders/{order_id}")
                order: dict[str, Any] = answer.json()
                if order.get("status") in statuses:
                    return order
                await asyncio.sleep(0.05)

    async def until_event(self, order_id: str, name: str) -> None:
        """Wait until an event of this name was written for the order."""
        async with asyncio.timeout(30):
            while name not in await self.event_names(order_id):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def event_names(self, order_id: str) -> list[str]:
        rows = await self.pool.fetch(
            "select event_name from outbox where correlation_id = $1 order by outbox_id", order_id
        )
        return [row["event_name"] for row in rows]

    async def stock(self) -> dict[str, int]:
        row = await self.pool.fetchrow(
            "select on_hand, reserved, allocated from stock_levels where sku = 'MUG-1'"
        )
        return dict(row)

    async def assert_books_balance(self) -> None:
        assert await broken_rules(self.pool) == {}
        assert await money_disagreements(self.pool, self.sandbox) == {
            "theirs only": {},
            "ours only": {},
        }


@asynccontextmanager
async def open_quick_mall(
    database_url: str,
    *,
    temporal_address: str,
    folder: Path,
    on_hand: int = 1_000,
    timers: OrderTimers = QUICK,
    works: bool = True,
    **sandbox_changes: Any,
) -> AsyncIterator[Mall]:
    """Open a mall whose waits are short; with `works`, its worker runs."""
    port = free_port()
    hooks = f"http://127.0.0.1:{port}/v1/webhooks"
    config = sandbox_config(
        folder / "sandbox.db",
        gateway_webhook_url=f"{hooks}/gateway",
        carrier_webhook_url=f"{hooks}/carrier",
        supplier_webhook_url=f"{hooks}/supplier",
        **sandbox_changes,
    )
    temporal = await connect(temporal_address)
    table = TimerTable(orders={"normal": timers}, supply=SupplyTimers())
    async with AsyncExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(config))
        api, worker = await stack.enter_async_context(
            open_mall(
                database_url,
                temporal=temporal,
                sandbox=sandbox,
                port=port,
                var_dir=folder / "var",
                timers=table,
            )
        )
        if works:
            await stack.enter_async_context(worker)
        await stock_up(api, on_hand=on_hand)
        yield Mall(api=api, temporal=temporal, sandbox=sandbox, worker=worker, name=f"mall-{port}")
