with

order_lines as (

    select * from {{ ref('order_lines') }}

),

daily_sales as (

    select * from {{ ref('daily_sales') }}

),

lines_by_day as (

    select
        business_date,
        store_id,
        sum(payable_minor - refunded_minor) filter (where is_sold) as net_minor
    from order_lines
    group by business_date, store_id
    having max(last_load_id) > {{ var('since_load_id') | int }}

),

sales_by_day as (

    select
        business_date,
        store_id,
        sum(net_minor) as net_minor,
        sum(sale_minor + return_minor + other_minor) as parts_minor
    from daily_sales
    group by business_date, store_id

)

select
    lines_by_day.business_date,
    lines_by_day.store_id,
    coalesce(lines_by_day.net_minor, 0) as lines_minor,
    coalesce(sales_by_day.net_minor, 0) as sales_minor,
    coalesce(sales_by_day.parts_minor, 0) as parts_minor
from lines_by_day
left join sales_by_day
    on
        lines_by_day.business_date = sales_by_day.business_date
        and lines_by_day.store_id = sales_by_day.store_id
where
    coalesce(lines_by_day.net_minor, 0) <> coalesce(sales_by_day.net_minor, 0)
    or coalesce(sales_by_day.net_minor, 0) <> coalesce(sales_by_day.parts_minor, 0)
