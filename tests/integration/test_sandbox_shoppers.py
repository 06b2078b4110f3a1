"""A crowd of shoppers in a small shop of plain answers, paying at the real gateway."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.shoppers import Journey, ShopperConfig, ShopperCounts, ShopperReport, run_shoppers
from tests.support.sandbox import (
    SandboxServer,
    running_sandbox,
    running_server,
    sandbox_config,
)


@dataclass(slots=True)
class SmallShop:
    """Takes every order, remembers what it was asked, and fails when told to."""

    gateway_url: str
    url: str = ""
    is_broken: bool = False
    is_short: bool = False
    is_slow: bool = False
    asked: set[str] = field(default_factory=set)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid_with: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def routes(self) -> list[Route]:
        return [
            Route("/v1/products", self.products),
            Route("/v1/events", self.take_events, methods=["POST"]),
            Route("/v1/orders", self.order, methods=["POST"]),
            Route("/v1/orders/{order_id}/pay", self.pay, methods=["POST"]),
            Route("/v1/orders/{order_id}/cancellation", self.cancel, methods=["POST"]),
        ]

    async def products(self, request: Request) -> Response:
        page = int(request.query_params.get("cursor", "0"))
        items = [
            {
                "product_id": f"P{page}{place}",
                "name": "Plain Mug",
                "skus": [{"sku": f"S{page}{place}", "price_minor": 990, "available": 5}],
            }
            for place in range(3)
        ]
        return JSONResponse({"items": items, "next_cursor": "1" if page == 0 else None})

    async def take_events(self, request: Request) -> Response:
        events = (await request.json())["events"]
        self.events += events
        return JSONResponse({"accepted": len(events), "rejected": []}, status_code=202)

    async def order(self, request: Request) -> Response:
        if self.is_broken:
            return JSONResponse({"title": "no"}, status_code=422)
        key = request.headers["idempotency-key"]
        if self.is_slow and key not in self.asked:
            self.asked.add(key)
            return JSONResponse({"order_id": key, "status": "accepted"}, status_code=202)
        self.orders[key] = await request.json()
        status = "paid" if "payment_method" in self.orders[key] else "awaiting_payment"
        body = {
            "order_id": key,
            "status": "action_required" if self.is_short else status,
            "payment": await self.open_payment(key),
        }
        return JSONResponse(body, status_code=201)

    async def open_payment(self, order_id: str) -> dict[str, str]:
        async with httpx2.AsyncClient() as client:
            response = await client.post(
                f"{self.gateway_url}/v1/payment_intents",
                data={"amount": "990", "currency": "eur", "metadata[order_id]": order_id},
                headers={"Authorization": "Bearer sk_test_gateway"},
            )
        intent = response.json()
        return {"gateway_ref": intent["id"], "client_secret": intent["client_secret"]}

    async def pay(self, request: Request) -> Response:
        method = (await request.json())["payment_method"]
        self.paid_with.append(method)
        status = "paid" if method == "pm_card_visa" else "awaiting_payment"
        return JSONResponse({"order_id": request.path_params["order_id"], "status": status})

    async def cancel(self, request: Request) -> Response:
        self.cancelled.append(request.path_params["order_id"])
        return JSONResponse({"status": "cancelled"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    file = tmp_path_factory.mktemp("shoppers") / "sandbox.db"
    with running_sandbox(sandbox_config(file)) as server:
        yield server


@pytest.fixture
async def shop(server: SandboxServer) -> AsyncIterator[SmallShop]:
    async with open_shop(server) as shop:
        yield shop


@asynccontextmanager
async def open_shop(server: SandboxServer) -> AsyncIterator[SmallShop]:
    shop = SmallShop(gateway_url=server.url)
    config = uvicorn.Config(
        Starlette(routes=shop.routes()), port=0, log_level="warning", access_log=False
    )
    with running_server(uvicorn.Server(config)) as url:
        shop.url = url
        yield shop


def crowd(shop: SmallShop, *journeys: Journey, orders: int | None = 12) -> ShopperConfig:
    return ShopperConfig(
        api_url=shop.url,
        gateway_url=shop.gateway_url,
        publishable_key="pk_test_shop",
        orders=orders,
        rate_per_second=500.0,
        seed=7,
        mix=dict.fromkeys(journeys or Journey, 1.0),
        think_seconds=0.0,
        timeout_seconds=5.0,
    )


async def let_shop(config: ShopperConfig) -> ShopperReport:
    return await run_shoppers(config, on_progress=lambda _: None, stop=asyncio.Event())


async def test_the_same_crowd_orders_the_same_things(
    shop: SmallShop, server: SandboxServer
) -> None:
    await let_shop(crowd(shop))
    async with open_shop(server) as other_shop:
        await let_shop(crowd(other_shop))

        assert len(shop.orders) == 12
        assert shop.orders == other_shop.orders


async def test_progress_is_told_and_ends_at_the_number_asked_for(shop: SmallShop) -> None:
    told: list[ShopperCounts] = []
    report = await run_shoppers(crowd(shop), on_progress=told.append, stop=asyncio.Event())

    assert len(told) == 12
    assert told[-1] == report.counts
    assert report.counts.orders_placed == len(report.order_ids) == 12
    assert report.counts.requests_failed == 0


async def test_buyers_send_their_card_along_with_the_order(shop: SmallShop) -> None:
    report = await let_shop(crowd(shop, Journey.BUY_NOW, orders=4))

    assert {order["payment_method"] for order in shop.orders.values()} == {"pm_card_visa"}
    assert report.counts.orders_paid == 4


async def test_a_declined_card_is_followed_by_a_good_one(shop: SmallShop) -> None:
    report = await let_shop(crowd(shop, Journey.DECLINE_THEN_RETRY, orders=3))

    assert shop.paid_with.count("pm_card_chargeDeclinedInsufficientFunds") == 3
    assert shop.paid_with.count("pm_card_visa") == 3
    assert (report.counts.payments_declined, report.counts.orders_paid) == (3, 3)


async def test_some_pay_at_the_gateway_itself(shop: SmallShop, server: SandboxServer) -> None:
    report = await let_shop(crowd(shop, Journey.PAY_AT_GATEWAY, orders=3))

    assert report.counts.orders_paid == 3
    assert {effect["order_id"] for effect in server.effects()} >= set(report.order_ids)


async def test_some_cancel_and_some_never_pay(shop: SmallShop) -> None:
    cancelling = await let_shop(crowd(shop, Journey.CANCEL, orders=3))
    abandoning = await let_shop(crowd(shop, Journey.ABANDON, orders=3))

    assert set(shop.cancelled) == set(cancelling.order_ids)
    assert abandoning.counts.orders_unpaid == 3


async def test_an_order_that_falls_short_is_given_up(shop: SmallShop) -> None:
    shop.is_short = True
    report = await let_shop(crowd(shop, orders=2))

    assert (report.counts.orders_short, report.counts.orders_cancelled) == (2, 2)


async def test_a_slow_shop_is_asked_again_and_then_paid(shop: SmallShop) -> None:
    shop.is_slow = True
    report = await let_shop(crowd(shop, Journey.PAY_LATER, orders=2))

    assert (report.counts.orders_placed, report.counts.orders_paid) == (2, 2)


async def test_every_order_has_a_session_that_led_to_it(shop: SmallShop) -> None:
    report = await let_shop(crowd(shop, orders=5))
    started = {e["session_id"] for e in shop.events if e["event_name"] == "session.started"}
    bought = {order["session_id"] for order in shop.orders.values()}

    assert bought <= started
    assert report.counts.events_sent == len(shop.events)
    assert all(event["payload"]["session_id"] == event["session_id"] for event in shop.events)


async def test_a_shop_that_refuses_is_counted_and_survived(shop: SmallShop) -> None:
    shop.is_broken = True
    report = await let_shop(crowd(shop, orders=4))

    assert (report.counts.orders_placed, report.counts.requests_failed) == (0, 4)


async def test_a_crowd_without_a_number_leaves_when_stopped(shop: SmallShop) -> None:
    stop = asyncio.Event()

    def stop_after_five(counts: ShopperCounts) -> None:
        if counts.orders_placed >= 5:
            stop.set()

    endless = replace(crowd(shop, orders=None), rate_per_second=50.0)
    report = await run_shoppers(endless, on_progress=stop_after_five, stop=stop)

    assert report.counts.orders_placed >= 5
