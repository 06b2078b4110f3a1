{{ config(unique_key='order_id') }}

with

order_activity as not materialized (

    select * from {{ ref('stg_lake__order_activity') }}

),

order_events as (

    select * from {{ ref('stg_lake__order_events') }}

),

touched_orders as (

    select distinct order_id
    from order_activity
    where load_id > {{ since_load_id() }}

),

activity_by_order as (

    select
        order_id,
        max(occurred_at) as last_event_at,
        max(load_id) as last_load_id
    from order_activity
    where order_id in (select touched_orders.order_id from touched_orders)
    group by order_id

),

events_to_fold as (

    select
        *,
        case event_name
            when 'order.submitted' then 'submitted'
            when 'order.imported' then 'completed'
            when 'order.action_required' then 'action_required'
            when 'order.confirmed' then 'submitted'
            when 'order.payment_awaited' then 'awaiting_payment'
            when 'order.paid' then 'paid'
            when 'order.shipped' then 'shipped'
            when 'order.delivered' then 'delivered'
            when 'order.completed' then 'completed'
            when 'order.cancelled' then 'cancelled'
            when 'order.expired' then 'expired'
            when 'order.failed' then 'failed'
        end as status,
        event_name in ('order.submitted', 'order.imported') as is_opening
    from order_events
    where order_id in (select touched_orders.order_id from touched_orders)

),

folded as (

    select
        order_id,
        any_value(store_id) filter (where is_opening) as store_id,

        any_value(channel) filter (where is_opening) as channel,
        any_value(order_type) filter (where is_opening) as order_type,
        any_value(origin) filter (where is_opening) as origin,
        any_value(document_kind) filter (where is_opening) as document_kind,
        any_value(customer_ref) filter (where is_opening) as customer_ref,
        any_value(region) filter (where is_opening) as region,
        any_value(currency) filter (where is_opening) as currency,
        arg_max(status, stream_seq) filter (where status is not null) as status,

        max(stream_seq) filter (where status is not null) as status_seq,
        max(stream_seq) filter (where event_name = 'order.cancel_requested') as cancel_asked_seq,
        arg_max(goods_minor, stream_seq) filter (where event_name = 'order.priced') as goods_minor,
        arg_max(discount_minor, stream_seq) filter (where event_name = 'order.priced')
            as discount_minor,
        arg_max(freight_minor, stream_seq) filter (where event_name = 'order.priced')
            as freight_minor,
        arg_max(tax_minor, stream_seq) filter (where event_name = 'order.priced') as tax_minor,
        arg_max(total_minor, stream_seq) filter (where event_name = 'order.priced') as total_minor,

        bool_or(event_name = 'order.imported') as is_imported,

        any_value(business_date) filter (where is_opening) as business_date,

        min(occurred_at) filter (where is_opening) as submitted_at,
        min(occurred_at) filter (where event_name in ('order.paid', 'order.imported')) as paid_at,
        min(occurred_at) filter (where event_name in ('order.shipped', 'order.imported'))
            as shipped_at,
        min(occurred_at) filter (where event_name in ('order.delivered', 'order.imported'))
            as delivered_at,
        min(occurred_at) filter (where event_name in ('order.completed', 'order.imported'))
            as completed_at,
        min(occurred_at) filter (where event_name = 'order.cancelled') as cancelled_at,
        min(occurred_at) filter (where event_name = 'order.expired') as expired_at,
        arg_max(due_at, stream_seq) filter (where status is not null) as due_at
    from events_to_fold
    group by order_id
    {# The opening event may still be on its way; until it arrives there is nothing to show. #}
    having bool_or(is_opening)

),

described as (

    select
        folded.order_id,
        folded.store_id,
        folded.channel,
        folded.order_type,
        folded.origin,
        folded.document_kind,
        folded.customer_ref,
        folded.region,
        folded.currency,
        folded.status,
        folded.goods_minor,
        folded.discount_minor,
        folded.freight_minor,
        folded.tax_minor,
        folded.total_minor,
        folded.is_imported,
        folded.business_date,
        folded.submitted_at,
        folded.paid_at,
        folded.shipped_at,
        folded.delivered_at,
        folded.completed_at,
        folded.cancelled_at,
        folded.expired_at,
        folded.status in ('completed', 'cancelled', 'expired', 'failed') as is_terminal,
        case
            when folded.status in ('completed', 'cancelled', 'expired', 'failed') then null
            when folded.cancel_asked_seq > folded.status_seq then 'cancellation'
            when folded.status = 'submitted' then 'confirmation'
            when folded.status = 'action_required' then 'customer action'
            when folded.status = 'awaiting_payment' then 'customer payment'
            when folded.status = 'paid' then 'hand-over to carrier'
            when folded.status = 'shipped' then 'delivery'
            when folded.status = 'delivered' then 'receipt confirmation'
        end as waiting_for,
        case
            when folded.status in ('action_required', 'awaiting_payment', 'delivered')
                then folded.due_at
        end as due_at,
        activity_by_order.last_event_at,
        activity_by_order.last_load_id
    from folded
    inner join activity_by_order on folded.order_id = activity_by_order.order_id

)

select * from described
