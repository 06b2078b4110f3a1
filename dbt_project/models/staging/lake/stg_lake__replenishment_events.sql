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
        event_id,
        stream_id as suggestion_id,
        store_id,
        fields.sku as sku,
        fields.location_id as location_id,
        fields.run_id as forecast_run_id,

        event_name,
        fields.reason as reason,
        fields.by as decided_by,

        stream_seq,
        load_id,
        fields.qty as qty,

        fields.order_by as order_by,
        fields.need_by as need_by,

        {{ utc('occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
