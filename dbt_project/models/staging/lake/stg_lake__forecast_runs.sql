with

source as (

    select * from {{ source('lake', 'forecast_runs') }}

)

select * from source
