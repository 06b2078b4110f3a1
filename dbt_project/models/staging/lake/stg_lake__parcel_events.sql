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
        event_id,
        stream_id as parcel_id,
        fields.order_id as order_id,
        correlation_id,
        store_id,
        fields.location_id as location_id,

        event_name,
        fields.carrier as carrier,
        fields.service as service,
        fields.tracking_no as tracking_no,

        stream_seq,
        load_id,
        fields.cost_minor as cost_minor,

        coalesce(
            {{ utc('try_cast(fields.scanned_at as timestamptz)') }}, {{ utc('occurred_at') }}
        ) as happened_at
    from parsed

)

select * from renamed
