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
        fields.sku as sku,
        fields.product_id as product_id,
        store_id,

        stream_seq,
        load_id,
        fields.new_minor as price_minor
    from parsed

)

select * from renamed
