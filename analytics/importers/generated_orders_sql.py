"""The statements that price generated orders and pace their lives."""

PRICED_LINES = """
create temp table priced_lines as

with

bought as (

    select
        packed_lines.order_no,
        packed_lines.line_no,
        packed_lines.qty,
        catalogue.*,
        (catalogue.list_price_minor * (10000 - packed_lines.discount_bps) + 5000) // 10000
            as unit_price_minor
    from packed_lines
    inner join catalogue using (sku_no)

),

with_goods as (

    select
        *,
        qty * unit_price_minor as goods_minor,
        sum(qty * unit_price_minor) over (partition by order_no) as order_goods_minor
    from bought

),

with_freight as (

    select
        *,
        case when order_goods_minor >= $free_freight_from_minor then 0 else $freight_minor end
            as order_freight_minor
    from with_goods

),

-- Rounded down, then one unit each to the largest remainders, earlier lines first.
with_shares as (

    select
        *,
        order_freight_minor * goods_minor // order_goods_minor as share_minor,
        row_number() over (
            partition by order_no
            order by order_freight_minor * goods_minor % order_goods_minor desc, line_no
        ) as remainder_rank
    from with_freight

),

with_leftover as (

    select
        * exclude (share_minor),
        cast(
            share_minor + case
                when
                    remainder_rank
                    <= order_freight_minor - sum(share_minor) over (partition by order_no)
                    then 1
                else 0
            end as bigint
        ) as freight_minor
    from with_shares

)

select
    *,
    'L' || line_no as line_id,
    ((goods_minor + freight_minor) * $tax_rate_bps + 5000) // 10000 as tax_minor
from with_leftover
"""

ORDERS = """
create temp table orders as

with

totals as (

    select
        order_no,
        cast(sum(goods_minor) as bigint) as goods_minor,
        cast(sum(freight_minor) as bigint) as freight_minor,
        cast(sum(tax_minor) as bigint) as tax_minor,
        cast(sum(qty) as bigint) as units,
        list(struct_pack(
            line_id := line_id,
            sku := sku,
            product_id := product_id,
            product_name := product_name,
            category := category,
            qty := qty,
            list_price_minor := list_price_minor,
            unit_price_minor := unit_price_minor,
            unit_cost_minor := unit_cost_minor
        ) order by line_no) as submitted_lines,
        list(struct_pack(
            line_id := line_id,
            goods_minor := goods_minor,
            discount_minor := 0,
            freight_minor := freight_minor,
            tax_minor := tax_minor,
            payable_minor := goods_minor + freight_minor + tax_minor
        ) order by line_no) as priced_lines
    from priced_lines
    group by order_no

),

placed as (

    select
        packed_orders.*,
        totals.* exclude (order_no),
        'H' || strftime(day, '%y%m%d') || '-' || number_of_day as order_id,
        printf('customer-%05d', customer_no) as customer_ref,
        totals.goods_minor + totals.freight_minor + totals.tax_minor as total_minor,
        timezone($time_zone, cast(day as timestamp) + to_seconds(second_of_day)) as submitted_at,
        timezone($time_zone, cast($last_day as timestamp) + interval 1 day) - interval 1 second
            as ends_at,
        case
            when outcome = 'completed' then completed_after
            when outcome = 'sent_back' then greatest(completed_after, sent_back_after + 60)
            else closed_after + 60
        end as span_seconds,
        returned.goods_minor as returned_goods_minor,
        (returned.goods_minor * $tax_rate_bps + 5000) // 10000 as returned_tax_minor
    from packed_orders
    inner join totals using (order_no)
    inner join priced_lines as returned
        on
            packed_orders.order_no = returned.order_no
            and packed_orders.returned_line_no = returned.line_no

),

-- The history ends with its last day: what would take longer went faster.
paced as (

    select
        *,
        least(1.0, greatest(0.0, epoch(ends_at - submitted_at)) / span_seconds) as pace
    from placed

)

select
    * replace (
        cast(floor(paid_after * pace) as bigint) as paid_after,
        cast(floor(shipped_after * pace) as bigint) as shipped_after,
        cast(floor(delivered_after * pace) as bigint) as delivered_after,
        cast(floor(completed_after * pace) as bigint) as completed_after,
        cast(floor(closed_after * pace) as bigint) as closed_after,
        cast(floor(sent_back_after * pace) as bigint) as sent_back_after
    ),
    outcome in ('completed', 'cancelled_paid', 'sent_back') as is_paid,
    outcome in ('completed', 'sent_back') as is_shipped,
    outcome in ('cancelled_unpaid', 'cancelled_paid') as is_cancelled,
    outcome in ('cancelled_paid', 'sent_back') as is_refunded,
    order_id || '-P1' as payment_id,
    order_id || '-P1-R1' as refund_id,
    cast(floor(
        (case when outcome = 'sent_back' then sent_back_after else closed_after end + 60)
        * pace
    ) as bigint) as refunded_after,
    case when outcome = 'sent_back' then returned_goods_minor else goods_minor end
        as refund_goods_minor,
    case when outcome = 'sent_back' then 0 else freight_minor end as refund_freight_minor,
    case when outcome = 'sent_back' then returned_tax_minor else tax_minor end
        as refund_tax_minor,
    refund_goods_minor + refund_freight_minor + refund_tax_minor as refund_minor
from paced
"""
