"""A migrated database with a unit-of-work factory, and products on sale in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.events import NewEvent, StoreContext
from domain.inventory import MovementKind
from store.catalogue import NewProduct, NewSku
from store.database import open_pool
from store.merchandise import Merchandise
from store.stock import Cause, Move
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOCATION = "DE-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    url: str
    pool: Any
    units_of_work: UnitOfWorkFactory

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(query, *arguments)]

    async def stock_up(self, *skus: str, on_hand: int) -> None:
        """Put SKUs on sale, each with stock at one place."""
        merchandise = Merchandise(self.units_of_work)
        async with self.units_of_work.begin() as uow:
            await uow.catalogue.add_location(LOCATION, "Berlin", preference=1)
        for sku in skus:
            await merchandise.create_product(_product(sku), at=NOW)
            await merchandise.set_stock(sku, LOCATION, on_hand, at=NOW, reason="count")


@asynccontextmanager
async def open_database(url: str, *, connections_max: int = 16) -> AsyncIterator[Database]:
    pool = await open_pool(url, connections_max=connections_max)
    context = StoreContext(store_id="mall", currency="EUR", time_zone="Europe/Berlin")
    try:
        yield Database(url=url, pool=pool, units_of_work=UnitOfWorkFactory(pool, context=context))
    finally:
        await pool.close()


def shipped(order_id: str) -> NewEvent:
    """Return an event of the order's stream; its content does not matter."""
    return NewEvent(
        name="order.shipped",
        stream_id=order_id,
        occurred_at=NOW,
        correlation_id=order_id,
        payload={"order_id": order_id},
    )


async def reserve(uow: UnitOfWork, wanted: dict[str, int], *, key: str) -> bool:
    """Reserve units of every SKU, or of none; returns whether there was enough."""
    balances = await uow.stock.lock(list(wanted))
    if any(balances[sku, LOCATION].available < qty for sku, qty in wanted.items()):
        return False
    await uow.stock.move(
        [
            Move(kind=MovementKind.RESERVED, sku=sku, location_id=LOCATION, qty=qty)
            for sku, qty in wanted.items()
        ],
        balances=balances,
        cause=Cause(type="order", id=key, key=key, at=NOW, correlation_id=key),
    )
    return True


def _product(sku: str) -> NewProduct:
    return NewProduct(
        product_id=f"P-{sku}",
        name=sku,
        description="",
        brand="Duck",
        category_path="Home",
        skus=(
            NewSku(
                sku=sku,
                name=sku,
                price_minor=1_000,
                cost_minor=400,
                supplier_id="S-1",
                lead_time_days=2,
                moq=1,
                case_pack=1,
                weight_g=100,
            ),
        ),
    )
