{{ config(unique_key=['store_id', 'sku']) }}

with

product_skus as not materialized (

    select * from {{ ref('stg_lake__product_skus') }}

),

price_changes as not materialized (

    select * from {{ ref('stg_lake__price_changes') }}

),

order_lines as not materialized (

    select * from {{ ref('order_lines') }}

),

{# A foreign shop has no catalogue: its lines say what a product is called and costs. #}
touched_without_catalogue as (

    select distinct
        order_lines.store_id,
        order_lines.sku
    from order_lines
    anti join product_skus
        on order_lines.store_id = product_skus.store_id and order_lines.sku = product_skus.sku
    where
        order_lines.last_load_id > {{ since_load_id() }}
        and order_lines.line_kind in ('sale', 'return')

),

touched_skus as (

    select
        store_id,
        sku
    from product_skus
    where load_id > {{ since_load_id() }}
    union
    select
        store_id,
        sku
    from price_changes
    where load_id > {{ since_load_id() }}
    union
    select
        store_id,
        sku
    from touched_without_catalogue

),

last_descriptions as (

    select product_skus.*
    from product_skus
    semi join touched_skus
        on product_skus.store_id = touched_skus.store_id and product_skus.sku = touched_skus.sku
    qualify
        row_number() over (
            partition by product_skus.store_id, product_skus.sku
            order by product_skus.stream_seq desc
        ) = 1

),

last_price_changes as (

    select
        store_id,
        sku,
        arg_max(price_minor, stream_seq) as price_minor,
        max(stream_seq) as stream_seq,
        max(load_id) as load_id
    from price_changes
    group by store_id, sku

),

last_lines as (

    select
        order_lines.store_id,
        order_lines.sku,
        arg_max(
            order_lines.product_name,
            (order_lines.submitted_at, order_lines.order_id, order_lines.line_id)
        ) filter (where order_lines.product_name <> '') as name,
        arg_max(
            order_lines.category,
            (order_lines.submitted_at, order_lines.order_id, order_lines.line_id)
        ) filter (where order_lines.category <> 'unknown') as category,
        arg_max(
            order_lines.unit_price_minor,
            (order_lines.submitted_at, order_lines.order_id, order_lines.line_id)
        ) filter (where order_lines.unit_price_minor > 0) as price_minor,
        max(order_lines.last_load_id) as load_id
    from order_lines
    semi join touched_without_catalogue
        on
            order_lines.store_id = touched_without_catalogue.store_id
            and order_lines.sku = touched_without_catalogue.sku
    where order_lines.line_kind in ('sale', 'return')
    group by order_lines.store_id, order_lines.sku

),

typed as (

    select
        touched_skus.sku,
        coalesce(last_descriptions.product_id, touched_skus.sku) as product_id,
        touched_skus.store_id,
        coalesce(last_descriptions.name, last_lines.name, touched_skus.sku) as name,
        coalesce(nullif(last_descriptions.category, ''), last_lines.category, 'unknown')
            as category,
        last_descriptions.brand,
        case
            when last_price_changes.stream_seq > coalesce(last_descriptions.stream_seq, 0)
                then last_price_changes.price_minor
            else coalesce(last_descriptions.price_minor, last_lines.price_minor)
        end as price_minor,
        last_descriptions.cost_minor,
        last_descriptions.supplier_id,
        last_descriptions.lead_time_days,
        last_descriptions.moq,
        last_descriptions.case_pack,
        greatest(
            coalesce(last_descriptions.load_id, 0),
            coalesce(last_price_changes.load_id, 0),
            coalesce(last_lines.load_id, 0)
        ) as last_load_id
    from touched_skus
    left join last_descriptions
        on
            touched_skus.store_id = last_descriptions.store_id
            and touched_skus.sku = last_descriptions.sku
    left join last_price_changes
        on
            touched_skus.store_id = last_price_changes.store_id
            and touched_skus.sku = last_price_changes.sku
    left join last_lines
        on touched_skus.store_id = last_lines.store_id and touched_skus.sku = last_lines.sku

)

select * from typed
