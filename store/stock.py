"""Stock counters and their movement ledger: a counter changes only with a movement beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts import ids
from contracts.events import SYSTEM, Actor, NewEvent
from domain.inventory import MovementKind, StockBalance
from store.outbox import Outbox

Balances = dict[tuple[str, str], StockBalance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why stock moves: the business thing behind it, and who acted.

    `key` names this one occasion; a movement is made once per key.
    """

    type: str
    id: str
    key: str
    at: datetime
    correlation_id: str = ""
    channel: str = ""
    actor: Actor = SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    kind: MovementKind
    sku: str
    location_id: str
    qty: int


class StockRepository:
    def __init__(self, connection: Any, *, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox

    async def locations(self) -> list[str]:
        """Return location ids in order of preference."""
        rows = await self._connection.fetch(
            "select location_id from locations order by preference, location_id"
        )
        return [row["location_id"] for row in rows]

    async def lock(self, skus: Sequence[str]) -> Balances:
        """Lock every level of these SKUs, always in the same order, and return the balances."""
        rows = await self._connection.fetch(
            """
            select sku, location_id, on_hand, reserved, allocated from stock_levels
            where sku = any($1::text[]) order by sku, location_id for update
            """,
            sorted(set(skus)),
        )
        return {(row["sku"], row["location_id"]): _balance(row) for row in rows}

    async def open_level(self, sku: str, location_id: str) -> None:
        """Create an empty level if there is none."""
        await self._connection.execute(
            """
            insert into stock_levels (sku, location_id, on_hand) values ($1, $2, 0)
            on conflict do nothing
            """,
            sku,
            location_id,
        )

    async def move(self, moves: Sequence[Move], *, balances: Balances, cause: Cause) -> Balances:
        """Apply movements to locked levels; a movement already made is left out.

        Returns the balances after. Raises StockDriftError if a counter would become negative.
        """
        made = await self._already_made(moves, cause)
        after = dict(balances)
        rows: list[tuple[Any, ...]] = []
        for move in moves:
            movement_id = ids.movement_id(cause.key, move.kind, move.sku, move.location_id)
            if movement_id in made:
                continue
            key = (move.sku, move.location_id)
            after[key] = after[key].after(move.kind, move.qty)
            rows.append(_movement_row(movement_id, move, after[key], cause))
            self._outbox.add(_event(movement_id, move, after[key], cause))
        if rows:
            await self._write(rows, _changed(balances, after))
        return after

    async def _already_made(self, moves: Sequence[Move], cause: Cause) -> set[UUID]:
        wanted = [
            ids.movement_id(cause.key, move.kind, move.sku, move.location_id) for move in moves
        ]
        rows = await self._connection.fetch(
            "select movement_id from stock_movements where movement_id = any($1::uuid[])", wanted
        )
        return {UUID(str(row["movement_id"])) for row in rows}

    async def _write(self, rows: Sequence[tuple[Any, ...]], changed: Balances) -> None:
        await self._connection.execute(
            """
            insert into stock_movements
            select * from unnest(
                $1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[],
                $8::int[], $9::text[], $10::text[], $11::timestamptz[]
            )
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )
        await self._connection.execute(
            """
            update stock_levels as levels
            set on_hand = new.on_hand, reserved = new.reserved, allocated = new.allocated
            from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[])
                as new (sku, location_id, on_hand, reserved, allocated)
            where levels.sku = new.sku and levels.location_id = new.location_id
            """,
            [sku for sku, _ in changed],
            [location for _, location in changed],
            [balance.on_hand for balance in changed.values()],
            [balance.reserved for balance in changed.values()],
            [balance.allocated for balance in changed.values()],
        )


def shortfall(*, sku: str, location_id: str, wanted: int, available: int, cause: Cause) -> NewEvent:
    """Return the event of demand that could not be met, the planner's censored-demand signal."""
    return NewEvent(
        name="stock.shortfall",
        stream_id=ids.stock_stream_id(sku, location_id),
        occurred_at=cause.at,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        channel=cause.channel,
        actor=cause.actor,
        payload={
            "sku": sku,
            "location_id": location_id,
            "wanted": wanted,
            "available": available,
            "order_id": cause.correlation_id,
        },
    )


def _balance(row: Mapping[str, Any]) -> StockBalance:
    return StockBalance(
        on_hand=row["on_hand"], reserved=row["reserved"], allocated=row["allocated"]
    )


def _changed(before: Balances, after: Balances) -> Balances:
    return {key: balance for key, balance in after.items() if before.get(key) != balance}


def _movement_row(
    movement_id: UUID, move: Move, balance: StockBalance, cause: Cause
) -> tuple[Any, ...]:
    return (
        movement_id,
        move.sku,
        move.location_id,
        move.kind.value,
        move.qty,
        balance.on_hand,
        balance.reserved,
        balance.allocated,
        cause.type,
        cause.id,
        cause.at,
    )


def _event(movement_id: UUID, move: Move, balance: StockBalance, cause: Cause) -> NewEvent:
    return NewEvent(
        name=f"stock.{move.kind.value}",
        stream_id=ids.stock_stream_id(move.sku, move.location_id),
        occurred_at=cause.at,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        channel=cause.channel,
        actor=cause.actor,
        payload={
            "movement_id": str(movement_id),
            "sku": move.sku,
            "location_id": move.location_id,
            "qty": move.qty,
            "cause_type": cause.type,
            "cause_id": cause.id,
            "on_hand": balance.on_hand,
            "reserved": balance.reserved,
            "allocated": balance.allocated,
        },
    )
