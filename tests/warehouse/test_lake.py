"""The lake holds whole files or none, and never changes one."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.lake import (
    EVENT_SCHEMA,
    TABLE_SCHEMAS,
    ConflictingBatchError,
    EventLake,
    LakeSchemaError,
)
from tests.support.events import START, EventLog, event_table


def events(count: int) -> pa.Table:
    log = EventLog()
    for _ in range(count):
        log.add("order.shipped", "o-1", START, {"order_id": "o-1"})
    return event_table(log.rows)


def forecast_run() -> pa.Table:
    row = dict.fromkeys(TABLE_SCHEMAS["forecast_runs"].names) | {
        "run_id": "run-1",
        "store_id": "shop",
        "as_of": date(2026, 3, 1),
        "created_at": datetime(2026, 3, 2, tzinfo=UTC),
        "model": "naive",
        "skus": 3,
    }
    return pa.Table.from_pylist([row], schema=TABLE_SCHEMAS["forecast_runs"])


def test_a_batch_is_named_by_its_range_and_comes_back_as_it_was(tmp_path: Path) -> None:
    path = EventLake(tmp_path).write_batch("outbox", 1, 3, events(3))

    assert path == tmp_path / "events" / "outbox" / "000000000001-000000000003.parquet"
    assert pq.read_table(path).equals(events(3))


def test_the_same_range_again_is_a_no_op(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)
    path = lake.write_batch("outbox", 1, 3, events(3))
    written_at = path.stat().st_mtime_ns

    assert lake.write_batch("outbox", 1, 3, events(3)) == path
    assert path.stat().st_mtime_ns == written_at


def test_the_same_range_with_other_rows_is_refused(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)
    lake.write_batch("outbox", 1, 3, events(3))

    with pytest.raises(ConflictingBatchError, match="holds 3 rows, 2 were offered"):
        lake.write_batch("outbox", 1, 3, events(2))


def test_equal_events_make_equal_bytes(tmp_path: Path) -> None:
    first = EventLake(tmp_path / "a").write_batch("outbox", 1, 3, events(3))
    second = EventLake(tmp_path / "b").write_batch("outbox", 1, 3, events(3))

    assert first.read_bytes() == second.read_bytes()


def test_a_table_with_other_columns_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)

    with pytest.raises(LakeSchemaError, match="payload"):
        lake.write_batch("outbox", 1, 3, events(3).drop_columns(["payload"]))

    assert lake.batches() == []


def test_a_table_with_another_type_is_refused(tmp_path: Path) -> None:
    wrong = events(1).set_column(5, "stream_seq", pa.array(["first"]))

    with pytest.raises(LakeSchemaError, match="another type"):
        EventLake(tmp_path).write_batch("outbox", 1, 1, wrong)


@pytest.mark.parametrize(("first", "last"), [(3, 1), (-1, 4), (1, 10**12)])
def test_a_range_that_is_none_is_refused(tmp_path: Path, first: int, last: int) -> None:
    with pytest.raises(LakeSchemaError, match="not a range"):
        EventLake(tmp_path).write_batch("outbox", first, last, events(1))


def test_a_name_that_leaves_the_lake_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeSchemaError, match="cannot name"):
        EventLake(tmp_path).write_batch("../outside", 1, 1, events(1))


def test_batches_are_ordered_by_source_and_number(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)
    lake.write_batch("outbox", 10, 12, events(3))
    lake.write_batch("outbox", 1, 9, events(9))
    lake.write_batch("import-a", 1, 1, events(1))

    assert [(batch.source, batch.first) for batch in lake.batches()] == [
        ("import-a", 1),
        ("outbox", 1),
        ("outbox", 10),
    ]


def test_an_unfinished_file_is_no_batch(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)
    lake.write_batch("outbox", 1, 1, events(1))
    (tmp_path / "events" / "outbox" / ".000000000002-000000000002.parquet.partial").touch()

    assert len(lake.batches()) == 1


def test_a_source_is_numbered_from_one_across_its_files(tmp_path: Path) -> None:
    paths = EventLake(tmp_path).write_source("import-a", [events(2), events(0), events(3)])

    assert [path.stem for path in paths] == [
        "000000000001-000000000002",
        "000000000003-000000000005",
    ]


def test_a_source_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)

    with pytest.raises(LakeSchemaError):
        lake.write_source("import-a", [events(2), pa.table({"wrong": [1]})])

    assert lake.batches() == []


def test_the_same_source_again_is_a_no_op_and_another_is_refused(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)
    paths = lake.write_source("import-a", [events(2)])

    assert lake.write_source("import-a", [events(2)]) == paths
    with pytest.raises(ConflictingBatchError, match="import-a is in the lake already"):
        lake.write_source("import-a", [events(3)])


def test_a_run_of_a_table_is_one_file_and_is_written_once(tmp_path: Path) -> None:
    lake = EventLake(tmp_path)

    path = lake.write_table("forecast_runs", "run-1", forecast_run())

    assert lake.write_table("forecast_runs", "run-1", forecast_run()) == path
    assert lake.table_files("forecast_runs") == [path]


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeSchemaError, match="no table 'guesses'"):
        EventLake(tmp_path).write_table("guesses", "run-1", forecast_run())


def test_the_event_columns_are_those_of_the_envelope() -> None:
    assert set(EventLog().add("order.shipped", "o-1", START, {"order_id": "o-1"})) == set(
        EVENT_SCHEMA.names
    )
