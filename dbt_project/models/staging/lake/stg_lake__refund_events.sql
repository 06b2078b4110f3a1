with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'order_id': 'VARCHAR', 'payment_id': 'VARCHAR',
            'amount_minor': 'BIGINT',
        }) }} as fields
    from source
    where stream_type = 'refund'

),

renamed as (

    select
        parsed.event_id,
        parsed.stream_id as refund_id,
        parsed.fields.payment_id,
        parsed.fields.order_id,
        parsed.correlation_id,

        parsed.event_name,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.amount_minor,

        {{ utc('parsed.occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
