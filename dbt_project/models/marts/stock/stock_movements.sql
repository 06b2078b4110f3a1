{{ config(unique_key='movement_id') }}

with

stock_movements as (

    select * from {{ ref('stg_lake__stock_movements') }}

),

new_movements as (

    select
        movement_id,
        store_id,
        sku,
        location_id,
        order_id,
        kind,
        qty,
        on_hand_delta,
        reserved_delta,
        allocated_delta,
        on_hand,
        reserved,
        allocated,
        cause_type,
        cause_id,
        occurred_at,
        stream_seq,
        load_id
    from stock_movements
    where load_id > {{ since_load_id() }}

)

select * from new_movements
