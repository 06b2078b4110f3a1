"""Orders: place one, read it, pay it, cancel it, confirm its receipt."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api import shapes
from api.asking import Asked, ask_order
from api.bodies import orders as bodies
from api.dependencies import ApiDependencies, Dependencies, Reads
from api.engine import AnswerPendingError
from api.faults import JsonRoute
from api.fields import Cursor, IdempotencyKey, PageLimit, PathIdentifier
from api.idempotency import REPLAYED, fingerprint
from api.paging import Page, decode_instant_and_text, next_cursor
from api.placing import place
from api.problems import problem_docs
from contracts import ids
from contracts.orders import (
    CancelRequest,
    ConfirmReceipt,
    ContactDetails,
    OrderLineRequest,
    OrderRequest,
    PayRequest,
)
from domain.orders import OrderStatus
from workflows.order import OrderWorkflow

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=JsonRoute)

_RETRY_AFTER_SECONDS = 1


@router.post(
    "",
    summary="Place an order",
    operation_id="place_order",
    status_code=201,
    response_model=bodies.OrderAnswerBody,
    responses={
        202: {"model": bodies.AcceptedBody, "description": "Taken; ask again with the same key"},
        **problem_docs(409, models={409: bodies.TotalChangedProblem}),
    },
)
async def place_order(
    body: bodies.OrderInput, key: IdempotencyKey, dependencies: Dependencies, response: Response
) -> Response | bodies.OrderAnswerBody:
    request = _order_request(body, key, dependencies)
    location = {"Location": f"/v1/orders/{request.order_id}"}
    try:
        placement = await place(dependencies, request)
    except AnswerPendingError:
        accepted = bodies.AcceptedBody(
            order_id=request.order_id, status="accepted", retry_after_seconds=_RETRY_AFTER_SECONDS
        )
        late = {"Retry-After": str(_RETRY_AFTER_SECONDS)}
        return JSONResponse(accepted.model_dump(), status_code=202, headers=location | late)
    response.headers.update(location | (REPLAYED if placement.is_repeat else {}))
    return shapes.order_answer(placement.answer)


@router.get(
    "",
    summary="List orders, newest first",
    operation_id="list_orders",
    responses=problem_docs(),
)
async def list_orders(
    reads: Reads, status: OrderStatus | None = None, cursor: Cursor = None, limit: PageLimit = 50
) -> Page[bodies.OrderSummaryBody]:
    rows = await reads.orders(status=status, before=decode_instant_and_text(cursor), limit=limit)
    return Page(
        items=[shapes.order_summary(row) for row in rows],
        next_cursor=next_cursor(rows, limit, "submitted_at", "order_id"),
    )


@router.get(
    "/{order_id}",
    summary="Read an order with its timeline",
    operation_id="read_order",
    responses=problem_docs(404),
)
async def read_order(order_id: PathIdentifier, reads: Reads) -> bodies.OrderBody:
    return shapes.order(await reads.order(order_id), await reads.timeline(order_id))


@router.post(
    "/{order_id}/pay",
    summary="Pay an order",
    operation_id="pay_order",
    responses=problem_docs(404, 409),
)
async def pay_order(
    order_id: PathIdentifier,
    body: bodies.PayInput,
    key: IdempotencyKey,
    dependencies: Dependencies,
) -> bodies.PayBody:
    request = PayRequest(payment_method=body.payment_method, request_id=key)
    answer = await ask_order(
        dependencies,
        order_id,
        Asked(operation="pay_order", key=key, body=body),
        lambda order: order.execute_update(OrderWorkflow.pay, request, id=key),
    )
    return shapes.pay(answer)


@router.post(
    "/{order_id}/cancellation",
    summary="Ask for an order to be cancelled",
    operation_id="cancel_order",
    responses=problem_docs(404, 409),
)
async def cancel_order(
    order_id: PathIdentifier,
    body: bodies.CancellationInput,
    key: IdempotencyKey,
    dependencies: Dependencies,
) -> bodies.CancellationBody:
    request = CancelRequest(reason=body.reason, by=body.by)
    answer = await ask_order(
        dependencies,
        order_id,
        Asked(operation="cancel_order", key=key, body=body),
        lambda order: order.execute_update(OrderWorkflow.cancel, request, id=key),
    )
    return bodies.CancellationBody(
        order_id=answer.order_id, status=answer.status, refund_minor=answer.refund_minor
    )


@router.post(
    "/{order_id}/receipt-confirmation",
    summary="Confirm that an order arrived",
    operation_id="confirm_receipt",
    responses=problem_docs(404, 409),
)
async def confirm_receipt(
    order_id: PathIdentifier,
    body: bodies.ReceiptConfirmationInput,
    key: IdempotencyKey,
    dependencies: Dependencies,
) -> bodies.ReceiptConfirmationBody:
    request = ConfirmReceipt(by=body.by)
    status = await ask_order(
        dependencies,
        order_id,
        Asked(operation="confirm_receipt", key=key, body=body),
        lambda order: order.execute_update(OrderWorkflow.confirm_receipt, request, id=key),
    )
    return bodies.ReceiptConfirmationBody(order_id=order_id, status=status)


def _order_request(
    body: bodies.OrderInput, key: str, dependencies: ApiDependencies
) -> OrderRequest:
    return OrderRequest(
        order_id=ids.order_number(
            secret=dependencies.order_number_secret, channel=body.channel, idempotency_key=key
        ),
        channel=body.channel,
        customer_ref=body.customer.customer_ref,
        contact=ContactDetails(
            email=body.customer.email,
            name=body.address.name,
            line1=body.address.line1,
            city=body.address.city,
            postcode=body.address.postcode,
            country=body.address.country,
        ),
        lines=tuple(OrderLineRequest(sku=line.sku, qty=line.qty) for line in body.lines),
        fingerprint=fingerprint(dependencies, "place_order", body.model_dump(mode="json")),
        payment_method=body.payment_method,
        expected_total_minor=body.expected_total_minor,
        session_id=body.session_id or "",
    )
