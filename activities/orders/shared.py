"""What several order steps do alike: totals, stock movements of an order's lines, refunds owed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contracts.events import Actor, ActorType, NewEvent
from contracts.order_events import OrderEvents
from contracts.orders import OrderTotals
from domain.inventory import MovementKind
from domain.ledger import OrderParts
from store.orders import HeldLine, OrderRecord
from store.stock import Balances, Cause, Move
from store.unit_of_work import UnitOfWork


def totals_of(order: OrderRecord) -> OrderTotals:
    return order_totals(order.parts, currency=order.currency)


def order_totals(parts: OrderParts, *, currency: str) -> OrderTotals:
    return OrderTotals(
        goods_minor=parts.goods_minor,
        discount_minor=parts.discount_minor,
        freight_minor=parts.freight_minor,
        tax_minor=parts.tax_minor,
        total_minor=parts.total_minor,
        currency=currency,
    )


def moves_of(kind: MovementKind, lines: Iterable[HeldLine]) -> list[Move]:
    """Return one movement per SKU and location of the lines that are placed somewhere."""
    qty_of: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.location_id is not None:
            key = (line.sku, line.location_id)
            qty_of[key] = qty_of.get(key, 0) + line.qty
    return [
        Move(kind=kind, sku=sku, location_id=location, qty=qty)
        for (sku, location), qty in sorted(qty_of.items())
    ]


async def move_order_stock(
    uow: UnitOfWork,
    order: OrderRecord,
    kind: MovementKind,
    lines: Sequence[HeldLine],
    *,
    at: datetime,
    part: str = "",
) -> Balances:
    """Move the stock of some lines of a locked order, once per version of the order and part."""
    balances = await uow.stock.lock([line.sku for line in lines])
    return await uow.stock.move(
        moves_of(kind, lines),
        balances=balances,
        cause=Cause(
            type="order",
            id=order.order_id,
            key=f"{order.order_id}/{order.version}/{part}",
            at=at,
            correlation_id=order.order_id,
            channel=order.channel,
        ),
    )


def refund_owed(
    events: OrderEvents, refund_id: str, *, payment_id: str, parts: OrderParts
) -> NewEvent:
    """Return the event of owing a whole order's money back, part by part."""
    amounts = {
        "goods": parts.goods_minor - parts.discount_minor,
        "freight": parts.freight_minor,
        "tax": parts.tax_minor,
    }
    return events.refund(
        "owed",
        refund_id,
        payment_id=payment_id,
        amount_minor=parts.total_minor,
        parts=[
            {"kind": kind, "amount_minor": amount} for kind, amount in amounts.items() if amount
        ],
    )


def actor_of(by: str) -> Actor:
    """Return who asked: `staff:<id>`, `customer:<id>`, anything else is the system."""
    kind, _, name = by.partition(":")
    if kind in {ActorType.CUSTOMER.value, ActorType.STAFF.value}:
        return Actor(type=ActorType(kind), id=name)
    return Actor(id=by)
