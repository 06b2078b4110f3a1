{{ config(unique_key=['business_date', 'store_id']) }}

with

order_lines as not materialized (

    select * from {{ ref('order_lines') }}

),

{# A late event changes the day the order was submitted on: redo that day of that store. #}
days_to_rebuild as (

    select distinct
        business_date,
        store_id
    from order_lines
    where last_load_id > {{ since_load_id() }}

),

sold_lines as (

    select order_lines.*
    from order_lines
    semi join days_to_rebuild
        on
            order_lines.business_date = days_to_rebuild.business_date
            and order_lines.store_id = days_to_rebuild.store_id
    where order_lines.is_sold

),

summed as (

    select
        business_date,
        store_id,
        currency,
        channel,
        region,
        category,
        sku,
        coalesce(sum(qty) filter (where line_kind = 'sale'), 0) as units_sold,
        coalesce(
            sum(abs(qty)) filter (where line_kind = 'return' or is_cancelled), 0
        ) as units_returned,
        coalesce(sum(goods_minor - discount_minor) filter (where line_kind = 'sale'), 0)
            as sale_minor,
        coalesce(sum(goods_minor) filter (where line_kind = 'return'), 0)
        - sum(refunded_minor) as return_minor,
        sum(freight_minor + tax_minor + other_minor) as other_minor,
        sum(payable_minor - refunded_minor) as net_minor,
        count(*) as line_count,
        max(last_load_id) as last_load_id
    from sold_lines
    group by business_date, store_id, currency, channel, region, category, sku

),

typed as (

    select
        business_date,
        store_id,
        currency,
        channel,
        region,
        category,
        sku,
        cast(units_sold as bigint) as units_sold,
        cast(units_returned as bigint) as units_returned,
        cast(sale_minor as bigint) as sale_minor,
        cast(return_minor as bigint) as return_minor,
        cast(other_minor as bigint) as other_minor,
        cast(net_minor as bigint) as net_minor,
        line_count,
        last_load_id
    from summed

)

select * from typed
