"""Loading: every file of the lake enters the raw schema once, whole, and in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.lake import EVENT_SCHEMA, TABLE_SCHEMAS, Batch, EventLake
from analytics.warehouse import CLOSED_WORLD
from contracts.events import CATALOGUE

_SQL_TYPES: Final[dict[pa.DataType, str]] = {
    pa.string(): "varchar",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.timestamp("us", tz="UTC"): "timestamptz",
}
_ARRIVAL: Final = "load_id bigint not null, loaded_at timestamptz not null, batch_file varchar"
_LOADS: Final = (
    "load_id bigint, batch_file varchar, rows bigint, loaded_at timestamptz,"
    " quarantined bigint, repeated bigint"
)
_TABLE_LOADS: Final = (
    "table_load_id bigint, table_name varchar, file varchar, rows bigint, loaded_at timestamptz"
)
_BUILDS: Final = (
    "build_no bigint, last_load_id bigint, last_table_load_id bigint, project_hash varchar,"
    " built_at timestamptz"
)

# Nothing here looks at a payload twice: the reasons are found in the one pass that reads it.
_REFUSE_SQL: Final = """
create or replace temp table refused as
select
    arrived.load_id,
    arrived.file_row_number,
    case
        when not known_name then 'unknown event name'
        when catalogue.event_name is null then 'unknown version ' || arrived.event_version
        when not has_envelope then 'envelope lacks a field'
        when not coalesce(json_valid(arrived.payload), false) then 'payload is not JSON'
        when json_type(arrived.payload) <> 'OBJECT' then 'payload is not an object'
        else 'payload lacks ' || array_to_string(missing, ', ')
    end as reason
from (
    select
        new_files.load_id,
        file_row_number,
        event_name,
        event_version,
        payload,
        event_name in (select event_name from catalogue) as known_name,
        event_id is not null and stream_type is not null and stream_id is not null
        and stream_seq is not null and occurred_at is not null and business_date is not null
        and store_id is not null and currency is not null as has_envelope
    from read_parquet($files, filename = true, file_row_number = true) as file
    inner join new_files on file.filename = new_files.path
) as arrived
left join catalogue
    on
        arrived.event_name = catalogue.event_name
        and arrived.event_version = catalogue.event_version
cross join lateral (
    select case
        when json_valid(arrived.payload) and json_type(arrived.payload) = 'OBJECT'
            then list_filter(
                catalogue.required,
                lambda field: not list_contains(json_keys(arrived.payload), field)
            )
        else []
    end as missing
) as looked_for
where
    catalogue.event_name is null
    or not has_envelope
    or not coalesce(json_valid(arrived.payload), false)
    or json_type(arrived.payload) <> 'OBJECT'
    or len(missing) > 0
"""

_REPEATED_SQL: Final = """
create or replace temp table repeated as
with

arrived as (

    select
        new_files.load_id,
        file.file_row_number,
        file.event_id
    from read_parquet($files, filename = true, file_row_number = true) as file
    inner join new_files on file.filename = new_files.path

),

known as (

    select events.event_id from raw.events semi join arrived on events.event_id = arrived.event_id
    union all
    select kept.event_id
    from raw.quarantined_events as kept
    semi join arrived on kept.event_id = arrived.event_id

),

several as (

    select event_id from arrived
    group by event_id
    having count(*) > 1

),

counted as (

    select
        arrived.*,
        row_number() over (partition by event_id order by load_id, file_row_number) as occurrence
    from arrived
    semi join several on arrived.event_id = several.event_id

)

select load_id, file_row_number from counted where occurrence > 1
union
select load_id, file_row_number from arrived semi join known on arrived.event_id = known.event_id
"""

_INSERT_SQL: Final = """
insert into raw.{table}
select {columns}, new_files.load_id, $loaded_at, new_files.batch_file {reason}
from read_parquet($files, filename = true, file_row_number = true) as file
inner join new_files on file.filename = new_files.path
{refused} join refused
    on
        new_files.load_id = refused.load_id
        and file.file_row_number = refused.file_row_number
anti join repeated
    on
        new_files.load_id = repeated.load_id
        and file.file_row_number = repeated.file_row_number
"""

_COUNT_SQL: Final = """
insert into raw.loads
select
    new_files.load_id,
    new_files.batch_file,
    (select count(*) from raw.events where load_id = new_files.load_id),
    $loaded_at,
    (select count(*) from raw.quarantined_events where load_id = new_files.load_id),
    (select count(*) from repeated where load_id = new_files.load_id)
from new_files
order by new_files.load_id
"""


class DamagedBatchError(RuntimeError):
    """A file of the lake cannot be read, or does not have the columns of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What one load brought in."""

    batches: int
    events: int
    quarantined: int
    repeated: int
    table_files: int


@contextmanager
def open_build(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the private build file, with its raw schema in place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(file), config=CLOSED_WORLD)
    try:
        connection.execute("set timezone = 'UTC'")
        _create_raw(connection)
        yield connection
    finally:
        connection.close()


def load_new_files(
    connection: duckdb.DuckDBPyConnection, lake: EventLake, *, loaded_at: datetime
) -> LoadReport:
    """Append every file that is not in the raw schema yet; all of them, or none.

    Raises DamagedBatchError naming the file.
    """
    batches = _new_batches(connection, lake)
    tables = _new_table_files(connection, lake)
    connection.execute("begin")
    try:
        if batches:
            _load_batches(connection, batches, loaded_at)
        for name, path in tables:
            _load_table_file(connection, name, path, loaded_at)
        report = _report(connection, batches, table_files=len(tables))
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    return report


def _create_raw(connection: duckdb.DuckDBPyConnection) -> None:
    events = _column_definitions(EVENT_SCHEMA)
    statements = [
        "create schema if not exists raw",
        f"create table if not exists raw.events ({events}, {_ARRIVAL})",
        f"create table if not exists raw.quarantined_events ({events}, {_ARRIVAL}, reason varchar)",
        f"create table if not exists raw.loads ({_LOADS})",
        f"create table if not exists raw.table_loads ({_TABLE_LOADS})",
        f"create table if not exists raw.builds ({_BUILDS})",
        *(
            f"create table if not exists raw.{name} ({_column_definitions(schema)})"
            for name, schema in TABLE_SCHEMAS.items()
        ),
    ]
    for statement in statements:
        connection.execute(statement)


def _column_definitions(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {_SQL_TYPES[field.type]}" for field in schema)


def _new_batches(connection: duckdb.DuckDBPyConnection, lake: EventLake) -> list[Batch]:
    known = {name for (name,) in connection.execute("select batch_file from raw.loads").fetchall()}
    return [batch for batch in lake.batches() if batch.name not in known]


def _new_table_files(
    connection: duckdb.DuckDBPyConnection, lake: EventLake
) -> list[tuple[str, Path]]:
    rows = connection.execute("select table_name, file from raw.table_loads").fetchall()
    known = set(rows)
    return [
        (name, path)
        for name in TABLE_SCHEMAS
        for path in lake.table_files(name)
        if (name, path.name) not in known
    ]


def _load_batches(
    connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch], loaded_at: datetime
) -> None:
    for batch in batches:
        _check_columns(batch.path, EVENT_SCHEMA)
    files = [str(batch.path) for batch in batches]
    _describe_new_files(connection, batches)
    columns = ", ".join(f"file.{name}" for name in EVENT_SCHEMA.names)
    accepted = _INSERT_SQL.format(table="events", columns=columns, reason="", refused="anti")
    refused = _INSERT_SQL.format(
        table="quarantined_events", columns=columns, reason=", refused.reason", refused="inner"
    )
    with _naming_damage([batch.path for batch in batches]):
        connection.execute(_REFUSE_SQL, {"files": files})
        connection.execute(_REPEATED_SQL, {"files": files})
        connection.execute(accepted, {"files": files, "loaded_at": loaded_at})
        connection.execute(refused, {"files": files, "loaded_at": loaded_at})
    connection.execute(_COUNT_SQL, {"loaded_at": loaded_at})


def _describe_new_files(connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch]) -> None:
    connection.execute(
        """
        create or replace temp table new_files as
        select
            (select coalesce(max(load_id), 0) from raw.loads)
            + row_number() over () as load_id,
            file.path,
            file.batch_file
        from (select unnest($paths) as path, unnest($names) as batch_file) as file
        """,
        {
            "paths": [str(batch.path) for batch in batches],
            "names": [batch.name for batch in batches],
        },
    )
    connection.execute(
        """
        create or replace temp table catalogue as
        select
            unnest($names) as event_name,
            unnest($versions) as event_version,
            string_split(unnest($required), ' ') as required
        """,
        {
            "names": list(CATALOGUE),
            "versions": [event.version for event in CATALOGUE.values()],
            "required": [" ".join(sorted(event.required)) for event in CATALOGUE.values()],
        },
    )


def _load_table_file(
    connection: duckdb.DuckDBPyConnection, name: str, path: Path, loaded_at: datetime
) -> None:
    _check_columns(path, TABLE_SCHEMAS[name])
    columns = ", ".join(TABLE_SCHEMAS[name].names)
    with _naming_damage([path]):
        connection.execute(
            f"insert into raw.{name} select {columns} from read_parquet($file)",  # noqa: S608
            {"file": str(path)},
        )
    connection.execute(
        """
        insert into raw.table_loads
        select coalesce(max(table_load_id), 0) + 1, $name, $file, $rows, $loaded_at
        from raw.table_loads
        """,
        {
            "name": name,
            "file": path.name,
            "rows": pq.read_metadata(path).num_rows,
            "loaded_at": loaded_at,
        },
    )


def _check_columns(path: Path, schema: pa.Schema) -> None:
    try:
        found = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedBatchError(f"{path} is damaged: {error}") from error
    if not found.equals(schema):
        raise DamagedBatchError(f"{path} does not have the columns of its kind")


@contextmanager
def _naming_damage(paths: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        for path in paths:
            _read_whole(path)
        files = ", ".join(path.name for path in paths)
        raise DamagedBatchError(f"cannot load {files}: {error}") from error


def _read_whole(path: Path) -> None:
    try:
        pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DamagedBatchError(f"{path} is damaged: {error}") from error


def _report(
    connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch], *, table_files: int
) -> LoadReport:
    sums = (0, 0, 0)
    if batches:
        sums = connection.execute(
            """
            select
                sum(loads.rows)::bigint,
                sum(loads.quarantined)::bigint,
                sum(loads.repeated)::bigint
            from raw.loads
            semi join new_files on loads.load_id = new_files.load_id
            """
        ).fetchall()[0]
    return LoadReport(
        batches=len(batches),
        events=sums[0],
        quarantined=sums[1],
        repeated=sums[2],
        table_files=table_files,
    )
