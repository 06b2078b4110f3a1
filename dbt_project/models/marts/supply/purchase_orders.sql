{{ config(unique_key='po_id') }}

with

purchase_events as not materialized (

    select * from {{ ref('stg_lake__purchase_events') }}

),

touched_purchase_orders as (

    select distinct po_id from purchase_events
    where load_id > {{ since_load_id() }}

),

folded as (

    select
        po_id,
        any_value(suggestion_id) filter (where event_name = 'purchase.ordered') as suggestion_id,
        any_value(supplier_id) filter (where event_name = 'purchase.ordered') as supplier_id,
        any_value(store_id) as store_id,
        any_value(sku) filter (where event_name = 'purchase.ordered') as sku,
        any_value(location_id) filter (where event_name = 'purchase.ordered') as location_id,
        max(qty) filter (where event_name = 'purchase.ordered') as qty,
        coalesce(sum(qty) filter (where event_name = 'purchase.received'), 0) as received_qty,
        max(unit_cost_minor) filter (where event_name = 'purchase.ordered') as unit_cost_minor,
        min(occurred_at) filter (where event_name = 'purchase.ordered') as ordered_at,
        max(expected_on) filter (where event_name = 'purchase.ordered') as expected_on,
        max(occurred_at) filter (where event_name = 'purchase.received') as received_at,
        bool_or(event_name = 'purchase.cancelled') as is_cancelled,
        max(load_id) as last_load_id
    from purchase_events
    where po_id in (select touched_purchase_orders.po_id from touched_purchase_orders)
    group by po_id
    having bool_or(event_name = 'purchase.ordered')

),

typed as (

    select
        po_id,
        suggestion_id,
        supplier_id,
        store_id,
        sku,
        location_id,
        qty,
        cast(received_qty as bigint) as received_qty,
        unit_cost_minor,
        ordered_at,
        expected_on,
        received_at,
        case
            when is_cancelled then 'cancelled'
            when received_qty >= qty then 'received'
            else 'ordered'
        end as status,
        last_load_id
    from folded

)

select * from typed
