"""Loading is exactly once, in one transaction, and never loses an event without saying why."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.lake import EventLake
from analytics.load import DamagedBatchError, load_new_files, open_build
from tests.support.events import START, EventLog, Row, event_table
from tests.warehouse.test_lake import forecast_run

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> EventLake:
    return EventLake(tmp_path / "lake")


@pytest.fixture
def build(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_build(tmp_path / "build.duckdb") as connection:
        yield connection


def shipped(count: int) -> list[Row]:
    log = EventLog()
    for _ in range(count):
        log.add("order.shipped", "o-1", START, {"order_id": "o-1"})
    return log.rows


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def test_every_file_gets_its_own_load_id(lake: EventLake, build: duckdb.DuckDBPyConnection) -> None:
    events = shipped(5)
    lake.write_batch("outbox", 1, 2, event_table(events[:2]))
    lake.write_batch("outbox", 3, 5, event_table(events[2:]))

    report = load_new_files(build, lake, loaded_at=NOW)

    assert (report.batches, report.events) == (2, 5)
    assert rows(build, "select load_id, count(*) from raw.events group by 1 order by 1") == [
        (1, 2),
        (2, 3),
    ]
    assert rows(build, "select batch_file, rows from raw.loads order by load_id") == [
        ("outbox/000000000001-000000000002.parquet", 2),
        ("outbox/000000000003-000000000005.parquet", 3),
    ]


def test_a_file_is_loaded_once(lake: EventLake, build: duckdb.DuckDBPyConnection) -> None:
    lake.write_batch("outbox", 1, 2, event_table(shipped(2)))
    load_new_files(build, lake, loaded_at=NOW)

    assert load_new_files(build, lake, loaded_at=NOW).batches == 0
    assert rows(build, "select count(*) from raw.events") == [(2,)]


def test_files_may_arrive_in_any_order(lake: EventLake, build: duckdb.DuckDBPyConnection) -> None:
    events = shipped(4)
    lake.write_batch("outbox", 3, 4, event_table(events[2:]))
    load_new_files(build, lake, loaded_at=NOW)
    lake.write_batch("outbox", 1, 2, event_table(events[:2]))

    load_new_files(build, lake, loaded_at=NOW)

    assert rows(build, "select stream_seq, load_id from raw.events order by 1") == [
        (1, 2),
        (2, 2),
        (3, 1),
        (4, 1),
    ]


def test_a_repeated_event_is_dropped_within_a_file_between_files_and_later(
    lake: EventLake, build: duckdb.DuckDBPyConnection
) -> None:
    events = shipped(3)
    lake.write_batch("outbox", 1, 3, event_table([events[0], events[0], events[1]]))
    lake.write_batch("outbox", 4, 5, event_table([events[1], events[2]]))
    first = load_new_files(build, lake, loaded_at=NOW)
    lake.write_batch("outbox", 6, 6, event_table([events[2]]))

    second = load_new_files(build, lake, loaded_at=NOW)

    assert (first.events, first.repeated, second.events, second.repeated) == (3, 2, 0, 1)
    assert rows(build, "select count(*), count(distinct event_id) from raw.events") == [(3, 3)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_name": "order.teleported"}, "unknown event name"),
        ({"event_version": 9}, "unknown version 9"),
        ({"payload": "{"}, "payload is not JSON"),
        ({"payload": None}, "payload is not JSON"),
        ({"payload": "[]"}, "payload is not an object"),
        ({"payload": json.dumps({"id": 1})}, "payload lacks order_id"),
        ({"occurred_at": None}, "envelope lacks a field"),
    ],
)
def test_what_the_catalogue_does_not_know_is_quarantined_with_its_reason(
    lake: EventLake,
    build: duckdb.DuckDBPyConnection,
    change: dict[str, Any],
    reason: str,
) -> None:
    good, bad = shipped(2)
    lake.write_batch("outbox", 1, 2, event_table([good, bad | change]))

    report = load_new_files(build, lake, loaded_at=NOW)

    assert (report.events, report.quarantined) == (1, 1)
    assert rows(build, "select event_id, reason from raw.quarantined_events") == [
        (bad["event_id"], reason)
    ]


def test_a_cut_off_file_is_named_and_nothing_is_loaded(
    lake: EventLake, build: duckdb.DuckDBPyConnection
) -> None:
    lake.write_batch("outbox", 1, 2, event_table(shipped(2)))
    damaged = lake.write_batch("outbox", 3, 4, event_table(shipped(2)))
    damaged.write_bytes(damaged.read_bytes()[:-20])

    with pytest.raises(DamagedBatchError, match=r"-000000000004\.parquet is damaged"):
        load_new_files(build, lake, loaded_at=NOW)

    assert rows(build, "select count(*) from raw.loads") == [(0,)]
    assert rows(build, "select count(*) from raw.events") == [(0,)]


def test_a_file_with_a_damaged_page_is_named_and_nothing_is_loaded(
    lake: EventLake, build: duckdb.DuckDBPyConnection
) -> None:
    lake.write_batch("outbox", 1, 2, event_table(shipped(2)))
    damaged = lake.write_batch("outbox", 3, 202, event_table(shipped(200)))
    content = bytearray(damaged.read_bytes())
    content[20:400] = bytes(380)
    damaged.write_bytes(content)

    with pytest.raises(DamagedBatchError, match=r"-000000000202\.parquet is damaged"):
        load_new_files(build, lake, loaded_at=NOW)

    assert rows(build, "select count(*) from raw.events") == [(0,)]


def test_a_file_with_other_columns_is_named(
    lake: EventLake, build: duckdb.DuckDBPyConnection
) -> None:
    batch = lake.write_batch("outbox", 1, 2, event_table(shipped(2)))
    run = lake.write_table("forecast_runs", "run-1", forecast_run())
    batch.write_bytes(run.read_bytes())

    with pytest.raises(DamagedBatchError, match="does not have the columns of its kind"):
        load_new_files(build, lake, loaded_at=NOW)


def test_a_table_file_is_loaded_once(lake: EventLake, build: duckdb.DuckDBPyConnection) -> None:
    lake.write_table("forecast_runs", "run-1", forecast_run())

    assert load_new_files(build, lake, loaded_at=NOW).table_files == 1
    assert load_new_files(build, lake, loaded_at=NOW).table_files == 0
    assert rows(build, "select run_id, skus from raw.forecast_runs") == [("run-1", 3)]
