{# Only an event of a new load can repeat one: earlier loads have been looked at. #}
with

every_event as not materialized (

    select * from {{ ref('stg_lake__event_sequence') }}

),

new_events as (

    select distinct event_id from every_event
    where load_id > {{ var('since_load_id') | int }}

)

select
    every_event.event_id,
    count(*) as occurrences
from every_event
semi join new_events on every_event.event_id = new_events.event_id
group by every_event.event_id
having count(*) > 1
