"""A payment's states and the moves between them."""

from enum import StrEnum


class PaymentStatus(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    OWED = "owed"
    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


# A payment that holds or has moved the customer's money.
MONEY_HELD = frozenset({PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED})
