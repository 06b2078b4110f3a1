"""What crosses the boundary between the planner, the replenishment workflow and the buyer."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class SuggestionStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    ORDERED = "ordered"
    RECEIVED = "received"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One planner's proposal for one SKU at one location; quantities in units."""

    sku: str
    location_id: str
    qty: int
    order_by: date
    need_by: date
    reason: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSuggestion:
    suggestion_id: str
    proposal: Proposal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSuggestion:
    """The suggestion that is active for a SKU and place: the proposed one, or an older one."""

    suggestion_id: str
    status: SuggestionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSuggestion:
    """End a suggestion that led to nothing, and the purchase order it may have."""

    suggestion_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A buyer's answer. `qty` changes the quantity of an approval."""

    is_approved: bool
    by: str
    qty: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideSuggestion:
    suggestion_id: str
    decision: Decision
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionStep:
    suggestion_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAnswer:
    suggestion_id: str
    status: SuggestionStatus
    qty: int
    po_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPurchase:
    """A purchase order as the supplier took it; with a `refusal` there is none."""

    po_id: str
    expected_on: date | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A supplier's word that goods arrived, verified at the edge."""

    event_id: str
    po_id: str
    qty: int
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveGoods:
    delivery: Delivery
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptResult:
    is_complete: bool
    received_qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplenishmentOutcome:
    suggestion_id: str
    status: SuggestionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplenishmentInput:
    """The first proposal of a SKU at a location, and how long answers are waited for."""

    suggestion_id: str
    proposal: Proposal
    answer_seconds: float
    delivery_seconds: float
