with

forecasts as (

    select * from {{ ref('stg_lake__forecasts') }}

),

every_run as (

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
    from forecasts

)

select * from every_run
