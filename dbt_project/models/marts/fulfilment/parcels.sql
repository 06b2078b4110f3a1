{{ config(unique_key='parcel_id') }}

with

parcel_events as not materialized (

    select * from {{ ref('stg_lake__parcel_events') }}

),

touched_parcels as (

    select distinct parcel_id from parcel_events
    where load_id > {{ since_load_id() }}

),

folded as (

    select
        parcel_id,
        any_value(order_id) as order_id,
        any_value(store_id) as store_id,
        any_value(location_id) filter (where event_name = 'parcel.planned') as location_id,
        arg_max(carrier, stream_seq) filter (where event_name = 'label.bought') as carrier,
        arg_max(service, stream_seq) filter (where event_name = 'label.bought') as service,
        arg_max(tracking_no, stream_seq) filter (where event_name = 'label.bought') as tracking_no,
        sum(cost_minor) filter (where event_name = 'label.bought') as cost_minor,
        min(happened_at) filter (where event_name = 'parcel.planned') as planned_at,
        max(happened_at) filter (where event_name = 'label.bought') as labelled_at,
        min(happened_at) filter (where event_name = 'parcel.handed_over') as handed_over_at,
        min(happened_at) filter (where event_name = 'parcel.delivered') as delivered_at,
        bool_or(event_name = 'parcel.cancelled') as is_cancelled,
        max(load_id) as last_load_id
    from parcel_events
    where parcel_id in (select touched_parcels.parcel_id from touched_parcels)
    group by parcel_id

),

typed as (

    select
        parcel_id,
        order_id,
        store_id,
        location_id,
        carrier,
        service,
        tracking_no,
        cast(cost_minor as bigint) as cost_minor,
        case
            when delivered_at is not null then 'delivered'
            when handed_over_at is not null then 'handed_over'
            when is_cancelled then 'cancelled'
            when labelled_at is not null then 'labelled'
            else 'planned'
        end as status,
        planned_at,
        labelled_at,
        handed_over_at,
        delivered_at,
        last_load_id
    from folded

)

select * from typed
