with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        substr(event_name, 7) as kind,
        {{ payload_as({
            'movement_id': 'VARCHAR', 'sku': 'VARCHAR', 'location_id': 'VARCHAR',
            'qty': 'BIGINT', 'on_hand': 'BIGINT', 'reserved': 'BIGINT', 'allocated': 'BIGINT',
            'cause_type': 'VARCHAR', 'cause_id': 'VARCHAR',
        }) }} as fields
    from source
    where stream_type = 'stock' and event_name <> 'stock.shortfall'

),

renamed as (

    select
        parsed.fields.movement_id,
        parsed.store_id,
        parsed.fields.sku,
        parsed.fields.location_id,
        coalesce(
            nullif(parsed.correlation_id, ''),
            case parsed.fields.cause_type when 'order' then parsed.fields.cause_id end
        ) as order_id,

        parsed.kind,
        parsed.fields.cause_type,
        parsed.fields.cause_id,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.qty,
        case parsed.kind
            when 'received' then parsed.fields.qty
            when 'returned' then parsed.fields.qty
            when 'adjusted' then parsed.fields.qty
            when 'shipped' then -parsed.fields.qty
            else 0
        end as on_hand_delta,
        case parsed.kind
            when 'reserved' then parsed.fields.qty
            when 'released' then -parsed.fields.qty
            when 'allocated' then -parsed.fields.qty
            else 0
        end as reserved_delta,
        case parsed.kind
            when 'allocated' then parsed.fields.qty
            when 'deallocated' then -parsed.fields.qty
            when 'shipped' then -parsed.fields.qty
            else 0
        end as allocated_delta,
        parsed.fields.on_hand,
        parsed.fields.reserved,
        parsed.fields.allocated,

        {{ utc('parsed.occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
