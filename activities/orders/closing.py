"""Closing an order: cancelled, expired or completed. Stock that was held goes back."""

from datetime import datetime

from temporalio import activity

from activities.context import origin
from activities.orders.shared import actor_of, move_order_stock
from activities.payments.records import owe_refund
from contracts.order_events import OrderEvents
from contracts.orders import CancelAnswer, CancelOrder, CompleteOrder, OrderStep
from domain.inventory import MovementKind
from domain.orders import TERMINAL, OrderStatus
from domain.payments import PaymentStatus
from domain.shipments import HANDED_OVER, ParcelStatus
from store.orders import OrderRecord
from store.parcels import ParcelRecord
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory


class OrderClosingActivities:
    """Each step is one transaction and may run more than once; its effects happen once."""

    def __init__(self, *, units_of_work: UnitOfWorkFactory) -> None:
        self._units_of_work = units_of_work

    @activity.defn
    async def cancel_order(self, step: CancelOrder) -> CancelAnswer:
        """Cancel unless a carrier holds a parcel: the row lock decides between the two.

        Captured money is owed back here and sent by a later step.
        """
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            parcels = await uow.parcels.of_order(order.order_id)
            if order.status in TERMINAL or any(parcel.status in HANDED_OVER for parcel in parcels):
                return await _where_it_stands(uow, order)
            events = OrderEvents(
                order.order_id, channel=order.channel, at=step.at, actor=actor_of(step.by)
            )
            uow.outbox.add(
                events.order(
                    "cancel_requested", by=step.by, reason=step.reason, stage=order.status.value
                )
            )
            await _release(uow, order, at=step.at)
            await _cancel_parcels(uow, parcels, events=events, at=step.at)
            refund_minor = await _end_payment(uow, order, events=events, step=step)
            await uow.orders.move(
                order, OrderStatus.CANCELLED, at=step.at, due_at=None, reason=step.reason
            )
            uow.outbox.add(
                events.order(
                    "cancelled",
                    stage=order.status.value,
                    reason=step.reason,
                    refund_due_minor=refund_minor,
                )
            )
            return CancelAnswer(
                order_id=order.order_id,
                status=OrderStatus.CANCELLED,
                refund_minor=refund_minor,
            )

    @activity.defn
    async def expire_order(self, step: OrderStep) -> OrderStatus:
        """Expire an unpaid order. The gateway was asked and the intent closed before."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            if order.status is not OrderStatus.AWAITING_PAYMENT:
                return order.status
            payment = await uow.payments.latest(order.order_id)
            events = OrderEvents(order.order_id, channel=order.channel, at=step.at)
            await _release(uow, order, at=step.at)
            await uow.payments.set_status(payment.payment_id, PaymentStatus.EXPIRED, at=step.at)
            await uow.orders.move(order, OrderStatus.EXPIRED, at=step.at, due_at=None)
            uow.outbox.add(events.payment("expired", payment.payment_id), events.order("expired"))
            return OrderStatus.EXPIRED

    @activity.defn
    async def complete_order(self, step: CompleteOrder) -> OrderStatus:
        """Complete a delivered order, confirmed by the customer or by the timer."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            if order.status is OrderStatus.DELIVERED:
                await uow.orders.move(order, OrderStatus.COMPLETED, at=step.at, due_at=None)
                events = OrderEvents(order.order_id, channel=order.channel, at=step.at)
                uow.outbox.add(events.order("completed", mode=step.mode))
            return OrderStatus.COMPLETED


async def _where_it_stands(uow: UnitOfWork, order: OrderRecord) -> CancelAnswer:
    refunds = await uow.payments.refunds(order.order_id)
    return CancelAnswer(
        order_id=order.order_id,
        status=order.status,
        refund_minor=sum(refund.amount_minor for refund in refunds),
    )


async def _release(uow: UnitOfWork, order: OrderRecord, *, at: datetime) -> None:
    kind = {
        OrderStatus.AWAITING_PAYMENT: MovementKind.RELEASED,
        OrderStatus.PAID: MovementKind.DEALLOCATED,
    }.get(order.status)
    if kind is not None:
        lines = await uow.orders.lines(order.order_id)
        await move_order_stock(uow, order, kind, lines, at=at)


async def _cancel_parcels(
    uow: UnitOfWork, parcels: list[ParcelRecord], *, events: OrderEvents, at: datetime
) -> None:
    for parcel in parcels:
        await uow.parcels.set_status(parcel.parcel_id, ParcelStatus.CANCELLED, at=at)
        uow.outbox.add(events.parcel("parcel.cancelled", parcel.parcel_id))


async def _end_payment(
    uow: UnitOfWork, order: OrderRecord, *, events: OrderEvents, step: CancelOrder
) -> int:
    """Void what was not captured, owe what was; returns the amount owed."""
    if order.status is OrderStatus.ACTION_REQUIRED:
        return 0
    payment = await uow.payments.latest(order.order_id)
    if payment.captured_minor:
        await owe_refund(uow, order, payment, events=events, reason=step.reason, at=step.at)
        return payment.captured_minor
    await uow.payments.set_status(payment.payment_id, PaymentStatus.VOIDED, at=step.at)
    uow.outbox.add(events.payment("voided", payment.payment_id))
    return 0
