"""What arrived since the last green build, and what therefore has to be built again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

_ARRIVED = """
select
    (select coalesce(max(load_id), 0) from raw.loads),
    (select coalesce(max(table_load_id), 0) from raw.table_loads),
    (select count(*) from raw.events),
    (
        select coalesce(list(distinct stream_type order by stream_type), [])
        from (
            select stream_type, load_id from raw.events
            union all
            select stream_type, load_id from raw.quarantined_events
        )
        where load_id > $since
    ),
    (
        select coalesce(list(distinct table_name order by table_name), [])
        from raw.table_loads
        where table_load_id > $since_table
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """The difference between the raw schema and the marts.

    A failed build does not count: the next one starts from the last that passed all tests.
    """

    build_no: int
    since_load_id: int
    last_load_id: int
    last_table_load_id: int
    events: int
    streams: tuple[str, ...]
    tables: tuple[str, ...]
    is_full: bool

    @property
    def is_empty(self) -> bool:
        return not (self.is_full or self.streams or self.tables)

    @property
    def selection(self) -> list[str]:
        """The arguments that make dbt build everything downstream of what arrived.

        A view shows new rows by itself, and some promises can only be broken by other SQL: neither
        is part of a refresh.
        """
        if self.is_full:
            return []
        roots = [f"tag:{stream}+" for stream in self.streams]
        roots += [f"stg_lake__{table}+" for table in self.tables]
        kinds = ("config.materialized:incremental", "config.materialized:table", "test_type:data")
        chosen = [f"{root},{kind}" for root in roots for kind in kinds]
        return ["--select", *chosen, "--exclude", "tag:full_build_only"]


def plan_build(connection: duckdb.DuckDBPyConnection, *, project_hash: str) -> BuildPlan:
    """Compare what is loaded with the last green build of the same project."""
    last = connection.execute(
        """
        select build_no, last_load_id, last_table_load_id, project_hash
        from raw.builds order by build_no desc limit 1
        """
    ).fetchall()
    build_no, since, since_table, built_hash = last[0] if last else (0, 0, 0, "")
    is_full = built_hash != project_hash
    arrived = _one_row(connection, _ARRIVED, {"since": since, "since_table": since_table})
    return BuildPlan(
        build_no=build_no + 1,
        since_load_id=0 if is_full else since,
        last_load_id=arrived[0],
        last_table_load_id=arrived[1],
        events=arrived[2],
        streams=tuple(arrived[3]),
        tables=tuple(arrived[4]),
        is_full=is_full,
    )


def clear_models(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop every model: after a change of the project none of the old ones may survive."""
    for schema in ("marts", "intermediate", "staging"):
        connection.execute(f"drop schema if exists {schema} cascade")


def record_green_build(
    connection: duckdb.DuckDBPyConnection,
    plan: BuildPlan,
    *,
    project_hash: str,
    built_at: datetime,
) -> None:
    """Remember that the marts now contain everything the plan has seen."""
    connection.execute(
        "insert into raw.builds values ($build_no, $load_id, $table_load_id, $hash, $built_at)",
        {
            "build_no": plan.build_no,
            "load_id": plan.last_load_id,
            "table_load_id": plan.last_table_load_id,
            "hash": project_hash,
            "built_at": built_at,
        },
    )


def last_build_no(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the last green build; 0 if there was none."""
    row = _one_row(connection, "select coalesce(max(build_no), 0) from raw.builds", {})
    return int(row[0])


def _one_row(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]
) -> tuple[Any, ...]:
    return tuple(connection.execute(sql, parameters).fetchall()[0])
