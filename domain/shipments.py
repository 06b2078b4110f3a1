"""A parcel's merchant states; the carrier's own states are data beside them."""

from enum import StrEnum


class ParcelStatus(StrEnum):
    PLANNED = "planned"
    LABELLED = "labelled"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class CarrierMilestone(StrEnum):
    """The carrier states that move an order; every other scan is kept as data."""

    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
