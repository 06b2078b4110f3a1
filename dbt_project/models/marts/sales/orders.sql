{{ config(unique_key='order_id') }}

with

order_states as (

    select * from {{ ref('int_order_states') }}

),

order_lines as (

    select * from {{ ref('order_lines') }}

),

payments as (

    select * from {{ ref('payments') }}

),

touched_orders as (

    select * from order_states
    where last_load_id > {{ since_load_id() }}

),

lines_by_order as (

    select
        order_id,
        count(*) as line_count,
        sum(qty) filter (where line_kind in ('sale', 'return')) as units,
        sum(goods_minor) as goods_minor,
        sum(freight_minor) as freight_minor,
        sum(other_minor) as other_minor,
        sum(payable_minor) as total_minor
    from order_lines
    where last_load_id > {{ since_load_id() }}
    group by order_id

),

payments_by_order as (

    select
        order_id,
        sum(captured_minor) as captured_minor,
        sum(refunded_minor) as refunded_minor
    from payments
    where order_id in (select touched_orders.order_id from touched_orders)
    group by order_id

),

{# A live order states its own parts, a foreign document is the sum of its lines. #}
with_parts as (

    select
        touched_orders.*,
        coalesce(touched_orders.goods_minor, lines_by_order.goods_minor, 0) as order_goods_minor,
        coalesce(touched_orders.discount_minor, 0) as order_discount_minor,
        coalesce(touched_orders.freight_minor, lines_by_order.freight_minor, 0)
            as order_freight_minor,
        coalesce(touched_orders.tax_minor, 0) as order_tax_minor,
        coalesce(lines_by_order.other_minor, 0) as order_other_minor,
        coalesce(touched_orders.total_minor, lines_by_order.total_minor, 0) as order_total_minor,
        coalesce(payments_by_order.captured_minor, 0) as captured_minor,
        coalesce(payments_by_order.refunded_minor, 0) as refunded_minor,
        coalesce(lines_by_order.line_count, 0) as line_count,
        coalesce(lines_by_order.units, 0) as units
    from touched_orders
    left join lines_by_order on touched_orders.order_id = lines_by_order.order_id
    left join payments_by_order on touched_orders.order_id = payments_by_order.order_id

),

typed as (

    select
        order_id,
        store_id,
        channel,
        order_type,
        origin,
        document_kind,
        customer_ref,
        region,
        currency,
        business_date,
        submitted_at,
        paid_at,
        shipped_at,
        delivered_at,
        completed_at,
        cancelled_at,
        expired_at,
        status,
        waiting_for,
        due_at,
        is_terminal,
        cast(order_goods_minor as bigint) as goods_minor,
        cast(order_discount_minor as bigint) as discount_minor,
        cast(order_freight_minor as bigint) as freight_minor,
        cast(order_tax_minor as bigint) as tax_minor,
        cast(order_other_minor as bigint) as other_minor,
        cast(order_total_minor as bigint) as total_minor,
        cast(captured_minor as bigint) as captured_minor,
        cast(refunded_minor as bigint) as refunded_minor,
        cast(
            case when is_imported then order_total_minor else captured_minor - refunded_minor end
            as bigint
        ) as net_minor,
        line_count,
        cast(units as bigint) as units,
        last_event_at,
        last_load_id
    from with_parts

)

select * from typed
