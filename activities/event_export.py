"""Export: settled events leave the outbox as immutable files of the lake."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from analytics.lake import EVENT_SCHEMA, EventLake
from contracts import events
from store.export import OutboxReader

SOURCE = "outbox"
BATCH_EVENTS_MAX = 20_000
_BATCHES_MAX = 50


class EventExport:
    """Claim, write, mark: a crash between any two of them repeats the same file."""

    def __init__(
        self, *, reader: OutboxReader, lake: EventLake, now: Callable[[], datetime]
    ) -> None:
        self._reader = reader
        self._lake = lake
        self._now = now

    async def export(self) -> int:
        """Write every settled event, up to a bound; returns how many."""
        exported = 0
        for _ in range(_BATCHES_MAX):
            batch = await self._reader.next_batch(events_max=BATCH_EVENTS_MAX, at=self._now())
            if batch is None:
                break
            table = event_table(await self._reader.read(batch))
            self._lake.write_batch(SOURCE, batch.first_no, batch.last_no, table)
            await self._reader.mark_written(batch, at=self._now())
            exported += table.num_rows
        return exported


def event_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return outbox rows as a batch of the lake; ids are derived from stream and number."""
    columns = {
        name: [row[name] for row in rows]
        for name in EVENT_SCHEMA.names
        if name not in {"event_id", "payload", "recorded_at"}
    }
    columns["event_id"] = [
        str(events.event_id(row["stream_type"], row["stream_id"], row["stream_seq"]))
        for row in rows
    ]
    columns["payload"] = [row["payload_text"] for row in rows]
    columns["recorded_at"] = [row["recorded_at"].astimezone(UTC) for row in rows]
    return pa.table({name: columns[name] for name in EVENT_SCHEMA.names}, schema=EVENT_SCHEMA)
