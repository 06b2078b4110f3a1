"""How the warehouse is doing, told from published files alone, so that nobody has to wait."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from analytics.publish import write_atomically
from analytics.warehouse import Publication, published, read_only

_LAST_BUILD: Final = "LAST_BUILD"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseStatus:
    """What readers see now, and how the last build went."""

    published_version: int | None
    published_at: datetime | None
    newest_event_at: datetime | None
    raw_events: int
    quarantined: int
    mart_rows: dict[str, int]
    last_built_at: datetime | None
    last_failure: str | None


def read_status(warehouse_dir: Path) -> WarehouseStatus:
    """Describe the current publication and the last build."""
    publication = published(warehouse_dir)
    content = _content(publication) if publication else (None, 0, 0, {})
    built_at, failure = _read_last_build(warehouse_dir)
    return WarehouseStatus(
        published_version=publication.version if publication else None,
        published_at=publication.published_at if publication else None,
        newest_event_at=content[0],
        raw_events=content[1],
        quarantined=content[2],
        mart_rows=content[3],
        last_built_at=built_at,
        last_failure=failure,
    )


def write_last_build(warehouse_dir: Path, *, built_at: datetime, failure: str | None) -> None:
    """Record how a build went; a failure names the test or the model."""
    text = json.dumps({"built_at": built_at.isoformat(), "failure": failure})
    write_atomically(warehouse_dir / _LAST_BUILD, text)


def _read_last_build(warehouse_dir: Path) -> tuple[datetime | None, str | None]:
    try:
        last = json.loads((warehouse_dir / _LAST_BUILD).read_text())
    except FileNotFoundError:
        return None, None
    return datetime.fromisoformat(last["built_at"]), last["failure"]


def _content(publication: Publication) -> tuple[Any, int, int, dict[str, int]]:
    with read_only(publication) as connection:
        newest, events, quarantined = connection.execute(
            """
            select
                (select max(occurred_at) from raw.events),
                (select count(*) from raw.events),
                (select count(*) from raw.quarantined_events)
            """
        ).fetchall()[0]
        marts = connection.execute(
            """
            select table_name, estimated_size from duckdb_tables()
            where schema_name = 'marts' order by table_name
            """
        ).fetchall()
        rows = {
            name: connection.execute(f'select count(*) from marts."{name}"').fetchall()[0][0]  # noqa: S608
            for name, _ in marts
        }
    return newest, events, quarantined, rows
