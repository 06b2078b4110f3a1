with

source as (

    select * from {{ source('lake', 'forecast_runs') }}

),

renamed as (

    select
        run_id,
        store_id,
        as_of,
        {{ utc('created_at') }} as created_at,
        model,
        code_version,
        seed,
        data_hash,
        features,
        libraries,
        skus,
        wape_model,
        wape_naive,
        coverage_80,
        bias,
        train_rows,
        seconds
    from source

)

select * from renamed
