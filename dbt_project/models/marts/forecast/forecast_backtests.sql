with

forecast_backtests as (

    select * from {{ ref('stg_lake__forecast_backtests') }}

)

select * from forecast_backtests
