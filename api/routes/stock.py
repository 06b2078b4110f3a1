"""Stock locations and what they hold."""

from fastapi import APIRouter

from api.bodies.products import (
    LocationBody,
    LocationInput,
    StockBody,
    StockInput,
    StockLevelBody,
)
from api.dependencies import Dependencies, Reads
from api.faults import JsonRoute
from api.fields import PathIdentifier
from api.problems import problem_docs
from store.catalogue import SkuNotFoundError

router = APIRouter(prefix="/v1", tags=["stock"], route_class=JsonRoute)


@router.put(
    "/locations/{location_id}",
    summary="Add or rename a stock location",
    operation_id="put_location",
    responses=problem_docs(),
)
async def put_location(
    location_id: PathIdentifier, body: LocationInput, dependencies: Dependencies
) -> LocationBody:
    await dependencies.merchandise.add_location(location_id, body.name, preference=body.preference)
    return LocationBody(location_id=location_id, name=body.name, preference=body.preference)


@router.put(
    "/stock/{sku}/{location_id}",
    summary="Set what was counted",
    operation_id="set_stock",
    responses=problem_docs(404, 409),
)
async def set_stock(
    sku: PathIdentifier, location_id: PathIdentifier, body: StockInput, dependencies: Dependencies
) -> StockLevelBody:
    balance = await dependencies.merchandise.set_stock(
        sku, location_id, body.on_hand, reason=body.reason, at=dependencies.now()
    )
    return StockLevelBody(
        sku=sku,
        location_id=location_id,
        on_hand=balance.on_hand,
        reserved=balance.reserved,
        allocated=balance.allocated,
        available=balance.available,
    )


@router.get(
    "/stock/{sku}",
    summary="Read a SKU's stock at every location",
    operation_id="read_stock",
    responses=problem_docs(404),
)
async def read_stock(sku: PathIdentifier, reads: Reads) -> StockBody:
    levels = await reads.stock(sku)
    if not levels and sku not in await reads.known_skus([sku]):
        raise SkuNotFoundError(sku)
    return StockBody(sku=sku, levels=[StockLevelBody(**level) for level in levels])
