"""Products, SKUs and their prices over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class ProductExistsError(Exception):
    """A product or SKU of this id is already there."""


class ProductNotFoundError(LookupError):
    """No product has this id."""


class SkuNotFoundError(LookupError):
    """No SKU has this code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuOffer:
    """A SKU as it is sold at one instant; money in minor units of the store's currency."""

    sku: str
    product_id: str
    name: str
    category_path: str
    price_minor: int
    cost_minor: int
    supplier_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSku:
    sku: str
    name: str
    price_minor: int
    cost_minor: int
    supplier_id: str
    lead_time_days: int
    moq: int
    case_pack: int
    weight_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    product_id: str
    name: str
    description: str
    brand: str
    category_path: str
    skus: tuple[NewSku, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTerms:
    """What a buyer needs to order a SKU: from whom, at what cost, in which lots."""

    sku: str
    supplier_id: str
    cost_minor: int
    lead_time_days: int
    moq: int
    case_pack: int


class CatalogueRepository:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def offers(self, skus: Sequence[str], *, at: datetime) -> dict[str, SkuOffer]:
        """Return what is on sale at an instant, by SKU; unknown SKUs are absent."""
        rows = await self._connection.fetch(
            """
            select skus.sku, skus.product_id, skus.name, products.category_path,
                price.amount_minor as price_minor, skus.cost_minor, skus.supplier_id
            from skus
            join products using (product_id)
            cross join lateral (
                select amount_minor from prices
                where prices.sku = skus.sku and valid_from <= $2
                order by valid_from desc limit 1
            ) as price
            where skus.sku = any($1::text[])
            """,
            list(set(skus)),
            at,
        )
        return {row["sku"]: SkuOffer(**dict(row)) for row in rows}

    async def weights_g(self, skus: Sequence[str]) -> dict[str, int]:
        """Return weights in grams by SKU."""
        rows = await self._connection.fetch(
            "select sku, weight_g from skus where sku = any($1::text[])", list(set(skus))
        )
        return {row["sku"]: row["weight_g"] for row in rows}

    async def supply_terms(self, sku: str) -> SupplyTerms:
        """Raises SkuNotFoundError."""
        row = await self._connection.fetchrow(
            """
            select sku, supplier_id, cost_minor, lead_time_days, moq, case_pack
            from skus where sku = $1
            """,
            sku,
        )
        if row is None:
            raise SkuNotFoundError(sku)
        return SupplyTerms(**dict(row))

    async def add_product(self, product: NewProduct, *, at: datetime) -> None:
        """Insert a product with its SKUs and first prices. Raises ProductExistsError."""
        taken = await self._connection.fetchval(
            """
            select coalesce(
                (select product_id from products where product_id = $1),
                (select min(sku) from skus where sku = any($2::text[]))
            )
            """,
            product.product_id,
            [sku.sku for sku in product.skus],
        )
        if taken is not None:
            raise ProductExistsError(f"{taken} exists already; choose another id")
        await self._connection.execute(
            """
            insert into products
                (product_id, name, description, brand, category_path, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $6)
            """,
            product.product_id,
            product.name,
            product.description,
            product.brand,
            product.category_path,
            at,
        )
        await self._add_skus(product, at=at)

    async def _add_skus(self, product: NewProduct, *, at: datetime) -> None:
        await self._connection.executemany(
            """
            with sku as (
                insert into skus (
                    sku, product_id, name, supplier_id, cost_minor, lead_time_days, moq,
                    case_pack, weight_g
                ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            )
            insert into prices (sku, valid_from, amount_minor) values ($1, $10, $11)
            """,
            [
                (
                    sku.sku,
                    product.product_id,
                    sku.name,
                    sku.supplier_id,
                    sku.cost_minor,
                    sku.lead_time_days,
                    sku.moq,
                    sku.case_pack,
                    sku.weight_g,
                    at,
                    sku.price_minor,
                )
                for sku in product.skus
            ],
        )

    async def set_price(self, sku: str, amount_minor: int, *, at: datetime) -> tuple[str, int]:
        """Start a new price; returns the product and the price before. Raises SkuNotFoundError."""
        offer = (await self.offers([sku], at=at)).get(sku)
        if offer is None:
            raise SkuNotFoundError(sku)
        await self._connection.execute(
            """
            insert into prices (sku, valid_from, amount_minor) values ($1, $2, $3)
            on conflict (sku, valid_from) do update set amount_minor = excluded.amount_minor
            """,
            sku,
            at,
            amount_minor,
        )
        return offer.product_id, offer.price_minor

    async def add_location(self, location_id: str, name: str, *, preference: int) -> None:
        """Add a stock location, or rename one; every SKU may then hold stock there."""
        await self._connection.execute(
            """
            insert into locations (location_id, name, preference) values ($1, $2, $3)
            on conflict (location_id)
            do update set name = excluded.name, preference = excluded.preference
            """,
            location_id,
            name,
            preference,
        )

    async def has_location(self, location_id: str) -> bool:
        found = await self._connection.fetchval(
            "select exists (select from locations where location_id = $1)", location_id
        )
        return bool(found)
