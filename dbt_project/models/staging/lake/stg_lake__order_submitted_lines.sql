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
        stream_id as order_id,
        line.line_id as line_id,

        line.sku as sku,
        line.product_name as product_name,
        coalesce(nullif(line.category, ''), 'unknown') as category,

        load_id,
        line.qty as qty,
        line.unit_price_minor as unit_price_minor,
        line.unit_cost_minor as unit_cost_minor
    from unnested

)

select * from renamed
