{# A stream counts from one, each number once; a missing one is an event that is lost or late. #}
with

every_event as not materialized (

    select * from {{ ref('stg_lake__event_sequence') }}

),

touched_streams as (

    select distinct
        stream_type,
        stream_id
    from every_event
    where load_id > {{ var('since_load_id') | int }}

)

select
    every_event.stream_type,
    every_event.stream_id,
    min(every_event.stream_seq) as first_seq,
    max(every_event.stream_seq) as last_seq,
    count(distinct every_event.stream_seq) as numbers,
    count(*) as events
from every_event
semi join touched_streams
    on
        every_event.stream_id = touched_streams.stream_id
        and every_event.stream_type = touched_streams.stream_type
group by every_event.stream_type, every_event.stream_id
having
    min(every_event.stream_seq) <> 1
    or max(every_event.stream_seq) <> count(distinct every_event.stream_seq)
    or max(every_event.stream_seq) <> count(*)
