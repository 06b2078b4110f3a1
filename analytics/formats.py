"""Query results as text: a table for people, CSV and JSON for programs."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from analytics.warehouse import QueryResult

_CELL_CHARACTERS_MAX: Final = 60


class UnknownFormatError(ValueError):
    """The result cannot be written in this format."""


def render(result: QueryResult, format_name: str) -> str:
    """Return the result as text, ending in a line break. Raises UnknownFormatError."""
    writer = _WRITERS.get(format_name)
    if writer is None:
        raise UnknownFormatError(f"{format_name!r} is not one of {', '.join(_WRITERS)}")
    return writer(result)


def as_table(result: QueryResult) -> str:
    cells = [[_cell(value) for value in row] for row in result.rows]
    widths = [
        max(len(name), *(len(row[place]) for row in cells)) if cells else len(name)
        for place, name in enumerate(result.columns)
    ]
    is_number = [
        bool(result.rows) and all(_is_number(row[place]) for row in result.rows)
        for place in range(len(result.columns))
    ]
    lines = [
        _line(list(result.columns), widths, is_number),
        "  ".join("-" * width for width in widths),
        *(_line(row, widths, is_number) for row in cells),
        _footer(result),
    ]
    return "\n".join(lines) + "\n"


def as_csv(result: QueryResult) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([["" if value is None else value for value in row] for row in result.rows])
    return text.getvalue()


def as_json(result: QueryResult) -> str:
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    return json.dumps(rows, default=_plain, ensure_ascii=False) + "\n"


_WRITERS: Final[dict[str, Callable[[QueryResult], str]]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
}


def _footer(result: QueryResult) -> str:
    rows = "1 row" if len(result.rows) == 1 else f"{len(result.rows)} rows"
    return f"({rows}, more were left out)" if result.is_truncated else f"({rows})"


def _line(cells: list[str], widths: list[int], is_number: list[bool]) -> str:
    aligned = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, is_number, strict=True)
    ]
    return "  ".join(aligned).rstrip()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("\n", " ")
    if len(text) > _CELL_CHARACTERS_MAX:
        return text[: _CELL_CHARACTERS_MAX - 1] + "…"
    return text


def _is_number(value: Any) -> bool:
    return value is None or (
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
