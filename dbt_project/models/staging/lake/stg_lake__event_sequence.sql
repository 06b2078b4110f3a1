with

events as (

    select * from {{ source('lake', 'events') }}

),

quarantined_events as (

    select * from {{ source('lake', 'quarantined_events') }}

),

{# An event in quarantine keeps its place in its stream: it is refused, not lost. #}
every_event as (

    select
        event_id,
        event_name,
        stream_type,
        stream_id,
        stream_seq,
        load_id
    from events

    union all

    select
        event_id,
        event_name,
        stream_type,
        stream_id,
        stream_seq,
        load_id
    from quarantined_events

)

select * from every_event
