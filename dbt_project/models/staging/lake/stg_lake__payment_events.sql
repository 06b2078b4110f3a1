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
        event_id,
        stream_id as payment_id,
        fields.order_id as order_id,
        correlation_id,
        store_id,

        event_name,
        currency,
        fields.method as method,
        fields.provider as provider,

        stream_seq,
        load_id,
        fields.amount_minor as amount_minor,
        fields.fee_minor as fee_minor,
        fields.attempt_no as attempt_no,

        business_date,

        {{ utc('occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
