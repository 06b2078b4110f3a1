{{ config(unique_key=['sku', 'location_id']) }}

with

stock_movements as not materialized (

    select * from {{ ref('stock_movements') }}

),

purchase_orders as not materialized (

    select * from {{ ref('purchase_orders') }}

),

touched_shelves as (

    select
        sku,
        location_id
    from stock_movements
    where load_id > {{ since_load_id() }}
    union
    select
        sku,
        location_id
    from purchase_orders
    where last_load_id > {{ since_load_id() }}

),

last_movements as (

    select
        stock_movements.sku,
        stock_movements.location_id,
        any_value(stock_movements.store_id) as store_id,
        arg_max(stock_movements.on_hand, stock_movements.stream_seq) as on_hand,
        arg_max(stock_movements.reserved, stock_movements.stream_seq) as reserved,
        arg_max(stock_movements.allocated, stock_movements.stream_seq) as allocated,
        max(stock_movements.occurred_at) as last_movement_at,
        max(stock_movements.load_id) as load_id
    from stock_movements
    semi join touched_shelves
        on
            stock_movements.sku = touched_shelves.sku
            and stock_movements.location_id = touched_shelves.location_id
    group by stock_movements.sku, stock_movements.location_id

),

ordered_units as (

    select
        sku,
        location_id,
        any_value(store_id) as store_id,
        sum(greatest(qty - received_qty, 0)) filter (where status = 'ordered') as on_order,
        max(last_load_id) as load_id
    from purchase_orders
    group by sku, location_id

),

typed as (

    select
        coalesce(last_movements.store_id, ordered_units.store_id) as store_id,
        touched_shelves.sku,
        touched_shelves.location_id,
        coalesce(last_movements.on_hand, 0) as on_hand,
        coalesce(last_movements.reserved, 0) as reserved,
        coalesce(last_movements.allocated, 0) as allocated,
        coalesce(
            last_movements.on_hand - last_movements.reserved - last_movements.allocated, 0
        ) as available,
        cast(coalesce(ordered_units.on_order, 0) as bigint) as on_order,
        last_movements.last_movement_at,
        greatest(coalesce(last_movements.load_id, 0), coalesce(ordered_units.load_id, 0))
            as last_load_id
    from touched_shelves
    left join last_movements
        on
            touched_shelves.sku = last_movements.sku
            and touched_shelves.location_id = last_movements.location_id
    left join ordered_units
        on
            touched_shelves.sku = ordered_units.sku
            and touched_shelves.location_id = ordered_units.location_id

)

select * from typed
