"""Stripe's objects in our words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from providers.payments import (
    GatewayNotice,
    GatewayPayment,
    GatewayRefund,
    GatewayStatus,
    NoticeKind,
    RefundStatus,
)
from providers.signatures import WebhookContentError

_STATUS_OF_INTENT = {
    "requires_payment_method": GatewayStatus.REQUIRES_PAYMENT_METHOD,
    "requires_confirmation": GatewayStatus.REQUIRES_PAYMENT_METHOD,
    "requires_action": GatewayStatus.REQUIRES_ACTION,
    "processing": GatewayStatus.PROCESSING,
    "requires_capture": GatewayStatus.AUTHORISED,
    "succeeded": GatewayStatus.CAPTURED,
    "canceled": GatewayStatus.CANCELLED,
}
_STATUS_OF_REFUND = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_KIND_OF_INTENT_EVENT = {
    "payment_intent.amount_capturable_updated": NoticeKind.AUTHORISED,
    "payment_intent.succeeded": NoticeKind.CAPTURED,
    "payment_intent.payment_failed": NoticeKind.DECLINED,
    "payment_intent.canceled": NoticeKind.CANCELLED,
}
# A refund reports itself; `charge.refunded` tells the same again, summed up, and is not used.
_REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed"})
_KIND_OF_REFUND_STATUS = {
    RefundStatus.SUCCEEDED: NoticeKind.REFUNDED,
    RefundStatus.FAILED: NoticeKind.REFUND_FAILED,
    RefundStatus.PENDING: NoticeKind.OTHER,
}
# Declines that another attempt, another card or the customer's own doing can overcome.
_RETRYABLE_CODES = frozenset(
    {
        "authentication_required",
        "card_velocity_exceeded",
        "incorrect_cvc",
        "incorrect_number",
        "insufficient_funds",
        "issuer_not_available",
        "payment_intent_authentication_failure",
        "processing_error",
        "reenter_transaction",
        "try_again_later",
        "withdrawal_count_limit_exceeded",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail:
    code: str
    payment: GatewayPayment | None


def is_retryable(decline_code: str) -> bool:
    return decline_code in _RETRYABLE_CODES


def payment_of(intent: Mapping[str, Any]) -> GatewayPayment:
    """Translate a payment intent; refunds and the fee need its charge in full."""
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    balance = charge.get("balance_transaction")
    redirect = (intent.get("next_action") or {}).get("redirect_to_url") or {}
    metadata = intent.get("metadata") or {}
    return GatewayPayment(
        gateway_ref=intent["id"],
        payment_id=metadata.get("payment_id", ""),
        order_id=metadata.get("order_id", ""),
        # A status from tomorrow's gateway: not settled, so whoever waits goes on waiting.
        status=_STATUS_OF_INTENT.get(intent["status"], GatewayStatus.PROCESSING),
        currency=intent["currency"].upper(),
        amount_minor=intent["amount"],
        captured_minor=intent.get("amount_received") or 0,
        refunded_minor=charge.get("amount_refunded") or 0,
        fee_minor=(balance.get("fee") or 0) if isinstance(balance, Mapping) else 0,
        client_secret=intent.get("client_secret") or "",
        action_url=redirect.get("url") or "",
        decline_code=_decline_code(intent.get("last_payment_error")),
    )


def refund_of(refund: Mapping[str, Any]) -> GatewayRefund:
    return GatewayRefund(
        gateway_refund_ref=refund["id"],
        gateway_ref=refund.get("payment_intent") or "",
        refund_id=(refund.get("metadata") or {}).get("refund_id", ""),
        status=_STATUS_OF_REFUND.get(refund["status"], RefundStatus.PENDING),
        currency=refund["currency"].upper(),
        amount_minor=refund["amount"],
        failure_code=refund.get("failure_reason") or "",
    )


def error_of(body: object) -> ErrorDetail:
    """Read the body of a refused call."""
    error = body.get("error") if isinstance(body, Mapping) else None
    error = error if isinstance(error, Mapping) else {}
    intent = error.get("payment_intent")
    return ErrorDetail(
        code=_decline_code(error),
        payment=payment_of(intent) if isinstance(intent, Mapping) else None,
    )


def notice_of(body: bytes) -> GatewayNotice:
    """Translate a verified event. Raises WebhookContentError."""
    try:
        event = json.loads(body)
        event_type, subject = event["type"], event["data"]["object"]
        if event_type in _KIND_OF_INTENT_EVENT:
            return _intent_notice(event, subject)
        if event_type in _REFUND_EVENTS:
            return _refund_notice(event, subject)
        return GatewayNotice(
            event_id=event["id"], kind=NoticeKind.OTHER, occurred_at=_created(event)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WebhookContentError("the event cannot be understood") from error


def _intent_notice(event: Mapping[str, Any], intent: Mapping[str, Any]) -> GatewayNotice:
    payment = payment_of(intent)
    kind = _KIND_OF_INTENT_EVENT[event["type"]]
    captured_minor = payment.captured_minor
    return GatewayNotice(
        event_id=event["id"],
        kind=kind,
        occurred_at=_created(event),
        payment_id=payment.payment_id,
        order_id=payment.order_id,
        gateway_ref=payment.gateway_ref,
        amount_minor=captured_minor if kind is NoticeKind.CAPTURED else payment.amount_minor,
        currency=payment.currency,
        code=payment.decline_code if kind is NoticeKind.DECLINED else "",
        is_retryable=kind is NoticeKind.DECLINED and is_retryable(payment.decline_code),
    )


def _refund_notice(event: Mapping[str, Any], subject: Mapping[str, Any]) -> GatewayNotice:
    refund = refund_of(subject)
    metadata = subject.get("metadata") or {}
    return GatewayNotice(
        event_id=event["id"],
        kind=_KIND_OF_REFUND_STATUS[refund.status],
        occurred_at=_created(event),
        payment_id=metadata.get("payment_id", ""),
        order_id=metadata.get("order_id", ""),
        refund_id=refund.refund_id,
        gateway_ref=refund.gateway_ref,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        code=refund.failure_code,
    )


def _created(event: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(event["created"], UTC)


def _decline_code(error: Mapping[str, Any] | None) -> str:
    if error is None:
        return ""
    return error.get("decline_code") or error.get("code") or ""
