"""Queries of the orders page: live states, stuck orders, the latest ones, one order's life.

`as_of` is the moment the warehouse was published: what is late is late as far as the data knows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from analytics.warehouse import Publication
from dashboards.queries.fetch import fetch

OPEN_STATES = ("submitted", "action_required", "awaiting_payment", "paid", "shipped", "delivered")
CLOSED_STATES = ("completed", "cancelled", "expired", "failed")

# A timer fires within seconds of its deadline; later than this nobody is coming.
DUE_GRACE = timedelta(minutes=2)

# How long an order may stay in a state before somebody should look, deadline or not.
LONGEST_STAY = {
    "submitted": timedelta(minutes=15),
    "action_required": timedelta(days=2),
    "awaiting_payment": timedelta(hours=2),
    "paid": timedelta(days=1),
    "shipped": timedelta(days=7),
    "delivered": timedelta(days=10),
}

# An open order with the moment it entered its present state.
_OPEN_ORDERS = """
    open_orders as (
        select
            orders.*,
            coalesce(
                case status
                    when 'paid' then paid_at
                    when 'shipped' then shipped_at
                    when 'delivered' then delivered_at
                end,
                submitted_at
            ) as since
        from marts.orders
        where
            orders.store_id = $store_id
            and orders.currency = $currency
            and not orders.is_terminal
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last order of a page: the next page starts behind it, whatever arrives meanwhile."""

    submitted_at: datetime
    order_id: str


_OPEN_STATES = f"""
with {_OPEN_ORDERS}
select
    status,
    coalesce(waiting_for, 'the system itself') as waiting_for,
    count(*) as orders,
    cast(sum(total_minor) as bigint) as total_minor,
    min(since) as oldest_since
from open_orders
group by status, waiting_for
order by list_position($states::varchar[], status), orders desc, waiting_for
"""  # noqa: S608


def open_states(publication: Publication, *, store_id: str, currency: str) -> pl.DataFrame:
    """One row per open headline status and what it waits for."""
    return fetch(
        publication, _OPEN_STATES, store_id=store_id, currency=currency, states=list(OPEN_STATES)
    )


_CLOSED_STATES = """
select
    status,
    count(*) as orders,
    count(*) filter (where last_event_at > $day_ago) as last_day_orders
from marts.orders
where store_id = $store_id and currency = $currency and is_terminal
group by status
order by list_position($states::varchar[], status)
"""


def closed_states(
    publication: Publication, *, store_id: str, currency: str, as_of: datetime
) -> pl.DataFrame:
    """One row per final status: orders ever, and those that got there in the last day."""
    return fetch(
        publication,
        _CLOSED_STATES,
        store_id=store_id,
        currency=currency,
        day_ago=_naive(as_of) - timedelta(days=1),
        states=list(CLOSED_STATES),
    )


_STUCK_ORDERS = f"""
with {_OPEN_ORDERS},
limits as (
    select
        unnest($states::varchar[]) as status,
        unnest($stay_seconds::bigint[]) as stay_seconds
),
judged as (
    select
        open_orders.order_id,
        open_orders.status,
        coalesce(open_orders.waiting_for, '') as waiting_for,
        open_orders.region,
        open_orders.total_minor,
        open_orders.since,
        open_orders.due_at,
        date_diff('second', open_orders.due_at, $as_of::timestamp) as overdue_seconds,
        date_diff('second', open_orders.since, $as_of::timestamp)
        - limits.stay_seconds as too_long_seconds
    from open_orders
    left join limits on open_orders.status = limits.status
)
select
    order_id, status, waiting_for, region, total_minor, since, due_at,
    case
        when overdue_seconds > $grace_seconds then 'overdue' else 'too_long'
    end as cause,
    case
        when overdue_seconds > $grace_seconds then overdue_seconds
        else too_long_seconds
    end as late_seconds
from judged
where overdue_seconds > $grace_seconds or too_long_seconds > 0
order by late_seconds desc, order_id
"""  # noqa: S608


def stuck_orders(
    publication: Publication, *, store_id: str, currency: str, as_of: datetime
) -> pl.DataFrame:
    """One row per open order past its deadline or too long in its state, the latest first.

    `cause` is 'overdue' or 'too_long'; `late_seconds` counts from the deadline or the limit.
    """
    return fetch(
        publication,
        _STUCK_ORDERS,
        store_id=store_id,
        currency=currency,
        as_of=_naive(as_of),
        grace_seconds=int(DUE_GRACE.total_seconds()),
        states=list(LONGEST_STAY),
        stay_seconds=[int(stay.total_seconds()) for stay in LONGEST_STAY.values()],
    )


_LATEST_ORDERS = """
select
    order_id, submitted_at, status, coalesce(waiting_for, '') as waiting_for,
    document_kind, region, units, total_minor, net_minor, due_at
from marts.orders
where
    store_id = $store_id
    and currency = $currency
    and (len($states::varchar[]) = 0 or list_contains($states::varchar[], status))
    and (
        $after_at::timestamp is null
        or (submitted_at, order_id) < ($after_at::timestamp, $after_id::varchar)
    )
order by submitted_at desc, order_id desc
limit $page_size
"""


def latest_orders(
    publication: Publication,
    *,
    store_id: str,
    currency: str,
    states: tuple[str, ...],
    after: Cursor | None,
    limit: int,
) -> pl.DataFrame:
    """One page of orders, newest first, behind the cursor; no states means every state."""
    return fetch(
        publication,
        _LATEST_ORDERS,
        store_id=store_id,
        currency=currency,
        states=list(states),
        after_at=after.submitted_at if after else None,
        after_id=after.order_id if after else None,
        page_size=limit,
    )


def _naive(moment: datetime) -> datetime:
    """Marts hold UTC without a zone; a comparison needs the same."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
