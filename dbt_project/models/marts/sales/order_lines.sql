{{ config(unique_key='order_id') }}

with

order_states as (

    select * from {{ ref('int_order_states') }}

),

submitted_lines as (

    select * from {{ ref('stg_lake__order_submitted_lines') }}

),

priced_lines as (

    select * from {{ ref('stg_lake__order_priced_lines') }}

),

imported_lines as (

    select * from {{ ref('stg_lake__order_imported_lines') }}

),

payments as (

    select * from {{ ref('payments') }}

),

stock_movements as (

    select * from {{ ref('stock_movements') }}

),

touched_orders as (

    select * from order_states
    where last_load_id > {{ since_load_id() }}

),

{# A repriced order counts with its last prices. #}
last_prices as (

    select * from priced_lines
    where order_id in (select touched_orders.order_id from touched_orders)
    qualify row_number() over (partition by order_id, line_id order by stream_seq desc) = 1

),

live_lines as (

    select
        submitted_lines.order_id,
        submitted_lines.line_id,
        submitted_lines.sku,
        submitted_lines.product_name,
        submitted_lines.category,
        'sale' as line_kind,
        submitted_lines.qty,
        submitted_lines.unit_price_minor,
        coalesce(last_prices.goods_minor, 0) as goods_minor,
        coalesce(last_prices.discount_minor, 0) as discount_minor,
        coalesce(last_prices.freight_minor, 0) as freight_minor,
        coalesce(last_prices.tax_minor, 0) as tax_minor,
        0 as other_minor,
        coalesce(last_prices.payable_minor, 0) as payable_minor,
        submitted_lines.unit_cost_minor
    from submitted_lines
    left join last_prices
        on
            submitted_lines.order_id = last_prices.order_id
            and submitted_lines.line_id = last_prices.line_id
    where submitted_lines.order_id in (select touched_orders.order_id from touched_orders)

),

foreign_lines as (

    select
        order_id,
        line_id,
        sku,
        product_name,
        category,
        line_kind,
        qty,
        unit_price_minor,
        case when line_kind in ('sale', 'return') then amount_minor else 0 end as goods_minor,
        0 as discount_minor,
        case when line_kind = 'freight' then amount_minor else 0 end as freight_minor,
        0 as tax_minor,
        case when line_kind in ('sale', 'return', 'freight') then 0 else amount_minor end
            as other_minor,
        amount_minor as payable_minor,
        null as unit_cost_minor
    from imported_lines
    where order_id in (select touched_orders.order_id from touched_orders)

),

every_line as (

    select * from live_lines
    union all
    select * from foreign_lines

),

refunds_by_order as (

    select
        order_id,
        sum(refunded_minor) as refunded_minor
    from payments
    where refunded_minor > 0
    group by order_id

),

reservations as (

    select
        order_id,
        sku,
        min(location_id) as location_id
    from stock_movements
    where kind = 'reserved' and order_id in (select touched_orders.order_id from touched_orders)
    group by order_id, sku

),

joined as (

    select
        touched_orders.order_id,
        every_line.line_id,
        touched_orders.store_id,
        touched_orders.channel,
        touched_orders.region,
        touched_orders.currency,
        touched_orders.business_date,
        touched_orders.submitted_at,
        touched_orders.customer_ref,
        every_line.sku,
        coalesce(reservations.location_id, 'main') as location_id,
        every_line.product_name,
        every_line.category,
        every_line.line_kind,
        every_line.qty,
        every_line.unit_price_minor,
        every_line.goods_minor,
        every_line.discount_minor,
        every_line.freight_minor,
        every_line.tax_minor,
        every_line.other_minor,
        every_line.payable_minor,
        every_line.unit_cost_minor,
        coalesce(refunds_by_order.refunded_minor, 0) as order_refunded_minor,
        sum(every_line.payable_minor) over (
            partition by touched_orders.order_id order by every_line.line_id
            rows between unbounded preceding and current row
        ) as payable_up_to_here_minor,
        sum(every_line.payable_minor) over (partition by touched_orders.order_id)
            as order_payable_minor,
        touched_orders.paid_at is not null as is_sold,
        touched_orders.status = 'cancelled' as is_cancelled,
        touched_orders.last_load_id
    from every_line
    inner join touched_orders on every_line.order_id = touched_orders.order_id
    left join refunds_by_order on every_line.order_id = refunds_by_order.order_id
    left join reservations
        on every_line.order_id = reservations.order_id and every_line.sku = reservations.sku

),

{# Shares of a running total, rounded down: they add up to the refund exactly. #}
with_refund_shares as (

    select
        *,
        case
            when order_refunded_minor = 0 or order_payable_minor = 0 then 0
            else
                order_refunded_minor * payable_up_to_here_minor // order_payable_minor
                - order_refunded_minor * (payable_up_to_here_minor - payable_minor)
                // order_payable_minor
        end as refunded_minor
    from joined

),

typed as (

    select
        order_id,
        line_id,
        store_id,
        channel,
        region,
        currency,
        customer_ref,
        business_date,
        submitted_at,
        sku,
        location_id,
        product_name,
        category,
        line_kind,
        qty,
        unit_price_minor,
        goods_minor,
        discount_minor,
        freight_minor,
        tax_minor,
        other_minor,
        payable_minor,
        cast(refunded_minor as bigint) as refunded_minor,
        cast(unit_cost_minor as bigint) as unit_cost_minor,
        is_sold,
        is_cancelled,
        last_load_id
    from with_refund_shares

)

select * from typed
