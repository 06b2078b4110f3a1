"""Order persistence: rows in, records out. A move between states is one guarded statement."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contracts.orders import ContactDetails, OrderRequest
from domain.inventory import ShortLine
from domain.ledger import OrderParts
from domain.orders import OrderNotFoundError, OrderStatus, check_move
from domain.pricing import PricedOrder
from store.catalogue import SkuOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    order_id: str
    channel: str
    fingerprint: str
    status: OrderStatus
    currency: str
    parts: OrderParts
    short_lines: tuple[ShortLine, ...]
    submitted_at: datetime
    paid_at: datetime | None
    due_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """A line and where its stock is held."""

    line_id: str
    sku: str
    qty: int
    location_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    request: OrderRequest
    priced: PricedOrder
    offers: dict[str, SkuOffer]
    location_of_line: dict[str, str]
    short_lines: tuple[ShortLine, ...]
    status: OrderStatus
    currency: str
    due_at: datetime
    at: datetime


def line_id(index: int) -> str:
    """Return the id of the n-th line of an order, from 1."""
    return f"L{index}"


class OrderRepository:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def find(self, order_id: str) -> OrderRecord | None:
        row = await self._connection.fetchrow("select * from orders where order_id = $1", order_id)
        return None if row is None else _record(row)

    async def get(self, order_id: str) -> OrderRecord:
        """Return an order. Raises OrderNotFoundError."""
        found = await self.find(order_id)
        if found is None:
            raise OrderNotFoundError(order_id)
        return found

    async def lock(self, order_id: str) -> OrderRecord:
        """Lock and return an order. Raises OrderNotFoundError."""
        row = await self._connection.fetchrow(
            "select * from orders where order_id = $1 for update", order_id
        )
        if row is None:
            raise OrderNotFoundError(order_id)
        return _record(row)

    async def contact(self, order_id: str) -> ContactDetails:
        """Return where an order goes: personal data, for carriers only."""
        contact = await self._connection.fetchval(
            "select contact from order_contacts where order_id = $1", order_id
        )
        return ContactDetails(**contact)

    async def lines(self, order_id: str) -> list[HeldLine]:
        rows = await self._connection.fetch(
            """
            select line_id, sku, qty, location_id from order_lines
            where order_id = $1 order by line_id
            """,
            order_id,
        )
        return [
            HeldLine(
                line_id=row["line_id"],
                sku=row["sku"],
                qty=row["qty"],
                location_id=row["location_id"],
            )
            for row in rows
        ]

    async def move(
        self,
        order: OrderRecord,
        target: OrderStatus,
        *,
        at: datetime,
        due_at: datetime | None,
        reason: str = "",
    ) -> None:
        """Write a legal move of a locked order. Raises OrderStateError on an illegal one."""
        check_move(order.order_id, order.status, target)
        await self._connection.execute(
            """
            update orders
            set status = $2, due_at = $3, updated_at = $4, reason = $5, version = version + 1,
                paid_at = case when $2 = 'paid' then $4 else paid_at end
            where order_id = $1
            """,
            order.order_id,
            target.value,
            due_at,
            at,
            reason,
        )

    async def place_lines(self, order_id: str, location_of_line: dict[str, str]) -> None:
        """Write where an order's lines are served from."""
        await self._connection.execute(
            """
            update order_lines set location_id = chosen.location_id
            from unnest($2::text[], $3::text[]) as chosen (line_id, location_id)
            where order_lines.order_id = $1 and order_lines.line_id = chosen.line_id
            """,
            order_id,
            list(location_of_line),
            list(location_of_line.values()),
        )

    async def add(self, new: NewOrder) -> None:
        await self._add_order(new)
        await self._add_lines(new)

    async def _add_order(self, new: NewOrder) -> None:
        request, priced = new.request, new.priced
        await self._connection.execute(
            """
            with customer as (
                insert into customers (customer_ref, first_seen_at) values ($6, $16)
                on conflict do nothing
            ), placed as (
                insert into orders (
                    order_id, channel, fingerprint, order_type, origin, customer_ref, region,
                    session_id, status, currency, goods_minor, discount_minor, freight_minor,
                    tax_minor, total_minor, submitted_at, updated_at, due_at, short_lines
                ) values (
                    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16,
                    $17, $18
                )
            )
            insert into order_contacts (order_id, contact) values ($1, $19)
            """,
            request.order_id,
            request.channel,
            request.fingerprint,
            request.order_type,
            "api",
            request.customer_ref,
            request.contact.country,
            request.session_id,
            new.status.value,
            new.currency,
            priced.goods_minor,
            priced.discount_minor,
            priced.freight_minor,
            priced.tax_minor,
            priced.total_minor,
            new.at,
            new.due_at,
            [asdict(line) for line in new.short_lines],
            asdict(request.contact),
        )

    async def _add_lines(self, new: NewOrder) -> None:
        lines = list(zip(new.request.lines, new.priced.lines, strict=True))
        offers = [new.offers[wanted.sku] for wanted, _ in lines]
        await self._connection.execute(
            """
            insert into order_lines (
                order_id, line_id, sku, product_name, category, qty, unit_price_minor,
                unit_cost_minor, goods_minor, discount_minor, freight_minor, tax_minor,
                payable_minor, location_id
            )
            select $1, * from unnest(
                $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
                $13::bigint[], $14::text[]
            )
            """,
            new.request.order_id,
            [priced.line_id for _, priced in lines],
            [wanted.sku for wanted, _ in lines],
            [offer.name for offer in offers],
            [offer.category_path for offer in offers],
            [wanted.qty for wanted, _ in lines],
            [offer.price_minor for offer in offers],
            [offer.cost_minor for offer in offers],
            [priced.goods_minor for _, priced in lines],
            [priced.discount_minor for _, priced in lines],
            [priced.freight_minor for _, priced in lines],
            [priced.tax_minor for _, priced in lines],
            [priced.payable_minor for _, priced in lines],
            [new.location_of_line.get(priced.line_id) for _, priced in lines],
        )


def short_lines_of(value: Sequence[dict[str, Any]]) -> tuple[ShortLine, ...]:
    return tuple(
        ShortLine(sku=line["sku"], wanted=line["wanted"], available=line["available"])
        for line in value
    )


def _record(row: Any) -> OrderRecord:
    return OrderRecord(
        order_id=row["order_id"],
        channel=row["channel"],
        fingerprint=row["fingerprint"],
        status=OrderStatus(row["status"]),
        currency=row["currency"],
        parts=OrderParts(
            goods_minor=row["goods_minor"],
            discount_minor=row["discount_minor"],
            freight_minor=row["freight_minor"],
            tax_minor=row["tax_minor"],
        ),
        short_lines=short_lines_of(row["short_lines"]),
        submitted_at=row["submitted_at"],
        paid_at=row["paid_at"],
        due_at=row["due_at"],
        version=row["version"],
    )
