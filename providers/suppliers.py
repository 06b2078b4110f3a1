"""A supplier as we need it: purchase orders placed once, and word of their delivery."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class SupplyStatus(StrEnum):
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRequest:
    po_id: str
    supplier_id: str
    sku: str
    location_id: str
    qty: int
    unit_cost_minor: int
    currency: str
    lead_time_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderStatus:
    po_id: str
    supplier_ref: str
    status: SupplyStatus
    qty: int
    expected_on: date
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNotice:
    event_id: str
    po_id: str
    supplier_ref: str
    sku: str
    location_id: str
    qty: int
    delivered_at: datetime


class SupplierOutcomeUnknownError(Exception):
    """No answer: repeat the call, it acts once."""


class PurchaseOrderRefusedError(Exception):
    """The supplier does not take or know this order; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Supplier(Protocol):
    """All calls raise SupplierOutcomeUnknownError when nobody knows what happened."""

    async def place_order(self, order: PurchaseOrderRequest) -> PurchaseOrderStatus:
        """Order once per purchase order id. Raises PurchaseOrderRefusedError."""
        ...

    async def status(self, *, po_id: str) -> PurchaseOrderStatus | None:
        """Return what became of an order; None if the supplier never heard of it."""
        ...

    def parse_webhook(self, *, body: bytes, signature: str, now: datetime) -> DeliveryNotice:
        """Raises WebhookSignatureError, WebhookContentError."""
        ...

    async def aclose(self) -> None: ...
