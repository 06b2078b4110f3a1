"""The gateway's objects as they are kept, and as they look on the wire."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sandbox.state import State, from_json, to_json

API_VERSION = "2026-10-28.endive"
# 1.5 % and 25 minor units, as a European card costs.
_FEE_PER_MILLE = 15
_FEE_FIXED_MINOR = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A payment intent. Amounts are minor units; refunds never exceed what was received."""

    id: str
    created: int
    amount: int
    currency: str
    capture_method: str
    client_secret: str
    charge_id: str
    status: str = "requires_payment_method"
    amount_capturable: int = 0
    amount_received: int = 0
    amount_refunded: int = 0
    payment_method: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    last_payment_error: Mapping[str, Any] | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None

    @property
    def traits(self) -> dict[str, str]:
        return {**self.metadata, "gateway_ref": self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    id: str
    created: int
    intent_id: str
    charge_id: str
    amount: int
    currency: str
    status: str
    failure_reason: str | None = None
    reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def fee_minor(amount_minor: int) -> int:
    """Return the gateway's fee, rounded up to a whole minor unit."""
    return -(-amount_minor * _FEE_PER_MILLE // 1000) + _FEE_FIXED_MINOR if amount_minor else 0


def save_intent(state: State, intent: Intent) -> None:
    state.run(
        "insert into payment_intents (intent_id, created_at, payment_id, order_id, document)"
        " values (?, ?, ?, ?, ?)"
        " on conflict (intent_id) do update set document = excluded.document",
        (
            intent.id,
            intent.created,
            intent.metadata.get("payment_id", ""),
            intent.metadata.get("order_id", ""),
            to_json(asdict(intent)),
        ),
    )


def load_intent(state: State, intent_id: str) -> Intent | None:
    row = state.row("select document from payment_intents where intent_id = ?", (intent_id,))
    return None if row is None else Intent(**from_json(row["document"]))


def save_refund(state: State, refund: Refund) -> None:
    state.run(
        "insert into refunds (refund_id, intent_id, created_at, document) values (?, ?, ?, ?)",
        (refund.id, refund.intent_id, refund.created, to_json(asdict(refund))),
    )


def load_refund(state: State, refund_id: str) -> Refund | None:
    row = state.row("select document from refunds where refund_id = ?", (refund_id,))
    return None if row is None else Refund(**from_json(row["document"]))


def book_capture(state: State, intent: Intent, *, amount_minor: int, at: float) -> Intent:
    """Take money: the intent succeeds and the effect is on record. Callers hold a transaction."""
    captured = replace(
        intent,
        status="succeeded",
        amount_capturable=0,
        amount_received=amount_minor,
        last_payment_error=None,
        canceled_at=None,
        cancellation_reason=None,
    )
    assert intent.amount_received == 0
    assert 0 < amount_minor <= intent.amount
    save_intent(state, captured)
    _book(state, captured, kind="capture", amount_minor=amount_minor, refund_id="", at=at)
    return captured


def book_refund(state: State, intent: Intent, refund: Refund, *, at: float) -> Intent:
    """Give money back. Callers hold a transaction."""
    refunded = replace(intent, amount_refunded=intent.amount_refunded + refund.amount)
    assert refund.amount > 0
    assert refunded.amount_refunded <= refunded.amount_received
    save_intent(state, refunded)
    save_refund(state, refund)
    _book(
        state,
        intent,
        kind="refund",
        amount_minor=refund.amount,
        refund_id=refund.metadata.get("refund_id", refund.id),
        at=at,
    )
    return refunded


def _book(
    state: State, intent: Intent, *, kind: str, amount_minor: int, refund_id: str, at: float
) -> None:
    state.run(
        "insert into effects (kind, gateway_ref, payment_id, order_id, refund_id, amount_minor,"
        " fee_minor, currency, happened_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kind,
            intent.id,
            intent.metadata.get("payment_id", ""),
            intent.metadata.get("order_id", ""),
            refund_id,
            amount_minor,
            fee_minor(amount_minor) if kind == "capture" else 0,
            intent.currency.upper(),
            at,
        ),
    )


def wire_intent(
    intent: Intent, *, base_url: str, expand: frozenset[str] = frozenset()
) -> dict[str, Any]:
    has_charge = intent.amount_capturable > 0 or intent.amount_received > 0
    charge: Any = intent.charge_id if has_charge else None
    if has_charge and "latest_charge" in expand:
        charge = wire_charge(intent, expand=expand)
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": intent.amount_capturable,
        "amount_received": intent.amount_received,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": intent.capture_method,
        "client_secret": intent.client_secret,
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        "last_payment_error": intent.last_payment_error,
        "latest_charge": charge,
        "livemode": False,
        "metadata": dict(intent.metadata),
        "next_action": _next_action(intent, base_url),
        "payment_method": intent.payment_method,
        "payment_method_types": ["card"],
        "status": intent.status,
    }


def wire_charge(intent: Intent, *, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    balance: Any = None
    if intent.amount_received:
        balance = f"txn_{intent.charge_id[3:]}"
        if "latest_charge.balance_transaction" in expand:
            fee = fee_minor(intent.amount_received)
            balance = {
                "id": balance,
                "object": "balance_transaction",
                "amount": intent.amount_received,
                "currency": intent.currency,
                "fee": fee,
                "net": intent.amount_received - fee,
                "type": "charge",
            }
    return {
        "id": intent.charge_id,
        "object": "charge",
        "amount": intent.amount,
        "amount_captured": intent.amount_received,
        "amount_refunded": intent.amount_refunded,
        "balance_transaction": balance,
        "captured": intent.amount_received > 0,
        "created": intent.created,
        "currency": intent.currency,
        "livemode": False,
        "metadata": dict(intent.metadata),
        "paid": True,
        "payment_intent": intent.id,
        "payment_method": intent.payment_method,
        "refunded": 0 < intent.amount_received == intent.amount_refunded,
        "status": "succeeded",
    }


def wire_refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": None,
        "charge": refund.charge_id,
        "created": refund.created,
        "currency": refund.currency,
        "failure_reason": refund.failure_reason,
        "metadata": dict(refund.metadata),
        "payment_intent": refund.intent_id,
        "reason": refund.reason,
        "status": refund.status,
    }


def _next_action(intent: Intent, base_url: str) -> dict[str, Any] | None:
    if intent.status != "requires_action":
        return None
    return {
        "type": "redirect_to_url",
        "redirect_to_url": {
            "url": f"{base_url}/sandbox/authentications/{intent.id}",
            "return_url": None,
        },
    }
