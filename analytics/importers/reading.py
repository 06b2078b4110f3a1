"""Opens a foreign shop's order file, CSV or Parquet, as one DuckDB table of text, or says why not.

The table `source_rows` has one row per row of the file: `row_number` (1 is the first row below the
heading), the wanted columns as text, and `broken`, the reason why the row has no columns to read.
Every number passes through its shortest text, so a price written 2.55 is 2.55 and not the nearest
binary fraction.
"""

import codecs
import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

_PARQUET_MAGIC = b"PAR1"
_CHUNK_BYTES = 1 << 20
_BROKEN_TEXT_CHARS_MAX = 500


class ImportFileError(ValueError):
    """The file cannot be imported; nothing was."""

    def __init__(self, path: Path, *, problem: str, advice: str) -> None:
        super().__init__(f"{path}: {problem}. {advice}. Nothing was imported.")
        self.path = path
        self.problem = problem
        self.advice = advice


class Kind(StrEnum):
    """What a Parquet column may hold for its text to be worth reading."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A published column and the kinds, beside text, in which it may be stored."""

    name: str
    kinds: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    path: Path
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _BrokenRow:
    row_number: int
    text: str
    fields: int


def open_rows(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[Column]
) -> SourceFile:
    """Create `source_rows` on the connection. Raises ImportFileError."""
    sha256, is_parquet = _inspect(path)
    broken: list[_BrokenRow] = []
    if is_parquet:
        table = _read_parquet(path, columns)
    else:
        table, broken = _read_csv(path, columns)
    rows = table.num_rows + len(broken)
    if rows == 0:
        raise ImportFileError(
            path, problem="the file has a heading and no rows", advice="Export it again"
        )
    _create_table(connection, table, broken=broken, columns=columns)
    return SourceFile(path=path, sha256=sha256, rows=rows)


def _inspect(path: Path) -> tuple[str, bool]:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            head = file.read(_CHUNK_BYTES)
            digest.update(head)
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise ImportFileError(
            path,
            problem=f"the file cannot be opened ({error.strerror or error})",
            advice="Check the path and its permissions",
        ) from error
    if not head.strip():
        raise ImportFileError(path, problem="the file is empty", advice="Export it again")
    is_parquet = head.startswith(_PARQUET_MAGIC)
    if not is_parquet and b"\x00" in head:
        raise ImportFileError(
            path,
            problem="this is neither Parquet nor text",
            advice="Give the order file as Parquet, or as CSV in UTF-8 or Latin-1",
        )
    return digest.hexdigest(), is_parquet


def _read_parquet(path: Path, columns: Sequence[Column]) -> pa.Table:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            chosen = _match_headings(path, schema.names, columns)
            _check_kinds(path, schema, chosen, columns)
            table = file.read(columns=chosen)
    except (pa.ArrowException, OSError) as error:
        raise ImportFileError(
            path,
            problem=f"the Parquet file is damaged or cut off ({_first_line(error)})",
            advice="Copy or export it again",
        ) from error
    return table.select(chosen).rename_columns([column.name for column in columns])


def _match_headings(path: Path, headings: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Return the file's heading of each column; case, blanks and underscores do not matter."""
    found: dict[str, list[str]] = {}
    for heading in headings:
        found.setdefault(_fold(heading), []).append(heading)
    missing = [column.name for column in columns if _fold(column.name) not in found]
    if missing:
        raise ImportFileError(
            path,
            problem=f"column {', '.join(missing)} is missing; the file has {', '.join(headings)}",
            advice=f"It must have {', '.join(column.name for column in columns)}",
        )
    counts = Counter(_fold(heading) for heading in headings)
    repeated = [column.name for column in columns if counts[_fold(column.name)] > 1]
    if repeated:
        raise ImportFileError(
            path,
            problem=f"column {', '.join(repeated)} occurs more than once",
            advice="Leave one column of each name",
        )
    return [found[_fold(column.name)][0] for column in columns]


def _fold(heading: str) -> str:
    return heading.strip().lower().replace(" ", "").replace("_", "")


def _check_kinds(
    path: Path, schema: pa.Schema, chosen: Sequence[str], columns: Sequence[Column]
) -> None:
    for heading, column in zip(chosen, columns, strict=True):
        stored = schema.field(heading).type
        kind = _kind(stored)
        if kind is not Kind.TEXT and kind not in column.kinds:
            expected = ", ".join(sorted({Kind.TEXT, *column.kinds}))
            raise ImportFileError(
                path,
                problem=f"column {column.name} holds {stored}, not {expected}",
                advice="Give the columns the types they are published with",
            )


def _kind(stored: pa.DataType) -> Kind | None:
    value = stored.value_type if pa.types.is_dictionary(stored) else stored
    if pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_null(value):
        return Kind.TEXT
    if pa.types.is_integer(value):
        return Kind.WHOLE
    if pa.types.is_floating(value) or pa.types.is_decimal(value):
        return Kind.NUMBER
    # With a zone the clock on the invoice would have to be guessed back.
    if pa.types.is_date(value) or (pa.types.is_timestamp(value) and value.tz is None):
        return Kind.TIME
    return None


def _read_csv(path: Path, columns: Sequence[Column]) -> tuple[pa.Table, list[_BrokenRow]]:
    encoding, heading_line, ends_with_newline = _read_text_form(path)
    headings = next(csv.reader([heading_line]), [])
    chosen = _match_headings(path, headings, columns)
    broken: list[_BrokenRow] = []

    def set_aside(row: pyarrow.csv.InvalidRow) -> Literal["skip"]:
        number = row.number
        assert number is not None  # given as long as one thread reads
        broken.append(_BrokenRow(row_number=number - 1, text=row.text, fields=row.actual_columns))
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(
                encoding=encoding, use_threads=False, column_names=headings, skip_rows=1
            ),
            parse_options=pyarrow.csv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=set_aside
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(headings, pa.string()),
                include_columns=chosen,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowException as error:
        raise ImportFileError(
            path,
            problem=f"the file cannot be read as CSV ({_first_line(error)})",
            advice="Export it again, with commas between fields and quotes around texts",
        ) from error
    rows = table.num_rows + len(broken)
    _refuse_torn_text(path, broken, rows=rows, ends_with_newline=ends_with_newline)
    return table.rename_columns([column.name for column in columns]), broken


def _read_text_form(path: Path) -> tuple[str, str, bool]:
    """Return the encoding (UTF-8 if the bytes are, else Latin-1), first line, final newline."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8"
    last = b""
    with path.open("rb") as file:
        first_line = file.readline()
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            last = chunk[-1:]
            if encoding == "utf-8":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    encoding = "latin-1"
    heading = first_line.removeprefix(codecs.BOM_UTF8).decode(encoding, errors="replace")
    return encoding, heading.rstrip("\r\n"), last in {b"\n", b"\r"}


def _refuse_torn_text(
    path: Path, broken: Sequence[_BrokenRow], *, rows: int, ends_with_newline: bool
) -> None:
    """Refuse a file whose broken row hides an unknown number of rows behind it."""
    for row in broken:
        if "\n" in row.text.strip():
            raise ImportFileError(
                path,
                problem=f"a quote opened in row {row.row_number} is not closed in that row",
                advice="Repair the row or export the file again",
            )
        if row.row_number == rows and not ends_with_newline:
            raise ImportFileError(
                path,
                problem=f"the file ends in the middle of row {row.row_number}",
                advice="It was probably cut off; copy or export it again",
            )


def _create_table(
    connection: duckdb.DuckDBPyConnection,
    table: pa.Table,
    *,
    broken: Sequence[_BrokenRow],
    columns: Sequence[Column],
) -> None:
    rows = table.num_rows + len(broken)
    broken_numbers = np.array([row.row_number for row in broken], dtype=np.int64)
    is_whole = np.ones(rows, dtype=np.bool_)
    is_whole[broken_numbers - 1] = False
    whole = table.append_column("row_number", pa.array(np.flatnonzero(is_whole) + 1))
    set_aside = pa.table(
        {
            "row_number": pa.array(broken_numbers),
            "broken": pa.array(
                [f"the row has {row.fields} fields" for row in broken], type=pa.string()
            ),
            "broken_text": pa.array(
                [row.text[:_BROKEN_TEXT_CHARS_MAX] for row in broken], type=pa.string()
            ),
        }
    )
    texts = ", ".join(f'cast("{column.name}" as varchar) as "{column.name}"' for column in columns)
    connection.register("whole_rows", whole)
    connection.register("set_aside_rows", set_aside)
    connection.execute(
        f"""
        create or replace temp table source_rows as
        select row_number, cast(null as varchar) as broken, cast(null as varchar) as broken_text,
            {texts}
        from whole_rows
        union all by name
        select row_number, broken, broken_text from set_aside_rows
        """  # noqa: S608  # the column names are constants of the importer
    )
    connection.unregister("whole_rows")
    connection.unregister("set_aside_rows")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
