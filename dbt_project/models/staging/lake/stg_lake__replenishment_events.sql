with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'sku': 'VARCHAR', 'location_id': 'VARCHAR',
            'qty': 'BIGINT', 'order_by': 'DATE', 'need_by': 'DATE', 'reason': 'VARCHAR',
            'run_id': 'VARCHAR', 'by': 'VARCHAR',
        }) }} as fields
    from source
    where stream_type = 'replenishment'

),

renamed as (

    select
        parsed.event_id,
        parsed.stream_id as suggestion_id,
        parsed.store_id,
        parsed.fields.sku,
        parsed.fields.location_id,
        parsed.fields.run_id as forecast_run_id,

        parsed.event_name,
        parsed.fields.reason,
        parsed.fields.by as decided_by,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.qty,

        parsed.fields.order_by,
        parsed.fields.need_by,

        {{ utc('parsed.occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
