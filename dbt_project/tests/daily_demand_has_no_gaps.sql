{# The days come from a calendar: only other SQL could leave one out. #}
{{ config(tags=['full_build_only']) }}

with

daily_demand as (

    select * from {{ ref('daily_demand') }}

),

order_lines as (

    select * from {{ ref('order_lines') }}

),

touched_series as (

    select distinct
        store_id,
        sku
    from order_lines
    where last_load_id > {{ var('since_load_id') | int }}

)

select
    daily_demand.store_id,
    daily_demand.sku,
    daily_demand.location_id,
    count(*) as days,
    max(daily_demand.demand_date) - min(daily_demand.demand_date) + 1 as days_expected
from daily_demand
semi join touched_series
    on
        daily_demand.store_id = touched_series.store_id
        and daily_demand.sku = touched_series.sku
group by daily_demand.store_id, daily_demand.sku, daily_demand.location_id
having
    count(*) <> max(daily_demand.demand_date) - min(daily_demand.demand_date) + 1
    or count(distinct daily_demand.demand_date) <> count(*)
