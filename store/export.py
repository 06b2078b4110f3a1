"""Reading the outbox for export: only settled rows, in claimed batches that can be read again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Rows below the oldest running transaction are settled: none can still appear among them.
_CLAIM = """
with last as (
    select coalesce(max(last_no), 0) as last_no,
        coalesce(max(to_xid::text::numeric), 0)::text::xid8 as xid
    from export_batches
),
position as (
    select last.last_no, last.xid, coalesce((
        select to_id from export_batches order by first_no desc limit 1
    ), 0) as id
    from last
),
settled as (
    select outbox.xid, outbox.outbox_id
    from outbox, position
    where (outbox.xid, outbox.outbox_id) > (position.xid, position.id)
        and outbox.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by outbox.xid, outbox.outbox_id
    limit $1
),
bounds as (
    select count(*) as events, (array_agg(xid order by xid desc, outbox_id desc))[1] as to_xid,
        (array_agg(outbox_id order by xid desc, outbox_id desc))[1] as to_id
    from settled
)
insert into export_batches (first_no, last_no, from_xid, from_id, to_xid, to_id, claimed_at)
select position.last_no + 1, position.last_no + bounds.events, position.xid, position.id,
    bounds.to_xid, bounds.to_id, $2
from position, bounds
where bounds.events > 0
returning first_no, last_no
"""
_READ = """
select outbox.*, outbox.payload::text as payload_text from outbox join export_batches as batches
    on (outbox.xid, outbox.outbox_id) > (batches.from_xid, batches.from_id)
    and (outbox.xid, outbox.outbox_id) <= (batches.to_xid, batches.to_id)
where batches.first_no = $1
order by outbox.xid, outbox.outbox_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportBatch:
    """A claimed range of events, numbered from 1 over the life of the outbox."""

    first_no: int
    last_no: int


class OutboxReader:
    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def next_batch(self, *, events_max: int, at: datetime) -> ExportBatch | None:
        """Return the batch whose file is still to be written, claiming a new one if need be."""
        row = await self._pool.fetchrow(
            """
            select first_no, last_no from export_batches
            where written_at is null order by first_no limit 1
            """
        )
        if row is None:
            row = await self._pool.fetchrow(_CLAIM, events_max, at)
        return None if row is None else ExportBatch(**dict(row))

    async def read(self, batch: ExportBatch) -> list[dict[str, Any]]:
        """Return a batch's events in order; a repeat returns the same ones."""
        rows = await self._pool.fetch(_READ, batch.first_no)
        return [dict(row) for row in rows]

    async def mark_written(self, batch: ExportBatch, *, at: datetime) -> None:
        await self._pool.execute(
            "update export_batches set written_at = $2 where first_no = $1", batch.first_no, at
        )

    async def backlog(self) -> int:
        """Return how many events are not exported yet."""
        return int(
            await self._pool.fetchval(
                """
                select (select count(*) from outbox)
                    - coalesce((select max(last_no) from export_batches
                        where written_at is not null), 0)
                """
            )
        )
