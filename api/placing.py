"""Placing an order once: the store's answer if it is there already, else the workflow's."""

from dataclasses import dataclass

from api.dependencies import ApiDependencies
from api.faults import RequestFaultsError
from api.problems import TotalChangedError
from contracts.orders import OrderAnswer, OrderRequest, OrderTotals, PaymentAnswer
from domain.orders import OrderStatus
from domain.payments import PaymentStatus
from store.idempotency import IdempotencyMismatchError
from store.orders import OrderRecord, OrderRepository
from store.payments import PaymentNotFoundError, PaymentRecord, PaymentRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    answer: OrderAnswer
    is_repeat: bool


async def place(dependencies: ApiDependencies, request: OrderRequest) -> Placement:
    """Place an order, or answer the one that its key names already.

    Raises:
        IdempotencyMismatchError: the key was used for another order.
        RequestFaultsError, TotalChangedError: the order cannot be taken; nothing was stored.
        AnswerPendingError, EngineUnavailableError: see the engine.
    """
    stored = await _stored_answer(dependencies, request)
    if stored is not None:
        return Placement(answer=stored, is_repeat=True)
    answer = await dependencies.engine.place(request)
    if answer.status is None:
        _refuse(answer)
    # Two requests with one key may have met in the same workflow: only one of them was placed.
    await _find(dependencies, request)
    return Placement(answer=answer, is_repeat=False)


def _refuse(answer: OrderAnswer) -> None:
    if answer.totals is not None:
        raise TotalChangedError(answer.faults[0].message, answer.totals)
    raise RequestFaultsError(answer.faults)


async def _stored_answer(
    dependencies: ApiDependencies, request: OrderRequest
) -> OrderAnswer | None:
    order = await _find(dependencies, request)
    if order is None:
        return None
    try:
        payment = await PaymentRepository(dependencies.pool).latest(order.order_id)
    except PaymentNotFoundError:
        return _answer(order, None)
    if payment.status is PaymentStatus.CREATED:
        # The gateway has not said yet how to pay; the workflow will know.
        return None
    return _answer(order, payment)


async def _find(dependencies: ApiDependencies, request: OrderRequest) -> OrderRecord | None:
    order = await OrderRepository(dependencies.pool).find(request.order_id)
    if order is not None and order.fingerprint != request.fingerprint:
        raise IdempotencyMismatchError(request.order_id)
    return order


def _answer(order: OrderRecord, payment: PaymentRecord | None) -> OrderAnswer:
    return OrderAnswer(
        order_id=order.order_id,
        status=order.status,
        totals=OrderTotals(
            goods_minor=order.parts.goods_minor,
            discount_minor=order.parts.discount_minor,
            freight_minor=order.parts.freight_minor,
            tax_minor=order.parts.tax_minor,
            total_minor=order.parts.total_minor,
            currency=order.currency,
        ),
        reservation_expires_at=(
            order.due_at if order.status is OrderStatus.AWAITING_PAYMENT else None
        ),
        payment=None if payment is None else _payment_answer(payment),
        short_lines=order.short_lines,
    )


def _payment_answer(payment: PaymentRecord) -> PaymentAnswer:
    return PaymentAnswer(
        payment_id=payment.payment_id,
        status=payment.status.value,
        gateway_ref=payment.gateway_ref,
        client_secret=payment.client_secret,
        decline_code=payment.decline_code,
    )
