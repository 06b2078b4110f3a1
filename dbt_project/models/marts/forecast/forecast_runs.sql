with

forecast_runs as (

    select * from {{ ref('stg_lake__forecast_runs') }}

)

select * from forecast_runs
