"""Every business duration in one table, by profile and order type. Times are seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_MINUTE = 60
_HOUR = 3_600
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTimers:
    """How long each wait of an order may last, in seconds."""

    payment: float = 30 * _MINUTE
    customer_action: float = 24 * _HOUR
    hand_over: float = 48 * _HOUR
    delivery: float = 10 * _DAY
    auto_confirm: float = 7 * _DAY
    late_payment: float = 3 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTimers:
    """How long a buyer's answer and a supplier's delivery are waited for, in seconds."""

    answer: float = 7 * _DAY
    delivery: float = 60 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTable:
    orders: Mapping[str, OrderTimers]
    supply: SupplyTimers


class TimerProfile(StrEnum):
    STANDARD = "standard"
    DEMONSTRATION = "demonstration"


_QUICK = OrderTimers(
    payment=20,
    customer_action=30,
    hand_over=5 * _MINUTE,
    delivery=10 * _MINUTE,
    auto_confirm=4,
    late_payment=2 * _MINUTE,
)

TIMERS: dict[TimerProfile, TimerTable] = {
    TimerProfile.STANDARD: TimerTable(
        orders={"normal": OrderTimers(), "flash": OrderTimers(payment=10 * _MINUTE)},
        supply=SupplyTimers(),
    ),
    # A whole life in a minute, for people who watch.
    TimerProfile.DEMONSTRATION: TimerTable(
        orders={"normal": _QUICK, "flash": _QUICK},
        supply=SupplyTimers(answer=1 * _DAY, delivery=1 * _DAY),
    ),
}
