{{ config(unique_key=['business_date', 'store_id']) }}

with

orders as not materialized (

    select * from {{ ref('orders') }}

),

days_to_rebuild as (

    select distinct
        business_date,
        store_id
    from orders
    where last_load_id > {{ since_load_id() }}

),

orders_to_count as (

    select orders.*
    from orders
    semi join days_to_rebuild
        on
            orders.business_date = days_to_rebuild.business_date
            and orders.store_id = days_to_rebuild.store_id

),

{# A foreign return or adjustment is a document, not an order that somebody placed. #}
counted as (

    select
        business_date,
        store_id,
        currency,
        channel,
        region,
        count(*) filter (where document_kind = 'sale') as orders_submitted,
        count(*) filter (where document_kind = 'sale' and paid_at is not null) as orders_paid,
        count(*) filter (where status = 'cancelled') as orders_cancelled,
        count(*) filter (where status = 'expired') as orders_expired,
        sum(
            case
                when origin <> 'import' then captured_minor
                when document_kind = 'sale' then total_minor
                else 0
            end
        ) as paid_minor,
        sum(
            case
                when origin <> 'import' then refunded_minor
                when document_kind = 'return' then -total_minor
                else 0
            end
        ) as refunded_minor,
        max(last_load_id) as last_load_id
    from orders_to_count
    group by business_date, store_id, currency, channel, region

),

typed as (

    select
        business_date,
        store_id,
        currency,
        channel,
        region,
        orders_submitted,
        orders_paid,
        orders_cancelled,
        orders_expired,
        cast(paid_minor as bigint) as paid_minor,
        cast(refunded_minor as bigint) as refunded_minor,
        last_load_id
    from counted

)

select * from typed
