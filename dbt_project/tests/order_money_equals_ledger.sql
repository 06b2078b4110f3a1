{# What an order brought in, net of refunds, lies on the gateway accounts, fees included. #}
with

orders as (

    select * from {{ ref('orders') }}

),

ledger_entries as (

    select * from {{ ref('ledger_entries') }}

),

ledger_by_order as (

    select
        order_id,
        sum(amount_minor) as received_minor
    from ledger_entries
    where account in ('gateway_receivable', 'gateway_fees')
    group by order_id

)

select
    orders.order_id,
    orders.captured_minor - orders.refunded_minor as kept_minor,
    coalesce(ledger_by_order.received_minor, 0) as ledger_minor
from orders
left join ledger_by_order on orders.order_id = ledger_by_order.order_id
where
    orders.captured_minor - orders.refunded_minor <> coalesce(ledger_by_order.received_minor, 0)
    and {{ is_settled(ref('orders')) }}
