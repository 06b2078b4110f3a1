"""Reading the outbox for export: only settled rows, in claimed batches that can be read again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Rows below the oldest running transaction are settled: none can still appear among them. Within
# a stream, though, transactions may commit in another order than they began. A settled row whose
# predecessor is not settled yet waits for it, and everything after that row waits with it.
_CLAIM = """
with last as (
    select last_no, to_xid, to_id from export_batches order by first_no desc limit 1
),
position as (
    select coalesce(max(last_no), 0) as last_no, coalesce(max(to_xid), '0') as xid,
        coalesce(max(to_id), 0) as id
    from last
),
settled as (
    select outbox.xid, outbox.outbox_id, outbox.stream_type, outbox.stream_id, outbox.stream_seq
    from outbox, position
    where (outbox.xid, outbox.outbox_id) > (position.xid, position.id)
        and outbox.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by outbox.xid, outbox.outbox_id
    limit $1
),
unsettled as (
    select xid, stream_type, stream_id, stream_seq
    from outbox
    where xid >= pg_snapshot_xmin(pg_current_snapshot())
),
reached as (
    select xid, max(xid) over (partition by stream_type, stream_id order by stream_seq) as xid_max
    from (
        select xid, stream_type, stream_id, stream_seq from settled
        union all
        select xid, stream_type, stream_id, stream_seq from unsettled
    ) as visible
),
waiting as (
    select case when max(xid_max) >= pg_snapshot_xmin(pg_current_snapshot())
        then min(xid) filter (where xid < xid_max) end as xid
    from reached
    where xid < pg_snapshot_xmin(pg_current_snapshot())
),
ready as (
    select settled.xid, settled.outbox_id
    from settled, waiting
    where waiting.xid is null or settled.xid < waiting.xid
),
bounds as (
    select count(*) as events, (array_agg(xid order by xid desc, outbox_id desc))[1] as to_xid,
        (array_agg(outbox_id order by xid desc, outbox_id desc))[1] as to_id
    from ready
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
        # A batch is claimed when none is unwritten, so only the newest can be.
        row = await self._pool.fetchrow(
            """
            with newest as (select * from export_batches order by first_no desc limit 1)
            select first_no, last_no from newest where written_at is null
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
