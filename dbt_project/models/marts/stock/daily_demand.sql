{{ config(unique_key=['store_id', 'sku']) }}

with

order_lines as not materialized (

    select * from {{ ref('order_lines') }}

),

last_days as (

    select
        store_id,
        max(business_date) as last_date
    from order_lines
    group by store_id

),

{% if is_incremental() %}
    built_series as not materialized (

        select * from {{ this }}

    ),

    last_built_days as (

        select
            store_id,
            max(demand_date) as last_date
        from built_series
        group by store_id

    ),

    {# All series of a store end on the same day; a new day lengthens every one of them. #}
    stores_with_a_new_day as (

        select last_days.store_id
        from last_days
        inner join last_built_days on last_days.store_id = last_built_days.store_id
        where last_days.last_date > last_built_days.last_date

    ),
{% endif %}

series_to_rebuild as (

    select
        store_id,
        sku
    from order_lines
    where last_load_id > {{ since_load_id() }}
    {% if is_incremental() %}
        union
        select
            built_series.store_id,
            built_series.sku
        from built_series
        semi join stores_with_a_new_day on built_series.store_id = stores_with_a_new_day.store_id
    {% endif %}

),

sold_lines as (

    select
        order_lines.*,
        case order_lines.line_kind
            when 'sale' then order_lines.qty
            else -abs(order_lines.qty)
        end as demand_qty
    from order_lines
    semi join series_to_rebuild
        on
            order_lines.store_id = series_to_rebuild.store_id
            and order_lines.sku = series_to_rebuild.sku
    where order_lines.is_sold and order_lines.line_kind in ('sale', 'return')

),

{# What a customer returns on the day of buying was never demand. #}
demand_by_customer as (

    select
        store_id,
        sku,
        location_id,
        business_date,
        customer_ref,
        sum(demand_qty) as units,
        count(*) filter (where line_kind = 'sale') as order_lines,
        sum(goods_minor - discount_minor) as sale_minor
    from sold_lines
    group by store_id, sku, location_id, business_date, customer_ref
    having sum(demand_qty) > 0

),

demand_by_day as (

    select
        store_id,
        sku,
        location_id,
        business_date,
        sum(units) as units,
        sum(order_lines) as order_lines,
        count(*) as customers,
        sum(sale_minor) as sale_minor
    from demand_by_customer
    group by store_id, sku, location_id, business_date

),

first_days as (

    select
        sold_lines.store_id,
        sold_lines.sku,
        sold_lines.location_id,
        min(sold_lines.business_date) as first_date,
        any_value(last_days.last_date) as last_date
    from sold_lines
    inner join last_days on sold_lines.store_id = last_days.store_id
    where sold_lines.line_kind = 'sale'
    group by sold_lines.store_id, sold_lines.sku, sold_lines.location_id

),

calendar as (

    select
        store_id,
        sku,
        location_id,
        cast(unnest(range(first_date, last_date + 1, interval 1 day)) as date) as demand_date
    from first_days

),

typed as (

    select
        calendar.store_id,
        calendar.sku,
        calendar.location_id,
        calendar.demand_date,
        cast(coalesce(demand_by_day.units, 0) as bigint) as units,
        cast(coalesce(demand_by_day.order_lines, 0) as bigint) as order_lines,
        coalesce(demand_by_day.customers, 0) as customers,
        cast(coalesce(demand_by_day.sale_minor, 0) as bigint) as sale_minor,
        cast(round(demand_by_day.sale_minor / demand_by_day.units) as bigint) as unit_price_minor
    from calendar
    left join demand_by_day
        on
            calendar.store_id = demand_by_day.store_id
            and calendar.sku = demand_by_day.sku
            and calendar.location_id = demand_by_day.location_id
            and calendar.demand_date = demand_by_day.business_date

)

select * from typed
