with

forecast_backtests as (

    select * from {{ ref('stg_lake__forecast_backtests') }}

),

every_run as (

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
    from forecast_backtests

)

select * from every_run
