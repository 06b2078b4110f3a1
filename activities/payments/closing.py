"""Closing: intents nobody will pay any more, money that comes too late, refunds."""

from dataclasses import replace
from datetime import datetime

from temporalio import activity

from activities.context import origin
from activities.orders.shared import move_order_stock
from activities.payments.asking import AskingGateway
from activities.payments.records import keep_word, owe_refund, record_capture
from contracts.order_events import OrderEvents
from contracts.orders import (
    CloseIntent,
    IntentClosed,
    LatePaymentDecision,
    LatePaymentResult,
    OrderStep,
    PaymentStep,
)
from domain.inventory import MovementKind, WantedLine, source_lines
from domain.ledger import refund_transfer
from domain.orders import OrderStatus
from domain.payments import PaymentStatus
from providers.payments import GatewayPayment, GatewayStatus, PaymentGateway
from store.orders import OrderRecord
from store.payments import PaymentRecord, RefundRecord
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory


class ClosingActivities:
    """May run more than once; a refund goes out once, under a key of its own."""

    def __init__(self, *, units_of_work: UnitOfWorkFactory, gateway: PaymentGateway) -> None:
        self._units_of_work = units_of_work
        self._gateway = AskingGateway(gateway)

    @activity.defn
    async def close_intent(self, step: CloseIntent) -> IntentClosed:
        """Ask the gateway first, close what is open, ask again: money may have come meanwhile."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.get(step.order_id)
            payment = await uow.payments.latest(step.order_id)
        current = await self._current(payment)
        if current is None:
            return IntentClosed(is_money_held=False)
        payment = replace(payment, gateway_ref=current.gateway_ref)
        is_welcome = step.keep_money and current.status is GatewayStatus.AUTHORISED
        if current.status is not GatewayStatus.CAPTURED and not is_welcome:
            current = await self._gateway.cancel(payment)
        if current.status is GatewayStatus.CAPTURED and not step.keep_money:
            await self._record_unwanted(order, payment, current, at=step.at)
        return IntentClosed(is_money_held=is_welcome or current.status is GatewayStatus.CAPTURED)

    @activity.defn
    async def settle_late_payment(self, step: PaymentStep) -> LatePaymentResult:
        """Money for a closed order: revive the order if stock remains, else give it back."""
        current = await self._gateway.look_up(step.notice.gateway_ref)
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            payment = await uow.payments.latest(order.order_id)
            if order.status is OrderStatus.AWAITING_PAYMENT:
                return LatePaymentResult(decision=LatePaymentDecision.REVIVED)
            events = OrderEvents(order.order_id, channel=order.channel, at=step.at)
            may_revive = order.status is OrderStatus.EXPIRED and payment.captured_minor == 0
            if may_revive and await _reserve_again(uow, order, at=step.at):
                await keep_word(uow, payment, current, events=events, at=step.at)
                await uow.orders.move(
                    order, OrderStatus.AWAITING_PAYMENT, at=step.at, due_at=step.at
                )
                decision = LatePaymentDecision.REVIVED
            else:
                await _give_back(uow, order, payment, current, at=step.at)
                decision = LatePaymentDecision.REFUNDED
            uow.outbox.add(
                events.order(
                    "late_payment_received",
                    payment_id=payment.payment_id,
                    decision=decision.value,
                )
            )
        if decision is LatePaymentDecision.REFUNDED and (
            current.status is GatewayStatus.AUTHORISED
        ):
            await self._gateway.cancel(payment)
        return LatePaymentResult(decision=decision)

    @activity.defn
    async def pay_refunds(self, step: OrderStep) -> None:
        """Send every refund the order is owed."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.get(step.order_id)
            refunds = await uow.payments.refunds(order.order_id)
            payment = await uow.payments.latest(order.order_id)
        for refund in refunds:
            sent = await self._gateway.refund(payment, refund)
            await self._record_refund(
                order, refund, gateway_ref=sent.gateway_refund_ref, at=step.at
            )

    async def _current(self, payment: PaymentRecord) -> GatewayPayment | None:
        if payment.gateway_ref:
            return await self._gateway.look_up(payment.gateway_ref)
        return await self._gateway.find(payment.payment_id)

    async def _record_unwanted(
        self, order: OrderRecord, payment: PaymentRecord, said: GatewayPayment, *, at: datetime
    ) -> None:
        """Record money that came while the order was being cancelled; cancelling owes it back."""
        async with self._units_of_work.begin(origin()) as uow:
            locked = await uow.orders.lock(order.order_id)
            await record_capture(uow, locked, payment, said=said, at=at)

    async def _record_refund(
        self, order: OrderRecord, refund: RefundRecord, *, gateway_ref: str, at: datetime
    ) -> None:
        events = OrderEvents(order.order_id, channel=order.channel, at=at)
        async with self._units_of_work.begin(origin()) as uow:
            if not await uow.payments.set_refunded(refund, gateway_ref=gateway_ref, at=at):
                return
            await uow.ledger.post(
                refund_transfer(refund.refund_id, order_id=order.order_id, parts=order.parts),
                at=at,
                channel=order.channel,
            )
            uow.outbox.add(
                events.refund(
                    "requested", refund.refund_id, gateway_key=f"{refund.refund_id}:refund"
                ),
                events.refund(
                    "succeeded",
                    refund.refund_id,
                    payment_id=refund.payment_id,
                    amount_minor=refund.amount_minor,
                    gateway_ref=gateway_ref,
                ),
            )


async def _reserve_again(uow: UnitOfWork, order: OrderRecord, *, at: datetime) -> bool:
    """Hold the stock of an expired order once more, wherever it still is. All lines or none."""
    lines = await uow.orders.lines(order.order_id)
    sourcing = source_lines(
        [WantedLine(line_id=line.line_id, sku=line.sku, qty=line.qty) for line in lines],
        balances=await uow.stock.lock([line.sku for line in lines]),
        locations=await uow.stock.locations(),
    )
    if sourcing.short_lines:
        return False
    location_of_line = dict(sourcing.location_of_line)
    await uow.orders.place_lines(order.order_id, location_of_line)
    placed = [replace(line, location_id=location_of_line[line.line_id]) for line in lines]
    await move_order_stock(uow, order, MovementKind.RESERVED, placed, at=at)
    return True


async def _give_back(
    uow: UnitOfWork,
    order: OrderRecord,
    payment: PaymentRecord,
    current: GatewayPayment,
    *,
    at: datetime,
) -> None:
    """Owe captured money back; an authorisation is void as soon as the gateway hears of it."""
    if current.status is not GatewayStatus.CAPTURED:
        await uow.payments.set_status(payment.payment_id, PaymentStatus.VOIDED, at=at)
        return
    await record_capture(uow, order, payment, said=current, at=at)
    events = OrderEvents(order.order_id, channel=order.channel, at=at)
    captured = await uow.payments.latest(order.order_id)
    await owe_refund(uow, order, captured, events=events, reason="late payment", at=at)
