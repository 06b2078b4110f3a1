with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'order_id': 'VARCHAR', 'location_id': 'VARCHAR',
            'carrier': 'VARCHAR', 'service': 'VARCHAR', 'tracking_no': 'VARCHAR',
            'cost_minor': 'BIGINT', 'scanned_at': 'VARCHAR',
        }) }} as fields
    from source
    where stream_type = 'parcel'

),

renamed as (

    select
        parsed.event_id,
        parsed.stream_id as parcel_id,
        parsed.fields.order_id,
        parsed.correlation_id,
        parsed.store_id,
        parsed.fields.location_id,

        parsed.event_name,
        parsed.fields.carrier,
        parsed.fields.service,
        parsed.fields.tracking_no,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.cost_minor,

        coalesce(
            {{ stated_utc('parsed.fields.scanned_at') }},
            {{ utc('parsed.occurred_at') }}
        ) as happened_at
    from parsed

)

select * from renamed
