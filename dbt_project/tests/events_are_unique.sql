{#
    Loading drops repeats; this proves that it did. In a refresh streams_have_no_gaps would notice: an
    event's id is derived from its stream and number.
#}
{{ config(tags=['full_build_only']) }}

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
