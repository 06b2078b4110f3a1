"""Paying: opening the payment, confirming it with a method, capturing it exactly once."""

from datetime import datetime, timedelta

from temporalio import activity

from activities.context import origin
from activities.payments.asking import AskingGateway, Heard
from activities.payments.records import (
    keep_word,
    make_paid,
    outcome_resolved,
    payment_result,
    record_capture,
)
from contracts.order_events import OrderEvents
from contracts.orders import CaptureOrder, ConfirmPayment, PaymentResult, PaymentStep
from domain.orders import OrderStatus
from domain.payments import MONEY_HELD, PaymentStatus
from providers.payments import GatewayStatus, PaymentGateway
from store.orders import OrderRecord
from store.payments import PaymentRecord
from store.unit_of_work import UnitOfWorkFactory


class PayingActivities:
    """May run more than once; money moves once, because the gateway sees the same key.

    Every gateway call stands between two transactions, never inside one.
    """

    def __init__(self, *, units_of_work: UnitOfWorkFactory, gateway: PaymentGateway) -> None:
        self._units_of_work = units_of_work
        self._gateway = AskingGateway(gateway)

    async def open_payment(
        self, order_id: str, *, payment_method: str | None, at: datetime
    ) -> PaymentResult:
        """Create the order's payment at the gateway, paying at once if a method is given."""
        order, payment = await self._load(order_id)
        if payment.gateway_ref:
            return payment_result(payment)
        heard = await self._gateway.create(
            payment, currency=order.currency, payment_method=payment_method
        )
        return await self._keep(order, payment, heard, step="create", at=at)

    @activity.defn
    async def confirm_payment(self, step: ConfirmPayment) -> PaymentResult:
        """Pay an open payment with a method; a decline is an answer, not a failure."""
        order, payment = await self._load(step.order_id)
        if payment.status in MONEY_HELD:
            return payment_result(payment)
        heard = await self._gateway.confirm(
            payment, payment_method=step.payment_method, request_id=step.request_id
        )
        return await self._keep(order, payment, heard, step="confirm", at=step.at)

    @activity.defn
    async def record_decline(self, step: PaymentStep) -> None:
        """Record a decline the gateway told us about; the hold stays until the deadline."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            payment = await uow.payments.latest(order.order_id)
            if payment.status in MONEY_HELD or payment.decline_code == step.notice.code:
                return
            await uow.payments.set_status(
                payment.payment_id,
                PaymentStatus.DECLINED,
                decline_code=step.notice.code,
                at=step.at,
            )
            events = OrderEvents(order.order_id, channel=order.channel, at=step.at)
            uow.outbox.add(
                events.payment(
                    "declined", payment.payment_id, code=step.notice.code, retryable=True
                )
            )

    @activity.defn
    async def capture_payment(self, step: CaptureOrder) -> PaymentResult:
        """Capture once; then in one transaction: paid, posted, allocated, parcels planned."""
        order, payment = await self._load(step.order_id)
        if payment.captured_minor:
            return payment_result(payment)
        heard = await self._gateway.capture(payment)
        if heard.payment.status is not GatewayStatus.CAPTURED:
            return await self._keep(order, payment, heard, step="capture", at=step.at)
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            if order.status is OrderStatus.AWAITING_PAYMENT:
                events = OrderEvents(order.order_id, channel=order.channel, at=step.at)
                if heard.was_unknown:
                    outcome_resolved(uow, payment, heard.payment, step="capture", events=events)
                await record_capture(uow, order, payment, said=heard.payment, at=step.at)
                due_at = step.at + timedelta(seconds=step.hand_over_seconds)
                await make_paid(uow, order, payment, due_at=due_at, at=step.at)
            return payment_result(await uow.payments.latest(order.order_id))

    async def _load(self, order_id: str) -> tuple[OrderRecord, PaymentRecord]:
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.get(order_id)
            return order, await uow.payments.latest(order_id)

    async def _keep(
        self,
        order: OrderRecord,
        payment: PaymentRecord,
        heard: Heard,
        *,
        step: str,
        at: datetime,
    ) -> PaymentResult:
        async with self._units_of_work.begin(origin()) as uow:
            events = OrderEvents(order.order_id, channel=order.channel, at=at)
            if heard.was_unknown:
                outcome_resolved(uow, payment, heard.payment, step=step, events=events)
            await keep_word(uow, payment, heard.payment, events=events, at=at)
            return payment_result(await uow.payments.latest(order.order_id))
