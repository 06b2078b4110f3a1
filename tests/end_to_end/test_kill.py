"""Kill what carries a hundred orders in flight: every order still ends right, and once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from analytics.warehouse import published
from config.settings import Settings
from runtime.bootstrap import database_url
from runtime.commands.outside import sandbox_config
from runtime.stack import Stack
from store.database import open_pool
from tests.support.api import key, order_body, product_body
from tests.support.books import broken_rules, money_disagreements
from tests.support.sandbox import SandboxServer

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

ORDERS = 100
SKUS = [f"MUG-{number}" for number in range(5)]
GOOD_CARD = "pm_card_visa"
ENDS = {"completed", "cancelled", "expired"}


async def insist(call: Callable[[], Awaitable[httpx2.Response]]) -> dict[str, Any]:
    """Ask until there is a final answer, as a storefront does: same request, same key."""
    async with asyncio.timeout(240):
        while True:
            try:
                response = await call()
            except httpx2.TransportError:
                await asyncio.sleep(0.2)
                continue
            if response.status_code in {200, 201}:
                answer: dict[str, Any] = response.json()
                return answer
            assert response.status_code in {202, 409, 500, 503}, response.text
            await asyncio.sleep(0.2)


async def open_shop(shop: httpx2.AsyncClient) -> None:
    (await shop.put("/v1/locations/main", json={"name": "Main"})).raise_for_status()
    for sku in SKUS:
        created = await shop.post("/v1/products", json=product_body(sku), headers=key(sku))
        created.raise_for_status()
        counted = await shop.put(f"/v1/stock/{sku}/main", json={"on_hand": 500, "reason": "open"})
        counted.raise_for_status()


async def shop_once(shop: httpx2.AsyncClient, number: int) -> str:
    """Place one order; every tenth is left unpaid, every seventh cancelled."""
    card = {} if number % 10 == 0 else {"payment_method": GOOD_CARD}
    body = order_body((SKUS[number % len(SKUS)], 1 + number % 3), **card)
    placed = await insist(lambda: shop.post("/v1/orders", json=body, headers=key(f"kill-{number}")))
    if number % 7 == 3:
        # It may have been handed over by now: then the refusal is the right answer.
        await shop.post(
            f"/v1/orders/{placed['order_id']}/cancellation",
            json={"reason": "changed my mind"},
            headers=key(f"cancel-{number}"),
        )
    return str(placed["order_id"])


async def kill_one_after_another(stack: Stack) -> None:
    for name in ("worker-orders", "temporal", "postgres"):
        await asyncio.sleep(2)
        killed = stack.part(name).process.pid
        await asyncio.to_thread(stack.part(name).process.kill)
        async with asyncio.timeout(120):
            while stack.part(name).process.pid == killed:  # noqa: ASYNC110 - another thread restarts it
                await asyncio.sleep(0.2)


async def statuses(pool: Any) -> dict[str, int]:
    rows = await pool.fetch("select status, count(*) as orders from orders group by status")
    return {row["status"]: row["orders"] for row in rows}


async def until_all_ended(pool: Any) -> dict[str, int]:
    async with asyncio.timeout(240):
        while True:
            try:
                found = await statuses(pool)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                found = {}
            if sum(found.values()) == ORDERS and set(found) <= ENDS:
                return found
            await asyncio.sleep(0.5)


async def until_published(settings: Settings, events: int) -> None:
    """Wait until the warehouse shows exactly these events, each once, all its tests passed."""
    async with asyncio.timeout(120):
        while True:
            publication = published(settings.warehouse_dir)
            if publication is not None and publication.events == events:
                return
            assert publication is None or publication.events < events
            await asyncio.sleep(0.5)


async def test_no_kill_loses_doubles_or_sticks_an_order(stack: Stack, settings: Settings) -> None:
    async with httpx2.AsyncClient(base_url=settings.api_url, timeout=30) as shop:
        await open_shop(shop)
        placing = asyncio.gather(*(shop_once(shop, number) for number in range(ORDERS)))
        await kill_one_after_another(stack)
        order_ids = await placing

    pool = await open_pool(database_url(settings))
    ended = await until_all_ended(pool)
    await asyncio.sleep(3)  # refunds and voided labels follow the end they belong to
    written = await pool.fetchval("select count(*) from outbox")
    await until_published(settings, written)
    sandbox = SandboxServer(url=settings.sandbox_url, config=sandbox_config(settings))

    assert len(set(order_ids)) == ORDERS
    assert ended["completed"] >= ORDERS * 6 // 10
    assert await broken_rules(pool) == {}
    assert await money_disagreements(pool, sandbox) == {"theirs only": {}, "ours only": {}}
    await pool.close()
