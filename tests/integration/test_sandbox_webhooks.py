"""Webhooks: signed, repeated until heard, kept over a restart, and wrong on demand."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe

from providers.payments import GatewayNotice, GatewayPayment, NoticeKind
from providers.signatures import WebhookSignatureError
from providers.stripe_payments import StripePayments
from tests.support.sandbox import (
    Heard,
    SandboxServer,
    WebhookEar,
    listening_ear,
    open_gateway,
    running_sandbox,
    sandbox_config,
    wait_until,
)


@pytest.fixture
def ear() -> Iterator[WebhookEar]:
    with listening_ear() as ear:
        yield ear


@pytest.fixture
def server(tmp_path: Path, ear: WebhookEar) -> Iterator[SandboxServer]:
    config = sandbox_config(tmp_path / "sandbox.db", gateway_webhook_url=f"{ear.url}/gateway")
    with running_sandbox(config) as server:
        yield server


@pytest.fixture
async def gateway(server: SandboxServer) -> AsyncIterator[StripePayments]:
    async with open_gateway(server) as gateway:
        yield gateway


async def authorise(
    gateway: StripePayments, order_id: str, method: str = "pm_card_visa"
) -> GatewayPayment:
    opened = await gateway.create(
        payment_id=f"{order_id}-P1",
        order_id=order_id,
        amount_minor=5000,
        currency="EUR",
        payment_method=None,
        idempotency_key=f"{order_id}/create",
    )
    return await gateway.confirm(
        gateway_ref=opened.gateway_ref,
        payment_method=method,
        idempotency_key=f"{order_id}/confirm",
    )


async def capture(gateway: StripePayments, payment: GatewayPayment) -> None:
    await gateway.capture(
        gateway_ref=payment.gateway_ref,
        amount_minor=payment.amount_minor,
        idempotency_key=f"{payment.order_id}/capture",
    )


async def hear(ear: WebhookEar, count: int) -> list[Heard]:
    return await asyncio.to_thread(ear.wait_for, count)


def read(gateway: StripePayments, heard: Heard, *, late: timedelta = timedelta()) -> GatewayNotice:
    return gateway.parse_webhook(
        body=heard.body,
        signature=heard.headers["stripe-signature"],
        now=datetime.now(UTC) + late,
    )


async def test_a_payments_life_is_told_in_our_words(
    gateway: StripePayments, ear: WebhookEar
) -> None:
    payment = await authorise(gateway, "told")
    await capture(gateway, payment)
    await gateway.refund(
        gateway_ref=payment.gateway_ref, refund_id="R1", amount_minor=700, idempotency_key="R1"
    )
    notices = [read(gateway, heard) for heard in await hear(ear, 4)]

    assert [(notice.kind, notice.amount_minor) for notice in notices] == [
        (NoticeKind.AUTHORISED, 5000),
        (NoticeKind.CAPTURED, 5000),
        (NoticeKind.OTHER, 0),
        (NoticeKind.REFUNDED, 700),
    ]
    assert {notice.gateway_ref for notice in notices if notice.gateway_ref} == {payment.gateway_ref}
    assert {notice.order_id for notice in notices[:2]} == {"told"}
    assert notices[3].refund_id == "R1"
    assert len({notice.event_id for notice in notices}) == 4


async def test_a_cancellation_is_told(gateway: StripePayments, ear: WebhookEar) -> None:
    payment = await authorise(gateway, "cancelled")
    await gateway.cancel(gateway_ref=payment.gateway_ref, idempotency_key="cancelled/cancel")

    assert read(gateway, (await hear(ear, 2))[1]).kind is NoticeKind.CANCELLED


async def test_a_decline_is_told_with_its_code(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("gateway.capture", "decline")
    payment = await authorise(gateway, "declined")
    with pytest.raises(Exception, match="declined"):
        await capture(gateway, payment)
    notice = read(gateway, (await hear(ear, 2))[1])

    assert (notice.kind, notice.code) == (NoticeKind.DECLINED, "generic_decline")
    assert notice.is_retryable is False


async def test_the_official_library_accepts_the_signature(
    gateway: StripePayments, ear: WebhookEar
) -> None:
    payment = await authorise(gateway, "official")
    heard = (await hear(ear, 1))[0]
    event = stripe.Webhook.construct_event(
        heard.body, heard.headers["stripe-signature"], "whsec_gateway"
    )

    assert event.type == "payment_intent.amount_capturable_updated"
    assert event.data.object["id"] == payment.gateway_ref


async def test_a_changed_body_a_foreign_secret_and_an_old_message_are_refused(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    await authorise(gateway, "refused")
    heard = (await hear(ear, 1))[0]
    changed = Heard(
        path=heard.path, body=heard.body.replace(b"5000", b"5001"), headers=heard.headers
    )
    foreign = StripePayments(
        base_url=server.url, secret_key="sk", webhook_secret="whsec_other", timeout_seconds=1.0
    )

    with pytest.raises(WebhookSignatureError):
        read(gateway, changed)
    with pytest.raises(WebhookSignatureError):
        read(foreign, heard)
    with pytest.raises(WebhookSignatureError):
        read(gateway, heard, late=timedelta(seconds=302))
    assert read(gateway, heard, late=timedelta(seconds=290)).kind is NoticeKind.AUTHORISED
    await foreign.aclose()


async def test_a_refused_delivery_is_repeated_until_it_is_accepted(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    ear.answer_status = 503
    await authorise(gateway, "repeated")
    await hear(ear, 3)
    ear.answer_status = 204
    await asyncio.to_thread(wait_until, lambda: server.webhooks()[0]["state"] == "delivered")

    assert len({heard.body for heard in ear.heard}) == 1
    assert server.webhooks()[0]["attempts"] == len(ear.heard)


async def test_deliveries_end_after_their_bound(tmp_path: Path, ear: WebhookEar) -> None:
    ear.answer_status = 500
    config = sandbox_config(
        tmp_path / "bound.db", gateway_webhook_url=ear.url, webhook_attempts_max=3
    )
    with running_sandbox(config) as server:
        async with open_gateway(server) as gateway:
            await authorise(gateway, "bound")
        await asyncio.to_thread(wait_until, lambda: server.webhooks()[0]["state"] == "failed")

    assert len(ear.heard) == 3


async def test_what_was_not_heard_before_a_restart_is_told_after_it(
    tmp_path: Path, ear: WebhookEar
) -> None:
    config = sandbox_config(
        tmp_path / "restart.db", gateway_webhook_url=ear.url, webhook_backoff_seconds_max=0.1
    )
    ear.answer_status = 503
    with running_sandbox(config) as server:
        async with open_gateway(server) as gateway:
            payment = await authorise(gateway, "restart")
        await hear(ear, 1)
    ear.heard.clear()
    ear.answer_status = 204
    with running_sandbox(config) as server:
        async with open_gateway(server) as gateway:
            notice = read(gateway, (await hear(ear, 1))[0])
            known = await gateway.look_up(gateway_ref=payment.gateway_ref)

    assert notice.gateway_ref == payment.gateway_ref
    assert known.amount_minor == 5000


async def test_a_duplicate_repeats_the_event_under_the_same_number(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("gateway.webhook", "duplicate_webhook")
    await authorise(gateway, "duplicate")
    first, second = await hear(ear, 2)

    assert read(gateway, first) == read(gateway, second)


async def test_a_forged_copy_comes_along_with_the_true_message(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("gateway.webhook", "tampered_webhook")
    await authorise(gateway, "forged")
    heard = await hear(ear, 2)
    forged = [message for message in heard if b"forged" in message.body[:20]]
    true = [message for message in heard if b"forged" not in message.body[:20]]

    assert forged[0].document["data"]["object"]["amount"] == 5001
    with pytest.raises(WebhookSignatureError):
        read(gateway, forged[0])
    assert read(gateway, true[0]).amount_minor == 5000


async def test_a_dropped_message_never_arrives(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault(
        "gateway.webhook",
        "drop_webhook",
        match={"type": "payment_intent.amount_capturable_updated"},
    )
    await capture(gateway, await authorise(gateway, "dropped"))
    heard = await hear(ear, 1)

    assert read(gateway, heard[0]).kind is NoticeKind.CAPTURED
    assert server.webhooks()[0]["state"] == "dropped"


async def test_a_late_message_arrives_later(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("gateway.webhook", "late_webhook", seconds=0.4)
    started = time.monotonic()
    await authorise(gateway, "late")
    await hear(ear, 1)

    assert time.monotonic() - started >= 0.4


async def test_messages_can_overtake_each_other(
    gateway: StripePayments, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("gateway.webhook", "out_of_order", seconds=1.0)
    await capture(gateway, await authorise(gateway, "overtaken"))
    notices = [read(gateway, heard) for heard in await hear(ear, 2)]

    assert [notice.kind for notice in notices] == [NoticeKind.CAPTURED, NoticeKind.AUTHORISED]
