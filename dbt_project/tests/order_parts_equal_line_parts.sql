with

orders as (

    select * from {{ ref('orders') }}
    where last_load_id > {{ var('since_load_id') | int }}

),

order_lines as (

    select * from {{ ref('order_lines') }}
    where last_load_id > {{ var('since_load_id') | int }}

),

lines_by_order as (

    select
        order_id,
        sum(goods_minor) as goods_minor,
        sum(discount_minor) as discount_minor,
        sum(freight_minor) as freight_minor,
        sum(tax_minor) as tax_minor,
        sum(other_minor) as other_minor,
        sum(payable_minor) as payable_minor,
        sum(refunded_minor) as refunded_minor
    from order_lines
    group by order_id

),

compared as (

    select
        orders.order_id,
        orders.goods_minor - coalesce(lines_by_order.goods_minor, 0) as goods_difference,
        orders.discount_minor - coalesce(lines_by_order.discount_minor, 0) as discount_difference,
        orders.freight_minor - coalesce(lines_by_order.freight_minor, 0) as freight_difference,
        orders.tax_minor - coalesce(lines_by_order.tax_minor, 0) as tax_difference,
        orders.other_minor - coalesce(lines_by_order.other_minor, 0) as other_difference,
        orders.total_minor - coalesce(lines_by_order.payable_minor, 0) as total_difference,
        case
            when orders.total_minor = 0 then 0
            else orders.refunded_minor - coalesce(lines_by_order.refunded_minor, 0)
        end as refund_difference,
        orders.goods_minor - orders.discount_minor + orders.freight_minor + orders.tax_minor
        + orders.other_minor - orders.total_minor as parts_difference
    from orders
    left join lines_by_order on orders.order_id = lines_by_order.order_id

)

select * from compared
where
    goods_difference <> 0
    or discount_difference <> 0
    or freight_difference <> 0
    or tax_difference <> 0
    or other_difference <> 0
    or total_difference <> 0
    or refund_difference <> 0
    or parts_difference <> 0
