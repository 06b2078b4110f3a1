"""Histories for tests: foreign documents, and many orders of every ending in a plausible mix."""

import random
from collections.abc import Sequence
from datetime import datetime

from tests.support.events import DAY, MINUTE, START, EventLog, Line, OrderLife, Row, Shop


def imported(
    log: EventLog, order_id: str, at: datetime, lines: Sequence[Row], *, kind: str = "sale"
) -> None:
    """Append one foreign document and its ledger transfer."""
    document = {
        "order_id": order_id,
        "source": "foreign",
        "external_id": order_id,
        "document_kind": kind,
        "customer_ref": "customer-f",
        "region": "France",
        "lines": list(lines),
    }
    log.add("order.imported", order_id, at, document, correlation_id=order_id)
    total = sum(line["amount_minor"] for line in lines)
    entries = [
        {"account": "imported_receivable", "amount_minor": total},
        {"account": "imported_sales", "amount_minor": -total},
    ]
    transfer = {"order_id": order_id, "transfer_id": f"{order_id}-T1", "kind": "import"}
    log.add(
        "ledger.posted", order_id, at, {**transfer, "entries": entries}, correlation_id=order_id
    )


def imported_line(
    line_id: str, sku: str, qty: int, amount_minor: int, *, kind: str = "sale"
) -> Row:
    return {
        "line_id": line_id,
        "sku": sku,
        "product_name": f"Foreign {sku}",
        "category": "",
        "line_kind": kind,
        "qty": qty,
        "unit_price_minor": abs(amount_minor // qty) if qty else 0,
        "amount_minor": amount_minor,
    }


def random_history(seed: int, *, orders: int, skus: int = 4) -> list[Row]:
    """Return a plausible history: orders of every ending, foreign documents, goods received."""
    draw = random.Random(seed)
    shop = Shop()
    for number in range(skus):
        shop.product(f"sku-{number}", price_minor=500 + 100 * number)
        shop.move("received", f"sku-{number}", 10 * orders)
    for number in range(orders):
        at = START + draw.randrange(20) * DAY + draw.randrange(600) * MINUTE
        lines = [
            Line(
                sku=f"sku-{draw.randrange(skus)}",
                qty=draw.randint(1, 3),
                price_minor=draw.randint(200, 900),
                discount_minor=draw.choice([0, 50]),
            )
            for _ in range(draw.randint(1, 3))
        ]
        _live(shop.submit(f"order-{number}", lines, at), draw.randrange(7), at)
        if draw.random() < 0.2:
            foreign = [imported_line("1", f"f-{draw.randrange(3)}", 2, 500)]
            imported(shop.log, f"foreign-{number}", at, foreign)
    return shop.log.take()


def _live(order: OrderLife, ending: int, at: datetime) -> None:
    """Take an order to one of seven ends; the last two are still on their way."""
    if ending == 0:
        order.expire(at + 30 * MINUTE)
    elif ending == 1:
        order.cancel(at + MINUTE, was_paid=False)
    elif ending == 2:
        order.pay(at + MINUTE).cancel(at + 5 * MINUTE, was_paid=True)
    elif ending in {3, 4}:
        order.pay(at + MINUTE).ship(at + DAY).deliver(at + 2 * DAY).complete(at + 9 * DAY)
    elif ending == 5:
        order.pay(at + MINUTE).ship(at + DAY)
