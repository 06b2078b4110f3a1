"""The sandbox's supplier, over its JSON interface."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import httpx2

from providers.json_calls import JsonCalls, NoAnswerError, RefusedError
from providers.signatures import WebhookContentError, verify_signature
from providers.suppliers import (
    DeliveryNotice,
    PurchaseOrderRefusedError,
    PurchaseOrderRequest,
    PurchaseOrderStatus,
    SupplierOutcomeUnknownError,
    SupplyStatus,
)


class SandboxSupplier:
    """A Supplier. Works for one event loop; close it there."""

    def __init__(
        self, *, base_url: str, api_key: str, webhook_secret: str, timeout_seconds: float
    ) -> None:
        self._webhook_secret = webhook_secret
        self._calls = JsonCalls(base_url=base_url, api_key=api_key, timeout_seconds=timeout_seconds)

    async def place_order(self, order: PurchaseOrderRequest) -> PurchaseOrderStatus:
        try:
            taken = await self._calls.post("/supplier/v1/purchase_orders", asdict(order))
        except NoAnswerError as error:
            raise SupplierOutcomeUnknownError(str(error)) from error
        except RefusedError as error:
            raise PurchaseOrderRefusedError(error.code, str(error)) from error
        return _status_of(taken)

    async def status(self, *, po_id: str) -> PurchaseOrderStatus | None:
        try:
            known = await self._calls.get(f"/supplier/v1/purchase_orders/{po_id}")
        except NoAnswerError as error:
            raise SupplierOutcomeUnknownError(str(error)) from error
        except RefusedError as error:
            if error.status == httpx2.codes.NOT_FOUND:
                return None
            raise PurchaseOrderRefusedError(error.code, str(error)) from error
        return _status_of(known)

    def parse_webhook(self, *, body: bytes, signature: str, now: datetime) -> DeliveryNotice:
        verify_signature(body, header=signature, secret=self._webhook_secret, now=now)
        try:
            return _delivery_of(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise WebhookContentError("the delivery cannot be understood") from error

    async def aclose(self) -> None:
        await self._calls.aclose()


def _status_of(order: Mapping[str, Any]) -> PurchaseOrderStatus:
    delivered_at = order["delivered_at"]
    return PurchaseOrderStatus(
        po_id=order["po_id"],
        supplier_ref=order["supplier_ref"],
        status=SupplyStatus(order["status"]),
        qty=order["qty"],
        expected_on=date.fromisoformat(order["expected_on"]),
        delivered_at=None if delivered_at is None else _utc(delivered_at),
    )


def _delivery_of(notice: Mapping[str, Any]) -> DeliveryNotice:
    if notice["type"] != "delivered":
        raise ValueError(f"unknown notice: {notice['type']}")
    return DeliveryNotice(
        event_id=notice["event_id"],
        po_id=notice["po_id"],
        supplier_ref=notice["supplier_ref"],
        sku=notice["sku"],
        location_id=notice["location_id"],
        qty=notice["qty"],
        delivered_at=_utc(notice["delivered_at"]),
    )


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return at.astimezone(UTC)
