with

source as (

    select * from {{ source('lake', 'replenishment_proposals') }}

)

select * from source
