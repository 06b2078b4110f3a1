"""Products and prices."""

from fastapi import APIRouter, Response

from api.bodies.products import PriceBody, PriceInput, ProductBody, ProductInput
from api.dependencies import ApiDependencies, Dependencies
from api.faults import JsonRoute
from api.fields import Cursor, IdempotencyKey, PageLimit, PathIdentifier
from api.idempotency import answer_once
from api.paging import Page, decode_text, next_cursor
from api.problems import problem_docs
from store.catalogue import NewProduct, NewSku

router = APIRouter(prefix="/v1", tags=["catalogue"], route_class=JsonRoute)


@router.post(
    "/products",
    summary="Add a product with its SKUs",
    operation_id="create_product",
    status_code=201,
    response_model=ProductBody,
    responses=problem_docs(409),
)
async def create_product(
    body: ProductInput, key: IdempotencyKey, dependencies: Dependencies
) -> Response:
    async def create() -> ProductBody:
        await dependencies.merchandise.create_product(_product(body), at=dependencies.now())
        return await _read(dependencies, body.product_id)

    response = await answer_once(
        dependencies,
        operation="create_product",
        key=key,
        document=body.model_dump(mode="json"),
        status=201,
        act=create,
    )
    response.headers["Location"] = f"/v1/products/{body.product_id}"
    return response


@router.get(
    "/products",
    summary="List products",
    operation_id="list_products",
    responses=problem_docs(),
)
async def list_products(
    dependencies: Dependencies, cursor: Cursor = None, limit: PageLimit = 50
) -> Page[ProductBody]:
    rows = await dependencies.listings.products(
        after=decode_text(cursor), limit=limit, at=dependencies.now()
    )
    currency = dependencies.context.currency
    return Page(
        items=[ProductBody(**row, currency=currency) for row in rows],
        next_cursor=next_cursor(rows, limit, "product_id"),
    )


@router.get(
    "/products/{product_id}",
    summary="Read a product",
    operation_id="read_product",
    responses=problem_docs(404),
)
async def read_product(product_id: PathIdentifier, dependencies: Dependencies) -> ProductBody:
    return await _read(dependencies, product_id)


@router.put(
    "/skus/{sku}/price",
    summary="Set a SKU's price from now on",
    operation_id="set_price",
    responses=problem_docs(404),
)
async def set_price(sku: PathIdentifier, body: PriceInput, dependencies: Dependencies) -> PriceBody:
    product_id, old_minor = await dependencies.merchandise.change_price(
        sku, body.price_minor, at=dependencies.now()
    )
    return PriceBody(
        sku=sku,
        product_id=product_id,
        old_minor=old_minor,
        price_minor=body.price_minor,
        currency=dependencies.context.currency,
    )


async def _read(dependencies: ApiDependencies, product_id: str) -> ProductBody:
    row = await dependencies.listings.product(product_id, at=dependencies.now())
    return ProductBody(**row, currency=dependencies.context.currency)


def _product(body: ProductInput) -> NewProduct:
    return NewProduct(
        product_id=body.product_id,
        name=body.name,
        description=body.description,
        brand=body.brand,
        category_path=body.category_path,
        skus=tuple(
            NewSku(
                sku=sku.sku,
                name=sku.name,
                price_minor=sku.price_minor,
                cost_minor=sku.cost_minor,
                supplier_id=sku.supplier_id,
                lead_time_days=sku.lead_time_days,
                moq=sku.moq,
                case_pack=sku.case_pack,
                weight_g=sku.weight_g,
            )
            for sku in body.skus
        ),
    )
