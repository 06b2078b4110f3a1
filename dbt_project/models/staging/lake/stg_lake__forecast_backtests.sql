with

source as (

    select * from {{ source('lake', 'forecast_backtests') }}

),

renamed as (

    select
        run_id,
        cutoff,
        store_id,
        sku,
        location_id,
        demand_date,
        units,
        predicted,
        naive,
        p10,
        p90
    from source

)

select * from renamed
