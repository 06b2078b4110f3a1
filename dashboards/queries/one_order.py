"""Queries of one order's page: what it is, what happened when, its lines and its money."""

import polars as pl

from analytics.warehouse import Publication
from dashboards.queries.fetch import fetch

_ORDER = """
select *
from marts.orders
where order_id in ($order_id, upper($order_id))
order by order_id = $order_id desc
limit 1
"""


def order(publication: Publication, *, order_id: str) -> pl.DataFrame:
    """The order of this number, also if typed in small letters: one row, or none."""
    return fetch(publication, _ORDER, order_id=order_id)


_TIMELINE = """
with
this_order as (select * from marts.orders where order_id = $order_id),
this_payment as (select * from marts.payments where order_id = $order_id),
this_parcel as (select * from marts.parcels where order_id = $order_id),
steps as (
    select submitted_at as happened_at, 0 as place, 'order' as kind,
        'submitted' as step, document_kind as detail, null::bigint as amount_minor
    from this_order
    union all
    select paid_at, 4, 'order', 'paid', '', total_minor from this_order
    union all
    select shipped_at, 8, 'order', 'shipped', '', null from this_order
    union all
    select delivered_at, 10, 'order', 'delivered', '', null from this_order
    union all
    select completed_at, 11, 'order', 'completed', '', null from this_order
    union all
    select cancelled_at, 12, 'order', 'cancelled', '', null from this_order
    union all
    select expired_at, 12, 'order', 'expired', '', null from this_order
    union all
    select initiated_at, 1, 'payment', 'payment started',
        concat_ws(' ', method, provider), amount_minor
    from this_payment
    union all
    select captured_at, 2, 'payment', 'payment captured',
        concat_ws(' ', method, provider), captured_minor
    from this_payment
    union all
    select planned_at, 5, 'parcel', 'parcel planned',
        concat_ws(' ', parcel_id, 'from', location_id), null
    from this_parcel
    union all
    select labelled_at, 6, 'parcel', 'label bought',
        concat_ws(' ', carrier, service, tracking_no), null
    from this_parcel
    union all
    select handed_over_at, 7, 'parcel', 'handed over to the carrier',
        concat_ws(' ', carrier, tracking_no), null
    from this_parcel
    union all
    select delivered_at, 9, 'parcel', 'parcel delivered', parcel_id, null
    from this_parcel
    union all
    select posted_at, 3, 'ledger', 'booked: ' || kind, transfer_id,
        cast(sum(amount_minor) filter (where amount_minor > 0) as bigint)
    from marts.ledger_entries
    where order_id = $order_id
    group by transfer_id, kind, posted_at
    union all
    select occurred_at, 2, 'stock', 'stock ' || kind,
        concat_ws(' ', qty, 'of', sku, 'at', location_id), null
    from marts.stock_movements
    where order_id = $order_id
)
select happened_at, kind, step, coalesce(detail, '') as detail, amount_minor
from steps
where happened_at is not null
order by happened_at, place, step, detail
"""


def timeline(publication: Publication, *, order_id: str) -> pl.DataFrame:
    """Everything the marts date about an order, oldest first: happened_at, kind, step, detail.

    `place` breaks ties within one instant in the order things can only happen in.
    """
    return fetch(publication, _TIMELINE, order_id=order_id)


_LINES = """
select
    sku, product_name, line_kind, qty, unit_price_minor, goods_minor,
    discount_minor, freight_minor, tax_minor, payable_minor, is_sold
from marts.order_lines
where order_id = $order_id
order by line_id
"""


def lines(publication: Publication, *, order_id: str) -> pl.DataFrame:
    """The order's lines in their own order."""
    return fetch(publication, _LINES, order_id=order_id)


_LEDGER = """
select posted_at, kind, account, amount_minor, transfer_id
from marts.ledger_entries
where order_id = $order_id
order by posted_at, transfer_id, entry_no
"""


def ledger(publication: Publication, *, order_id: str) -> pl.DataFrame:
    """The order's double entry, transfer by transfer; debits positive, the sum is zero."""
    return fetch(publication, _LEDGER, order_id=order_id)
