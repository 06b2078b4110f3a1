"""Providers' callbacks in the words of the contracts."""

from datetime import datetime

from contracts.orders import ParcelScan, PaymentNotice, PaymentNoticeKind
from contracts.replenishment import Delivery
from contracts.webhooks import CallbackReaders, CallbackRefusedError
from providers.payments import NoticeKind
from providers.signatures import WebhookContentError, WebhookSignatureError
from runtime.bootstrap import Providers

_KINDS = {
    NoticeKind.AUTHORISED: PaymentNoticeKind.AUTHORISED,
    NoticeKind.CAPTURED: PaymentNoticeKind.CAPTURED,
    NoticeKind.DECLINED: PaymentNoticeKind.DECLINED,
}


def callback_readers(providers: Providers) -> CallbackReaders:
    """Return one reader per kind of provider."""

    def gateway(body: bytes, signature: str, now: datetime) -> PaymentNotice | None:
        try:
            notice = providers.gateway.parse_webhook(body=body, signature=signature, now=now)
        except (WebhookSignatureError, WebhookContentError) as error:
            raise CallbackRefusedError(str(error)) from error
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

    def carrier(body: bytes, signature: str, now: datetime) -> ParcelScan:
        try:
            scan = providers.carrier.parse_webhook(body=body, signature=signature, now=now)
        except (WebhookSignatureError, WebhookContentError) as error:
            raise CallbackRefusedError(str(error)) from error
        return ParcelScan(
            event_id=scan.event_id,
            parcel_id=scan.parcel_id,
            carrier_status=scan.status.value,
            raw_code=scan.raw_code,
            scanned_at=scan.scanned_at,
            place=scan.place,
        )

    def supplier(body: bytes, signature: str, now: datetime) -> Delivery:
        try:
            notice = providers.supplier.parse_webhook(body=body, signature=signature, now=now)
        except (WebhookSignatureError, WebhookContentError) as error:
            raise CallbackRefusedError(str(error)) from error
        return Delivery(
            event_id=notice.event_id,
            po_id=notice.po_id,
            qty=notice.qty,
            delivered_at=notice.delivered_at,
        )

    return CallbackReaders(gateway=gateway, carrier=carrier, supplier=supplier)
