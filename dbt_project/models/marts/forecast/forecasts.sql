with

forecasts as (

    select * from {{ ref('stg_lake__forecasts') }}

)

select * from forecasts
