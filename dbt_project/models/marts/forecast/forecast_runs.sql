with

forecast_runs as (

    select * from {{ ref('stg_lake__forecast_runs') }}

),

every_run as (

    select
        run_id,
        store_id,
        as_of,
        created_at,
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
    from forecast_runs

)

select * from every_run
