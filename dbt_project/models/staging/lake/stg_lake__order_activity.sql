with

source as (

    select * from {{ source('lake', 'events') }}

),

{# No payload here: this view is read for every event of the lake, in each refresh. #}
renamed as (

    select
        event_id,
        case when stream_type in ('order', 'ledger') then stream_id else correlation_id end
            as order_id,
        event_name,
        {{ utc('occurred_at') }} as occurred_at,
        load_id
    from source
    where stream_type <> 'session'

),

of_an_order as (

    select * from renamed
    where order_id <> ''

)

select * from of_an_order
