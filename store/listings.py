"""Read models: what pages and answers show, straight from the tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts import events
from domain.orders import OrderNotFoundError
from store.catalogue import ProductNotFoundError
from store.replenishment import SuggestionNotFoundError

PAGE_MAX = 200

_SKU_COLUMNS = """
    skus.sku, skus.product_id, skus.name, skus.supplier_id, skus.cost_minor, skus.lead_time_days,
    skus.moq, skus.case_pack, skus.weight_g,
    (
        select amount_minor from prices
        where prices.sku = skus.sku and valid_from <= $2
        order by valid_from desc limit 1
    ) as price_minor,
    coalesce((
        select sum(on_hand - reserved - allocated) from stock_levels
        where stock_levels.sku = skus.sku
    ), 0)::bigint as available
"""


class Listings:
    """Every read the API offers. Rows are plain dictionaries of named columns."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def is_ready(self) -> bool:
        return bool(await self._pool.fetchval("select true"))

    async def order(self, order_id: str) -> dict[str, Any]:
        """Return an order with its lines, payments, refunds, parcels. Raises OrderNotFoundError."""
        row = await self._pool.fetchrow("select * from orders where order_id = $1", order_id)
        if row is None:
            raise OrderNotFoundError(order_id)
        return {
            **dict(row),
            "lines": await self._of_order("order_lines", order_id, by="line_id"),
            "payments": await self._of_order("payments", order_id, by="attempt_no"),
            "refunds": await self._of_order("refunds", order_id, by="refund_id"),
            "parcels": await self._of_order("parcels", order_id, by="parcel_id"),
        }

    async def timeline(self, order_id: str) -> list[dict[str, Any]]:
        """Return every event of an order, oldest first."""
        rows = await self._pool.fetch(
            """
            select event_name, stream_type, stream_id, stream_seq, occurred_at, actor_type,
                actor_id, payload
            from outbox where correlation_id = $1 order by outbox_id
            """,
            order_id,
        )
        return [
            {
                **dict(row),
                "event_id": str(
                    events.event_id(row["stream_type"], row["stream_id"], row["stream_seq"])
                ),
            }
            for row in rows
        ]

    async def orders(
        self,
        *,
        status: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Return orders, newest first, after the last one of the page before."""
        rows = await self._pool.fetch(
            """
            select order_id, channel, customer_ref, region, status, currency, total_minor,
                submitted_at, paid_at, due_at
            from orders
            where ($1::text is null or status = $1)
                and ($2::timestamptz is null or (submitted_at, order_id) < ($2, $3))
            order by submitted_at desc, order_id desc
            limit $4
            """,
            status,
            None if before is None else before[0],
            None if before is None else before[1],
            min(limit, PAGE_MAX),
        )
        return [dict(row) for row in rows]

    async def products(
        self, *, after: str | None, limit: int, at: datetime
    ) -> list[dict[str, Any]]:
        """Return products with their SKUs, prices and availability, by product id."""
        products = await self._pool.fetch(
            """
            select product_id, name, description, brand, category_path, version
            from products where ($1::text is null or product_id > $1)
            order by product_id limit $2
            """,
            after,
            min(limit, PAGE_MAX),
        )
        return await self._with_skus(products, at=at)

    async def product(self, product_id: str, *, at: datetime) -> dict[str, Any]:
        """Raises ProductNotFoundError."""
        rows = await self._pool.fetch(
            """
            select product_id, name, description, brand, category_path, version
            from products where product_id = $1
            """,
            product_id,
        )
        if not rows:
            raise ProductNotFoundError(product_id)
        return (await self._with_skus(rows, at=at))[0]

    async def known_skus(self, skus: Sequence[str]) -> set[str]:
        rows = await self._pool.fetch(
            "select sku from skus where sku = any($1::text[])", list(set(skus))
        )
        return {row["sku"] for row in rows}

    async def stock(self, sku: str) -> list[dict[str, Any]]:
        rows = await self._pool.fetch(
            """
            select sku, location_id, on_hand, reserved, allocated,
                on_hand - reserved - allocated as available
            from stock_levels where sku = $1 order by location_id
            """,
            sku,
        )
        return [dict(row) for row in rows]

    async def payment_status(self, payment_id: str) -> str | None:
        status = await self._pool.fetchval(
            "select status from payments where payment_id = $1", payment_id
        )
        return None if status is None else str(status)

    async def suggestions(
        self, *, status: str | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return suggestions by id, after the last one of the page before."""
        rows = await self._pool.fetch(
            """
            select suggestions.*, purchase_orders.po_id, purchase_orders.expected_on
            from suggestions left join purchase_orders using (suggestion_id)
            where ($1::text is null or suggestions.status = $1)
                and ($2::text is null or suggestion_id > $2)
            order by suggestion_id limit $3
            """,
            status,
            after,
            min(limit, PAGE_MAX),
        )
        return [dict(row) for row in rows]

    async def suggestion(self, suggestion_id: str) -> dict[str, Any]:
        """Raises SuggestionNotFoundError."""
        row = await self._pool.fetchrow(
            """
            select suggestions.*, purchase_orders.po_id, purchase_orders.expected_on
            from suggestions left join purchase_orders using (suggestion_id)
            where suggestion_id = $1
            """,
            suggestion_id,
        )
        if row is None:
            raise SuggestionNotFoundError(suggestion_id)
        return dict(row)

    async def purchase_place(self, po_id: str) -> tuple[str, str] | None:
        """Return the SKU and location of a purchase order."""
        row = await self._pool.fetchrow(
            "select sku, location_id from purchase_orders where po_id = $1", po_id
        )
        return None if row is None else (row["sku"], row["location_id"])

    async def _of_order(self, table: str, order_id: str, *, by: str) -> list[dict[str, Any]]:
        # Both names come from this module, never from a caller.
        rows = await self._pool.fetch(
            f"select * from {table} where order_id = $1 order by {by}",  # noqa: S608
            order_id,
        )
        return [dict(row) for row in rows]

    async def _with_skus(self, products: Sequence[Any], *, at: datetime) -> list[dict[str, Any]]:
        rows = await self._pool.fetch(
            f"select {_SKU_COLUMNS} from skus where product_id = any($1::text[]) order by sku",  # noqa: S608
            [product["product_id"] for product in products],
            at,
        )
        by_product: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_product.setdefault(row["product_id"], []).append(dict(row))
        return [
            {**dict(product), "skus": by_product.get(product["product_id"], [])}
            for product in products
        ]
