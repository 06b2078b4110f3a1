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
        event_id,
        stream_id as refund_id,
        fields.payment_id as payment_id,
        fields.order_id as order_id,
        correlation_id,

        event_name,

        stream_seq,
        load_id,
        fields.amount_minor as amount_minor,

        {{ utc('occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
