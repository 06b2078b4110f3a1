"""A parcel's merchant states; the carrier's own states are data beside them."""

from enum import StrEnum


class ParcelStatus(StrEnum):
    PLANNED = "planned"
    LABELLED = "labelled"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class CarrierStatus(StrEnum):
    """The carrier's word, in one vocabulary for all carriers."""

    PRE_TRANSIT = "pre_transit"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURN_TO_SENDER = "return_to_sender"
    VOIDED = "voided"
    UNKNOWN = "unknown"


# Any of these proves that the carrier holds, or held, the parcel.
IN_CARRIER_HANDS = frozenset(
    {
        CarrierStatus.PICKED_UP,
        CarrierStatus.IN_TRANSIT,
        CarrierStatus.CUSTOMS,
        CarrierStatus.OUT_FOR_DELIVERY,
        CarrierStatus.AVAILABLE_FOR_PICKUP,
        CarrierStatus.DELIVERED,
        CarrierStatus.RETURN_TO_SENDER,
    }
)
HANDED_OVER = frozenset({ParcelStatus.HANDED_OVER, ParcelStatus.DELIVERED})


def parcel_after_scan(status: ParcelStatus, scan: CarrierStatus) -> ParcelStatus:
    """Return where a scan takes a parcel. Delivered and cancelled are final; nothing goes back."""
    if status in {ParcelStatus.DELIVERED, ParcelStatus.CANCELLED}:
        return status
    if scan is CarrierStatus.DELIVERED:
        return ParcelStatus.DELIVERED
    if scan in IN_CARRIER_HANDS:
        return ParcelStatus.HANDED_OVER
    return status


def is_milestone(status: ParcelStatus, scan: CarrierStatus) -> bool:
    """Tell whether a scan moves the order; every other scan is only kept."""
    return parcel_after_scan(status, scan) is not status
