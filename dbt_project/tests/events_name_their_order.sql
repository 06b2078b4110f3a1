{# A refresh finds the orders to rebuild by this name: an event without it would change nothing. #}
with

order_events as (

    select * from {{ ref('stg_lake__order_events') }}

),

payment_events as (

    select * from {{ ref('stg_lake__payment_events') }}

),

refund_events as (

    select * from {{ ref('stg_lake__refund_events') }}

),

parcel_events as (

    select * from {{ ref('stg_lake__parcel_events') }}

),

every_event as (

    select
        event_id,
        order_id,
        correlation_id,
        load_id
    from order_events
    union all
    select
        event_id,
        order_id,
        correlation_id,
        load_id
    from payment_events
    union all
    select
        event_id,
        order_id,
        correlation_id,
        load_id
    from refund_events
    union all
    select
        event_id,
        order_id,
        correlation_id,
        load_id
    from parcel_events

)

select * from every_event
where
    load_id > {{ var('since_load_id') | int }}
    and order_id is distinct from correlation_id
