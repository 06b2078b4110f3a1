{# A level is the last balance, and a refresh proves those: only other SQL could break this. #}
{{ config(tags=['full_build_only']) }}

with

stock_levels as (

    select * from {{ ref('stock_levels') }}
    where last_load_id > {{ var('since_load_id') | int }}

),

stock_movements as (

    select * from {{ ref('stock_movements') }}

),

summed as (

    select
        sku,
        location_id,
        sum(on_hand_delta) as on_hand,
        sum(reserved_delta) as reserved,
        sum(allocated_delta) as allocated
    from stock_movements
    group by sku, location_id

)

select
    stock_levels.sku,
    stock_levels.location_id,
    stock_levels.on_hand - coalesce(summed.on_hand, 0) as on_hand_drift,
    stock_levels.reserved - coalesce(summed.reserved, 0) as reserved_drift,
    stock_levels.allocated - coalesce(summed.allocated, 0) as allocated_drift
from stock_levels
left join summed
    on stock_levels.sku = summed.sku and stock_levels.location_id = summed.location_id
where
    stock_levels.on_hand <> coalesce(summed.on_hand, 0)
    or stock_levels.reserved <> coalesce(summed.reserved, 0)
    or stock_levels.allocated <> coalesce(summed.allocated, 0)
