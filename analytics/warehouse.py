"""The published warehouse as its readers see it: the newest good file, opened read-only."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

# Views inside the file name their database, so every reader must attach it under this name.
CATALOG: Final = "build"
POINTER: Final = "CURRENT"
# Extensions would be downloads: a warehouse must not depend on the network.
CLOSED_WORLD: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class WarehouseUnavailableError(RuntimeError):
    """Nothing has been published yet, or the published file cannot be opened."""


class QueryError(ValueError):
    """The statement is not one that the read-only warehouse can answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One published version: the file to read and what it contains."""

    version: int
    file: Path
    published_at: datetime
    last_load_id: int
    events: int
    build_no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """Column names and rows, as the database returned them."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_truncated: bool = False


def published_folder(warehouse_dir: Path) -> Path:
    return warehouse_dir / "published"


def published(warehouse_dir: Path) -> Publication | None:
    """Return the current publication, or None if nothing was published yet."""
    folder = published_folder(warehouse_dir)
    try:
        pointer = json.loads((folder / POINTER).read_text())
    except FileNotFoundError:
        return None
    return Publication(
        version=pointer["version"],
        file=folder / pointer["file"],
        published_at=datetime.fromisoformat(pointer["published_at"]),
        last_load_id=pointer["last_load_id"],
        events=pointer["events"],
        build_no=pointer["build_no"],
    )


@contextmanager
def read_only(source: Publication | Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published file for reading, so that `marts.orders` resolves.

    The file is attached to a connection in memory: a connection opened on the path itself would
    keep showing the old content after the path has got a new file.
    Raises WarehouseUnavailableError.
    """
    file = source.file if isinstance(source, Publication) else source
    connection = duckdb.connect(":memory:", config=CLOSED_WORLD)
    try:
        try:
            quoted = str(file).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {CATALOG} (read_only)")
        except duckdb.Error as error:
            raise WarehouseUnavailableError(f"cannot open {file.name}: {error}") from error
        connection.execute(f"use {CATALOG}")
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def query(
    source: Publication | Path,
    sql: str,
    parameters: Sequence[Any] | dict[str, Any] | None = None,
    *,
    rows_max: int | None = None,
) -> QueryResult:
    """Run one statement on the published file and return its rows.

    Raises QueryError if the statement is wrong or wants to write.
    """
    with read_only(source) as connection:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            cursor = connection.execute(sql, parameters)
            columns = tuple(column[0] for column in cursor.description or ())
            if rows_max is None:
                return QueryResult(columns=columns, rows=cursor.fetchall())
            rows = cursor.fetchmany(rows_max + 1)
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
        return QueryResult(columns=columns, rows=rows[:rows_max], is_truncated=len(rows) > rows_max)
