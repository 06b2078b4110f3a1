with

source as (

    select * from {{ source('lake', 'forecasts') }}

)

select * from source
