"""Providers' callbacks in the words of the contracts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from contracts.orders import ParcelScan, PaymentNotice, PaymentNoticeKind
from contracts.replenishment import Delivery
from contracts.webhooks import CallbackReaders, CallbackRefusedError
from providers.carriers import Carrier
from providers.payments import NoticeKind, PaymentGateway
from providers.signatures import WebhookContentError, WebhookSignatureError
from providers.suppliers import Supplier
from runtime.bootstrap import Providers

_KINDS = {
    NoticeKind.AUTHORISED: PaymentNoticeKind.AUTHORISED,
    NoticeKind.CAPTURED: PaymentNoticeKind.CAPTURED,
    NoticeKind.DECLINED: PaymentNoticeKind.DECLINED,
}


def callback_readers(providers: Providers) -> CallbackReaders:
    """Return one reader per kind of provider."""
    return CallbackReaders(
        gateway=partial(_gateway, providers.gateway),
        carrier=partial(_carrier, providers.carrier),
        supplier=partial(_supplier, providers.supplier),
    )


def _gateway(
    gateway: PaymentGateway, body: bytes, signature: str, now: datetime
) -> PaymentNotice | None:
    with _refusals():
        notice = gateway.parse_webhook(body=body, signature=signature, now=now)
    kind = _KINDS.get(notice.kind)
    if kind is None or not notice.payment_id:
        return None
    return PaymentNotice(
        event_id=notice.event_id,
        kind=kind,
        payment_id=notice.payment_id,
        gateway_ref=notice.gateway_ref,
        amount_minor=notice.amount_minor,
        code=notice.code,
    )


def _carrier(carrier: Carrier, body: bytes, signature: str, now: datetime) -> ParcelScan:
    with _refusals():
        scan = carrier.parse_webhook(body=body, signature=signature, now=now)
    return ParcelScan(
        event_id=scan.event_id,
        parcel_id=scan.parcel_id,
        carrier_status=scan.status.value,
        raw_code=scan.raw_code,
        scanned_at=scan.scanned_at,
        place=scan.place,
    )


def _supplier(supplier: Supplier, body: bytes, signature: str, now: datetime) -> Delivery:
    with _refusals():
        notice = supplier.parse_webhook(body=body, signature=signature, now=now)
    return Delivery(
        event_id=notice.event_id,
        po_id=notice.po_id,
        qty=notice.qty,
        delivered_at=notice.delivered_at,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Translate what any provider says about a callback it does not accept."""
    try:
        yield
    except (WebhookSignatureError, WebhookContentError) as error:
        raise CallbackRefusedError(str(error)) from error
