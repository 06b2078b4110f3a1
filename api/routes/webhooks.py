"""Callbacks of gateway, carrier and supplier: verified on the raw body, then signalled, then answered."""

import logging
from collections.abc import Awaitable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Request

from api.body_limit import raw_body
from api.dependencies import Dependencies
from api.engine import Engine, WorkflowGoneError
from api.fields import Output
from api.problems import problem_docs
from contracts import ids
from contracts.orders import PaymentNotice, PaymentNoticeKind
from contracts.replenishment import Delivery
from domain.payments import PaymentStatus
from store.listings import Listings
from store.replenishment import SuggestionNotFoundError
from store.scans import moves_order
from workflows.order import OrderWorkflow
from workflows.replenish_stock import ReplenishStockWorkflow

_BODY_MAX_BYTES = 256 * 1024
router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], responses=problem_docs(400, 413))
_PURCHASE_PREFIX = ids.purchase_order_id("")
_log = logging.getLogger(__name__)

# A notice that our own step knows, or caused, is not worth a signal: it would grow every history.
_KNOWN = {
    PaymentNoticeKind.AUTHORISED: {PaymentStatus.AUTHORISED.value, PaymentStatus.CAPTURED.value},
    PaymentNoticeKind.CAPTURED: {PaymentStatus.AUTHORISED.value, PaymentStatus.CAPTURED.value},
}


class CallbackResult(StrEnum):
    ACCEPTED = "accepted"
    KEPT = "kept"
    NOTHING_NEW = "nothing-new"
    NO_OPEN_ORDER = "no-open-order"
    NO_OPEN_PURCHASE = "no-open-purchase"
    IGNORED = "ignored"


class CallbackBody(Output):
    result: CallbackResult


_NO_OPEN_ORDER = CallbackResult.NO_OPEN_ORDER
_NO_OPEN_PURCHASE = CallbackResult.NO_OPEN_PURCHASE


@router.post("/gateway", summary="Hear the payment gateway", operation_id="gateway_webhook")
async def hear_gateway(
    request: Request,
    dependencies: Dependencies,
    signature: Annotated[str, Header(alias="Stripe-Signature")] = "",
) -> CallbackBody:
    body = await raw_body(request, bytes_max=_BODY_MAX_BYTES)
    notice = dependencies.callbacks.gateway(body, signature, dependencies.now())
    if notice is None:
        return CallbackBody(result=CallbackResult.IGNORED)
    order_id = _order_of(notice.payment_id)
    if order_id is None:
        return CallbackBody(result=_NO_OPEN_ORDER)
    if await _is_known(notice, dependencies.listings):
        return CallbackBody(result=CallbackResult.NOTHING_NEW)
    engine = dependencies.engine
    signal = engine.order(order_id).signal(OrderWorkflow.payment_noticed, notice)
    return await _deliver(engine, signal, about=notice.payment_id, gone=_NO_OPEN_ORDER)


@router.post("/carrier", summary="Hear the carrier", operation_id="carrier_webhook")
async def hear_carrier(
    request: Request,
    dependencies: Dependencies,
    signature: Annotated[str, Header(alias="X-Carrier-Signature")] = "",
) -> CallbackBody:
    body = await raw_body(request, bytes_max=_BODY_MAX_BYTES)
    scan = dependencies.callbacks.carrier(body, signature, dependencies.now())
    order_id = _order_of(scan.parcel_id)
    if order_id is None:
        return CallbackBody(result=_NO_OPEN_ORDER)
    if not await moves_order(dependencies.units_of_work, scan, at=dependencies.now()):
        return CallbackBody(result=CallbackResult.KEPT)
    engine = dependencies.engine
    signal = engine.order(order_id).signal(OrderWorkflow.parcel_scanned, scan)
    return await _deliver(engine, signal, about=scan.parcel_id, gone=_NO_OPEN_ORDER)


@router.post("/supplier", summary="Hear the supplier", operation_id="supplier_webhook")
async def hear_supplier(
    request: Request,
    dependencies: Dependencies,
    signature: Annotated[str, Header(alias="X-Supplier-Signature")] = "",
) -> CallbackBody:
    body = await raw_body(request, bytes_max=_BODY_MAX_BYTES)
    delivery = dependencies.callbacks.supplier(body, signature, dependencies.now())
    place = await _place_of(delivery, dependencies.listings)
    if place is None:
        return CallbackBody(result=_NO_OPEN_PURCHASE)
    engine = dependencies.engine
    workflow = engine.replenishment(*place)
    signal = workflow.signal(ReplenishStockWorkflow.goods_delivered, delivery)
    return await _deliver(engine, signal, about=delivery.po_id, gone=_NO_OPEN_PURCHASE)


async def _deliver(
    engine: Engine, signal: Awaitable[None], *, about: str, gone: CallbackResult
) -> CallbackBody:
    """Signal, and only then answer: a provider repeats what was not answered."""
    try:
        await engine.ask(signal)
    except WorkflowGoneError:
        _log.warning("a callback about %s met no running workflow", about)
        return CallbackBody(result=gone)
    return CallbackBody(result=CallbackResult.ACCEPTED)


def _order_of(part_id: str) -> str | None:
    """Return the order whose payment or parcel this is; foreign ids belong to no order."""
    order_id = part_id.rpartition("-")[0]
    return order_id if ids.is_order_number(order_id) else None


async def _is_known(notice: PaymentNotice, reads: Listings) -> bool:
    known = _KNOWN.get(notice.kind)
    return known is not None and await reads.payment_status(notice.payment_id) in known


async def _place_of(delivery: Delivery, reads: Listings) -> tuple[str, str] | None:
    place = await reads.purchase_place(delivery.po_id)
    if place is not None:
        return place
    # Goods can arrive before the supplier's answer to the order is recorded.
    try:
        suggestion = await reads.suggestion(delivery.po_id.removeprefix(_PURCHASE_PREFIX))
    except SuggestionNotFoundError:
        return None
    return suggestion["sku"], suggestion["location_id"]
