"""Payments through the official SDK against the running gateway."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from providers.payments import (
    GatewayPayment,
    GatewayRefund,
    GatewayStatus,
    PaymentDeclinedError,
    PaymentOutcomeUnknownError,
    PaymentRejectedError,
    PaymentStateError,
    RefundStatus,
)
from providers.stripe_payments import StripePayments
from tests.support.sandbox import SandboxServer, open_gateway, running_sandbox, sandbox_config


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    file = tmp_path_factory.mktemp("gateway") / "sandbox.db"
    with running_sandbox(sandbox_config(file)) as server:
        yield server


@pytest.fixture(scope="module")
async def gateway(server: SandboxServer) -> AsyncIterator[StripePayments]:
    async with open_gateway(server) as gateway:
        yield gateway


async def create(
    gateway: StripePayments,
    payment_id: str,
    *,
    method: str | None = "pm_card_visa",
    amount_minor: int = 4200,
) -> GatewayPayment:
    return await gateway.create(
        payment_id=payment_id,
        order_id=f"order-of-{payment_id}",
        amount_minor=amount_minor,
        currency="EUR",
        payment_method=method,
        idempotency_key=f"{payment_id}/create",
    )


async def captured_payment(gateway: StripePayments, payment_id: str) -> GatewayPayment:
    authorised = await create(gateway, payment_id)
    return await gateway.capture(
        gateway_ref=authorised.gateway_ref,
        amount_minor=authorised.amount_minor,
        idempotency_key=f"{payment_id}/capture",
    )


async def refund(
    gateway: StripePayments, payment: GatewayPayment, refund_id: str, amount_minor: int
) -> GatewayRefund:
    return await gateway.refund(
        gateway_ref=payment.gateway_ref,
        refund_id=refund_id,
        amount_minor=amount_minor,
        idempotency_key=refund_id,
    )


async def test_a_good_card_is_authorised_then_captured_with_its_fee(
    gateway: StripePayments, server: SandboxServer
) -> None:
    authorised = await create(gateway, "good")
    captured = await gateway.capture(
        gateway_ref=authorised.gateway_ref, amount_minor=4000, idempotency_key="good/capture"
    )

    assert (authorised.status, authorised.captured_minor) == (GatewayStatus.AUTHORISED, 0)
    assert (captured.status, captured.captured_minor) == (GatewayStatus.CAPTURED, 4000)
    assert (captured.fee_minor, captured.currency) == (85, "EUR")
    assert [
        (effect["kind"], effect["amount_minor"], effect["currency"], effect["fee_minor"])
        for effect in server.effects(payment_id="good")
    ] == [("capture", 4000, "EUR", 85)]


async def test_a_repeated_key_acts_once_and_answers_the_same(
    gateway: StripePayments, server: SandboxServer
) -> None:
    first = await create(gateway, "twice")
    second = await create(gateway, "twice")
    captures = [
        await gateway.capture(
            gateway_ref=first.gateway_ref, amount_minor=4200, idempotency_key="twice/capture"
        )
        for _ in range(2)
    ]

    assert first == second
    assert captures[0] == captures[1]
    assert len(server.effects(payment_id="twice")) == 1


async def test_a_key_used_for_something_else_is_rejected(gateway: StripePayments) -> None:
    await create(gateway, "reused")

    with pytest.raises(PaymentRejectedError, match="same parameters"):
        await create(gateway, "reused", amount_minor=1)


@pytest.mark.parametrize(
    ("method", "code", "retryable"),
    [
        ("pm_card_chargeDeclined", "generic_decline", False),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds", True),
    ],
)
async def test_a_declined_card_says_whether_another_attempt_may_help(
    gateway: StripePayments, method: str, code: str, *, retryable: bool
) -> None:
    with pytest.raises(PaymentDeclinedError) as caught:
        await create(gateway, f"declined-{code}", method=method)

    error = caught.value
    assert (error.code, error.retryable) == (code, retryable)
    assert error.payment is not None
    assert error.payment.status is GatewayStatus.REQUIRES_PAYMENT_METHOD
    assert error.payment.decline_code == code


async def test_a_decline_is_repeated_to_the_same_key_and_overcome_by_another_card(
    gateway: StripePayments,
) -> None:
    opened = await create(gateway, "second-card", method=None)
    for _ in range(2):
        with pytest.raises(PaymentDeclinedError):
            await gateway.confirm(
                gateway_ref=opened.gateway_ref,
                payment_method="pm_card_chargeDeclined",
                idempotency_key="second-card/1",
            )

    confirmed = await gateway.confirm(
        gateway_ref=opened.gateway_ref,
        payment_method="pm_card_visa",
        idempotency_key="second-card/2",
    )

    assert opened.status is GatewayStatus.REQUIRES_PAYMENT_METHOD
    assert confirmed.status is GatewayStatus.AUTHORISED


async def test_an_unknown_payment_method_is_our_mistake(gateway: StripePayments) -> None:
    with pytest.raises(PaymentRejectedError, match="No such PaymentMethod"):
        await create(gateway, "odd", method="pm_card_odd")

    assert await gateway.find(payment_id="odd") is None


async def test_more_than_authorised_is_never_captured(
    gateway: StripePayments, server: SandboxServer
) -> None:
    authorised = await create(gateway, "greedy")

    with pytest.raises(PaymentRejectedError):
        await gateway.capture(
            gateway_ref=authorised.gateway_ref, amount_minor=4201, idempotency_key="greedy/1"
        )

    assert server.effects(payment_id="greedy") == []


async def test_more_than_captured_is_never_refunded(
    gateway: StripePayments, server: SandboxServer
) -> None:
    captured = await captured_payment(gateway, "refunds")
    part = await refund(gateway, captured, "R1", 4000)

    with pytest.raises(PaymentRejectedError, match="greater than unrefunded"):
        await refund(gateway, captured, "R2", 201)
    rest = await refund(gateway, captured, "R3", 200)
    with pytest.raises(PaymentStateError):
        await refund(gateway, captured, "R4", 1)

    assert (part.status, rest.status) == (RefundStatus.SUCCEEDED, RefundStatus.SUCCEEDED)
    assert (await gateway.look_up(gateway_ref=captured.gateway_ref)).refunded_minor == 4200
    assert [
        (effect["refund_id"], effect["amount_minor"])
        for effect in server.effects(payment_id="refunds", kind="refund")
    ] == [("R1", 4000), ("R3", 200)]


async def test_a_payment_is_found_by_our_own_number(gateway: StripePayments) -> None:
    created = await create(gateway, "lost-answer")

    assert await gateway.find(payment_id="lost-answer") == created
    assert await gateway.find(payment_id="never-heard-of") is None


async def test_a_refund_is_found_by_our_own_number(gateway: StripePayments) -> None:
    captured = await captured_payment(gateway, "lost-refund")
    refunded = await refund(gateway, captured, "lost-refund-R1", 100)

    found = await gateway.find_refund(gateway_ref=captured.gateway_ref, refund_id="lost-refund-R1")
    other = await gateway.find_refund(gateway_ref=captured.gateway_ref, refund_id="another")

    assert (found, other) == (refunded, None)


async def test_cancelling_twice_is_fine_and_cancelling_captured_money_is_not(
    gateway: StripePayments,
) -> None:
    authorised = await create(gateway, "given-up")
    captured = await captured_payment(gateway, "kept")

    first = await gateway.cancel(gateway_ref=authorised.gateway_ref, idempotency_key="given-up/1")
    again = await gateway.cancel(gateway_ref=authorised.gateway_ref, idempotency_key="given-up/2")
    with pytest.raises(PaymentStateError) as caught:
        await gateway.cancel(gateway_ref=captured.gateway_ref, idempotency_key="kept/cancel")

    assert (first.status, again.status) == (GatewayStatus.CANCELLED, GatewayStatus.CANCELLED)
    assert caught.value.payment is not None
    assert caught.value.payment.status is GatewayStatus.CAPTURED
    assert caught.value.payment.captured_minor == 4200


async def test_cancelled_money_cannot_be_captured(
    gateway: StripePayments, server: SandboxServer
) -> None:
    authorised = await create(gateway, "too-late")
    await gateway.cancel(gateway_ref=authorised.gateway_ref, idempotency_key="too-late/cancel")

    with pytest.raises(PaymentStateError):
        await gateway.capture(
            gateway_ref=authorised.gateway_ref, amount_minor=1, idempotency_key="too-late/capture"
        )

    assert server.effects(payment_id="too-late") == []


@pytest.mark.parametrize(
    ("approve", "status", "code"),
    [
        (True, GatewayStatus.AUTHORISED, ""),
        (
            False,
            GatewayStatus.REQUIRES_PAYMENT_METHOD,
            "payment_intent_authentication_failure",
        ),
    ],
)
async def test_the_card_holder_decides_what_the_bank_asks(
    gateway: StripePayments, *, approve: bool, status: GatewayStatus, code: str
) -> None:
    asked = await create(gateway, f"asked-{approve}", method="pm_card_authenticationRequired")
    httpx2.post(asked.action_url, json={"approve": approve}).raise_for_status()
    answered = await gateway.look_up(gateway_ref=asked.gateway_ref)

    assert asked.status is GatewayStatus.REQUIRES_ACTION
    assert (answered.status, answered.decline_code) == (status, code)


async def test_a_browser_confirms_with_the_payments_secret_and_no_other(
    gateway: StripePayments, server: SandboxServer
) -> None:
    opened = await create(gateway, "browser", method=None)
    address = f"{server.url}/v1/payment_intents/{opened.gateway_ref}"
    browser = {"Authorization": "Bearer pk_test_shop"}
    form = {"payment_method": "pm_card_visa"}

    guessed = httpx2.post(
        f"{address}/confirm", headers=browser, data={**form, "client_secret": "guess"}
    )
    captured = httpx2.post(
        f"{address}/capture", headers=browser, data={"client_secret": opened.client_secret}
    )
    confirmed = httpx2.post(
        f"{address}/confirm",
        headers=browser,
        data={**form, "client_secret": opened.client_secret},
    )

    assert (guessed.status_code, captured.status_code) == (401, 401)
    assert confirmed.json()["status"] == "requires_capture"
    assert "metadata" not in confirmed.json()


async def test_a_wrong_key_is_our_mistake(server: SandboxServer) -> None:
    async with open_gateway(server, key="sk_test_other") as stranger:
        with pytest.raises(PaymentRejectedError, match="API Key"):
            await create(stranger, "stranger")


async def test_an_unreachable_gateway_leaves_the_outcome_unknown(server: SandboxServer) -> None:
    async with open_gateway(server, url="http://127.0.0.1:9") as unreachable:
        with pytest.raises(PaymentOutcomeUnknownError):
            await create(unreachable, "unreachable")


async def test_calls_of_many_orders_at_once_stay_apart(
    gateway: StripePayments, server: SandboxServer
) -> None:
    captured = await asyncio.gather(
        *(captured_payment(gateway, f"many-{number}") for number in range(40))
    )

    assert [payment.payment_id for payment in captured] == [f"many-{n}" for n in range(40)]
    assert sum(e["payment_id"].startswith("many-") for e in server.effects()) == 40
