"""The outbox: every stream is numbered without gaps, whoever writes and whoever fails."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest

from contracts.events import MalformedEventError, NewEvent
from store.outbox import Origin
from tests.support.postgres import TestDatabases
from tests.support.store import NOW, Database, open_database, shipped


@pytest.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    async with open_database(databases.create()) as opened:
        yield opened


class GivenUpError(Exception):
    """A writer changed its mind."""


async def write(database: Database, writer: int, streams: list[str]) -> int:
    """Write to some of the streams; every third writer gives up at the end."""
    draw = random.Random(writer)
    chosen = [draw.choice(streams) for _ in range(draw.randint(1, 6))]
    with suppress(GivenUpError):
        async with database.units_of_work.begin() as uow:
            uow.outbox.add(*(shipped(stream) for stream in chosen))
            await uow.outbox.flush()
            await asyncio.sleep(draw.random() / 200)
            if writer % 3 == 0:
                raise GivenUpError
        return len(chosen)
    return 0


async def test_streams_shared_by_many_writers_have_no_gap_and_no_repeat(
    database: Database,
) -> None:
    streams = [f"order-{number}" for number in range(4)]

    written = await asyncio.gather(*(write(database, writer, streams) for writer in range(30)))

    numbered = await database.rows(
        """
        select stream_id, array_agg(stream_seq order by stream_seq) as numbers
        from outbox group by stream_id
        """
    )
    assert sum(written) == sum(len(row["numbers"]) for row in numbered) > 0
    assert all(row["numbers"] == list(range(1, len(row["numbers"]) + 1)) for row in numbered)


async def test_events_of_one_unit_of_work_keep_their_order(database: Database) -> None:
    async with database.units_of_work.begin() as uow:
        uow.outbox.add(shipped("a"), shipped("b"), shipped("a"))
        uow.outbox.add(shipped("b"))

    rows = await database.rows("select stream_id, stream_seq from outbox order by outbox_id")

    assert [(row["stream_id"], row["stream_seq"]) for row in rows] == [
        ("a", 1),
        ("b", 1),
        ("a", 2),
        ("b", 2),
    ]


async def test_an_event_without_its_fields_writes_nothing(database: Database) -> None:
    malformed = NewEvent(name="order.paid", stream_id="a", occurred_at=NOW, payload={})

    with pytest.raises(MalformedEventError):
        async with database.units_of_work.begin() as uow:
            uow.outbox.add(shipped("a"), malformed)

    assert await database.rows("select * from outbox") == []
    assert await database.rows("select * from event_streams") == []


async def test_an_event_carries_its_run_its_store_and_the_stores_own_day(
    database: Database,
) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    event = NewEvent(
        name="order.shipped", stream_id="a", occurred_at=late, payload={"order_id": "a"}
    )

    async with database.units_of_work.begin(Origin(workflow_id="order/a", run_id="r-1")) as uow:
        uow.outbox.add(event)

    [row] = await database.rows("select * from outbox")
    assert (row["workflow_id"], row["run_id"]) == ("order/a", "r-1")
    assert (row["store_id"], row["currency"]) == ("mall", "EUR")
    assert (row["occurred_at"], row["business_date"]) == (late, date(2026, 11, 23))
    assert row["payload"] == {"order_id": "a"}
