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
        fields.movement_id as movement_id,
        store_id,
        fields.sku as sku,
        fields.location_id as location_id,
        coalesce(
            nullif(correlation_id, ''),
            case fields.cause_type when 'order' then fields.cause_id end
        ) as order_id,

        kind,
        fields.cause_type as cause_type,
        fields.cause_id as cause_id,

        stream_seq,
        load_id,
        fields.qty as qty,
        case kind
            when 'received' then fields.qty
            when 'returned' then fields.qty
            when 'adjusted' then fields.qty
            when 'shipped' then -fields.qty
            else 0
        end as on_hand_delta,
        case kind
            when 'reserved' then fields.qty
            when 'released' then -fields.qty
            when 'allocated' then -fields.qty
            else 0
        end as reserved_delta,
        case kind
            when 'allocated' then fields.qty
            when 'deallocated' then -fields.qty
            when 'shipped' then -fields.qty
            else 0
        end as allocated_delta,
        fields.on_hand as on_hand,
        fields.reserved as reserved,
        fields.allocated as allocated,

        {{ utc('occurred_at') }} as occurred_at
    from parsed

)

select * from renamed
