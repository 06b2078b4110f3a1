with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'product_id': 'VARCHAR', 'name': 'VARCHAR', 'category_path': 'VARCHAR',
            'brand': 'VARCHAR',
            'skus': [{
                'sku': 'VARCHAR', 'name': 'VARCHAR', 'price_minor': 'BIGINT',
                'cost_minor': 'BIGINT', 'supplier_id': 'VARCHAR', 'lead_time_days': 'INTEGER',
                'moq': 'BIGINT', 'case_pack': 'BIGINT',
            }],
        }) }} as fields
    from source
    where event_name in ('product.created', 'product.updated')

),

unnested as (

    select
        *,
        unnest(fields.skus) as variant
    from parsed

),

renamed as (

    select
        variant.sku as sku,
        fields.product_id as product_id,
        store_id,
        variant.supplier_id as supplier_id,

        coalesce(nullif(variant.name, ''), fields.name) as name,
        fields.category_path as category,
        fields.brand as brand,

        stream_seq,
        load_id,
        variant.price_minor as price_minor,
        variant.cost_minor as cost_minor,
        variant.lead_time_days as lead_time_days,
        variant.moq as moq,
        variant.case_pack as case_pack
    from unnested

)

select * from renamed
