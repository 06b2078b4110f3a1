"""Factories of the events around one order: they fill in the stream and what correlates them."""

from datetime import datetime
from typing import Any

from contracts.events import SYSTEM, Actor, NewEvent
from contracts.orders import ParcelScan


class OrderEvents:
    """Makes the events of one step of one order: same order, channel, instant and actor."""

    def __init__(self, order_id: str, *, channel: str, at: datetime, actor: Actor = SYSTEM) -> None:
        self._order_id = order_id
        self._channel = channel
        self._at = at
        self._actor = actor

    def order(self, name: str, **payload: Any) -> NewEvent:
        return self._event(f"order.{name}", self._order_id, payload)

    def payment(self, name: str, payment_id: str, **payload: Any) -> NewEvent:
        return self._event(f"payment.{name}", payment_id, {"payment_id": payment_id, **payload})

    def refund(self, name: str, refund_id: str, **payload: Any) -> NewEvent:
        return self._event(f"refund.{name}", refund_id, {"refund_id": refund_id, **payload})

    def parcel(self, name: str, parcel_id: str, **payload: Any) -> NewEvent:
        """Make a parcel's event; the name carries its family (`parcel.planned`, `label.bought`)."""
        return self._event(name, parcel_id, {"parcel_id": parcel_id, **payload})

    def _event(self, name: str, stream_id: str, payload: dict[str, Any]) -> NewEvent:
        return NewEvent(
            name=name,
            stream_id=stream_id,
            occurred_at=self._at,
            correlation_id=self._order_id,
            channel=self._channel,
            actor=self._actor,
            payload={"order_id": self._order_id, **payload},
        )


def scan_event(events: OrderEvents, scan: ParcelScan) -> NewEvent:
    """Return the event of a carrier's scan; the carrier's own code stays beside our word."""
    return events.parcel(
        "parcel.milestone",
        scan.parcel_id,
        carrier_status=scan.carrier_status,
        scanned_at=scan.scanned_at.isoformat(),
        raw_code=scan.raw_code,
        place=scan.place,
    )
