"""What the gateway does with money: authorise, capture, cancel, refund, and tell about it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.faults import Fault, FaultKind
from sandbox.gateway_objects import (
    API_VERSION,
    Intent,
    Refund,
    book_capture,
    book_refund,
    load_intent,
    save_intent,
    save_refund,
    wire_charge,
    wire_intent,
    wire_refund,
)
from sandbox.world import World

_LATE_CAPTURE_SECONDS = 1.0
_APPROVED, _NEEDS_CUSTOMER = "approved", "authentication_required"
# What each test payment method leads to; everything else is a decline code.
_OUTCOME_OF_METHOD = {
    "pm_card_visa": _APPROVED,
    "pm_card_mastercard": _APPROVED,
    "pm_card_authenticationRequired": _NEEDS_CUSTOMER,
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedLostCard": "lost_card",
}
_CONFIRMABLE = frozenset({"requires_payment_method", "requires_action"})
_CANCELLABLE = frozenset({"requires_payment_method", "requires_action", "requires_capture"})


class RefusalError(Exception):
    """A call the gateway refuses without having changed anything.

    The gateway keeps the refusals that concern an intent's state under the call's key, because
    execution had begun; malformed calls leave their key free.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        intent: Intent | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.status = status
        self.kind = kind
        self.intent = intent

    @property
    def is_kept(self) -> bool:
        return self.intent is not None or self.code == "charge_already_refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An intent after a call, and the card error the caller hears, if the card was declined."""

    intent: Intent
    card_error: Mapping[str, Any] | None = None


class GatewayDesk:
    """Every method is one step inside the caller's transaction."""

    def __init__(self, world: World) -> None:
        self._world = world

    def intent(self, intent_id: str) -> Intent:
        found = load_intent(self._world.state, intent_id)
        if found is None:
            raise RefusalError(
                f"No such payment_intent: '{intent_id}'",
                code="resource_missing",
                param="intent",
                status=404,
            )
        return found

    def create(
        self, *, amount: int, currency: str, capture_method: str, metadata: Mapping[str, str]
    ) -> Intent:
        state = self._world.state
        intent_id = state.new_id("pi")
        intent = Intent(
            id=intent_id,
            created=int(self._world.now()),
            amount=amount,
            currency=currency,
            capture_method=capture_method,
            client_secret=f"{intent_id}_secret_{state.secret_for(intent_id)}",
            charge_id=f"ch_{intent_id[3:]}",
            metadata=metadata,
        )
        save_intent(state, intent)
        return intent

    def confirm(
        self, intent: Intent, *, payment_method: str | None, happening: Mapping[FaultKind, Fault]
    ) -> Settled:
        if intent.status not in _CONFIRMABLE:
            raise _unexpected_state(intent, "confirm")
        method = payment_method or intent.payment_method
        if method is None:
            raise RefusalError(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                code="payment_intent_unexpected_state",
                param="payment_method",
                intent=intent,
            )
        outcome = _OUTCOME_OF_METHOD.get(method)
        if outcome is None:
            raise RefusalError(
                f"No such PaymentMethod: '{method}'",
                code="resource_missing",
                param="payment_method",
            )
        chosen = replace(intent, payment_method=method)
        if FaultKind.DECLINE in happening:
            return self._decline(chosen, "generic_decline")
        if outcome == _NEEDS_CUSTOMER:
            waiting = replace(chosen, status="requires_action", last_payment_error=None)
            save_intent(self._world.state, waiting)
            self._tell(waiting, "payment_intent.requires_action")
            return Settled(intent=waiting)
        if outcome != _APPROVED:
            return self._decline(chosen, outcome)
        return Settled(intent=self._authorise(chosen))

    def authenticate(self, intent: Intent, *, is_approved: bool) -> Settled:
        """Let the card holder answer the bank's question."""
        if intent.status != "requires_action":
            raise _unexpected_state(intent, "authenticate")
        if is_approved:
            return Settled(intent=self._authorise(intent))
        return self._decline(intent, "", code="payment_intent_authentication_failure")

    def capture(
        self, intent: Intent, *, amount: int | None, happening: Mapping[FaultKind, Fault]
    ) -> Settled:
        if intent.status != "requires_capture":
            raise _unexpected_state(intent, "capture")
        wanted = intent.amount_capturable if amount is None else amount
        if not 0 < wanted <= intent.amount_capturable:
            raise RefusalError(
                f"Amount to capture ({wanted}) is not within 1 and {intent.amount_capturable}.",
                code="amount_too_large" if wanted > 0 else "parameter_invalid_integer",
                param="amount_to_capture",
                intent=intent,
            )
        if FaultKind.DECLINE in happening:
            return self._decline(replace(intent, amount_capturable=0), "generic_decline")
        return Settled(intent=self._capture(intent, wanted))

    def cancel(
        self, intent: Intent, *, reason: str | None, happening: Mapping[FaultKind, Fault]
    ) -> Intent:
        if intent.status not in _CANCELLABLE:
            raise _unexpected_state(intent, "cancel")
        now = self._world.now()
        cancelled = replace(
            intent,
            status="canceled",
            amount_capturable=0,
            canceled_at=int(now),
            cancellation_reason=reason,
        )
        save_intent(self._world.state, cancelled)
        self._tell(cancelled, "payment_intent.canceled")
        fault = happening.get(FaultKind.CAPTURED_AFTER_CANCEL)
        if fault is not None:
            self._world.state.run(
                "update payment_intents set late_capture_at = ? where intent_id = ?",
                (now + fault.seconds_or(_LATE_CAPTURE_SECONDS), intent.id),
            )
            self._world.webhooks.changed.set()
        return cancelled

    def capture_late(self) -> float | None:
        """Let cancelled payments land that are due to; return when the next one will."""
        state = self._world.state
        due = state.rows(
            "select intent_id from payment_intents where late_capture_at <= ? limit 100",
            (self._world.now(),),
        )
        for row in due:
            with state.transaction():
                state.run(
                    "update payment_intents set late_capture_at = null where intent_id = ?",
                    (row["intent_id"],),
                )
                intent = self.intent(row["intent_id"])
                paid_with = intent.payment_method or "pm_card_visa"
                self._capture(replace(intent, payment_method=paid_with), intent.amount)
        following = state.row(
            "select min(late_capture_at) as at from payment_intents"
            " where late_capture_at is not null"
        )
        return None if following is None else following["at"]

    def refund(
        self,
        intent: Intent,
        *,
        amount: int | None,
        metadata: Mapping[str, str],
        happening: Mapping[FaultKind, Fault],
    ) -> Refund:
        left = intent.amount_received - intent.amount_refunded
        wanted = left if amount is None else amount
        if left == 0 and intent.amount_refunded > 0:
            raise RefusalError(
                f"Charge {intent.charge_id} has already been refunded.",
                code="charge_already_refunded",
            )
        if not 0 < wanted <= left:
            raise RefusalError(
                f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})",
                param="amount",
            )
        is_failed = FaultKind.DECLINE in happening
        refund = Refund(
            id=self._world.state.new_id("re"),
            created=int(self._world.now()),
            intent_id=intent.id,
            charge_id=intent.charge_id,
            amount=wanted,
            currency=intent.currency,
            status="failed" if is_failed else "succeeded",
            failure_reason="declined" if is_failed else None,
            metadata=metadata,
        )
        if is_failed:
            save_refund(self._world.state, refund)
            self._emit(intent, "refund.failed", wire_refund(refund))
            return refund
        refunded = book_refund(self._world.state, intent, refund, at=self._world.now())
        self._emit(intent, "charge.refunded", wire_charge(refunded))
        self._emit(intent, "refund.updated", wire_refund(refund))
        return refund

    def _authorise(self, intent: Intent) -> Intent:
        if intent.capture_method == "automatic":
            return self._capture(intent, intent.amount)
        authorised = replace(
            intent,
            status="requires_capture",
            amount_capturable=intent.amount,
            last_payment_error=None,
        )
        save_intent(self._world.state, authorised)
        self._tell(authorised, "payment_intent.amount_capturable_updated")
        return authorised

    def _capture(self, intent: Intent, amount: int) -> Intent:
        captured = book_capture(
            self._world.state, intent, amount_minor=amount, at=self._world.now()
        )
        self._tell(captured, "payment_intent.succeeded")
        return captured

    def _decline(
        self, intent: Intent, decline_code: str, *, code: str = "card_declined"
    ) -> Settled:
        error: dict[str, Any] = {
            "type": "card_error",
            "code": code,
            "message": "Your card was declined.",
        }
        if decline_code:
            error["decline_code"] = decline_code
        declined = replace(intent, status="requires_payment_method", last_payment_error=error)
        save_intent(self._world.state, declined)
        self._tell(declined, "payment_intent.payment_failed")
        return Settled(intent=declined, card_error=error)

    def _tell(self, intent: Intent, event_type: str) -> None:
        self._emit(intent, event_type, wire_intent(intent, base_url=""))

    def _emit(self, intent: Intent, event_type: str, subject: Mapping[str, Any]) -> None:
        now = self._world.now()
        self._world.webhooks.add(
            "gateway",
            subject=intent.id,
            traits={**intent.traits, "type": event_type},
            document={
                "id": self._world.state.new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": int(now),
                "data": {"object": subject},
                "livemode": False,
                "pending_webhooks": 1,
                "request": None,
                "type": event_type,
            },
            due_at=now,
        )


def _unexpected_state(intent: Intent, verb: str) -> RefusalError:
    return RefusalError(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent.status}.",
        code="payment_intent_unexpected_state",
        intent=intent,
    )
