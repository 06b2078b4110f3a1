"""The real application in this process: real database, real engine client, real signatures."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from api.app import create_app
from api.dependencies import ApiDependencies
from config.settings import Settings
from contracts.events import StoreContext
from contracts.orders import ParcelScan, PaymentNotice, PaymentNoticeKind
from contracts.replenishment import Delivery
from contracts.webhooks import CallbackReaders, CallbackRefusedError
from domain.pricing import PriceRules
from domain.timers import TIMERS, TimerProfile, TimerTable
from providers.sandbox_carrier import SandboxCarrier
from providers.sandbox_supplier import SandboxSupplier
from providers.signatures import WebhookSignatureError, verify_signature
from providers.stripe_payments import StripePayments
from runtime.bootstrap import Operations, Providers
from runtime.callbacks import callback_readers
from runtime.clock import utc_now
from runtime.worker import order_worker
from store.database import open_pool
from store.unit_of_work import UnitOfWorkFactory
from tests.support.sandbox import SandboxServer, wait_until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = b"a secret of the tests"
CALLBACK_SECRET = "callbacks"
CONTEXT = StoreContext(store_id="mall", currency="EUR", time_zone="Europe/Berlin")
NOBODY_LISTENS = "127.0.0.1:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    client: httpx2.AsyncClient
    dependencies: ApiDependencies
    database_url: str

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.dependencies.pool.fetch(query, *arguments)]

    async def event_names(self) -> list[str]:
        return [
            row["event_name"]
            for row in await self.rows("select event_name from outbox order by outbox_id")
        ]


@asynccontextmanager
async def open_api(
    database_url: str,
    *,
    temporal: Client | None = None,
    callbacks: CallbackReaders | None = None,
    now: Callable[[], datetime] = lambda: NOW,
    answer_timeout_seconds: float = 0.3,
    **changes: Any,
) -> AsyncIterator[Api]:
    """Serve the application from a database; without an engine, nobody answers for it."""
    pool = await open_pool(database_url, connections_max=4)
    dependencies = ApiDependencies(
        pool=pool,
        context=CONTEXT,
        units_of_work=UnitOfWorkFactory(pool, context=CONTEXT),
        temporal=temporal or await connect(NOBODY_LISTENS, lazy=True),
        callbacks=callbacks or READERS,
        order_number_secret=SECRET,
        now=now,
        answer_timeout_seconds=answer_timeout_seconds,
        price_rules=PriceRules(),
        **changes,
    )
    try:
        async with open_client(create_app(dependencies)) as client:
            yield Api(client=client, dependencies=dependencies, database_url=database_url)
    finally:
        await pool.close()


@asynccontextmanager
async def open_client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Talk to an application in its lifespan, as a server would run it."""
    async with app.router.lifespan_context(app) as state:
        transport = httpx2.ASGITransport(app=_with_state(app, dict(state or {})))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
            yield client


@asynccontextmanager
async def open_mall(
    database_url: str,
    *,
    temporal: Client,
    sandbox: SandboxServer,
    port: int,
    var_dir: Path,
    answer_timeout_seconds: float = 10,
    timers: TimerTable = TIMERS[TimerProfile.STANDARD],
) -> AsyncIterator[tuple[Api, Worker]]:
    """Serve the application on a port for real providers to call, with a worker to be started.

    The worker listens on a queue of this database's own; run it with `async with`.
    """
    queue = database_url
    providers = _providers(sandbox)
    async with open_api(
        database_url,
        temporal=temporal,
        callbacks=callback_readers(providers),
        now=utc_now,
        answer_timeout_seconds=answer_timeout_seconds,
        task_queue=queue,
    ) as inner:
        dependencies = inner.dependencies
        operations = Operations(
            settings=Settings(var_dir=var_dir),
            context=CONTEXT,
            price_rules=dependencies.price_rules,
            timers=timers,
            pool=dependencies.pool,
            units_of_work=dependencies.units_of_work,
            providers=providers,
        )
        worker = order_worker(temporal, operations, task_queue=queue)
        async with _served(create_app(dependencies), port) as client:
            yield replace(inner, client=client), worker
        await providers.aclose()


@asynccontextmanager
async def _served(app: FastAPI, port: int) -> AsyncIterator[httpx2.AsyncClient]:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(wait_until, lambda: server.started or serving.done())
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        await serving


def _providers(sandbox: SandboxServer) -> Providers:
    config = sandbox.config
    return Providers(
        gateway=StripePayments(
            base_url=sandbox.url,
            secret_key=config.gateway_secret_key,
            webhook_secret=config.gateway_webhook_secret,
            timeout_seconds=5,
        ),
        carrier=SandboxCarrier(
            base_url=sandbox.url,
            api_key=config.carrier_api_key,
            webhook_secret=config.carrier_webhook_secret,
            timeout_seconds=5,
        ),
        supplier=SandboxSupplier(
            base_url=sandbox.url,
            api_key=config.supplier_api_key,
            webhook_secret=config.supplier_webhook_secret,
            timeout_seconds=5,
        ),
    )


async def connect(address: str, *, lazy: bool = False) -> Client:
    return await Client.connect(address, data_converter=pydantic_data_converter, lazy=lazy)


def _with_state(app: ASGIApp, state: dict[str, Any]) -> ASGIApp:
    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return with_state


def sign(body: bytes, *, at: datetime = NOW, secret: str = CALLBACK_SECRET) -> str:
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"t={stamp},v1={signature.hexdigest()}"


def _verified(body: bytes, signature: str, now: datetime) -> dict[str, Any]:
    try:
        verify_signature(body, header=signature, secret=CALLBACK_SECRET, now=now)
    except WebhookSignatureError as error:
        raise CallbackRefusedError(str(error)) from error
    document: dict[str, Any] = json.loads(body)
    return document


def _read_gateway(body: bytes, signature: str, now: datetime) -> PaymentNotice | None:
    told = _verified(body, signature, now)
    if told["kind"] == "other":
        return None
    return PaymentNotice(**{**told, "kind": PaymentNoticeKind(told["kind"])})


def _read_carrier(body: bytes, signature: str, now: datetime) -> ParcelScan:
    told = _verified(body, signature, now)
    return ParcelScan(**{**told, "scanned_at": datetime.fromisoformat(told["scanned_at"])})


def _read_supplier(body: bytes, signature: str, now: datetime) -> Delivery:
    told = _verified(body, signature, now)
    return Delivery(**{**told, "delivered_at": datetime.fromisoformat(told["delivered_at"])})


READERS = CallbackReaders(gateway=_read_gateway, carrier=_read_carrier, supplier=_read_supplier)


def order_body(*lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A well-formed order of the given SKUs and quantities."""
    return {
        "channel": "web",
        "customer": {"customer_ref": "c-123", "email": "ann@shop.example"},
        "address": {
            "name": "Ann Example",
            "line1": "1 Long Lane",
            "city": "Berlin",
            "postcode": "10115",
            "country": "DE",
        },
        "lines": [{"sku": sku, "qty": qty} for sku, qty in lines],
        **changes,
    }


def product_body(sku: str = "MUG-1", *, price_minor: int = 1_990) -> dict[str, Any]:
    """A well-formed product of one SKU."""
    return {
        "product_id": f"P-{sku}",
        "name": "Mug",
        "category_path": "Home/Kitchen",
        "brand": "Duck",
        "skus": [
            {
                "sku": sku,
                "name": "Mug, blue",
                "price_minor": price_minor,
                "cost_minor": 700,
                "supplier_id": "S-1",
                "lead_time_days": 7,
            }
        ],
    }


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": f"key-{text:0>8}"}


async def stock_up(api: Api, sku: str = "MUG-1", *, on_hand: int = 50) -> None:
    """Put one product on sale, with stock at one place."""
    created = await api.client.post("/v1/products", json=product_body(sku), headers=key(sku))
    placed = await api.client.put("/v1/locations/DE-1", json={"name": "Berlin"})
    counted = await api.client.put(
        f"/v1/stock/{sku}/DE-1", json={"on_hand": on_hand, "reason": "opening"}
    )
    assert [created.status_code, placed.status_code, counted.status_code] == [201, 200, 200]
