with

replenishment_proposals as (

    select * from {{ ref('stg_lake__replenishment_proposals') }}

)

select * from replenishment_proposals
