"""Export: every event leaves the outbox once, in files that a crash repeats byte for byte."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from activities.event_export import SOURCE, EventExport, event_table
from analytics.lake import EventLake
from contracts.events import event_id
from store.export import OutboxReader
from tests.support.postgres import TestDatabases
from tests.support.store import NOW, Database, open_database, shipped


@pytest.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    async with open_database(databases.create(), connections_max=40) as opened:
        yield opened


@pytest.fixture
def reader(database: Database) -> OutboxReader:
    return OutboxReader(database.pool)


@pytest.fixture
def lake(tmp_path: Path) -> EventLake:
    return EventLake(tmp_path / "lake")


@pytest.fixture
def export(reader: OutboxReader, lake: EventLake) -> EventExport:
    return EventExport(reader=reader, lake=lake, now=lambda: NOW)


async def write(database: Database, *streams: str) -> None:
    async with database.units_of_work.begin() as uow:
        uow.outbox.add(*(shipped(stream) for stream in streams))


def exported(lake: EventLake) -> list[dict[str, Any]]:
    """Return all rows of the lake's files, file after file."""
    return [row for batch in lake.batches() for row in pq.read_table(batch.path).to_pylist()]


def ids_of(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(row["stream_id"], row["stream_seq"]) for row in rows]


async def outbox_ids(database: Database) -> list[tuple[str, int]]:
    rows = await database.rows("select stream_id, stream_seq from outbox order by xid, outbox_id")
    return ids_of(rows)


async def write_slowly(database: Database, writer: int) -> None:
    """Write to a few shared streams, commit some time later; every fifth writer takes long."""
    draw = random.Random(writer)
    async with database.units_of_work.begin() as uow:
        uow.outbox.add(*(shipped(f"order-{draw.randrange(40)}") for _ in range(draw.randint(1, 5))))
        await asyncio.sleep(draw.random() / 50)
        await uow.outbox.flush()
        await asyncio.sleep(draw.random() / (4 if writer % 5 == 0 else 100))


async def test_while_many_write_nothing_is_skipped_and_nothing_comes_twice(
    database: Database, export: EventExport, lake: EventLake
) -> None:
    writers = asyncio.gather(*(write_slowly(database, writer) for writer in range(120)))
    looks = 0
    while not writers.done():
        await export.export()
        looks += 1
        await asyncio.sleep(0.005)
    await writers
    await export.export()

    rows = exported(lake)
    assert looks > 3
    assert Counter(ids_of(rows)) == Counter(await outbox_ids(database))
    assert [(batch.first, batch.last) for batch in lake.batches()] == numbered(lake)


def numbered(lake: EventLake) -> list[tuple[int, int]]:
    """Return the ranges that files would have if their numbers followed from their rows."""
    ranges, last = [], 0
    for batch in lake.batches():
        first, last = last + 1, last + pq.read_metadata(batch.path).num_rows
        ranges.append((first, last))
    return ranges


async def test_what_an_open_transaction_may_still_precede_waits_for_it(
    database: Database, export: EventExport, lake: EventLake
) -> None:
    async with AsyncExitStack() as slow:
        uow = await slow.enter_async_context(database.units_of_work.begin())
        uow.outbox.add(shipped("slow"))
        await uow.outbox.flush()
        await write(database, "quick")

        before = await export.export()

    after = await export.export()
    assert (before, after) == (0, 2)
    assert ids_of(exported(lake)) == [("slow", 1), ("quick", 1)]


async def test_an_event_never_leaves_before_its_predecessor(
    database: Database, export: EventExport, lake: EventLake
) -> None:
    """A transaction began early and wrote late, to a stream another had written to meanwhile."""
    await write(database, "before")
    async with AsyncExitStack() as unrelated:
        async with database.units_of_work.begin() as early:
            early.outbox.add(shipped("own"))
            await early.outbox.flush()
            open_one = await unrelated.enter_async_context(database.units_of_work.begin())
            open_one.outbox.add(shipped("unrelated"))
            await open_one.outbox.flush()
            await write(database, "shared")
            early.outbox.add(shipped("shared"))

        await export.export()
        while_open = ids_of(exported(lake))

    await export.export()
    assert while_open == [("before", 1)]
    assert ids_of(exported(lake)) == [
        ("before", 1),
        ("own", 1),
        ("shared", 2),
        ("unrelated", 1),
        ("shared", 1),
    ]


async def test_a_batch_claimed_again_is_the_same_batch(
    database: Database, reader: OutboxReader
) -> None:
    await write(database, "a", "b")
    first = await reader.next_batch(events_max=10, at=NOW)
    await write(database, "c")

    again = await reader.next_batch(events_max=10, at=NOW + timedelta(hours=1))

    assert first is not None
    assert again == first
    assert await reader.read(first) == await reader.read(first)
    assert ids_of(await reader.read(first)) == [("a", 1), ("b", 1)]


@pytest.mark.parametrize("crash_after", ["claim", "write"])
async def test_a_crash_repeats_the_identical_file(
    database: Database, reader: OutboxReader, lake: EventLake, export: EventExport, crash_after: str
) -> None:
    await write(database, "a", "b")
    batch = await reader.next_batch(events_max=20_000, at=NOW)
    assert batch is not None
    table = event_table(await reader.read(batch))
    if crash_after == "write":
        lake.write_batch(SOURCE, batch.first_no, batch.last_no, table)
    await write(database, "c")

    await export.export()

    assert [(found.first, found.last) for found in lake.batches()] == [(1, 2), (3, 3)]
    assert pq.read_table(lake.batches()[0].path).equals(table)
    assert ids_of(exported(lake)) == [("a", 1), ("b", 1), ("c", 1)]


async def test_batches_are_cut_at_their_limit_and_go_on_from_there(
    database: Database, reader: OutboxReader
) -> None:
    await write(database, *"abcdefg")
    cuts = []
    while batch := await reader.next_batch(events_max=3, at=NOW):
        cuts.append([row["stream_id"] for row in await reader.read(batch)])
        await reader.mark_written(batch, at=NOW)

    assert cuts == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


async def test_an_empty_outbox_gives_no_file(export: EventExport, lake: EventLake) -> None:
    assert await export.export() == 0
    assert lake.batches() == []


async def test_a_file_holds_what_the_event_said(
    database: Database, export: EventExport, lake: EventLake
) -> None:
    await write(database, "a")
    await export.export()

    [row] = exported(lake)
    assert row["event_id"] == str(event_id("order", "a", 1))
    assert (row["event_name"], row["event_version"]) == ("order.shipped", 1)
    assert (row["occurred_at"], row["payload"]) == (NOW, '{"order_id":"a"}')
    assert (row["store_id"], row["currency"], row["is_test"]) == ("mall", "EUR", False)
