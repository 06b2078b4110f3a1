"""Every fault the sandbox can script, met by the real client."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from providers.payments import (
    GatewayPayment,
    GatewayStatus,
    PaymentDeclinedError,
    PaymentOutcomeUnknownError,
    RefundStatus,
)
from providers.stripe_payments import StripePayments
from tests.support.sandbox import (
    SandboxServer,
    open_gateway,
    running_sandbox,
    sandbox_config,
    wait_until,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    file = tmp_path_factory.mktemp("faults") / "sandbox.db"
    with running_sandbox(sandbox_config(file)) as server:
        yield server


@pytest.fixture
def server(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.clear_faults()


@pytest.fixture(scope="module")
async def gateway(running: SandboxServer) -> AsyncIterator[StripePayments]:
    async with open_gateway(running, timeout_seconds=1.0) as gateway:
        yield gateway


async def authorise(gateway: StripePayments, order_id: str) -> GatewayPayment:
    return await gateway.create(
        payment_id=f"{order_id}-P1",
        order_id=order_id,
        amount_minor=5000,
        currency="EUR",
        payment_method="pm_card_visa",
        idempotency_key=f"{order_id}/create",
    )


async def capture(gateway: StripePayments, payment: GatewayPayment) -> GatewayPayment:
    return await gateway.capture(
        gateway_ref=payment.gateway_ref,
        amount_minor=payment.amount_minor,
        idempotency_key=f"{payment.order_id}/capture",
    )


@pytest.mark.parametrize("seconds", [0.0, 1.5])
async def test_a_capture_whose_answer_is_lost_is_found_done_and_repeats_as_done(
    gateway: StripePayments, server: SandboxServer, seconds: float
) -> None:
    payment = await authorise(gateway, f"lost-{seconds}")
    server.script_fault(
        "gateway.capture",
        "timeout_after_accept",
        match={"order_id": payment.order_id},
        seconds=seconds,
    )

    with pytest.raises(PaymentOutcomeUnknownError):
        await capture(gateway, payment)
    asked = await gateway.look_up(gateway_ref=payment.gateway_ref)
    repeated = await capture(gateway, payment)

    assert asked.status is GatewayStatus.CAPTURED
    assert repeated.captured_minor == 5000
    assert len(server.effects(order_id=payment.order_id)) == 1


async def test_a_creation_whose_answer_is_lost_is_found_by_our_number(
    gateway: StripePayments, server: SandboxServer
) -> None:
    server.script_fault("gateway.create", "timeout_after_accept")

    with pytest.raises(PaymentOutcomeUnknownError):
        await authorise(gateway, "lost-create")
    found = await gateway.find(payment_id="lost-create-P1")

    assert found is not None
    assert found == await authorise(gateway, "lost-create")


async def test_a_refund_whose_answer_is_lost_is_paid_once(
    gateway: StripePayments, server: SandboxServer
) -> None:
    payment = await capture(gateway, await authorise(gateway, "lost-refund"))
    server.script_fault("gateway.refund", "timeout_after_accept")

    async def refund() -> RefundStatus:
        refund = await gateway.refund(
            gateway_ref=payment.gateway_ref,
            refund_id="lost-refund-R1",
            amount_minor=5000,
            idempotency_key="lost-refund-R1",
        )
        return refund.status

    with pytest.raises(PaymentOutcomeUnknownError):
        await refund()

    assert await refund() is RefundStatus.SUCCEEDED
    assert len(server.effects(order_id="lost-refund", kind="refund")) == 1


async def test_a_server_error_has_no_effect_and_a_repeat_succeeds(
    gateway: StripePayments, server: SandboxServer
) -> None:
    payment = await authorise(gateway, "broken")
    server.script_fault("gateway.capture", "error_500", count=2)

    for _ in range(2):
        with pytest.raises(PaymentOutcomeUnknownError):
            await capture(gateway, payment)
    untouched = await gateway.look_up(gateway_ref=payment.gateway_ref)
    captured = await capture(gateway, payment)

    assert untouched.status is GatewayStatus.AUTHORISED
    assert captured.status is GatewayStatus.CAPTURED


async def test_a_slow_call_still_takes_effect_after_the_caller_gave_up(
    gateway: StripePayments, server: SandboxServer
) -> None:
    payment = await authorise(gateway, "slow")
    server.script_fault("gateway.capture", "delay", seconds=2.0)

    with pytest.raises(PaymentOutcomeUnknownError):
        await capture(gateway, payment)

    assert server.effects(order_id="slow") == []
    await asyncio.to_thread(wait_until, lambda: bool(server.effects(order_id="slow")))


@pytest.mark.parametrize("step", ["confirm", "capture"])
async def test_a_scripted_decline_hits_a_good_card_once(
    gateway: StripePayments, server: SandboxServer, step: str
) -> None:
    server.script_fault(f"gateway.{step}", "decline")

    with pytest.raises(PaymentDeclinedError, match="generic_decline"):
        await capture(gateway, await authorise(gateway, f"declined-{step}"))

    assert server.effects(order_id=f"declined-{step}") == []
    assert server.faults()[0]["taken"] == 1


async def test_a_scripted_refund_failure_moves_no_money(
    gateway: StripePayments, server: SandboxServer
) -> None:
    payment = await capture(gateway, await authorise(gateway, "refund-fails"))
    server.script_fault("gateway.refund", "decline")

    failed = await gateway.refund(
        gateway_ref=payment.gateway_ref,
        refund_id="R1",
        amount_minor=5000,
        idempotency_key="refund-fails-R1",
    )

    assert (failed.status, failed.failure_code) == (RefundStatus.FAILED, "declined")
    assert server.effects(order_id="refund-fails", kind="refund") == []


async def test_money_can_arrive_after_a_cancellation_was_confirmed(
    gateway: StripePayments, server: SandboxServer
) -> None:
    payment = await authorise(gateway, "late")
    server.script_fault("gateway.cancel", "captured_after_cancel", seconds=0.2)

    cancelled = await gateway.cancel(gateway_ref=payment.gateway_ref, idempotency_key="late/c")
    await asyncio.to_thread(wait_until, lambda: bool(server.effects(order_id="late")))
    late = await gateway.look_up(gateway_ref=payment.gateway_ref)

    assert cancelled.status is GatewayStatus.CANCELLED
    assert (late.status, late.captured_minor) == (GatewayStatus.CAPTURED, 5000)


async def test_a_fault_waits_for_the_order_it_is_meant_for(
    gateway: StripePayments, server: SandboxServer
) -> None:
    server.script_fault("gateway.capture", "error_500", match={"order_id": ["meant", "other"]})

    spared = await capture(gateway, await authorise(gateway, "spared"))
    meant = await authorise(gateway, "meant")
    with pytest.raises(PaymentOutcomeUnknownError):
        await capture(gateway, meant)

    assert spared.status is GatewayStatus.CAPTURED


async def test_a_rate_hits_about_its_share_and_goes_on(
    gateway: StripePayments, server: SandboxServer
) -> None:
    payment = await authorise(gateway, "by-rate")
    server.script_fault("gateway.look_up", "error_500", rate=0.5)

    async def fails() -> bool:
        try:
            await gateway.look_up(gateway_ref=payment.gateway_ref)
        except PaymentOutcomeUnknownError:
            return True
        return False

    failures = sum([await fails() for _ in range(60)])

    assert 15 <= failures <= 45
    assert server.faults()[0]["remaining"] is None
    assert server.faults()[0]["taken"] == failures


async def test_deleted_faults_no_longer_happen(
    gateway: StripePayments, server: SandboxServer
) -> None:
    server.script_fault("gateway.create", "error_500", rate=1.0)
    server.clear_faults()

    assert (await authorise(gateway, "after-all")).status is GatewayStatus.AUTHORISED
    assert server.faults() == []


@pytest.mark.parametrize(
    "script",
    [
        {"target": "gateway.capture", "kind": "drop_webhook"},
        {"target": "nowhere", "kind": "delay"},
        {"target": "gateway.capture", "kind": "decline", "rate": 1.5},
        {"target": "gateway.capture", "kind": "decline", "count": 0},
        {"target": "gateway.capture", "kind": "decline", "seconds": -1},
        {"target": "gateway.capture", "kind": "decline", "match": "all"},
    ],
)
def test_an_impossible_fault_is_refused(server: SandboxServer, script: dict[str, object]) -> None:
    response = httpx2.post(f"{server.url}/sandbox/faults", json=script)

    assert response.status_code == 422
    assert server.faults() == []
