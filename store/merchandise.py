"""What a merchant keeps: products, prices, places and counts; each change one unit of work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from contracts import ids
from contracts.events import Actor, ActorType, NewEvent
from domain.inventory import MovementKind, StockBalance, StockBelowHoldsError
from store.catalogue import NewProduct, NewSku, ProductExistsError
from store.stock import Balances, Cause, Move
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory

STAFF = Actor(type=ActorType.STAFF)


class LocationNotFoundError(LookupError):
    """No stock location has this id."""


class Merchandise:
    def __init__(self, units_of_work: UnitOfWorkFactory) -> None:
        self._units_of_work = units_of_work

    async def create_product(
        self, product: NewProduct, *, at: datetime, actor: Actor = STAFF
    ) -> None:
        """Add a product with its SKUs and first prices. Raises ProductExistsError."""
        try:
            async with self._units_of_work.begin() as uow:
                await uow.catalogue.add_product(product, at=at)
                uow.outbox.add(
                    NewEvent(
                        name="product.created",
                        stream_id=product.product_id,
                        occurred_at=at,
                        actor=actor,
                        payload=_product_json(product),
                    )
                )
        except asyncpg.UniqueViolationError as error:
            # Someone else added it between the look and the insert.
            raise ProductExistsError(
                f"{product.product_id} or one of its SKUs exists already; choose another id"
            ) from error

    async def change_price(
        self, sku: str, amount_minor: int, *, at: datetime, actor: Actor = STAFF
    ) -> tuple[str, int]:
        """Start a new price; the price in force again changes nothing.

        Returns the product and the price before. Raises SkuNotFoundError.
        """
        async with self._units_of_work.begin() as uow:
            offer = (await uow.catalogue.offers([sku], at=at)).get(sku)
            if offer is not None and offer.price_minor == amount_minor:
                return offer.product_id, offer.price_minor
            product_id, old_minor = await uow.catalogue.set_price(sku, amount_minor, at=at)
            uow.outbox.add(
                NewEvent(
                    name="price.changed",
                    stream_id=product_id,
                    occurred_at=at,
                    actor=actor,
                    payload={
                        "product_id": product_id,
                        "sku": sku,
                        "old_minor": old_minor,
                        "new_minor": amount_minor,
                    },
                )
            )
        return product_id, old_minor

    async def add_location(self, location_id: str, name: str, *, preference: int) -> None:
        """Add a stock location, or rename and reorder one."""
        async with self._units_of_work.begin() as uow:
            await uow.catalogue.add_location(location_id, name, preference=preference)

    async def set_stock(
        self,
        sku: str,
        location_id: str,
        on_hand: int,
        *,
        reason: str,
        at: datetime,
        actor: Actor = STAFF,
    ) -> StockBalance:
        """Set what was counted, by one movement of the difference, and return the balance.

        Raises:
            SkuNotFoundError, LocationNotFoundError: there is no such SKU or place.
            StockBelowHoldsError: orders hold more than was counted.
        """
        async with self._units_of_work.begin() as uow:
            await _check_place(uow, sku, location_id)
            await uow.stock.open_level(sku, location_id)
            balances = await uow.stock.lock([sku])
            before = balances[sku, location_id]
            _check_holds(sku, location_id, on_hand, before)
            if on_hand == before.on_hand:
                return before
            key = f"{sku}@{location_id}/{at.isoformat()}/{before.on_hand}-{on_hand}"
            after = await uow.stock.move(
                [
                    Move(
                        kind=MovementKind.ADJUSTED,
                        sku=sku,
                        location_id=location_id,
                        qty=on_hand - before.on_hand,
                    )
                ],
                balances=balances,
                cause=Cause(type=reason, id=f"count/{key}", key=f"count/{key}", at=at, actor=actor),
            )
        return after[sku, location_id]

    async def balances(self, skus: Sequence[str]) -> tuple[list[str], Balances]:
        """Return the locations in order of preference and what they hold now, without a lock."""
        rows = await self._units_of_work.pool.fetch(
            """
            select locations.location_id, sku, on_hand, reserved, allocated
            from locations
            left join stock_levels
                on stock_levels.location_id = locations.location_id
                and stock_levels.sku = any($1::text[])
            order by preference, locations.location_id
            """,
            sorted(set(skus)),
        )
        held = {
            (row["sku"], row["location_id"]): StockBalance(
                on_hand=row["on_hand"], reserved=row["reserved"], allocated=row["allocated"]
            )
            for row in rows
            if row["sku"] is not None
        }
        return list(dict.fromkeys(row["location_id"] for row in rows)), held


async def _check_place(uow: UnitOfWork, sku: str, location_id: str) -> None:
    # The terms name the SKU whatever its price, so that stock can come before a first price.
    await uow.catalogue.supply_terms(sku)
    if not await uow.catalogue.has_location(location_id):
        raise LocationNotFoundError(location_id)


def _check_holds(sku: str, location_id: str, on_hand: int, before: StockBalance) -> None:
    held = before.reserved + before.allocated
    if on_hand < held:
        raise StockBelowHoldsError(
            f"orders hold {held} of {ids.stock_stream_id(sku, location_id)}, "
            f"more than the {on_hand} counted"
        )


def _product_json(product: NewProduct) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "name": product.name,
        "category_path": product.category_path,
        "brand": product.brand,
        "skus": [_sku_json(sku) for sku in product.skus],
    }


def _sku_json(sku: NewSku) -> dict[str, Any]:
    return {
        "sku": sku.sku,
        "name": sku.name,
        "price_minor": sku.price_minor,
        "cost_minor": sku.cost_minor,
        "supplier_id": sku.supplier_id,
        "lead_time_days": sku.lead_time_days,
        "moq": sku.moq,
        "case_pack": sku.case_pack,
        "weight_g": sku.weight_g,
    }
