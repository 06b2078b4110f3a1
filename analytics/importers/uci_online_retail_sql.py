"""The statements that turn the rows of a UCI Online Retail file into documents and events."""

# Text becomes values. A value that cannot be read is null, and the first such thing is the reason
# for which the row is set aside; most rows have none.
JUDGED_ROWS = r"""
create temp table judged_rows as

with

trimmed as (

    select
        row_number,
        broken,
        nullif(upper(trim("InvoiceNo")), '') as invoice_no,
        nullif(trim("StockCode"), '') as external_code,
        nullif(trim("Description"), '') as description,
        nullif(trim("Quantity"), '') as quantity_text,
        nullif(trim("UnitPrice"), '') as price_text,
        nullif(trim("InvoiceDate"), '') as date_text,
        nullif(regexp_replace(trim("CustomerID"), '\.0*$', ''), '') as customer_text,
        coalesce(nullif(trim("Country"), ''), 'Unspecified') as country
    from source_rows

),

read as (

    select
        *,
        case
            when regexp_full_match(quantity_text, '[+-]?[0-9]{1,9}(\.0*)?')
                then cast(quantity_text as decimal(10, 0))
        end as quantity,
        case
            when regexp_full_match(price_text, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?')
                then try_cast(price_text as decimal(21, 12))
        end as price,
        case
            when regexp_full_match(date_text, '[0-9]{4}-[0-9: T.-]*')
                then try_cast(date_text as timestamp)
            else try_strptime(
                date_text, ['%m/%d/%y %H:%M', '%m/%d/%Y %H:%M', '%m/%d/%Y %H:%M:%S']
            )
        end as invoiced_at,
        case
            when upper(customer_text) not in ('NA', 'NAN', 'NULL', 'NONE') then customer_text
        end as customer_id
    from trimmed

),

valued as (

    select
        *,
        try_cast(round(price * quantity * cast(100 as decimal(3, 0)), 0) as bigint) as amount_minor
    from read

)

select
    row_number,
    invoice_no,
    external_code,
    description,
    cast(quantity as bigint) as quantity,
    price,
    invoiced_at,
    customer_id,
    country,
    amount_minor,
    case
        when broken is not null then broken
        when invoice_no is null then 'the invoice number is missing'
        when not regexp_full_match(invoice_no, '[CA]?[0-9]{1,18}')
            then 'the invoice number is not digits after at most one C or A'
        when external_code is null then 'the stock code is missing'
        when quantity_text is null then 'the quantity is missing'
        when quantity is null then 'the quantity is not a whole number'
        when quantity = 0 then 'the quantity is zero'
        when price_text is null then 'the unit price is missing'
        when price is null then 'the unit price is not an amount'
        when date_text is null then 'the invoice date is missing'
        when invoiced_at is null then 'the invoice date is not a day and time'
        when year(invoiced_at) not between 1970 and 2200
            then 'the invoice date is outside the years 1970 to 2200'
        when amount_minor is null then 'the amount is too large'
    end as reason
from valued
"""

LINES = r"""
create temp table lines as

with

good_rows as (

    select *, upper(external_code) as sku from judged_rows where reason is null

),

corrections as (

    select invoice_no
    from good_rows
    group by all
    having bool_and(price = 0 and customer_id is null)

)

select
    *,
    case
        when sku in ('POST', 'DOT', 'C2') then 'freight'
        when sku in ('BANK CHARGES', 'AMAZONFEE', 'CRUK') then 'fee'
        when not regexp_matches(sku, '^[0-9]{5}') then 'adjustment'
        when starts_with(invoice_no, 'A') or price < 0 then 'adjustment'
        when quantity < 0 and (starts_with(invoice_no, 'C') or price <> 0) then 'return'
        when quantity < 0 or starts_with(invoice_no, 'C') then 'adjustment'
        when invoice_no in (select corrections.invoice_no from corrections) then 'adjustment'
        else 'sale'
    end as line_kind
from good_rows
"""

# What a product is called most often where it is sold; write-offs carry remarks instead of names.
PRODUCT_NAMES = r"""
create temp table product_names as

with

described as (

    select sku, description, count_if(line_kind = 'sale') as sales, count(*) as uses
    from lines
    where description is not null
    group by all

)

select sku, description as product_name
from described
qualify row_number() over (partition by sku order by sales desc, uses desc, description) = 1
"""

DOCUMENTS = r"""
create temp table documents as

select
    invoice_no,
    $order_prefix || invoice_no as order_id,
    case
        when starts_with(invoice_no, 'C') then 'return'
        when bool_and(line_kind = 'adjustment') then 'adjustment'
        else 'sale'
    end as document_kind,
    coalesce('uci-' || arg_min(customer_id, row_number), 'guest') as customer_ref,
    arg_min(country, row_number) as region,
    min(invoiced_at) as invoiced_at,
    cast(sum(amount_minor) as bigint) as amount_minor,
    md5(
        string_agg(
            concat_ws('|', sku, quantity, amount_minor, invoiced_at, customer_id, country),
            '/' order by row_number
        )
    ) as row_hash,
    list(
        struct_pack(
            line_id := cast(row_number as varchar),
            sku := sku,
            external_code := external_code,
            product_name := coalesce(product_name, sku),
            category := 'Uncategorised',
            line_kind := line_kind,
            qty := quantity,
            unit_price_minor := cast(round(price * 100, 0) as bigint),
            amount_minor := amount_minor
        )
        order by row_number
    ) as lines
from lines
left join product_names using (sku)
group by invoice_no
"""

VERDICT = """
select
    count_if(reason is null),
    mode(reason),
    min(row_number) filter (where reason is not null)
from judged_rows
"""

KNOWN = """
insert into known_documents
select payload ->> 'external_id', payload ->> 'row_hash'
from imported_events
"""

CONFLICTS = r"""
select documents.invoice_no
from documents
inner join known_documents using (invoice_no)
where documents.row_hash <> known_documents.row_hash
order by documents.invoice_no
"""

EVENTS = r"""
with

new_documents as (

    select documents.*
    from documents
    anti join known_documents using (invoice_no)

),

imported as (

    select
        'order.imported' as event_name,
        'order' as stream_type,
        to_json(struct_pack(
            order_id := order_id,
            source := $source,
            external_id := invoice_no,
            document_kind := document_kind,
            customer_ref := customer_ref,
            region := region,
            row_hash := row_hash,
            lines := lines
        )) as payload,
        *
    from new_documents

),

posted as (

    select
        'ledger.posted' as event_name,
        'ledger' as stream_type,
        to_json(struct_pack(
            transfer_id := order_id || '-T1',
            kind := 'import',
            order_id := order_id,
            entries := [
                struct_pack(account := 'imported_receivable', amount_minor := amount_minor),
                struct_pack(account := 'imported_sales', amount_minor := -amount_minor)
            ]
        )) as payload,
        *
    from new_documents
    where amount_minor <> 0

)

select
    event_name,
    cast(1 as integer) as event_version,
    stream_type,
    order_id as stream_id,
    cast(1 as bigint) as stream_seq,
    timezone($time_zone, invoiced_at) as occurred_at,
    $recorded_at as recorded_at,
    cast(invoiced_at as date) as business_date,
    $store_id as store_id,
    'import' as channel,
    $currency as currency,
    '' as workflow_id,
    '' as run_id,
    order_id as correlation_id,
    '' as causation_id,
    'system' as actor_type,
    'import' as actor_id,
    false as is_test,
    cast(payload as varchar) as payload
from (select * from imported union all select * from posted)
order by occurred_at, order_id, stream_type desc
"""

QUARANTINED = """
select
    $sha256 as file_sha256,
    judged_rows.row_number,
    judged_rows.reason,
    source_rows.* exclude (row_number, broken)
from judged_rows
inner join source_rows using (row_number)
where judged_rows.reason is not null
order by judged_rows.row_number
"""

REASON_COUNTS = """
select reason, count(*) as rows
from judged_rows
where reason is not null
group by all
order by rows desc, reason
"""

COUNT_NAMES = (
    "quarantined",
    "sale_lines",
    "return_lines",
    "other_lines",
    "sale_minor",
    "return_minor",
    "other_minor",
    "signed_minor",
    "documents",
    "first_day",
    "last_day",
)
COUNTS = """
select
    (select count(*) from judged_rows where reason is not null),
    count_if(line_kind = 'sale'),
    count_if(line_kind = 'return'),
    count_if(line_kind not in ('sale', 'return')),
    cast(coalesce(sum(amount_minor) filter (where line_kind = 'sale'), 0) as bigint),
    cast(coalesce(sum(amount_minor) filter (where line_kind = 'return'), 0) as bigint),
    cast(
        coalesce(sum(amount_minor) filter (where line_kind not in ('sale', 'return')), 0) as bigint
    ),
    cast(sum(amount_minor) as bigint),
    count(distinct invoice_no),
    cast(min(invoiced_at) as date),
    cast(max(invoiced_at) as date)
from lines
"""
