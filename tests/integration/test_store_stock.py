"""Stock under many hands: the last unit is promised once, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.inventory import MovementKind, StockDriftError
from store.stock import Cause, Move
from tests.support.books import broken_rules
from tests.support.postgres import TestDatabases
from tests.support.store import LOCATION, NOW, Database, open_database, reserve


@pytest.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    async with open_database(databases.create()) as opened:
        yield opened


async def reserve_in_one(database: Database, wanted: dict[str, int], key: str) -> bool:
    async with database.units_of_work.begin() as uow:
        return await reserve(uow, wanted, key=key)


async def ship_unallocated(database: Database) -> None:
    """Reserve a unit, then ship it without allocating it: the second movement is wrong."""
    async with database.units_of_work.begin() as uow:
        await uow.stock.move(
            [
                Move(kind=kind, sku="MUG", location_id=LOCATION, qty=1)
                for kind in (MovementKind.RESERVED, MovementKind.SHIPPED)
            ],
            balances=await uow.stock.lock(["MUG"]),
            cause=Cause(type="order", id="order-1", key="order-1", at=NOW),
        )


async def test_the_last_thirty_units_are_reserved_thirty_times(database: Database) -> None:
    await database.stock_up("MUG", on_hand=30)

    answers = await asyncio.gather(
        *(reserve_in_one(database, {"MUG": 1}, f"order-{number}") for number in range(100))
    )

    [level] = await database.rows("select on_hand, reserved, allocated from stock_levels")
    assert (answers.count(True), answers.count(False)) == (30, 70)
    assert level == {"on_hand": 30, "reserved": 30, "allocated": 0}
    assert await movement_kinds(database) == {"adjusted": 1, "reserved": 30}


async def test_orders_of_the_same_skus_in_any_order_never_lock_each_other_out(
    database: Database,
) -> None:
    skus = [f"SKU-{number}" for number in range(6)]
    await database.stock_up(*skus, on_hand=1_000)

    async with asyncio.timeout(20):
        answers = await asyncio.gather(
            *(
                reserve_in_one(
                    database,
                    dict.fromkeys(skus if number % 2 else reversed(skus), 1),
                    f"order-{number}",
                )
                for number in range(60)
            )
        )

    levels = await database.rows("select reserved from stock_levels")
    assert all(answers)
    assert [level["reserved"] for level in levels] == [60] * len(skus)


async def test_the_same_occasion_moves_stock_once(database: Database) -> None:
    await database.stock_up("MUG", on_hand=5)

    for _ in range(3):
        await reserve_in_one(database, {"MUG": 2}, "order-1")

    [level] = await database.rows("select on_hand, reserved from stock_levels")
    assert level == {"on_hand": 5, "reserved": 2}
    assert await movement_kinds(database) == {"adjusted": 1, "reserved": 1}


async def test_a_movement_that_would_break_a_counter_leaves_no_trace(database: Database) -> None:
    await database.stock_up("MUG", on_hand=1)

    with pytest.raises(StockDriftError):
        await ship_unallocated(database)

    assert await movement_kinds(database) == {"adjusted": 1}
    assert await broken_rules(database.pool) == {}


@pytest.mark.parametrize(
    "change",
    ["reserved = -1", "allocated = -1", "on_hand = -1", "reserved = 2", "allocated = 2"],
)
async def test_the_database_itself_refuses_a_broken_counter(
    database: Database, change: str
) -> None:
    await database.stock_up("MUG", on_hand=1)

    with pytest.raises(asyncpg.CheckViolationError):
        await database.pool.execute(f"update stock_levels set {change}")


async def test_levels_movements_and_events_tell_the_same_story(database: Database) -> None:
    await database.stock_up("MUG", on_hand=9)
    await reserve_in_one(database, {"MUG": 4}, "order-1")

    rows = await database.rows(
        """
        select movement_id::text, kind, qty, on_hand, reserved, allocated
        from stock_movements order by reserved
        """
    )
    events = await database.rows(
        """
        select event_name, payload from outbox where stream_type = 'stock' order by stream_seq
        """
    )

    told = ["movement_id", "qty", "on_hand", "reserved", "allocated"]
    assert [event["event_name"] for event in events] == ["stock.adjusted", "stock.reserved"]
    assert [{name: event["payload"][name] for name in told} for event in events] == [
        {name: row[name] for name in told} for row in rows
    ]


async def movement_kinds(database: Database) -> dict[str, int]:
    rows = await database.rows("select kind, count(*) as made from stock_movements group by kind")
    return {row["kind"]: row["made"] for row in rows}
