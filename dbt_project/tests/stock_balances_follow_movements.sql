{#
    Each balance is the one before plus the movement, and none is negative. What earlier refreshes
    have seen holds, so it is enough to start at the last movement before the first new one.
#}
with

stock_movements as not materialized (

    select * from {{ ref('stock_movements') }}

),

first_new_movements as (

    select
        sku,
        location_id,
        min(stream_seq) as stream_seq
    from stock_movements
    where load_id > {{ var('since_load_id') | int }}
    group by sku, location_id

),

starts as (

    select
        first_new_movements.sku,
        first_new_movements.location_id,
        coalesce(max(stock_movements.stream_seq), 0) as stream_seq
    from first_new_movements
    left join stock_movements
        on
            first_new_movements.sku = stock_movements.sku
            and first_new_movements.location_id = stock_movements.location_id
            and first_new_movements.stream_seq > stock_movements.stream_seq
    group by first_new_movements.sku, first_new_movements.location_id

),

movements_to_check as (

    select
        stock_movements.*,
        starts.stream_seq as start_seq
    from stock_movements
    inner join starts
        on
            stock_movements.sku = starts.sku
            and stock_movements.location_id = starts.location_id
            and stock_movements.stream_seq >= starts.stream_seq

),

with_balance_before as (

    select
        *,
        coalesce(lag(on_hand) over shelf, 0) as on_hand_before,
        coalesce(lag(reserved) over shelf, 0) as reserved_before,
        coalesce(lag(allocated) over shelf, 0) as allocated_before
    from movements_to_check
    window shelf as (partition by sku, location_id order by stream_seq)

)

select
    movement_id,
    sku,
    location_id,
    stream_seq,
    on_hand - on_hand_before - on_hand_delta as on_hand_drift,
    reserved - reserved_before - reserved_delta as reserved_drift,
    allocated - allocated_before - allocated_delta as allocated_drift
from with_balance_before
where
    stream_seq > start_seq
    and (
        on_hand <> on_hand_before + on_hand_delta
        or reserved <> reserved_before + reserved_delta
        or allocated <> allocated_before + allocated_delta
        or least(on_hand, reserved, allocated) < 0
    )
