"""Events written in the transaction that caused them, numbered without gaps per stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.events import NewEvent, StoreContext, check_payload

# Streams are locked in key order, so that two transactions never wait for each other in a ring.
_APPEND = """
with incoming as (
    select * from unnest(
        $1::text[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::date[],
        $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::json[]
    ) with ordinality as incoming (
        event_name, event_version, stream_type, stream_id, occurred_at, business_date,
        channel, correlation_id, causation_id, actor_type, actor_id, payload, place
    )
),
counted as (
    select stream_type, stream_id, count(*) as events
    from incoming
    group by stream_type, stream_id
    order by stream_type, stream_id
),
numbered as (
    insert into event_streams as streams (stream_type, stream_id, last_seq)
    select stream_type, stream_id, events from counted
    on conflict (stream_type, stream_id)
    do update set last_seq = streams.last_seq + excluded.last_seq
    returning stream_type, stream_id, last_seq
)
insert into outbox (
    event_name, event_version, stream_type, stream_id, stream_seq, occurred_at, business_date,
    store_id, currency, channel, workflow_id, run_id, correlation_id, causation_id,
    actor_type, actor_id, is_test, payload
)
select
    incoming.event_name, incoming.event_version, incoming.stream_type, incoming.stream_id,
    numbered.last_seq - counted.events + row_number() over (
        partition by incoming.stream_type, incoming.stream_id order by incoming.place
    ),
    incoming.occurred_at, incoming.business_date, $13, $14, incoming.channel, $15, $16,
    incoming.correlation_id, incoming.causation_id, incoming.actor_type, incoming.actor_id,
    false, incoming.payload
from incoming
join counted using (stream_type, stream_id)
join numbered using (stream_type, stream_id)
order by incoming.place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The workflow run a transaction belongs to; empty outside workflows."""

    workflow_id: str = ""
    run_id: str = ""


class Outbox:
    """Collects the events of one transaction and writes them in one statement."""

    def __init__(self, connection: Any, *, context: StoreContext, origin: Origin) -> None:
        self._connection = connection
        self._context = context
        self._origin = origin
        self._events: list[NewEvent] = []

    def add(self, *events: NewEvent) -> None:
        """Queue events for this transaction.

        Raises:
            UnknownEventError, MalformedEventError: the catalogue does not know such an event.
        """
        for event in events:
            check_payload(event.name, event.payload)
        self._events.extend(events)

    async def flush(self) -> None:
        if self._events:
            await self._connection.execute(_APPEND, *self._columns(self._events))
            self._events.clear()

    def _columns(self, events: Sequence[NewEvent]) -> tuple[Any, ...]:
        types = [check_payload(event.name, event.payload) for event in events]
        return (
            [event.name for event in events],
            [found.version for found in types],
            [found.stream.value for found in types],
            [event.stream_id for event in events],
            [event.occurred_at for event in events],
            [self._context.business_date(event.occurred_at) for event in events],
            [event.channel for event in events],
            [event.correlation_id for event in events],
            [event.causation_id for event in events],
            [event.actor.type.value for event in events],
            [event.actor.id for event in events],
            [event.payload for event in events],
            self._context.store_id,
            self._context.currency,
            self._origin.workflow_id,
            self._origin.run_id,
        )
