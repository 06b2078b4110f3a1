"""Stock: three counters per SKU and location, typed movements, and where an order is served from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class MovementKind(StrEnum):
    RECEIVED = "received"
    RESERVED = "reserved"
    RELEASED = "released"
    ALLOCATED = "allocated"
    DEALLOCATED = "deallocated"
    SHIPPED = "shipped"
    RETURNED = "returned"
    ADJUSTED = "adjusted"


# Effect of one unit on (on_hand, reserved, allocated).
EFFECTS: dict[MovementKind, tuple[int, int, int]] = {
    MovementKind.RECEIVED: (1, 0, 0),
    MovementKind.RESERVED: (0, 1, 0),
    MovementKind.RELEASED: (0, -1, 0),
    MovementKind.ALLOCATED: (0, -1, 1),
    MovementKind.DEALLOCATED: (0, 0, -1),
    MovementKind.SHIPPED: (-1, 0, -1),
    MovementKind.RETURNED: (1, 0, 0),
    MovementKind.ADJUSTED: (1, 0, 0),
}


class StockDriftError(Exception):
    """A movement would make a counter negative: the ledger and the counters disagree."""


class StockBelowHoldsError(ValueError):
    """A count is lower than what orders already hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockBalance:
    on_hand: int
    reserved: int
    allocated: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.allocated

    def after(self, kind: MovementKind, qty: int) -> "StockBalance":
        """Return the balance after a movement. Raises StockDriftError if a counter would break."""
        on_hand, reserved, allocated = EFFECTS[kind]
        moved = StockBalance(
            on_hand=self.on_hand + on_hand * qty,
            reserved=self.reserved + reserved * qty,
            allocated=self.allocated + allocated * qty,
        )
        if moved.reserved < 0 or moved.allocated < 0 or moved.available < 0:
            raise StockDriftError(f"{kind} of {qty} on {self} leaves {moved}")
        return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLine:
    line_id: str
    sku: str
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLine:
    sku: str
    wanted: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing:
    """Where each line is served from, or what is short; never both."""

    location_of_line: Mapping[str, str]
    short_lines: tuple[ShortLine, ...]


Balances = Mapping[tuple[str, str], StockBalance]


def source_lines(
    lines: Sequence[WantedLine], *, balances: Balances, locations: Sequence[str]
) -> Sourcing:
    """Choose a location for every line: one for the whole order if one can, else line by line.

    Locations come in order of preference. A line is never split; an order with a short line is
    not sourced at all.
    """
    wanted = _wanted_by_sku(lines)
    for location in locations:
        if all(_available(balances, sku, location) >= qty for sku, qty in wanted.items()):
            return Sourcing(
                location_of_line={line.line_id: location for line in lines}, short_lines=()
            )

    left = {key: balance.available for key, balance in balances.items()}
    chosen: dict[str, str] = {}
    for line in lines:
        for location in locations:
            if left.get((line.sku, location), 0) >= line.qty:
                left[line.sku, location] -= line.qty
                chosen[line.line_id] = location
                break
    if len(chosen) == len(lines):
        return Sourcing(location_of_line=chosen, short_lines=())
    return Sourcing(location_of_line={}, short_lines=_short(lines, chosen, balances))


def _short(
    lines: Sequence[WantedLine], chosen: Mapping[str, str], balances: Balances
) -> tuple[ShortLine, ...]:
    short_skus = {line.sku for line in lines if line.line_id not in chosen}
    wanted = _wanted_by_sku(lines)
    return tuple(
        ShortLine(
            sku=sku,
            wanted=wanted[sku],
            available=sum(
                balance.available for (held, _), balance in balances.items() if held == sku
            ),
        )
        for sku in sorted(short_skus)
    )


def _wanted_by_sku(lines: Sequence[WantedLine]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.qty
    return wanted


def _available(balances: Balances, sku: str, location: str) -> int:
    balance = balances.get((sku, location))
    return 0 if balance is None else balance.available
