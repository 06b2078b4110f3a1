"""Callbacks over HTTP: believed only when signed, signalled before they are answered."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from contracts import ids
from contracts.orders import ContactDetails, OrderRequest
from tests.support.api import NOW, Api, connect, open_api, sign, stock_up
from tests.support.postgres import TestDatabases
from workflows.order import OrderWorkflow

GATEWAY, CARRIER, SUPPLIER = "gateway", "carrier", "supplier"
HEADERS = {
    GATEWAY: "Stripe-Signature",
    CARRIER: "X-Carrier-Signature",
    SUPPLIER: "X-Supplier-Signature",
}


@pytest.fixture(scope="module")
async def temporal(temporal_address: str) -> Client:
    return await connect(temporal_address)


@pytest.fixture(scope="module")
async def api(databases: TestDatabases, temporal: Client) -> AsyncIterator[Api]:
    async with open_api(databases.create(), temporal=temporal, answer_timeout_seconds=10) as opened:
        await stock_up(opened)
        yield opened


async def tell(api: Api, sender: str, told: Any, **changes: Any) -> httpx2.Response:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    headers = {HEADERS[sender]: changes.get("signature", sign(body))}
    return await api.client.post(f"/v1/webhooks/{sender}", content=body, headers=headers)


def order_id_of(name: str) -> str:
    return ids.order_number(secret=b"webhooks", channel="web", idempotency_key=name)


def notice(order_id: str, kind: str = "authorised", event_id: str = "evt_1") -> dict[str, Any]:
    return {
        "event_id": event_id,
        "kind": kind,
        "payment_id": f"{order_id}-P1",
        "gateway_ref": "pi_1",
        "amount_minor": 5_319,
    }


async def start_order(temporal: Client, name: str) -> str:
    """Start a real order that no worker works on: signals are kept for it."""
    order_id = order_id_of(name)
    contact = ContactDetails(
        email="a@b.example", name="A", line1="1", city="B", postcode="1", country="DE"
    )
    request = OrderRequest(
        order_id=order_id,
        channel="web",
        customer_ref="c-1",
        contact=contact,
        lines=(),
        fingerprint="f",
    )
    await temporal.start_workflow(
        OrderWorkflow.run, request, id=ids.order_workflow_id(order_id), task_queue="nobody-works"
    )
    return order_id


async def signals(temporal: Client, order_id: str) -> list[str]:
    handle = temporal.get_workflow_handle(ids.order_workflow_id(order_id))
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def record_payment(api: Api, order_id: str, status: str) -> None:
    await api.rows(
        """
        with customer as (
            insert into customers values ('c-1', now()) on conflict do nothing
        ), placed as (
            insert into orders (
                order_id, channel, fingerprint, order_type, origin, customer_ref, region, status,
                currency, goods_minor, discount_minor, freight_minor, tax_minor, total_minor,
                submitted_at, updated_at
            ) values (
                $1, 'web', 'f', 'normal', 'api', 'c-1', 'DE', 'awaiting_payment', 'EUR', 5319, 0,
                0, 0, 5319, now(), now()
            )
        )
        insert into payments (
            payment_id, order_id, attempt_no, provider, method, status, amount_minor, created_at,
            updated_at
        ) values ($1 || '-P1', $1, 1, 'stripe', 'card', $2, 5319, now(), now())
        """,
        order_id,
        status,
    )


async def test_a_notice_is_signalled_to_its_order_before_it_is_answered(
    api: Api, temporal: Client
) -> None:
    order_id = await start_order(temporal, "signalled")

    response = await tell(api, GATEWAY, notice(order_id))

    assert (response.status_code, response.json()) == (200, {"result": "accepted"})
    assert await signals(temporal, order_id) == ["payment_noticed"]


async def test_a_scan_is_signalled_to_the_order_of_its_parcel(api: Api, temporal: Client) -> None:
    order_id = await start_order(temporal, "scanned")
    scan = {
        "event_id": "scan-1",
        "parcel_id": f"{order_id}-S1",
        "carrier_status": "in_transit",
        "raw_code": "T1",
        "scanned_at": NOW.isoformat(),
    }

    response = await tell(api, CARRIER, scan)

    assert (response.status_code, response.json()["result"]) == (200, "accepted")
    assert await signals(temporal, order_id) == ["parcel_scanned"]


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("authorised", "authorised"),
        ("authorised", "captured"),
        ("captured", "authorised"),
        ("captured", "captured"),
    ],
)
async def test_a_notice_that_tells_nothing_new_is_not_signalled(
    api: Api, temporal: Client, kind: str, known: str
) -> None:
    order_id = await start_order(temporal, f"old news {kind} {known}")
    await record_payment(api, order_id, known)

    response = await tell(api, GATEWAY, notice(order_id, kind))

    assert (response.status_code, response.json()["result"]) == (200, "nothing-new")
    assert await signals(temporal, order_id) == []


@pytest.mark.parametrize(
    ("kind", "known"),
    [("captured", "expired"), ("declined", "captured"), ("authorised", "expired")],
)
async def test_a_notice_that_tells_something_new_is_signalled(
    api: Api, temporal: Client, kind: str, known: str
) -> None:
    order_id = await start_order(temporal, f"news {kind} {known}")
    await record_payment(api, order_id, known)

    response = await tell(api, GATEWAY, notice(order_id, kind))

    assert response.json()["result"] == "accepted"
    assert await signals(temporal, order_id) == ["payment_noticed"]


async def test_a_notice_about_nothing_of_ours_is_answered_and_ignored(api: Api) -> None:
    other = await tell(api, GATEWAY, {"kind": "other"})
    foreign = await tell(api, GATEWAY, notice("foreign-shop-17"))

    assert (other.status_code, other.json()["result"]) == (200, "ignored")
    assert (foreign.status_code, foreign.json()["result"]) == (200, "no-open-order")


async def test_a_notice_for_an_order_that_no_longer_runs_is_answered_and_logged(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = order_id_of("never started")

    response = await tell(api, GATEWAY, notice(order_id))

    assert (response.status_code, response.json()["result"]) == (200, "no-open-order")
    assert f"{order_id}-P1" in caplog.text


@pytest.mark.parametrize("sender", [GATEWAY, CARRIER, SUPPLIER])
@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1,v1=00",
        sign(b"another body"),
        sign(b"{}", secret="stolen"),
        sign(b"{}", at=NOW - timedelta(hours=1)),
    ],
    ids=["missing", "malformed", "tampered body", "wrong secret", "too old"],
)
async def test_a_callback_that_is_not_signed_well_is_refused(
    api: Api, sender: str, signature: str
) -> None:
    response = await tell(api, sender, b"{}", signature=signature)

    assert (response.status_code, response.json()["type"]) == (400, "/problems/callback-refused")
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_callback_over_the_limit_is_too_large(api: Api) -> None:
    response = await tell(api, GATEWAY, b"x" * (256 * 1024 + 1))

    assert (response.status_code, response.json()["type"]) == (413, "/problems/content-too-large")


async def test_a_body_of_unannounced_length_is_cut_off_at_the_limit(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    response = await api.client.post("/v1/webhooks/gateway", content=endless())

    assert (response.status_code, response.json()["type"]) == (413, "/problems/content-too-large")


async def test_without_the_engine_the_provider_is_asked_to_come_again(api: Api) -> None:
    async with open_api(api.database_url) as alone:
        response = await tell(alone, GATEWAY, notice(order_id_of("unreachable")))

    assert (response.status_code, response.json()["type"]) == (
        503,
        "/problems/engine-unavailable",
    )


async def test_goods_for_no_purchase_of_ours_are_answered(api: Api) -> None:
    delivery = {
        "event_id": "d-1",
        "po_id": "PO-nobody",
        "qty": 1,
        "delivered_at": NOW.isoformat(),
    }

    response = await tell(api, SUPPLIER, delivery)

    assert (response.status_code, response.json()["result"]) == (200, "no-open-purchase")
