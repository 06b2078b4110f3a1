with

source as (

    select * from {{ source('lake', 'forecast_runs') }}

),

renamed as (

    select * replace ({{ utc('created_at') }} as created_at)
    from source

)

select * from renamed
