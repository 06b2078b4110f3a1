"""The order's life: its headline states, the legal moves between them, its limits."""

from enum import StrEnum

LINES_MAX = 500
QTY_MAX = 10_000


class OrderStatus(StrEnum):
    ACTION_REQUIRED = "action_required"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class WaitingFor(StrEnum):
    """What an open order waits for; a terminal order waits for nothing."""

    CUSTOMER_ACTION = "customer action"
    CUSTOMER_PAYMENT = "customer payment"
    HAND_OVER = "hand-over to carrier"
    DELIVERY = "delivery"
    RECEIPT_CONFIRMATION = "receipt confirmation"


class OrderNotFoundError(LookupError):
    """No order has this number."""


class OrderStateError(Exception):
    """The order is in a state that does not allow this."""


_S = OrderStatus
MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.ACTION_REQUIRED: frozenset({_S.CANCELLED, _S.FAILED}),
    _S.AWAITING_PAYMENT: frozenset({_S.PAID, _S.CANCELLED, _S.EXPIRED, _S.FAILED}),
    _S.PAID: frozenset({_S.SHIPPED, _S.CANCELLED, _S.FAILED}),
    _S.SHIPPED: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset({_S.COMPLETED, _S.FAILED}),
    _S.COMPLETED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset({_S.AWAITING_PAYMENT}),  # a late payment that still found stock
    _S.FAILED: frozenset(),
}
TERMINAL = frozenset({_S.COMPLETED, _S.CANCELLED, _S.EXPIRED, _S.FAILED})
_WAITS = {
    _S.ACTION_REQUIRED: WaitingFor.CUSTOMER_ACTION,
    _S.AWAITING_PAYMENT: WaitingFor.CUSTOMER_PAYMENT,
    _S.PAID: WaitingFor.HAND_OVER,
    _S.SHIPPED: WaitingFor.DELIVERY,
    _S.DELIVERED: WaitingFor.RECEIPT_CONFIRMATION,
}


def check_move(order_id: str, current: OrderStatus, target: OrderStatus) -> None:
    """Raise OrderStateError unless the order may move from one state to the other."""
    if target not in MOVES[current]:
        raise OrderStateError(f"order {order_id} is {current} and cannot become {target}")


def waiting_for(status: OrderStatus) -> WaitingFor | None:
    """Return what an order in this state waits for."""
    return _WAITS.get(status)
