with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'order_id': 'VARCHAR', 'method': 'VARCHAR',
            'provider': 'VARCHAR', 'amount_minor': 'BIGINT', 'fee_minor': 'BIGINT',
            'attempt_no': 'BIGINT',
        }) }} as fields
    from source
    where stream_type = 'payment'

),

renamed as (

    select
        parsed.event_id,
        parsed.stream_id as payment_id,
        parsed.fields.order_id,
        parsed.correlation_id,
        parsed.store_id,

        parsed.event_name,
        parsed.currency,
        parsed.fields.method,
        parsed.fields.provider,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.amount_minor,
        parsed.fields.fee_minor,
        parsed.fields.attempt_no,

        parsed.business_date,

        {{ utc('parsed.occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
