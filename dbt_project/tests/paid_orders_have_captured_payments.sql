with

orders as (

    select * from {{ ref('orders') }}

)

select
    orders.order_id,
    orders.total_minor,
    orders.captured_minor
from orders
where
    orders.paid_at is not null
    and orders.origin <> 'import'
    and orders.captured_minor < orders.total_minor
    and {{ is_settled(ref('orders')) }}
