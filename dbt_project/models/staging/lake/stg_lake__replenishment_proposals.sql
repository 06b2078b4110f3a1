with

source as (

    select * from {{ source('lake', 'replenishment_proposals') }}

),

renamed as (

    select
        run_id,
        store_id,
        sku,
        location_id,
        supplier_id,
        qty,
        packs,
        order_by,
        need_by,
        reason,
        on_hand,
        available,
        on_order,
        lead_time_days,
        review_days,
        protection_days,
        demand_mean,
        demand_p50,
        demand_p90,
        order_up_to,
        cover_days,
        stockout_chance_without,
        unit_cost_minor,
        value_minor
    from source

)

select * from renamed
