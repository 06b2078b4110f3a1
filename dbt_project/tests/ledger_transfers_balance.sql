with

ledger_entries as not materialized (

    select * from {{ ref('ledger_entries') }}

),

unbalanced_transfers as (

    select
        'transfer ' || transfer_id as subject,
        sum(amount_minor) as difference_minor
    from ledger_entries
    where load_id > {{ var('since_load_id') | int }}
    group by transfer_id
    having sum(amount_minor) <> 0

),

unbalanced_currencies as (

    select
        'all of ' || currency as subject,
        sum(amount_minor) as difference_minor
    from ledger_entries
    group by currency
    having sum(amount_minor) <> 0

)

select * from unbalanced_transfers
union all
select * from unbalanced_currencies
