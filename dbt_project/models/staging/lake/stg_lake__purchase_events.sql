with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'suggestion_id': 'VARCHAR', 'supplier_id': 'VARCHAR',
            'sku': 'VARCHAR', 'location_id': 'VARCHAR', 'qty': 'BIGINT',
            'unit_cost_minor': 'BIGINT', 'expected_on': 'DATE',
        }) }} as fields
    from source
    where stream_type = 'purchase'

),

renamed as (

    select
        parsed.event_id,
        parsed.stream_id as po_id,
        parsed.fields.suggestion_id,
        parsed.fields.supplier_id,
        parsed.store_id,
        parsed.fields.sku,
        parsed.fields.location_id,

        parsed.event_name,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.qty,
        parsed.fields.unit_cost_minor,

        parsed.fields.expected_on,

        {{ utc('parsed.occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
