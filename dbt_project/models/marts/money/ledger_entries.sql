{{ config(unique_key='transfer_id') }}

with

ledger_entries as (

    select * from {{ ref('stg_lake__ledger_entries') }}

),

new_entries as (

    select
        transfer_id,
        entry_no,
        kind,
        order_id,
        store_id,
        currency,
        account,
        amount_minor,
        posted_at,
        business_date,
        load_id
    from ledger_entries
    where load_id > {{ since_load_id() }}

)

select * from new_entries
