"""What crosses the boundary between the API, the order workflow and its activities."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.faults import Fault
from domain.inventory import ShortLine
from domain.orders import OrderStatus
from domain.timers import OrderTimers


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineRequest:
    sku: str
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """Personal data: encrypted in workflow payloads, kept apart in the store, never in events."""

    email: str
    name: str
    line1: str
    city: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as the storefront asks for it. `fingerprint` recognises a key used twice."""

    order_id: str
    channel: str
    customer_ref: str
    contact: ContactDetails
    lines: tuple[OrderLineRequest, ...]
    fingerprint: str
    order_type: str = "normal"
    payment_method: str | None = None
    expected_total_minor: int | None = None
    session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTotals:
    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int
    total_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAnswer:
    """How to pay, or how paying went. `client_secret` is for the buyer's own client only."""

    payment_id: str
    status: str
    gateway_ref: str = ""
    client_secret: str = ""
    decline_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """The early answer. With `faults` nothing was stored; with `short_lines` nothing is held."""

    order_id: str
    status: OrderStatus | None
    totals: OrderTotals | None = None
    reservation_expires_at: datetime | None = None
    payment: PaymentAnswer | None = None
    short_lines: tuple[ShortLine, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    request: OrderRequest
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """The recorded outcome of placing: the answer, and the timers this order lives by."""

    answer: OrderAnswer
    timers: OrderTimers = field(default_factory=OrderTimers)
    due_at: datetime | None = None
    is_authorised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """One step of one order, at the workflow's time."""

    order_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureOrder:
    """Capture an order's payment; hand-over to a carrier is then due within the given time."""

    order_id: str
    at: datetime
    hand_over_seconds: float


class PaymentNoticeKind(StrEnum):
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNotice:
    """A gateway's word about a payment, verified at the edge. `event_id` is the gateway's."""

    event_id: str
    kind: PaymentNoticeKind
    payment_id: str
    gateway_ref: str
    amount_minor: int
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStep:
    """A payment step caused by a notice."""

    order_id: str
    at: datetime
    notice: PaymentNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRequest:
    payment_method: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPayment:
    order_id: str
    at: datetime
    payment_method: str
    request_id: str


class PaymentOutcome(StrEnum):
    AUTHORISED = "authorised"
    PENDING = "pending"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResult:
    outcome: PaymentOutcome
    answer: PaymentAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class PayAnswer:
    order_id: str
    status: OrderStatus
    payment: PaymentAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    order_id: str
    at: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswer:
    """Where the order ended up: it may have been paid or handed over first."""

    order_id: str
    status: OrderStatus
    refund_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReceipt:
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteOrder:
    order_id: str
    at: datetime
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseIntent:
    """Close what an order could still be paid with. `keep_money`: an authorisation is welcome."""

    order_id: str
    at: datetime
    keep_money: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentClosed:
    """What the gateway said: nothing can come any more, or money is held after all."""

    is_money_held: bool


class LatePaymentDecision(StrEnum):
    REVIVED = "revived"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePaymentResult:
    decision: LatePaymentDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelScan:
    """A carrier's scan, verified and normalised at the edge. `event_id` is the carrier's."""

    event_id: str
    parcel_id: str
    carrier_status: str
    raw_code: str
    scanned_at: datetime
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordScans:
    order_id: str
    at: datetime
    scans: tuple[ParcelScan, ...]
    delivery_seconds: float
    confirm_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    status: OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    order_id: str
    status: OrderStatus | None
