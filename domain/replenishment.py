"""Order quantities: how much of a SKU to order, by when, and the sentence that says why.

The calendar: a decision is taken on the morning of `today`; an order placed on a day arrives
`lead_time_days` later and sells from that day on; the next decision comes `review_days` later. So
today's order is the last to protect the days from today to the day before the *next* order could
arrive: `review_days + lead_time_days` of them, and it has to cover the demand of their sum.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

# Beyond this, cover says only that nearly nothing sells.
COVER_DAYS_MAX = 999.0

_TIE = 1e-9


class ReplenishmentError(ValueError):
    """The terms or the demand outlook of a SKU cannot be ordered against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandOutlook:
    """The demand of the days to protect: a mean, and units at probability levels, ascending."""

    days: int
    mean: float
    levels: tuple[float, ...]
    units: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.levels) != len(self.units) or not self.levels or self.days < 1:
            raise ReplenishmentError("an outlook needs a day and as many units as levels")
        if any(low >= high for low, high in pairwise((0.0, *self.levels, 1.0))):
            raise ReplenishmentError(f"levels do not rise strictly between 0 and 1: {self.levels}")
        if min(self.units) < 0 or any(low > high for low, high in pairwise(self.units)):
            raise ReplenishmentError(f"units fall or are negative: {self.units}")

    def points(self) -> list[tuple[float, float]]:
        """Return (level, units) with both tails closed.

        Nothing was measured outside the levels given. The upper tail is taken as long again as
        the stretch from the middle level to the highest, the lower one likewise, not below zero.
        """
        middle = self.units[len(self.units) // 2]
        lowest = max(2 * self.units[0] - middle, 0.0)
        highest = 2 * self.units[-1] - middle
        return [
            (0.0, lowest),
            *zip(self.levels, self.units, strict=True),
            (1.0, highest),
        ]

    def at(self, level: float) -> float:
        """Return the demand that is not exceeded with the given probability."""
        for (low, low_units), (high, high_units) in pairwise(self.points()):
            if level <= high:
                return low_units + (level - low) / (high - low) * (high_units - low_units)
        raise ReplenishmentError(f"{level} is no probability")

    def chance_above(self, units: float) -> float:
        """Return the probability that demand exceeds a number of units."""
        chance = 0.0
        for (low, low_units), (high, high_units) in pairwise(self.points()):
            if low_units >= units and high_units > units:
                chance += high - low
            elif high_units > units:
                chance += (high - low) * (high_units - units) / (high_units - low_units)
        return chance

    def expected_excess_over(self, units: float) -> float:
        """Return the expected demand beyond a number of units."""
        excess = 0.0
        for (low, low_units), (high, high_units) in pairwise(self.points()):
            width = high - low
            if units <= low_units:
                excess += width * ((low_units + high_units) / 2 - units)
            elif units < high_units:
                excess += width * (high_units - units) ** 2 / (2 * (high_units - low_units))
        return excess


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPosition:
    """What can be sold now, and what suppliers still owe."""

    available: int
    on_order: int

    @property
    def total(self) -> int:
        return self.available + self.on_order


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTerms:
    """How a SKU can be bought."""

    lead_time_days: int
    review_days: int
    moq: int = 1
    case_pack: int = 1

    def __post_init__(self) -> None:
        if self.lead_time_days < 0 or self.review_days < 1:
            raise ReplenishmentError(
                f"no calendar: lead time {self.lead_time_days}, review {self.review_days} days"
            )
        if self.moq < 0 or self.case_pack < 1:
            raise ReplenishmentError(f"no lot: minimum {self.moq}, pack {self.case_pack}")

    @property
    def protection_days(self) -> int:
        return self.lead_time_days + self.review_days


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDecision:
    """An order quantity with every number it was made of.

    expected + buffer = order_up_to; order_up_to - available - on_order = gap;
    gap + rounding = qty where anything is ordered.
    """

    qty: int
    packs: int
    order_up_to: int
    expected: int
    buffer: int
    gap: int
    rounding: int
    need_by: date | None
    order_by: date | None
    cover_days: float | None
    stockout_chance_without: float
    reason: str


def critical_fractile(*, shortage_cost_minor: int, holding_cost_minor: int) -> float:
    """Return the service target at which one more unit costs as much as it saves (newsvendor)."""
    if shortage_cost_minor < 0 or holding_cost_minor < 0:
        raise ReplenishmentError("costs are not negative")
    if shortage_cost_minor + holding_cost_minor == 0:
        raise ReplenishmentError("a target needs a cost on at least one side")
    return shortage_cost_minor / (shortage_cost_minor + holding_cost_minor)


def decide_order(
    outlook: DemandOutlook,
    *,
    position: StockPosition,
    terms: SupplyTerms,
    service_target: float,
    today: date,
    demand_at_target: Sequence[tuple[int, float]],
) -> OrderDecision:
    """Decide what to order today so that demand until the next order's arrival is met.

    `demand_at_target` lists (days, units): the demand of the next so many days that is not
    exceeded at the service target; it dates the moment from which stock is at risk.
    """
    if outlook.days != terms.protection_days:
        raise ReplenishmentError(f"outlook of {outlook.days} for {terms.protection_days} days")
    qty = order_quantity(
        outlook, position=position.total, terms=terms, service_target=service_target
    )
    order_up_to = order_up_to_level(outlook, service_target=service_target)
    gap = order_up_to - position.total
    expected = min(round(outlook.mean), order_up_to)
    need_by = _need_by(demand_at_target, position=position.total, today=today)
    decision = OrderDecision(
        qty=qty,
        packs=qty // terms.case_pack,
        order_up_to=order_up_to,
        expected=expected,
        buffer=order_up_to - expected,
        gap=gap,
        rounding=qty - gap if qty else 0,
        need_by=need_by,
        order_by=need_by and max(need_by - timedelta(days=terms.lead_time_days), today),
        cover_days=_cover_days(position.total + qty, outlook),
        stockout_chance_without=outlook.chance_above(position.total),
        reason="",
    )
    return _with_reason(decision, position, terms, service_target)


def order_up_to_level(outlook: DemandOutlook, *, service_target: float) -> int:
    """Return the whole number beside the quantile at the target that is expected to cost less."""
    if not 0 < service_target < 1:
        raise ReplenishmentError(f"{service_target} is no service target")
    below = math.floor(outlook.at(service_target) + _TIE)
    dearer = _cost(outlook, below, service_target) > (
        _cost(outlook, below + 1, service_target) + _TIE
    )
    return below + 1 if dearer else below


def order_quantity(
    outlook: DemandOutlook, *, position: int, terms: SupplyTerms, service_target: float
) -> int:
    """Return the order, in whole packs, whose expected cost of too little and too much is least.

    A missing unit weighs `service_target`, a unit left over its complement; without packs and
    minimum this orders up to the quantile at the target. Packs are rounded down as well as up,
    whichever is cheaper, and a minimum that would cost more than it saves is not ordered.
    """
    order_up_to = order_up_to_level(outlook, service_target=service_target)
    wanted = max(order_up_to - position, 0)
    minimum = -(-max(terms.moq, 1) // terms.case_pack)
    fewer = wanted // terms.case_pack
    candidates = sorted({0, max(fewer, minimum), max(fewer + 1, minimum)})
    best, least = 0, math.inf
    for packs in candidates:
        cost = _cost(outlook, position + packs * terms.case_pack, service_target)
        # A smaller order wins a tie: stock not bought cannot be left over.
        if cost < least - _TIE:
            best, least = packs, cost
    return best * terms.case_pack


def _cost(outlook: DemandOutlook, stock: int, service_target: float) -> float:
    short = outlook.expected_excess_over(stock)
    mean = outlook.expected_excess_over(0)
    left_over = stock - mean + short
    return service_target * short + (1 - service_target) * left_over


def _cover_days(stock: int, outlook: DemandOutlook) -> float | None:
    if outlook.mean <= 0:
        return None
    return min(max(stock, 0) / (outlook.mean / outlook.days), COVER_DAYS_MAX)


def _need_by(
    demand_at_target: Sequence[tuple[int, float]], *, position: int, today: date
) -> date | None:
    """Return the first day that stock does not cover at the target; None if it outlasts them."""
    days_before, units_before = 0, 0.0
    for days, units in demand_at_target:
        if units > position + _TIE:
            slope = (units - units_before) / (days - days_before)
            covered = days_before + max(position - units_before, 0.0) / slope
            return today + timedelta(days=math.floor(covered + _TIE))
        days_before, units_before = days, units
    return None


def _with_reason(
    decision: OrderDecision, position: StockPosition, terms: SupplyTerms, service_target: float
) -> OrderDecision:
    need = (
        f"the next {terms.protection_days} days need {decision.order_up_to} at "
        f"{service_target:.0%} service ({decision.expected} expected + {decision.buffer} for "
        f"uncertainty)"
    )
    stock = f"{position.available} available + {position.on_order} on order"
    if decision.qty:
        reason = (
            f"Order {decision.qty}: {need}; {stock} leave {decision.gap} missing"
            f"{_rounding_text(decision, terms)}."
        )
    elif decision.gap > 0:
        reason = (
            f"No order: {need}; {stock} leave {decision.gap} missing, too few to justify "
            f"{max(terms.moq, terms.case_pack)}, the least that can be ordered."
        )
    else:
        reason = f"No order: {need}; {stock} cover it with {-decision.gap} to spare."
    return replace(decision, reason=reason)


def _rounding_text(decision: OrderDecision, terms: SupplyTerms) -> str:
    if decision.rounding == 0:
        return ""
    sign = "+" if decision.rounding > 0 else "-"
    lots = f"packs of {terms.case_pack}" if terms.case_pack > 1 else "the lot"
    minimum = f" and a minimum of {terms.moq}" if decision.gap < terms.moq else ""
    return f", {sign} {abs(decision.rounding)} for {lots}{minimum}"
