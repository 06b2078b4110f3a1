with

orders as (

    select * from {{ ref('orders') }}

),

stock_movements as (

    select * from {{ ref('stock_movements') }}

),

held_by_order as (

    select
        order_id,
        sum(reserved_delta) as reserved,
        sum(allocated_delta) as allocated
    from stock_movements
    where order_id is not null
    group by order_id
    having sum(reserved_delta) <> 0 or sum(allocated_delta) <> 0

)

select
    orders.order_id,
    orders.status,
    held_by_order.reserved,
    held_by_order.allocated
from orders
inner join held_by_order on orders.order_id = held_by_order.order_id
where orders.is_terminal and {{ is_settled(ref('orders')) }}
