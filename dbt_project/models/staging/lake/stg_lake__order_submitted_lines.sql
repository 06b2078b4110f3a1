with

source as (

    select * from {{ source('lake', 'events') }}

),

unnested as (

    select
        *,
        unnest({{ payload_as({'lines': [{
            'line_id': 'VARCHAR', 'sku': 'VARCHAR', 'product_name': 'VARCHAR',
            'category': 'VARCHAR', 'qty': 'BIGINT', 'unit_price_minor': 'BIGINT',
            'unit_cost_minor': 'BIGINT',
        }]}) }}.lines) as line
    from source
    where event_name = 'order.submitted'

),

renamed as (

    select
        unnested.stream_id as order_id,
        unnested.line.line_id,

        unnested.line.sku,
        unnested.line.product_name,
        coalesce(nullif(unnested.line.category, ''), 'unknown') as category,

        unnested.load_id,
        unnested.line.qty,
        unnested.line.unit_price_minor,
        unnested.line.unit_cost_minor
    from unnested

)

select * from renamed
