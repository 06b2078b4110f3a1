with

source as (

    select * from {{ source('lake', 'forecasts') }}

),

renamed as (

    select
        run_id,
        store_id,
        sku,
        location_id,
        as_of,
        forecast_date,
        horizon_days,
        mean,
        p10,
        p50,
        p90,
        model
    from source

)

select * from renamed
