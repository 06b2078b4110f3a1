"""Payments through Stripe's official SDK: authorise first, capture as a step of its own."""

from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar

import stripe

from providers.payments import (
    GatewayNotice,
    GatewayPayment,
    GatewayRefund,
    GatewayStatus,
    PaymentDeclinedError,
    PaymentOutcomeUnknownError,
    PaymentRejectedError,
    PaymentStateError,
)
from providers.signatures import verify_signature
from providers.stripe_objects import error_of, is_retryable, notice_of, payment_of, refund_of
from providers.stripe_transport import StripeTransport

Answer = TypeVar("Answer")
_WITH_CHARGE = "latest_charge.balance_transaction"
_REFUNDS_MAX = 100
_STATE_CODES = frozenset({"payment_intent_unexpected_state", "charge_already_refunded"})


class StripePayments:
    """A PaymentGateway. Works for one event loop; close it there."""

    def __init__(
        self, *, base_url: str, secret_key: str, webhook_secret: str, timeout_seconds: float
    ) -> None:
        # Else the SDK writes an identity file into the home folder and reports timings.
        stripe.enable_telemetry = False
        self._webhook_secret = webhook_secret
        self._transport = StripeTransport(timeout_seconds=timeout_seconds)
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": base_url},
            http_client=self._transport,
            max_network_retries=0,
        )

    async def create(
        self,
        *,
        payment_id: str,
        order_id: str,
        amount_minor: int,
        currency: str,
        payment_method: str | None,
        idempotency_key: str,
    ) -> GatewayPayment:
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": amount_minor,
            "currency": currency.lower(),
            "capture_method": "manual",
            "allowed_payment_method_types": ["card"],
            "metadata": {"payment_id": payment_id, "order_id": order_id},
        }
        if payment_method is not None:
            params["payment_method"] = payment_method
            params["confirm"] = True
        intent = await _asked(
            self._client.v1.payment_intents.create_async(
                params, {"idempotency_key": idempotency_key}
            )
        )
        return payment_of(intent.to_dict())

    async def confirm(
        self, *, gateway_ref: str, payment_method: str, idempotency_key: str
    ) -> GatewayPayment:
        intent = await _asked(
            self._client.v1.payment_intents.confirm_async(
                gateway_ref,
                {"payment_method": payment_method},
                {"idempotency_key": idempotency_key},
            )
        )
        return payment_of(intent.to_dict())

    async def capture(
        self, *, gateway_ref: str, amount_minor: int, idempotency_key: str
    ) -> GatewayPayment:
        intent = await _asked(
            self._client.v1.payment_intents.capture_async(
                gateway_ref,
                {"amount_to_capture": amount_minor, "expand": [_WITH_CHARGE]},
                {"idempotency_key": idempotency_key},
            )
        )
        return payment_of(intent.to_dict())

    async def cancel(self, *, gateway_ref: str, idempotency_key: str) -> GatewayPayment:
        try:
            intent = await _asked(
                self._client.v1.payment_intents.cancel_async(
                    gateway_ref, {}, {"idempotency_key": idempotency_key}
                )
            )
        except PaymentStateError as error:
            if error.payment is not None and error.payment.status is GatewayStatus.CANCELLED:
                return error.payment
            raise
        return payment_of(intent.to_dict())

    async def look_up(self, *, gateway_ref: str) -> GatewayPayment:
        intent = await _asked(
            self._client.v1.payment_intents.retrieve_async(gateway_ref, {"expand": [_WITH_CHARGE]})
        )
        return payment_of(intent.to_dict())

    async def find(self, *, payment_id: str) -> GatewayPayment | None:
        found = await _asked(
            self._client.v1.payment_intents.search_async(
                {
                    "query": f"metadata['payment_id']:'{payment_id}'",
                    "expand": [f"data.{_WITH_CHARGE}"],
                    "limit": 1,
                }
            )
        )
        return payment_of(found.data[0].to_dict()) if found.data else None

    async def refund(
        self, *, gateway_ref: str, refund_id: str, amount_minor: int, idempotency_key: str
    ) -> GatewayRefund:
        refund = await _asked(
            self._client.v1.refunds.create_async(
                {
                    "payment_intent": gateway_ref,
                    "amount": amount_minor,
                    "metadata": {"refund_id": refund_id},
                },
                {"idempotency_key": idempotency_key},
            )
        )
        return refund_of(refund.to_dict())

    async def find_refund(self, *, gateway_ref: str, refund_id: str) -> GatewayRefund | None:
        found = await _asked(
            self._client.v1.refunds.list_async(
                {"payment_intent": gateway_ref, "limit": _REFUNDS_MAX}
            )
        )
        refunds = [refund_of(refund.to_dict()) for refund in found.data]
        return next((refund for refund in refunds if refund.refund_id == refund_id), None)

    def parse_webhook(self, *, body: bytes, signature: str, now: datetime) -> GatewayNotice:
        verify_signature(body, header=signature, secret=self._webhook_secret, now=now)
        return notice_of(body)

    async def aclose(self) -> None:
        await self._transport.close_async()


async def _asked(call: Coroutine[Any, Any, Answer]) -> Answer:
    """Await a call and put its failure in our words."""
    try:
        return await call
    except stripe.CardError as error:
        detail = error_of(error.json_body)
        raise PaymentDeclinedError(
            detail.code, retryable=is_retryable(detail.code), payment=detail.payment
        ) from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        detail = error_of(error.json_body)
        if detail.code in _STATE_CODES:
            raise PaymentStateError(str(error), payment=detail.payment) from error
        raise PaymentRejectedError(str(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise PaymentRejectedError(str(error)) from error
    except stripe.StripeError as error:
        # No answer, a broken one, a conflict with a call under way, or an error on their side.
        raise PaymentOutcomeUnknownError(str(error)) from error
