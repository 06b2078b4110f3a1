with

source as (

    select * from {{ source('lake', 'events') }}

),

parsed as (

    select
        *,
        {{ payload_as({
            'transfer_id': 'VARCHAR', 'kind': 'VARCHAR', 'order_id': 'VARCHAR',
            'entries': [{'account': 'VARCHAR', 'amount_minor': 'BIGINT'}],
        }) }} as fields
    from source
    where event_name = 'ledger.posted'

),

unnested as (

    select
        *,
        unnest(fields.entries) as entry,
        generate_subscripts(fields.entries, 1) as entry_no
    from parsed

),

renamed as (

    select
        fields.transfer_id as transfer_id,
        cast(entry_no as bigint) as entry_no,
        fields.order_id as order_id,
        store_id,

        fields.kind as kind,
        currency,
        entry.account as account,

        load_id,
        entry.amount_minor as amount_minor,

        business_date,

        {{ utc('occurred_at') }} as posted_at
    from unnested

)

select * from renamed
