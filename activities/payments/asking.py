"""Gateway calls whose lost answers are resolved by asking, never by guessing.

A call that may have reached the gateway without an answer is followed by a question. If the
question is not answered either, the step fails and is tried again under the same key.
"""

from dataclasses import dataclass, replace

from activities.errors import retry_later
from providers.payments import (
    GatewayPayment,
    GatewayRefund,
    GatewayStatus,
    PaymentDeclinedError,
    PaymentGateway,
    PaymentOutcomeUnknownError,
    PaymentRejectedError,
    PaymentStateError,
    RefundStatus,
)
from store.payments import PaymentRecord, RefundRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the gateway says, and whether we had to ask because an answer got lost."""

    payment: GatewayPayment
    was_unknown: bool = False


class AskingGateway:
    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    async def create(
        self, payment: PaymentRecord, *, currency: str, payment_method: str | None
    ) -> Heard:
        """Create the payment, or find the one an earlier attempt created."""
        try:
            created = await self._gateway.create(
                payment_id=payment.payment_id,
                order_id=payment.order_id,
                amount_minor=payment.amount_minor,
                currency=currency,
                payment_method=payment_method,
                idempotency_key=f"{payment.payment_id}:create",
            )
        except PaymentDeclinedError as error:
            found = await self._must_find(payment, error)
            return Heard(payment=replace(found, decline_code=error.code))
        except PaymentOutcomeUnknownError as error:
            return Heard(payment=await self._must_find(payment, error), was_unknown=True)
        except (PaymentRejectedError, PaymentStateError) as error:
            # Wrong keys or a wrong call: tried until somebody has mended it, for stock is held.
            raise retry_later(error, "PaymentRejected") from error
        return Heard(payment=created)

    async def confirm(
        self, payment: PaymentRecord, *, payment_method: str, request_id: str
    ) -> Heard:
        """Pay with a method; a refused method is a decline, whatever the gateway calls it."""
        try:
            confirmed = await self._gateway.confirm(
                gateway_ref=payment.gateway_ref,
                payment_method=payment_method,
                idempotency_key=f"{payment.payment_id}:confirm:{request_id}",
            )
        except PaymentDeclinedError as error:
            return Heard(payment=await self._declined(payment, error.code))
        except PaymentRejectedError:
            return Heard(payment=await self._declined(payment, "invalid_payment_method"))
        except PaymentOutcomeUnknownError:
            return Heard(payment=await self.look_up(payment.gateway_ref), was_unknown=True)
        except PaymentStateError:
            return Heard(payment=await self.look_up(payment.gateway_ref))
        return Heard(payment=confirmed)

    async def capture(self, payment: PaymentRecord) -> Heard:
        """Capture the whole amount once; refused captures are answered with the present state."""
        try:
            captured = await self._gateway.capture(
                gateway_ref=payment.gateway_ref,
                amount_minor=payment.amount_minor,
                idempotency_key=f"{payment.payment_id}:capture",
            )
        except PaymentOutcomeUnknownError as error:
            current = await self.look_up(payment.gateway_ref)
            if current.status is GatewayStatus.AUTHORISED:
                raise retry_later(error, "PaymentOutcomeUnknown") from error
            return Heard(payment=current, was_unknown=True)
        except (PaymentStateError, PaymentDeclinedError):
            return Heard(payment=await self.look_up(payment.gateway_ref))
        return Heard(payment=captured)

    async def cancel(self, payment: PaymentRecord) -> GatewayPayment:
        """Cancel, then ask: whatever the answer was, the state afterwards is what counts."""
        try:
            await self._gateway.cancel(
                gateway_ref=payment.gateway_ref,
                idempotency_key=f"{payment.payment_id}:cancel",
            )
        except PaymentStateError:
            return await self.look_up(payment.gateway_ref)
        except PaymentOutcomeUnknownError as error:
            current = await self.look_up(payment.gateway_ref)
            if current.status not in {GatewayStatus.CANCELLED, GatewayStatus.CAPTURED}:
                raise retry_later(error, "PaymentOutcomeUnknown") from error
            return current
        return await self.look_up(payment.gateway_ref)

    async def refund(self, payment: PaymentRecord, refund: RefundRecord) -> GatewayRefund:
        """Send a refund once, or find the one that was sent; only money sent is an answer."""
        try:
            sent = await self._gateway.refund(
                gateway_ref=payment.gateway_ref,
                refund_id=refund.refund_id,
                amount_minor=refund.amount_minor,
                idempotency_key=f"{refund.refund_id}:refund",
            )
        except (PaymentOutcomeUnknownError, PaymentStateError, PaymentRejectedError) as error:
            return await self._sent_refund(payment, refund, error)
        if sent.status is not RefundStatus.SUCCEEDED:
            return await self._sent_refund(
                payment, refund, PaymentOutcomeUnknownError(f"refund is {sent.status}")
            )
        return sent

    async def look_up(self, gateway_ref: str) -> GatewayPayment:
        try:
            return await self._gateway.look_up(gateway_ref=gateway_ref)
        except PaymentOutcomeUnknownError as error:
            raise retry_later(error, "GatewayUnreachable") from error

    async def find(self, payment_id: str) -> GatewayPayment | None:
        try:
            return await self._gateway.find(payment_id=payment_id)
        except PaymentOutcomeUnknownError as error:
            raise retry_later(error, "GatewayUnreachable") from error

    async def _sent_refund(
        self, payment: PaymentRecord, refund: RefundRecord, error: Exception
    ) -> GatewayRefund:
        """Ask what became of a refund; one that is not through yet is asked for again later."""
        try:
            found = await self._gateway.find_refund(
                gateway_ref=payment.gateway_ref, refund_id=refund.refund_id
            )
        except PaymentOutcomeUnknownError as unknown:
            raise retry_later(unknown, "GatewayUnreachable") from unknown
        if found is None or found.status is not RefundStatus.SUCCEEDED:
            raise retry_later(error, "RefundNotThrough") from error
        return found

    async def _must_find(self, payment: PaymentRecord, error: Exception) -> GatewayPayment:
        found = await self.find(payment.payment_id)
        if found is None:
            raise retry_later(error, "PaymentOutcomeUnknown") from error
        return found

    async def _declined(self, payment: PaymentRecord, code: str) -> GatewayPayment:
        current = await self.look_up(payment.gateway_ref)
        return replace(current, decline_code=code)
