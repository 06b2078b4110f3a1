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
        parsed.*,
        unnest(parsed.fields.skus) as variant
    from parsed

),

renamed as (

    select
        unnested.variant.sku,
        unnested.fields.product_id,
        unnested.store_id,
        unnested.variant.supplier_id,

        coalesce(nullif(unnested.variant.name, ''), unnested.fields.name) as name,
        unnested.fields.category_path as category,
        unnested.fields.brand,

        unnested.stream_seq,
        unnested.load_id,
        unnested.variant.price_minor,
        unnested.variant.cost_minor,
        unnested.variant.lead_time_days,
        unnested.variant.moq,
        unnested.variant.case_pack
    from unnested

)

select * from renamed
