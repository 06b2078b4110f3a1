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
        unnested.stream_id as order_id,
        unnested.line.line_id,

        unnested.stream_seq,
        unnested.load_id,
        unnested.line.goods_minor,
        unnested.line.discount_minor,
        unnested.line.freight_minor,
        unnested.line.tax_minor,
        unnested.line.payable_minor
    from unnested

)

select * from renamed
