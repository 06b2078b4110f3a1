"""Order: from the storefront's call to a completed order, or to a clean end before it.

Handlers only record what the customer, the gateway or the carrier says; `run` decides and acts.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.orders.closing import OrderClosingActivities
    from activities.orders.placing import PlacingActivities
    from activities.payments.closing import ClosingActivities
    from activities.payments.paying import PayingActivities
    from activities.shipments import ShipmentActivities
    from contracts.orders import (
        CancelAnswer,
        CancelOrder,
        CancelRequest,
        CaptureOrder,
        CloseIntent,
        CompleteOrder,
        ConfirmPayment,
        ConfirmReceipt,
        LatePaymentDecision,
        OrderAnswer,
        OrderOutcome,
        OrderRequest,
        OrderStep,
        ParcelScan,
        PayAnswer,
        PaymentNotice,
        PaymentNoticeKind,
        PaymentOutcome,
        PaymentStep,
        PayRequest,
        PlaceOrder,
        RecordScans,
    )
    from domain.orders import OrderStatus
    from domain.timers import OrderTimers
    from workflows import policies
    from workflows.inbox import Inbox, Wish
    from workflows.steps import run_step

_CANCELLABLE = (OrderStatus.ACTION_REQUIRED, OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID)
_CLOSED_UNPAID = (OrderStatus.EXPIRED, OrderStatus.CANCELLED)


@workflow.defn(name="Order")
class OrderWorkflow:
    @workflow.init
    def __init__(self, request: OrderRequest) -> None:
        self._order_id = request.order_id
        self._answer: OrderAnswer | None = None
        self._status: OrderStatus | None = None
        self._timers = OrderTimers()
        self._due_at: datetime | None = None
        self._is_authorised = False
        self._notices: Inbox[PaymentNotice] = Inbox()
        self._scans: Inbox[ParcelScan] = Inbox()
        self._pay: Wish[PayRequest, PayAnswer] = Wish()
        self._cancel: Wish[CancelRequest, CancelAnswer] = Wish()
        self._receipt: Wish[ConfirmReceipt, OrderStatus] = Wish()

    @workflow.run
    async def run(self, request: OrderRequest) -> OrderOutcome:
        await self._place(request)
        if self._status is OrderStatus.ACTION_REQUIRED:
            await self._await_customer()
        while self._status is OrderStatus.AWAITING_PAYMENT:
            await self._await_payment()
            if self._status in _CLOSED_UNPAID:
                await self._watch_for_late_payment()
        if self._status in {OrderStatus.PAID, OrderStatus.SHIPPED}:
            await self._fulfil()
        if self._status is OrderStatus.DELIVERED:
            await self._await_receipt()

        self._refuse_open_wishes()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return OrderOutcome(order_id=self._order_id, status=self._status)

    # ---- what the outside says

    @workflow.update
    async def placed(self) -> OrderAnswer:
        """The early answer: totals, how long stock is held, how to pay; or what is wrong."""
        await workflow.wait_condition(lambda: self._answer is not None)
        assert self._answer is not None
        return self._answer

    @workflow.update
    async def pay(self, request: PayRequest) -> PayAnswer:
        return await self._pay.ask(request)

    @pay.validator
    def _may_pay(self, request: PayRequest) -> None:  # noqa: ARG002
        if self._status is not OrderStatus.AWAITING_PAYMENT:
            raise ApplicationError(f"order is {self._status}", type="OrderNotPayable")
        if self._pay.request is not None:
            raise ApplicationError("a payment is being tried already", type="OrderNotPayable")

    @workflow.update
    async def cancel(self, request: CancelRequest) -> CancelAnswer:
        return await self._cancel.ask(request)

    @cancel.validator
    def _may_cancel(self, request: CancelRequest) -> None:  # noqa: ARG002
        if self._status not in _CANCELLABLE:
            raise ApplicationError(f"order is {self._status}", type="OrderNotCancellable")
        if self._cancel.request is not None:
            raise ApplicationError("it is being cancelled already", type="OrderNotCancellable")

    @workflow.update
    async def confirm_receipt(self, request: ConfirmReceipt) -> OrderStatus:
        return await self._receipt.ask(request)

    @confirm_receipt.validator
    def _may_confirm(self, request: ConfirmReceipt) -> None:  # noqa: ARG002
        if self._status is not OrderStatus.DELIVERED or self._receipt.request is not None:
            raise ApplicationError(f"order is {self._status}", type="OrderNotConfirmable")

    @workflow.signal
    def payment_noticed(self, notice: PaymentNotice) -> None:
        self._notices.put(notice)

    @workflow.signal
    def parcel_scanned(self, scan: ParcelScan) -> None:
        self._scans.put(scan)

    # ---- the process

    async def _place(self, request: OrderRequest) -> None:
        placed = await run_step(
            PlacingActivities.place_order,
            PlaceOrder(request=request, placed_at=workflow.now()),
        )
        self._timers = placed.timers
        self._due_at = placed.due_at
        self._is_authorised = placed.is_authorised
        self._status = placed.answer.status
        if placed.is_authorised:
            await self._capture()
        self._answer = replace(placed.answer, status=self._status)

    async def _await_customer(self) -> None:
        """Stock is short: the customer cancels, or the timer does."""
        await self._wait(lambda: self._cancel.request is not None, until=self._due_at)
        request = self._cancel.request or CancelRequest(reason="no answer", by="timer")
        await self._cancel_with(request)

    async def _await_payment(self) -> None:
        """Wait until the order is paid, cancelled or expired; declines leave time to try again."""
        while self._status is OrderStatus.AWAITING_PAYMENT:
            if self._is_authorised:
                await self._capture()
            elif self._cancel.request is not None:
                await self._cancel_unpaid(self._cancel.request)
            elif self._pay.request is not None:
                await self._pay_with(self._pay.request)
            elif self._notices:
                await self._hear(self._notices.take())
            elif not await self._wait(self._has_payment_news, until=self._due_at):
                await self._meet_deadline()

    async def _capture(self) -> None:
        result = await run_step(
            PayingActivities.capture_payment,
            CaptureOrder(
                order_id=self._order_id,
                at=workflow.now(),
                hand_over_seconds=self._timers.hand_over,
            ),
        )
        self._is_authorised = False
        if result.outcome is PaymentOutcome.AUTHORISED:
            self._status = OrderStatus.PAID

    async def _pay_with(self, request: PayRequest) -> None:
        result = await run_step(
            PayingActivities.confirm_payment,
            ConfirmPayment(
                order_id=self._order_id,
                at=workflow.now(),
                payment_method=request.payment_method,
                request_id=request.request_id,
            ),
        )
        if result.outcome is PaymentOutcome.AUTHORISED:
            await self._capture()
        assert self._status is not None
        self._pay.answer(
            PayAnswer(order_id=self._order_id, status=self._status, payment=result.answer)
        )

    async def _hear(self, notice: PaymentNotice) -> None:
        if notice.kind is PaymentNoticeKind.DECLINED:
            await run_step(PayingActivities.record_decline, self._about(notice))
        else:
            self._is_authorised = True

    async def _meet_deadline(self) -> None:
        """The gateway is asked first: money that is there counts, nothing can come after."""
        closed = await run_step(
            ClosingActivities.close_intent,
            CloseIntent(order_id=self._order_id, at=workflow.now(), keep_money=True),
        )
        if closed.is_money_held:
            self._is_authorised = True
        else:
            self._status = await run_step(OrderClosingActivities.expire_order, self._step())

    async def _cancel_unpaid(self, request: CancelRequest) -> None:
        await run_step(
            ClosingActivities.close_intent,
            CloseIntent(order_id=self._order_id, at=workflow.now(), keep_money=False),
        )
        await self._cancel_with(request)

    async def _cancel_with(self, request: CancelRequest) -> None:
        """Cancel, answer, then send back what is owed."""
        answer = await run_step(
            OrderClosingActivities.cancel_order,
            CancelOrder(
                order_id=self._order_id,
                at=workflow.now(),
                reason=request.reason,
                by=request.by,
            ),
        )
        self._status = answer.status
        self._cancel.answer(answer)
        if answer.refund_minor:
            await run_step(ShipmentActivities.void_labels, self._step())
            await run_step(ClosingActivities.pay_refunds, self._step())

    async def _watch_for_late_payment(self) -> None:
        """For a while, money may still come for a closed order: revive it or give it back."""
        until = workflow.now() + timedelta(seconds=self._timers.late_payment)
        while await self._wait(lambda: bool(self._notices), until=until):
            notice = self._notices.take()
            if notice.kind is PaymentNoticeKind.DECLINED:
                continue
            result = await run_step(ClosingActivities.settle_late_payment, self._about(notice))
            if result.decision is LatePaymentDecision.REVIVED:
                self._status, self._is_authorised = OrderStatus.AWAITING_PAYMENT, True
                return
            await run_step(ClosingActivities.pay_refunds, self._step())

    async def _fulfil(self) -> None:
        """Book the parcels, then follow the carrier; until a parcel is handed over, cancel wins."""
        booking = asyncio.create_task(run_step(ShipmentActivities.book_parcels, self._step()))
        await workflow.wait_condition(lambda: booking.done() or self._cancel.request is not None)
        while self._status in {OrderStatus.PAID, OrderStatus.SHIPPED}:
            if self._cancel.request is not None:
                await self._stop(booking)
                await self._cancel_with(self._cancel.request)
            elif self._scans:
                await self._follow_carrier()
            else:
                await workflow.wait_condition(
                    lambda: bool(self._scans) or self._cancel.request is not None
                )

    async def _stop(self, booking: "asyncio.Task[None]") -> None:
        """A carrier that does not answer must not keep a customer from cancelling."""
        if not booking.done():
            booking.cancel()
            with suppress(asyncio.CancelledError, ActivityError):
                await booking

    async def _follow_carrier(self) -> None:
        result = await run_step(
            ShipmentActivities.record_scans,
            RecordScans(
                order_id=self._order_id,
                at=workflow.now(),
                scans=self._scans.take_all(policies.SCANS_PER_STEP_MAX),
                delivery_seconds=self._timers.delivery,
                confirm_seconds=self._timers.auto_confirm,
            ),
        )
        self._status = result.status

    async def _await_receipt(self) -> None:
        until = workflow.now() + timedelta(seconds=self._timers.auto_confirm)
        is_confirmed = await self._wait(lambda: self._receipt.request is not None, until=until)
        self._status = await run_step(
            OrderClosingActivities.complete_order,
            CompleteOrder(
                order_id=self._order_id,
                at=workflow.now(),
                mode="customer" if is_confirmed else "auto",
            ),
        )
        self._receipt.answer(self._status)

    # ---- small help

    def _step(self) -> OrderStep:
        return OrderStep(order_id=self._order_id, at=workflow.now())

    def _about(self, notice: PaymentNotice) -> PaymentStep:
        return PaymentStep(order_id=self._order_id, at=workflow.now(), notice=notice)

    def _has_payment_news(self) -> bool:
        return (
            bool(self._notices) or self._pay.request is not None or self._cancel.request is not None
        )

    def _refuse_open_wishes(self) -> None:
        reason = f"order is {self._status}"
        self._pay.refuse(reason)
        self._cancel.refuse(reason)
        self._receipt.refuse(reason)

    async def _wait(self, has_come: Callable[[], bool], *, until: datetime | None) -> bool:
        """Wait for something until a deadline; returns whether it came in time."""
        if until is None:
            await workflow.wait_condition(has_come)
            return True
        left = max(until - workflow.now(), timedelta())
        if not left and not has_come():
            return False
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(has_come, timeout=left)
        return has_come()
