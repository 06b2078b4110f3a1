with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'order_type': 'VARCHAR', 'origin': 'VARCHAR', 'document_kind': 'VARCHAR',
            'customer_ref': 'VARCHAR', 'region': 'VARCHAR', 'due_at': 'VARCHAR',
            'confirm_due_at': 'VARCHAR', 'goods_minor': 'BIGINT', 'discount_minor': 'BIGINT',
            'freight_minor': 'BIGINT', 'tax_minor': 'BIGINT', 'total_minor': 'BIGINT',
        }) }} as fields
    from source
    where stream_type = 'order'

),

renamed as (

    select
        parsed.event_id,
        parsed.stream_id as order_id,
        parsed.correlation_id,
        parsed.store_id,

        parsed.event_name,
        parsed.channel,
        parsed.currency,
        coalesce(parsed.fields.order_type, 'normal') as order_type,
        case parsed.event_name when 'order.imported' then 'import' else parsed.fields.origin end
            as origin,
        coalesce(parsed.fields.document_kind, 'sale') as document_kind,
        parsed.fields.customer_ref,
        coalesce(nullif(parsed.fields.region, ''), 'unknown') as region,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.goods_minor,
        parsed.fields.discount_minor,
        parsed.fields.freight_minor,
        parsed.fields.tax_minor,
        parsed.fields.total_minor,

        parsed.business_date,

        {{ utc('parsed.occurred_at') }} as occurred_at,
        {{ stated_utc('coalesce(parsed.fields.due_at, parsed.fields.confirm_due_at)') }}
            as due_at
    from parsed

)

select * from renamed
