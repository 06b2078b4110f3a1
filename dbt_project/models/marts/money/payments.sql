{{ config(unique_key='payment_id') }}

with

payment_events as not materialized (

    select * from {{ ref('stg_lake__payment_events') }}

),

refund_events as not materialized (

    select * from {{ ref('stg_lake__refund_events') }}

),

touched_payments as (

    select payment_id from payment_events
    where load_id > {{ since_load_id() }}
    union
    select payment_id from refund_events
    where load_id > {{ since_load_id() }} and payment_id is not null

),

folded as (

    select
        payment_id,
        any_value(order_id) as order_id,
        any_value(store_id) as store_id,
        any_value(currency) as currency,
        any_value(method) filter (where event_name = 'payment.initiated') as method,
        any_value(provider) filter (where event_name = 'payment.initiated') as provider,
        arg_max(substr(event_name, 9), stream_seq) filter (
            where event_name not in ('payment.outcome_unknown', 'payment.outcome_resolved')
        ) as last_status,
        arg_max(event_name, stream_seq) = 'payment.outcome_unknown' as is_unknown,
        arg_max(amount_minor, stream_seq) filter (where event_name = 'payment.initiated')
            as amount_minor,
        coalesce(max(amount_minor) filter (where event_name = 'payment.captured'), 0)
            as captured_minor,
        coalesce(max(fee_minor) filter (where event_name = 'payment.captured'), 0) as fee_minor,
        coalesce(max(attempt_no), 1) as attempts,
        min(occurred_at) as initiated_at,
        min(occurred_at) filter (where event_name = 'payment.captured') as captured_at,
        min(business_date) as business_date,
        max(load_id) as load_id
    from payment_events
    where payment_id in (select touched_payments.payment_id from touched_payments)
    group by payment_id

),

refunds_by_payment as (

    select
        payment_id,
        sum(amount_minor) filter (where event_name = 'refund.succeeded') as refunded_minor,
        max(load_id) as load_id
    from refund_events
    where payment_id in (select touched_payments.payment_id from touched_payments)
    group by payment_id

),

typed as (

    select
        folded.payment_id,
        folded.order_id,
        folded.store_id,
        folded.currency,
        folded.method,
        folded.provider,
        case
            when folded.is_unknown then 'unknown'
            when coalesce(refunds_by_payment.refunded_minor, 0) = 0 then folded.last_status
            when refunds_by_payment.refunded_minor < folded.captured_minor
                then 'partially_refunded'
            else 'refunded'
        end as status,
        coalesce(folded.amount_minor, folded.captured_minor) as amount_minor,
        folded.captured_minor,
        cast(coalesce(refunds_by_payment.refunded_minor, 0) as bigint) as refunded_minor,
        folded.fee_minor,
        folded.attempts,
        folded.initiated_at,
        folded.captured_at,
        folded.business_date,
        greatest(folded.load_id, coalesce(refunds_by_payment.load_id, 0)) as last_load_id
    from folded
    left join refunds_by_payment on folded.payment_id = refunds_by_payment.payment_id

)

select * from typed
