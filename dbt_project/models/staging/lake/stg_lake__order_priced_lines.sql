with

source as (

    select * from {{ source('lake', 'events') }}

),

unnested as (

    select
        *,
        unnest({{ payload_as({'lines': [{
            'line_id': 'VARCHAR', 'goods_minor': 'BIGINT', 'discount_minor': 'BIGINT',
            'freight_minor': 'BIGINT', 'tax_minor': 'BIGINT', 'payable_minor': 'BIGINT',
        }]}) }}.lines) as line
    from source
    where event_name = 'order.priced'

),

renamed as (

    select
        stream_id as order_id,
        line.line_id as line_id,

        stream_seq,
        load_id,
        line.goods_minor as goods_minor,
        line.discount_minor as discount_minor,
        line.freight_minor as freight_minor,
        line.tax_minor as tax_minor,
        line.payable_minor as payable_minor
    from unnested

)

select * from renamed
