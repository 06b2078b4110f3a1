"""From rows and contracts to the bodies of answers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from api.bodies import orders as bodies
from api.bodies.replenishment import SuggestionBody
from api.fields import Output
from contracts.orders import OrderAnswer, PayAnswer, PaymentAnswer
from domain.inventory import ShortLine
from domain.orders import OrderStatus, waiting_for
from domain.payments import PaymentStatus


def order_answer(answer: OrderAnswer) -> bodies.OrderAnswerBody:
    assert answer.status is not None
    return bodies.OrderAnswerBody(
        order_id=answer.order_id,
        status=answer.status,
        totals=None if answer.totals is None else bodies.TotalsBody(**asdict(answer.totals)),
        reservation_expires_at=answer.reservation_expires_at,
        payment=None if answer.payment is None else _payment_answer(answer.payment),
        short_lines=short_lines(answer.short_lines),
    )


def pay(answer: PayAnswer) -> bodies.PayBody:
    return bodies.PayBody(
        order_id=answer.order_id,
        status=answer.status,
        payment=None if answer.payment is None else _payment_answer(answer.payment),
    )


def short_lines(lines: Sequence[ShortLine]) -> list[bodies.ShortLineBody]:
    return [bodies.ShortLineBody(**asdict(line)) for line in lines]


def order_summary(row: Mapping[str, Any]) -> bodies.OrderSummaryBody:
    return bodies.OrderSummaryBody(**_of(bodies.OrderSummaryBody, _with_wait(row)))


def order(row: Mapping[str, Any], timeline: Sequence[Mapping[str, Any]]) -> bodies.OrderBody:
    return bodies.OrderBody(
        **_of(bodies.OrderSummaryBody, _with_wait(row)),
        totals=bodies.TotalsBody(**_of(bodies.TotalsBody, row)),
        reason=row["reason"],
        short_lines=[bodies.ShortLineBody(**line) for line in row["short_lines"]],
        lines=[bodies.OrderLineBody(**_of(bodies.OrderLineBody, line)) for line in row["lines"]],
        payments=[bodies.PaymentBody(**_of(bodies.PaymentBody, paid)) for paid in row["payments"]],
        refunds=[bodies.RefundBody(**_of(bodies.RefundBody, back)) for back in row["refunds"]],
        parcels=[bodies.ParcelBody(**_of(bodies.ParcelBody, sent)) for sent in row["parcels"]],
        timeline=[
            bodies.TimelineEntryBody(**_of(bodies.TimelineEntryBody, entry)) for entry in timeline
        ],
    )


def _with_wait(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "waiting_for": waiting_for(OrderStatus(row["status"]))}


def _of(body: type[Output], row: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a body's own fields of a row: what a table gains is not published by accident."""
    return {name: row[name] for name in body.model_fields}


def _payment_answer(answer: PaymentAnswer) -> bodies.PaymentAnswerBody:
    return bodies.PaymentAnswerBody(
        payment_id=answer.payment_id,
        status=PaymentStatus(answer.status),
        gateway_ref=answer.gateway_ref or None,
        client_secret=answer.client_secret or None,
        decline_code=answer.decline_code or None,
    )


def suggestion(row: Mapping[str, Any]) -> SuggestionBody:
    return SuggestionBody(**_of(SuggestionBody, row))
