{{ config(unique_key='suggestion_id') }}

with

replenishment_events as not materialized (

    select * from {{ ref('stg_lake__replenishment_events') }}

),

purchase_orders as not materialized (

    select * from {{ ref('purchase_orders') }}

),

touched_suggestions as (

    select suggestion_id from replenishment_events
    where load_id > {{ since_load_id() }}
    union
    select suggestion_id from purchase_orders
    where last_load_id > {{ since_load_id() }}

),

folded as (

    select
        suggestion_id,
        any_value(store_id) as store_id,
        any_value(sku) filter (where event_name = 'replenishment.suggested') as sku,
        any_value(location_id) filter (where event_name = 'replenishment.suggested')
            as location_id,
        arg_max(qty, stream_seq) filter (where qty is not null) as qty,
        arg_max(order_by, stream_seq) filter (where order_by is not null) as order_by,
        arg_max(need_by, stream_seq) filter (where need_by is not null) as need_by,
        any_value(reason) filter (where event_name = 'replenishment.suggested') as reason,
        arg_max(forecast_run_id, stream_seq) filter (where forecast_run_id is not null) as run_id,
        arg_max(
            case event_name
                when 'replenishment.approved' then 'approved'
                when 'replenishment.rejected' then 'rejected'
                when 'replenishment.expired' then 'expired'
                else 'open'
            end,
            stream_seq
        ) filter (where event_name <> 'replenishment.adjusted') as status,
        arg_max(decided_by, stream_seq) filter (
            where event_name in ('replenishment.approved', 'replenishment.rejected')
        ) as decided_by,
        min(occurred_at) filter (where event_name = 'replenishment.suggested') as suggested_at,
        max(occurred_at) filter (
            where event_name in (
                'replenishment.approved', 'replenishment.rejected', 'replenishment.expired'
            )
        ) as decided_at,
        max(load_id) as load_id
    from replenishment_events
    where suggestion_id in (select touched_suggestions.suggestion_id from touched_suggestions)
    group by suggestion_id
    having bool_or(event_name = 'replenishment.suggested')

),

purchases_by_suggestion as (

    select
        suggestion_id,
        arg_max(po_id, ordered_at) as po_id,
        arg_max(status, ordered_at) as status,
        max(last_load_id) as load_id
    from purchase_orders
    where status <> 'cancelled'
    group by suggestion_id

),

typed as (

    select
        folded.suggestion_id,
        folded.store_id,
        folded.sku,
        folded.location_id,
        folded.qty,
        folded.order_by,
        folded.need_by,
        folded.reason,
        folded.run_id,
        coalesce(purchases_by_suggestion.status, folded.status) as status,
        folded.decided_by,
        folded.suggested_at,
        folded.decided_at,
        purchases_by_suggestion.po_id,
        greatest(folded.load_id, coalesce(purchases_by_suggestion.load_id, 0)) as last_load_id
    from folded
    left join purchases_by_suggestion
        on folded.suggestion_id = purchases_by_suggestion.suggestion_id

)

select * from typed
