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
        event_id,
        stream_id as order_id,
        store_id,

        event_name,
        channel,
        currency,
        coalesce(fields.order_type, 'normal') as order_type,
        case event_name when 'order.imported' then 'import' else fields.origin end as origin,
        coalesce(fields.document_kind, 'sale') as document_kind,
        fields.customer_ref as customer_ref,
        coalesce(nullif(fields.region, ''), 'unknown') as region,

        stream_seq,
        load_id,
        fields.goods_minor as goods_minor,
        fields.discount_minor as discount_minor,
        fields.freight_minor as freight_minor,
        fields.tax_minor as tax_minor,
        fields.total_minor as total_minor,

        business_date,

        {{ utc('occurred_at') }} as occurred_at,
        {{ utc('cast(coalesce(fields.due_at, fields.confirm_due_at) as timestamptz)') }} as due_at
    from parsed

)

select * from renamed
