"""The event lake: immutable Parquet files that hold every fact the warehouse is built from."""

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

_TEXT: Final[pa.DataType] = pa.string()
_INT: Final[pa.DataType] = pa.int32()
_BIGINT: Final[pa.DataType] = pa.int64()
_DOUBLE: Final[pa.DataType] = pa.float64()
_DATE: Final[pa.DataType] = pa.date32()
_FLAG: Final[pa.DataType] = pa.bool_()
_INSTANT: Final[pa.DataType] = pa.timestamp("us", tz="UTC")
_BATCH_NAME: Final = re.compile(r"(\d{12})-(\d{12})\.parquet")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


EVENT_SCHEMA: Final = _schema(
    event_id=_TEXT,
    event_name=_TEXT,
    event_version=_INT,
    stream_type=_TEXT,
    stream_id=_TEXT,
    stream_seq=_BIGINT,
    occurred_at=_INSTANT,
    recorded_at=_INSTANT,
    business_date=_DATE,
    store_id=_TEXT,
    channel=_TEXT,
    currency=_TEXT,
    workflow_id=_TEXT,
    run_id=_TEXT,
    correlation_id=_TEXT,
    causation_id=_TEXT,
    actor_type=_TEXT,
    actor_id=_TEXT,
    is_test=_FLAG,
    payload=_TEXT,
)

# What analytical jobs hand to the warehouse as whole tables, one file per run.
TABLE_SCHEMAS: Final[dict[str, pa.Schema]] = {
    "forecast_runs": _schema(
        run_id=_TEXT,
        store_id=_TEXT,
        as_of=_DATE,
        created_at=_INSTANT,
        model=_TEXT,
        code_version=_TEXT,
        seed=_BIGINT,
        data_hash=_TEXT,
        features=_TEXT,
        libraries=_TEXT,
        skus=_BIGINT,
        wape_model=_DOUBLE,
        wape_naive=_DOUBLE,
        coverage_80=_DOUBLE,
        bias=_DOUBLE,
        train_rows=_BIGINT,
        seconds=_DOUBLE,
    ),
    "forecasts": _schema(
        run_id=_TEXT,
        store_id=_TEXT,
        sku=_TEXT,
        location_id=_TEXT,
        as_of=_DATE,
        forecast_date=_DATE,
        horizon_days=_INT,
        mean=_DOUBLE,
        p10=_DOUBLE,
        p50=_DOUBLE,
        p90=_DOUBLE,
        model=_TEXT,
    ),
    "forecast_backtests": _schema(
        run_id=_TEXT,
        cutoff=_DATE,
        store_id=_TEXT,
        sku=_TEXT,
        location_id=_TEXT,
        demand_date=_DATE,
        units=_BIGINT,
        predicted=_DOUBLE,
        naive=_DOUBLE,
        p10=_DOUBLE,
        p90=_DOUBLE,
    ),
    "replenishment_proposals": _schema(
        run_id=_TEXT,
        store_id=_TEXT,
        sku=_TEXT,
        location_id=_TEXT,
        supplier_id=_TEXT,
        qty=_BIGINT,
        packs=_BIGINT,
        order_by=_DATE,
        need_by=_DATE,
        reason=_TEXT,
        on_hand=_BIGINT,
        available=_BIGINT,
        on_order=_BIGINT,
        lead_time_days=_INT,
        review_days=_INT,
        protection_days=_INT,
        demand_mean=_DOUBLE,
        demand_p50=_DOUBLE,
        demand_p90=_DOUBLE,
        order_up_to=_BIGINT,
        cover_days=_DOUBLE,
        stockout_chance_without=_DOUBLE,
        unit_cost_minor=_BIGINT,
        value_minor=_BIGINT,
    ),
}


class LakeSchemaError(ValueError):
    """A table does not have the columns and types its place in the lake requires."""


class ConflictingBatchError(ValueError):
    """A range that is already in the lake was offered again with other rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One immutable file of events: where it came from and the numbers it covers."""

    source: str
    first: int
    last: int
    path: Path

    @property
    def name(self) -> str:
        """The file's name inside the lake, the same on every machine."""
        return f"{self.source}/{self.path.name}"


class EventLake:
    """Writes files beside their place and renames them: a reader sees a whole file or none."""

    def __init__(self, root: Path) -> None:
        self._events = root / "events"
        self._tables = root / "tables"

    def write_batch(self, source: str, first: int, last: int, table: pa.Table) -> Path:
        """Commit the events numbered first to last. The same range again is a no-op.

        Raises LakeSchemaError, ConflictingBatchError.
        """
        target = self._events / _plain(source) / _batch_name(first, last)
        events = _fitting(table, EVENT_SCHEMA, "an event batch")
        if target.exists():
            _refuse_other_rows(target, events.num_rows)
            return target
        _write_beside_and_rename(events, target)
        return target

    def write_source(self, source: str, tables: Iterable[pa.Table]) -> list[Path]:
        """Commit a whole source at once, numbered from one: all of its files appear, or none.

        A source that is already there is left as it is; other rows under its name are refused.
        Raises LakeSchemaError, ConflictingBatchError.
        """
        target = self._events / _plain(source)
        staging = self._events / f".staging-{source}"
        shutil.rmtree(staging, ignore_errors=True)
        last = 0
        for table in tables:
            events = _fitting(table, EVENT_SCHEMA, f"a batch of {source}")
            if events.num_rows:
                first, last = last + 1, last + events.num_rows
                _write_and_sync(events, staging / _batch_name(first, last))
        if target.exists():
            _refuse_other_files(target, staging)
            shutil.rmtree(staging, ignore_errors=True)
        elif last:
            _sync_folder(staging)
            staging.rename(target)
            _sync_folder(self._events)
        return [batch.path for batch in self.batches() if batch.source == source]

    def batches(self) -> list[Batch]:
        """Return every committed batch, ordered by source and number."""
        found = [
            Batch(source=path.parent.name, first=int(name[1]), last=int(name[2]), path=path)
            for path in self._events.glob("*/*.parquet")
            if (name := _BATCH_NAME.fullmatch(path.name)) and not path.parent.name.startswith(".")
        ]
        return sorted(found, key=lambda batch: (batch.source, batch.first, batch.last))

    def write_table(self, name: str, run_id: str, table: pa.Table) -> Path:
        """Commit one run's rows of an analytical table. The same run again is a no-op.

        Raises LakeSchemaError, ConflictingBatchError.
        """
        if name not in TABLE_SCHEMAS:
            raise LakeSchemaError(f"the lake has no table {name!r}")
        target = self._tables / name / f"{_plain(run_id)}.parquet"
        rows = _fitting(table, TABLE_SCHEMAS[name], f"the table {name}")
        if target.exists():
            _refuse_other_rows(target, rows.num_rows)
            return target
        _write_beside_and_rename(rows, target)
        return target

    def table_files(self, name: str) -> list[Path]:
        """Return the files of an analytical table, ordered by run."""
        return sorted(
            path
            for path in (self._tables / name).glob("*.parquet")
            if not path.name.startswith(".")
        )


def _plain(name: str) -> str:
    if not _PLAIN_NAME.fullmatch(name):
        raise LakeSchemaError(f"{name!r} cannot name a file of the lake")
    return name


def _batch_name(first: int, last: int) -> str:
    if not 0 <= first <= last < 10**12:
        raise LakeSchemaError(f"events {first} to {last} are not a range")
    return f"{first:012d}-{last:012d}.parquet"


def _fitting(table: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    missing = [name for name in schema.names if name not in table.column_names]
    unknown = [name for name in table.column_names if name not in schema.names]
    if missing or unknown:
        raise LakeSchemaError(f"{what} lacks {missing or 'nothing'}, and has unknown {unknown}")
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise LakeSchemaError(f"{what} has a column of another type: {error}") from error


def _refuse_other_rows(target: Path, rows: int) -> None:
    present = pq.read_metadata(target).num_rows
    if present != rows:
        raise ConflictingBatchError(f"{target.name} holds {present} rows, {rows} were offered")


def _refuse_other_files(target: Path, staging: Path) -> None:
    offered = {path.name for path in staging.glob("*.parquet")}
    present = {path.name for path in target.glob("*.parquet")}
    same = offered == present and all(
        (target / name).read_bytes() == (staging / name).read_bytes() for name in offered
    )
    if not same:
        shutil.rmtree(staging, ignore_errors=True)
        raise ConflictingBatchError(f"{target.name} is in the lake already, with other events")


def _write_beside_and_rename(table: pa.Table, target: Path) -> None:
    beside = target.with_name(f".{target.name}.partial")
    _write_and_sync(table, beside)
    beside.replace(target)
    _sync_folder(target.parent)


def _write_and_sync(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
