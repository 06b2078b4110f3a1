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
        event_id,
        stream_id as po_id,
        fields.suggestion_id as suggestion_id,
        fields.supplier_id as supplier_id,
        store_id,
        fields.sku as sku,
        fields.location_id as location_id,

        event_name,

        stream_seq,
        load_id,
        fields.qty as qty,
        fields.unit_cost_minor as unit_cost_minor,

        fields.expected_on as expected_on,

        {{ utc('occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
