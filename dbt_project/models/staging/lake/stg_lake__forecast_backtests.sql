with

source as (

    select * from {{ source('lake', 'forecast_backtests') }}

)

select * from source
