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
        parsed.*,
        unnest(parsed.fields.entries) as entry,
        generate_subscripts(parsed.fields.entries, 1) as entry_no
    from parsed

),

renamed as (

    select
        unnested.fields.transfer_id,
        cast(unnested.entry_no as bigint) as entry_no,
        unnested.fields.order_id,
        unnested.store_id,

        unnested.fields.kind,
        unnested.currency,
        unnested.entry.account,

        unnested.load_id,
        unnested.entry.amount_minor,

        unnested.business_date,

        {{ utc('unnested.occurred_at') }} as posted_at
    from unnested

)

select * from renamed
