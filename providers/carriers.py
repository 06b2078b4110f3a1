"""A carrier as we need it: labels bought once per parcel, and scans in one vocabulary."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.shipments import CarrierStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingAddress:
    name: str
    line1: str
    city: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelToShip:
    parcel_id: str
    order_id: str
    service: str
    weight_g: int
    address: ShippingAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    parcel_id: str
    tracking_no: str
    carrier: str
    service: str
    cost_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierScan:
    """One scan. The carrier's own code and text are kept beside our translation."""

    event_id: str
    tracking_no: str
    parcel_id: str
    order_id: str
    status: CarrierStatus
    raw_code: str
    raw_text: str
    scanned_at: datetime
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    tracking_no: str
    parcel_id: str
    status: CarrierStatus
    scans: tuple[CarrierScan, ...]


class CarrierOutcomeUnknownError(Exception):
    """No answer: repeat the call, it acts once."""


class LabelRefusedError(Exception):
    """The carrier does not sell this label; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class LabelStateError(Exception):
    """The label cannot be voided any more: the parcel was handed over."""


class Carrier(Protocol):
    """All calls raise CarrierOutcomeUnknownError when nobody knows what happened."""

    async def buy_label(self, parcel: ParcelToShip) -> Label:
        """Buy a label once per parcel id. Raises LabelRefusedError."""
        ...

    async def void_label(self, *, tracking_no: str) -> None:
        """Give a label back; one given back already is fine. Raises LabelStateError."""
        ...

    async def track(self, *, tracking_no: str) -> Tracking:
        """Raises LabelRefusedError if the carrier does not know the number."""
        ...

    def parse_webhook(self, *, body: bytes, signature: str, now: datetime) -> CarrierScan:
        """Raises WebhookSignatureError, WebhookContentError."""
        ...

    async def aclose(self) -> None: ...
