with

source as (

    select * from {{ source('lake', 'events') }}

),

{#
    Plain columns only: this view is read for every event of the lake in each refresh, and a filter
    on its order reaches the storage.
#}
renamed as (

    select
        event_id,
        correlation_id as order_id,
        event_name,
        {{ utc('occurred_at') }} as occurred_at,
        load_id
    from source
    where stream_type <> 'session' and correlation_id <> ''

)

select * from renamed
