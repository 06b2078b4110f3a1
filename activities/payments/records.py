"""What payment steps write: the capture, the paid order, the refund owed, the gateway's word."""

from datetime import datetime

from activities.orders.shared import move_order_stock, refund_owed
from contracts import ids
from contracts.order_events import OrderEvents
from contracts.orders import PaymentAnswer, PaymentOutcome, PaymentResult
from domain.inventory import MovementKind
from domain.ledger import capture_transfer
from domain.orders import OrderStatus
from domain.payments import PaymentStatus
from domain.shipments import ParcelStatus
from providers.payments import GatewayPayment, GatewayStatus
from store.orders import HeldLine, OrderRecord
from store.parcels import ParcelLine, ParcelRecord, parcel_line_json
from store.payments import PaymentRecord
from store.unit_of_work import UnitOfWork

PROVIDER = "stripe"
_STATUSES = {
    GatewayStatus.AUTHORISED: PaymentStatus.AUTHORISED,
    GatewayStatus.CAPTURED: PaymentStatus.AUTHORISED,
    GatewayStatus.REQUIRES_ACTION: PaymentStatus.REQUIRES_ACTION,
    GatewayStatus.CANCELLED: PaymentStatus.VOIDED,
}


def payment_answer(payment: PaymentRecord) -> PaymentAnswer:
    return PaymentAnswer(
        payment_id=payment.payment_id,
        status=payment.status.value,
        gateway_ref=payment.gateway_ref,
        client_secret=payment.client_secret,
        decline_code=payment.decline_code,
    )


def payment_result(payment: PaymentRecord) -> PaymentResult:
    """Return the outcome a payment's row stands for."""
    if payment.status in {PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}:
        outcome = PaymentOutcome.AUTHORISED
    elif payment.status is PaymentStatus.DECLINED:
        outcome = PaymentOutcome.DECLINED
    else:
        outcome = PaymentOutcome.PENDING
    return PaymentResult(outcome=outcome, answer=payment_answer(payment))


async def keep_word(
    uow: UnitOfWork,
    payment: PaymentRecord,
    said: GatewayPayment,
    *,
    events: OrderEvents,
    at: datetime,
) -> None:
    """Write what the gateway said about an uncaptured payment; say it once."""
    status = (
        PaymentStatus.DECLINED
        if said.decline_code
        else _STATUSES.get(said.status, PaymentStatus.PENDING)
    )
    await uow.payments.set_gateway(
        payment.payment_id,
        status=status,
        gateway_ref=said.gateway_ref,
        client_secret=said.client_secret or payment.client_secret,
        decline_code=said.decline_code,
        at=at,
    )
    if status is PaymentStatus.AUTHORISED and payment.status is not status:
        uow.outbox.add(
            events.payment("authorised", payment.payment_id, amount_minor=said.amount_minor)
        )
    if status is PaymentStatus.DECLINED:
        uow.outbox.add(
            events.payment("declined", payment.payment_id, code=said.decline_code, retryable=True)
        )


def outcome_resolved(
    uow: UnitOfWork,
    payment: PaymentRecord,
    said: GatewayPayment,
    *,
    step: str,
    events: OrderEvents,
) -> None:
    """Note that an answer got lost and what asking brought."""
    uow.outbox.add(
        events.payment("outcome_unknown", payment.payment_id, step=step),
        events.payment("outcome_resolved", payment.payment_id, step=step, result=said.status.value),
    )


async def record_capture(
    uow: UnitOfWork,
    order: OrderRecord,
    payment: PaymentRecord,
    *,
    said: GatewayPayment,
    at: datetime,
) -> bool:
    """Record captured money with its ledger transfer. Returns False if it was recorded before."""
    if not await uow.payments.set_captured(payment.payment_id, payment.amount_minor, at=at):
        return False
    events = OrderEvents(order.order_id, channel=order.channel, at=at)
    uow.outbox.add(
        events.payment(
            "captured",
            payment.payment_id,
            amount_minor=payment.amount_minor,
            gateway_ref=said.gateway_ref,
            fee_minor=said.fee_minor,
        )
    )
    transfer = capture_transfer(
        f"{payment.payment_id}:capture", order_id=order.order_id, parts=order.parts
    )
    await uow.ledger.post(transfer, at=at, channel=order.channel)
    return True


async def make_paid(
    uow: UnitOfWork, order: OrderRecord, payment: PaymentRecord, *, due_at: datetime, at: datetime
) -> None:
    """Take a captured order to paid: its stock is allocated and its parcels are planned."""
    lines = await uow.orders.lines(order.order_id)
    events = OrderEvents(order.order_id, channel=order.channel, at=at)
    await move_order_stock(uow, order, MovementKind.ALLOCATED, lines, at=at)
    await uow.orders.move(order, OrderStatus.PAID, at=at, due_at=due_at)
    parcels = _parcels(order.order_id, lines)
    await uow.parcels.add(parcels, at=at)
    uow.outbox.add(
        events.order(
            "paid",
            payment_id=payment.payment_id,
            amount_minor=payment.amount_minor,
            tender="card",
            seconds_to_pay=round((at - order.submitted_at).total_seconds()),
        ),
        events.order(
            "sourced",
            parcels=[
                {
                    "parcel_id": parcel.parcel_id,
                    "location_id": parcel.location_id,
                    "lines": [parcel_line_json(line) for line in parcel.lines],
                }
                for parcel in parcels
            ],
        ),
        *(
            events.parcel(
                "parcel.planned",
                parcel.parcel_id,
                location_id=parcel.location_id,
                lines=[parcel_line_json(line) for line in parcel.lines],
            )
            for parcel in parcels
        ),
    )


async def owe_refund(
    uow: UnitOfWork,
    order: OrderRecord,
    payment: PaymentRecord,
    *,
    events: OrderEvents,
    reason: str,
    at: datetime,
) -> None:
    """Owe a captured payment back, whole and once."""
    refund_id = ids.refund_id(payment.payment_id, 1)
    if await uow.payments.owe_refund(refund_id, payment=payment, reason=reason, at=at):
        uow.outbox.add(
            refund_owed(events, refund_id, payment_id=payment.payment_id, parts=order.parts)
        )


def _parcels(order_id: str, lines: list[HeldLine]) -> list[ParcelRecord]:
    locations = sorted({line.location_id for line in lines if line.location_id is not None})
    return [
        ParcelRecord(
            parcel_id=ids.parcel_id(order_id, number),
            order_id=order_id,
            location_id=location,
            status=ParcelStatus.PLANNED,
            tracking_no="",
            lines=tuple(
                ParcelLine(line_id=line.line_id, sku=line.sku, qty=line.qty)
                for line in lines
                if line.location_id == location
            ),
        )
        for number, location in enumerate(locations, start=1)
    ]
