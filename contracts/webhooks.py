"""How a provider's callback is read at the edge, whoever the provider is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contracts.orders import ParcelScan, PaymentNotice
from contracts.replenishment import Delivery


class CallbackRefusedError(Exception):
    """The callback's signature does not fit its body, or it is too old to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReaders:
    """Verify a raw body against its signature header and translate it.

    Each takes (body, signature, now) and raises CallbackRefusedError. A gateway callback that
    says nothing about an order's payment is None.
    """

    gateway: Callable[[bytes, str, datetime], PaymentNotice | None]
    carrier: Callable[[bytes, str, datetime], ParcelScan]
    supplier: Callable[[bytes, str, datetime], Delivery]
