"""The lives of generated orders, told as events: one row of the table per kind of event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One kind of event: which orders have it, when, in which place of which stream."""

    name: str
    payload: str
    after: str
    seq: str
    stream_id: str = "order_id"
    when: str = "true"
    actor: str = "system"


_STAGE = "case when is_paid then 'paid' else 'awaiting_payment' end"
_PAYMENT_DUE = "strftime(submitted_at + interval 30 minute, '%Y-%m-%dT%H:%M:%S+00:00')"
_CONFIRM_DUE = (
    "strftime(submitted_at + to_seconds(delivered_after) + interval 7 day,"
    " '%Y-%m-%dT%H:%M:%S+00:00')"
)
_ENTRIES = """list_filter([
    struct_pack(account := 'gateway_receivable', amount_minor := {sign}{total}),
    struct_pack(account := 'sales_goods', amount_minor := {other}{goods}),
    struct_pack(account := 'sales_freight', amount_minor := {other}{freight}),
    struct_pack(account := 'tax_payable', amount_minor := {other}{tax})
], lambda entry: entry.amount_minor <> 0)"""
_CAPTURE_ENTRIES = _ENTRIES.format(
    sign="",
    other="-",
    total="total_minor",
    goods="goods_minor",
    freight="freight_minor",
    tax="tax_minor",
)
_REFUND_ENTRIES = _ENTRIES.format(
    sign="-",
    other="",
    total="refund_minor",
    goods="refund_goods_minor",
    freight="refund_freight_minor",
    tax="refund_tax_minor",
)
_REFUND_PARTS = """list_filter([
    struct_pack(kind := 'goods', amount_minor := refund_goods_minor),
    struct_pack(kind := 'freight', amount_minor := refund_freight_minor),
    struct_pack(kind := 'tax', amount_minor := refund_tax_minor)
], lambda part: part.amount_minor <> 0)"""

FACTS = (
    Fact(
        name="order.submitted",
        after="0",
        seq="1",
        actor="customer",
        payload="order_type := 'normal', origin := 'generated', customer_ref := customer_ref,"
        " region := region, lines := submitted_lines",
    ),
    Fact(
        name="order.priced",
        after="0",
        seq="2",
        payload="lines := priced_lines, goods_minor := goods_minor, discount_minor := 0,"
        " freight_minor := freight_minor, tax_minor := tax_minor, total_minor := total_minor",
    ),
    Fact(
        name="payment.initiated",
        stream_id="payment_id",
        after="0",
        seq="1",
        payload="payment_id := payment_id, method := 'card', provider := 'stripe',"
        f" amount_minor := total_minor, attempt_no := 1, expires_at := {_PAYMENT_DUE}",
    ),
    Fact(
        name="payment.captured",
        stream_id="payment_id",
        after="paid_after",
        seq="2",
        actor="gateway",
        when="is_paid",
        payload="payment_id := payment_id, amount_minor := total_minor,"
        " gateway_ref := 'history-' || payment_id, fee_minor := 0",
    ),
    Fact(
        name="payment.expired",
        stream_id="payment_id",
        after="closed_after",
        seq="2",
        when="outcome = 'expired'",
        payload="payment_id := payment_id",
    ),
    Fact(
        name="payment.voided",
        stream_id="payment_id",
        after="closed_after",
        seq="2",
        when="is_cancelled and not is_paid",
        payload="payment_id := payment_id",
    ),
    Fact(
        name="ledger.posted",
        after="paid_after",
        seq="1",
        when="is_paid",
        payload="transfer_id := payment_id || ':capture', kind := 'capture',"
        f" entries := {_CAPTURE_ENTRIES}",
    ),
    Fact(
        name="order.paid",
        after="paid_after",
        seq="3",
        when="is_paid",
        payload="payment_id := payment_id, amount_minor := total_minor, tender := 'card',"
        " seconds_to_pay := paid_after",
    ),
    Fact(name="order.shipped", after="shipped_after", seq="4", when="is_shipped", payload=""),
    Fact(
        name="order.delivered",
        after="delivered_after",
        seq="5",
        actor="carrier",
        when="is_shipped",
        payload=f"confirm_due_at := {_CONFIRM_DUE}",
    ),
    Fact(
        name="order.completed",
        after="completed_after",
        seq="6",
        when="is_shipped",
        payload="mode := case is_confirmed when 1 then 'customer' else 'auto' end",
    ),
    Fact(
        name="order.expired", after="closed_after", seq="3", when="outcome = 'expired'", payload=""
    ),
    Fact(
        name="order.cancel_requested",
        after="closed_after",
        seq="case when is_paid then 4 else 3 end",
        actor="customer",
        when="is_cancelled",
        payload=f"by := 'customer', reason := 'changed mind', stage := {_STAGE}",
    ),
    Fact(
        name="order.cancelled",
        after="closed_after",
        seq="case when is_paid then 5 else 4 end",
        when="is_cancelled",
        payload="reason := 'changed mind',"
        f" stage := {_STAGE},"
        f" refund_due_minor := case when is_paid then total_minor else 0 end",
    ),
    Fact(
        name="refund.owed",
        stream_id="refund_id",
        after="case when is_cancelled then closed_after else sent_back_after end",
        seq="1",
        when="is_refunded",
        payload="refund_id := refund_id, payment_id := payment_id,"
        f" amount_minor := refund_minor, parts := {_REFUND_PARTS}",
    ),
    Fact(
        name="refund.requested",
        stream_id="refund_id",
        after="refunded_after",
        seq="2",
        when="is_refunded",
        payload="refund_id := refund_id, gateway_key := refund_id || ':refund'",
    ),
    Fact(
        name="refund.succeeded",
        stream_id="refund_id",
        after="refunded_after",
        seq="3",
        actor="gateway",
        when="is_refunded",
        payload="refund_id := refund_id, payment_id := payment_id,"
        " amount_minor := refund_minor, gateway_ref := 'history-' || refund_id",
    ),
    Fact(
        name="ledger.posted",
        after="refunded_after",
        seq="2",
        when="is_refunded",
        payload=f"transfer_id := refund_id, kind := 'refund', entries := {_REFUND_ENTRIES}",
    ),
)


def facts_table(number: int, fact: Fact) -> str:
    """Return the statement that tells one kind of event of every order that has it."""
    stream_type = fact.name.partition(".")[0]
    payload = f"order_id := order_id, {fact.payload}".rstrip(", ")
    return f"""
    select
        '{fact.name}' as event_name,
        '{stream_type}' as stream_type,
        {fact.stream_id} as stream_id,
        cast({fact.seq} as bigint) as stream_seq,
        submitted_at + to_seconds({fact.after}) as occurred_at,
        order_id,
        channel,
        '{fact.actor}' as actor_type,
        case '{fact.actor}' when 'customer' then customer_ref else '' end as actor_id,
        {number} as fact_no,
        cast(to_json(struct_pack({payload})) as varchar) as payload
    from orders
    where {fact.when}
    """  # noqa: S608  # every part is a constant of this module


EVENTS = f"""
select
    event_name,
    cast(1 as integer) as event_version,
    stream_type,
    stream_id,
    stream_seq,
    occurred_at,
    occurred_at as recorded_at,
    cast(timezone($time_zone, occurred_at) as date) as business_date,
    $store_id as store_id,
    channel,
    $currency as currency,
    '' as workflow_id,
    '' as run_id,
    order_id as correlation_id,
    '' as causation_id,
    actor_type,
    actor_id,
    false as is_test,
    payload
from ({" union all ".join(facts_table(number, fact) for number, fact in enumerate(FACTS))})
order by occurred_at, order_id, fact_no
"""  # noqa: S608  # every part is a constant of this module

FIGURES = """
select
    count(*),
    count_if(is_shipped),
    count_if(outcome = 'expired'),
    count_if(is_cancelled),
    count_if(is_refunded),
    cast(sum(units) as bigint),
    cast(coalesce(sum(total_minor) filter (where is_paid), 0) as bigint),
    cast(coalesce(sum(refund_minor) filter (where is_refunded), 0) as bigint)
from orders
"""
