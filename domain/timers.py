"""Every business duration, in one table by order type. Times are seconds."""

from dataclasses import dataclass

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

    def scaled(self, scale: float) -> "OrderTimers":
        """Return the same table with every duration multiplied (for demonstrations and tests)."""
        return OrderTimers(
            payment=self.payment * scale,
            customer_action=self.customer_action * scale,
            hand_over=self.hand_over * scale,
            delivery=self.delivery * scale,
            auto_confirm=self.auto_confirm * scale,
            late_payment=self.late_payment * scale,
        )


ORDER_TIMERS: dict[str, OrderTimers] = {
    "normal": OrderTimers(),
    "flash": OrderTimers(payment=10 * _MINUTE),
}

SUGGESTION_ANSWER_DAYS = 7
PURCHASE_WATCH_DAYS = 30
