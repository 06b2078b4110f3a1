with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({'sku': 'VARCHAR', 'product_id': 'VARCHAR', 'new_minor': 'BIGINT'}) }}
            as fields
    from source
    where event_name = 'price.changed'

),

renamed as (

    select
        parsed.fields.sku,
        parsed.fields.product_id,
        parsed.store_id,

        parsed.stream_seq,
        parsed.load_id,
        parsed.fields.new_minor as price_minor
    from parsed

)

select * from renamed
