"""Business events: the envelope every one wears, and the catalogue of names and payloads.

An event is immutable and additive: a payload may gain a field under the same version; anything
else is a new version beside the old one. Money is integer minor units, times are UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

_NAMESPACE = UUID("6f0bdc6e-0d1c-5d64-9f6c-3f2d8f5f1a77")


class StreamType(StrEnum):
    ORDER = "order"
    PAYMENT = "payment"
    REFUND = "refund"
    LEDGER = "ledger"
    STOCK = "stock"
    PARCEL = "parcel"
    PRODUCT = "product"
    SESSION = "session"
    REPLENISHMENT = "replenishment"
    PURCHASE = "purchase"


class ActorType(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"
    SYSTEM = "system"
    CARRIER = "carrier"
    GATEWAY = "gateway"
    SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    type: ActorType = ActorType.SYSTEM
    id: str = ""


SYSTEM = Actor()
CARRIER = Actor(type=ActorType.CARRIER)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreContext:
    """What every event of one store shares: who sells, in which currency and time zone."""

    store_id: str
    currency: str
    time_zone: str

    def business_date(self, at: datetime) -> date:
        """Return the store's local calendar day of a UTC instant."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as its author states it; the outbox adds the sequence number and the id."""

    name: str
    stream_id: str
    occurred_at: datetime
    payload: Mapping[str, Any]
    correlation_id: str = ""
    causation_id: str = ""
    channel: str = ""
    actor: Actor = SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    stream: StreamType
    required: frozenset[str]
    version: int = 1


class UnknownEventError(ValueError):
    """The name is not in the catalogue."""


class MalformedEventError(ValueError):
    """The payload lacks a field the catalogue requires."""


def event_id(stream_type: str, stream_id: str, stream_seq: int) -> UUID:
    """Return the identity of the n-th event of a stream: a repeat is recognisable anywhere."""
    return uuid5(_NAMESPACE, f"{stream_type}/{stream_id}/{stream_seq}")


def event_type(name: str) -> EventType:
    """Look a name up in the catalogue. Raises UnknownEventError."""
    found = CATALOGUE.get(name)
    if found is None:
        raise UnknownEventError(f"event {name!r} is not in the catalogue")
    return found


def check_payload(name: str, payload: Mapping[str, Any]) -> EventType:
    """Return the type of a well-formed event. Raises UnknownEventError, MalformedEventError."""
    found = event_type(name)
    missing = sorted(found.required - payload.keys())
    if missing:
        raise MalformedEventError(f"event {name!r} lacks {', '.join(missing)}")
    return found


def _types(stream: StreamType, **fields: str) -> dict[str, EventType]:
    return {
        name.replace("__", "."): EventType(stream=stream, required=frozenset(required.split()))
        for name, required in fields.items()
    }


# One line per event: its name (dots written as `__`) and the fields its payload must have.
CATALOGUE: dict[str, EventType] = {
    **_types(
        StreamType.ORDER,
        order__submitted="order_id order_type origin customer_ref region lines",
        order__priced="order_id lines goods_minor discount_minor freight_minor tax_minor total_minor",
        order__confirmed="order_id reservation_expires_at",
        order__action_required="order_id kind short_lines due_at",
        order__payment_awaited="order_id due_at amount_minor",
        order__paid="order_id payment_id amount_minor tender seconds_to_pay",
        order__sourced="order_id parcels",
        order__shipped="order_id",
        order__delivered="order_id confirm_due_at",
        order__completed="order_id mode",
        order__cancel_requested="order_id by reason stage",
        order__cancelled="order_id stage reason refund_due_minor",
        order__expired="order_id",
        order__failed="order_id code",
        order__late_payment_received="order_id payment_id decision",
        order__imported="order_id source external_id document_kind customer_ref region lines",
    ),
    **_types(
        StreamType.PAYMENT,
        payment__initiated="payment_id order_id method provider amount_minor attempt_no expires_at",
        payment__authorised="payment_id order_id amount_minor",
        payment__captured="payment_id order_id amount_minor gateway_ref fee_minor",
        payment__declined="payment_id order_id code retryable",
        payment__voided="payment_id order_id",
        payment__expired="payment_id order_id",
        payment__outcome_unknown="payment_id order_id step",
        payment__outcome_resolved="payment_id order_id step result",
    ),
    **_types(
        StreamType.REFUND,
        refund__owed="refund_id order_id payment_id amount_minor parts",
        refund__requested="refund_id order_id gateway_key",
        refund__pending="refund_id order_id",
        refund__succeeded="refund_id order_id payment_id amount_minor gateway_ref",
        refund__failed="refund_id order_id code",
    ),
    **_types(StreamType.LEDGER, ledger__posted="transfer_id kind order_id entries"),
    **{
        f"stock.{kind}": EventType(
            stream=StreamType.STOCK,
            required=frozenset(
                (
                    "movement_id",
                    "sku",
                    "location_id",
                    "qty",
                    "cause_type",
                    "cause_id",
                    "on_hand",
                    "reserved",
                    "allocated",
                )
            ),
        )
        for kind in (
            "received",
            "reserved",
            "released",
            "allocated",
            "deallocated",
            "shipped",
            "returned",
            "adjusted",
        )
    },
    **_types(StreamType.STOCK, stock__shortfall="sku location_id wanted available order_id"),
    **_types(
        StreamType.PARCEL,
        parcel__planned="parcel_id order_id location_id lines",
        label__bought="parcel_id order_id carrier service tracking_no cost_minor",
        label__voided="parcel_id order_id",
        parcel__handed_over="parcel_id order_id scanned_at",
        parcel__milestone="parcel_id order_id carrier_status scanned_at raw_code",
        parcel__delivered="parcel_id order_id scanned_at",
        parcel__cancelled="parcel_id order_id",
    ),
    **_types(
        StreamType.PRODUCT,
        product__created="product_id name category_path brand skus",
        product__updated="product_id name category_path brand skus",
        price__changed="product_id sku old_minor new_minor",
    ),
    **_types(
        StreamType.SESSION,
        session__started="session_id visitor_id",
        page__viewed="session_id page_type",
        search__performed="session_id query result_count",
        search__result_clicked="session_id query sku position",
        product__viewed="session_id sku",
        cart__item_added="session_id cart_id sku qty unit_price_minor",
        cart__item_removed="session_id cart_id sku qty",
        cart__quantity_changed="session_id cart_id sku qty",
        cart__abandoned="session_id cart_id value_minor",
        checkout__started="session_id cart_id value_minor",
        checkout__step_reached="session_id cart_id step",
    ),
    **_types(
        StreamType.REPLENISHMENT,
        replenishment__suggested="suggestion_id sku location_id qty order_by need_by reason run_id",
        replenishment__approved="suggestion_id by qty",
        replenishment__adjusted="suggestion_id by qty reason",
        replenishment__rejected="suggestion_id by reason",
        replenishment__superseded="suggestion_id qty run_id",
        replenishment__expired="suggestion_id",
    ),
    **_types(
        StreamType.PURCHASE,
        purchase__ordered="po_id suggestion_id supplier_id sku location_id qty unit_cost_minor expected_on",
        purchase__received="po_id sku location_id qty lead_time_days",
        purchase__cancelled="po_id reason",
    ),
}
