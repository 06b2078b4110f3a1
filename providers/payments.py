"""The payment gateway as we need it: authorise, capture once, cancel, refund, and ask."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class GatewayStatus(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    CANCELLED = "cancelled"
    PROCESSING = "processing"


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class NoticeKind(StrEnum):
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPayment:
    """A payment as the gateway sees it. The fee is known once money was captured."""

    gateway_ref: str
    payment_id: str
    order_id: str
    status: GatewayStatus
    currency: str
    amount_minor: int
    captured_minor: int = 0
    refunded_minor: int = 0
    fee_minor: int = 0
    client_secret: str = ""
    action_url: str = ""
    decline_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRefund:
    gateway_refund_ref: str
    gateway_ref: str
    refund_id: str
    status: RefundStatus
    currency: str
    amount_minor: int
    failure_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayNotice:
    """What a verified webhook says. Fields that do not apply are empty or zero."""

    event_id: str
    kind: NoticeKind
    occurred_at: datetime
    payment_id: str = ""
    order_id: str = ""
    refund_id: str = ""
    gateway_ref: str = ""
    amount_minor: int = 0
    currency: str = ""
    code: str = ""
    is_retryable: bool = False


class PaymentDeclinedError(Exception):
    """The card was declined. `retryable` tells whether another attempt can succeed."""

    def __init__(self, code: str, *, retryable: bool, payment: GatewayPayment | None) -> None:
        super().__init__(f"payment declined: {code}")
        self.code = code
        self.retryable = retryable
        self.payment = payment


class PaymentOutcomeUnknownError(Exception):
    """The gateway gave no answer, or none that tells: ask, or repeat with the same key."""


class PaymentRejectedError(Exception):
    """The gateway did not understand or accept the call: our mistake, a repeat changes nothing."""


class PaymentStateError(Exception):
    """The payment's state does not allow the step. `payment` is what the gateway has instead."""

    def __init__(self, message: str, *, payment: GatewayPayment | None) -> None:
        super().__init__(message)
        self.payment = payment


class PaymentGateway(Protocol):
    """Every call that changes something carries a key; repeated with it, it acts once.

    All calls raise PaymentOutcomeUnknownError when nobody knows what happened and
    PaymentRejectedError when the call itself is at fault.
    """

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
        """Open a payment; with a method, authorise it too. Raises PaymentDeclinedError."""
        ...

    async def confirm(
        self, *, gateway_ref: str, payment_method: str, idempotency_key: str
    ) -> GatewayPayment:
        """Authorise. Raises PaymentDeclinedError, PaymentStateError."""
        ...

    async def capture(
        self, *, gateway_ref: str, amount_minor: int, idempotency_key: str
    ) -> GatewayPayment:
        """Take authorised money. Raises PaymentDeclinedError, PaymentStateError."""
        ...

    async def cancel(self, *, gateway_ref: str, idempotency_key: str) -> GatewayPayment:
        """Give up a payment; one already given up is fine. Raises PaymentStateError if captured."""
        ...

    async def look_up(self, *, gateway_ref: str) -> GatewayPayment: ...

    async def find(self, *, payment_id: str) -> GatewayPayment | None:
        """Find a payment whose creation was never answered."""
        ...

    async def refund(
        self, *, gateway_ref: str, refund_id: str, amount_minor: int, idempotency_key: str
    ) -> GatewayRefund:
        """Give captured money back. Raises PaymentStateError if nothing is left to give back."""
        ...

    async def find_refund(self, *, gateway_ref: str, refund_id: str) -> GatewayRefund | None: ...

    def parse_webhook(self, *, body: bytes, signature: str, now: datetime) -> GatewayNotice:
        """Raises WebhookSignatureError, WebhookContentError."""
        ...

    async def aclose(self) -> None: ...
