"""Products, SKUs, prices, places and stock on the wire."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from api.fields import (
    AmountMinor,
    Identifier,
    Input,
    OptionalText,
    Output,
    StockCount,
    Text,
)


class SkuInput(Input):
    sku: Identifier
    name: Text
    price_minor: AmountMinor
    cost_minor: AmountMinor
    supplier_id: Identifier
    lead_time_days: Annotated[int, Field(strict=True, ge=0, le=365)]
    moq: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    case_pack: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    weight_g: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0


def _distinct(skus: list[SkuInput]) -> list[SkuInput]:
    if len({sku.sku for sku in skus}) < len(skus):
        raise PydanticCustomError("duplicate-sku", "should name every SKU once")
    return skus


class ProductInput(Input):
    product_id: Identifier
    name: Text
    description: OptionalText = ""
    brand: Annotated[OptionalText, Field(max_length=200)] = ""
    category_path: Text
    skus: Annotated[list[SkuInput], Field(min_length=1, max_length=100), AfterValidator(_distinct)]


class PriceInput(Input):
    price_minor: AmountMinor


class LocationInput(Input):
    name: Text
    preference: Annotated[int, Field(strict=True, ge=0, le=1_000)] = Field(
        default=100, description="Orders are served from the lowest number that can."
    )


class StockInput(Input):
    on_hand: StockCount
    reason: Annotated[Text, Field(max_length=60)]


class SkuBody(Output):
    sku: str
    product_id: str
    name: str
    price_minor: int | None
    cost_minor: int
    supplier_id: str
    lead_time_days: int
    moq: int
    case_pack: int
    weight_g: int
    available: int


class ProductBody(Output):
    product_id: str
    name: str
    description: str
    brand: str
    category_path: str
    version: int
    currency: str
    skus: list[SkuBody]


class PriceBody(Output):
    sku: str
    product_id: str
    old_minor: int
    price_minor: int
    currency: str


class LocationBody(Output):
    location_id: str
    name: str
    preference: int


class StockLevelBody(Output):
    sku: str
    location_id: str
    on_hand: int
    reserved: int
    allocated: int
    available: int


class StockBody(Output):
    sku: str
    levels: list[StockLevelBody]
