"""What must hold at any quiet moment, read from durable stores only: each check returns no row."""

from collections import Counter
from typing import Any

from tests.support.sandbox import SandboxServer

_CHECKS = {
    "a counter is negative or oversold": """
        select * from stock_levels
        where reserved < 0 or allocated < 0 or on_hand < reserved + allocated
    """,
    "counters differ from their movements": """
        select levels.sku, levels.location_id
        from stock_levels as levels
        left join stock_movements as moves using (sku, location_id)
        group by levels.sku, levels.location_id, levels.on_hand, levels.reserved, levels.allocated
        having levels.on_hand <> coalesce(sum(case
                when kind in ('received', 'returned', 'adjusted') then qty
                when kind = 'shipped' then -qty else 0 end), 0)
            or levels.reserved <> coalesce(sum(case
                when kind = 'reserved' then qty
                when kind in ('released', 'allocated') then -qty else 0 end), 0)
            or levels.allocated <> coalesce(sum(case
                when kind = 'allocated' then qty
                when kind in ('deallocated', 'shipped') then -qty else 0 end), 0)
    """,
    "held stock differs from what open orders hold": """
        select sku, location_id, held.reserved, held.allocated, wanted.reserved, wanted.allocated
        from (select sku, location_id, reserved, allocated from stock_levels) as held
        full join (
            select lines.sku, lines.location_id,
                sum(case when orders.status = 'awaiting_payment' then qty else 0 end) as reserved,
                sum(case when orders.status = 'paid' then qty else 0 end) as allocated
            from order_lines as lines join orders using (order_id)
            where lines.location_id is not null
            group by lines.sku, lines.location_id
        ) as wanted using (sku, location_id)
        where coalesce(held.reserved, 0) <> coalesce(wanted.reserved, 0)
            or coalesce(held.allocated, 0) <> coalesce(wanted.allocated, 0)
    """,
    "a transfer does not balance": """
        select transfer_id from ledger_entries group by transfer_id having sum(amount_minor) <> 0
    """,
    "captured less refunded is not what the ledger says": """
        select orders.order_id
        from orders
        left join (
            select order_id, sum(captured_minor - refunded_minor) as amount
            from payments group by order_id
        ) as paid using (order_id)
        left join (
            select order_id, sum(amount_minor) as amount
            from ledger_entries where account = 'gateway_receivable' group by order_id
        ) as posted using (order_id)
        where coalesce(paid.amount, 0) <> coalesce(posted.amount, 0)
    """,
    "a living order is not paid in full, or a dead one kept money": """
        select orders.order_id, status
        from orders left join (
            select order_id, sum(captured_minor - refunded_minor) as kept
            from payments group by order_id
        ) as money using (order_id)
        where (status in ('paid', 'shipped', 'delivered', 'completed') and kept <> total_minor)
            or (status in ('cancelled', 'expired', 'action_required') and coalesce(kept, 0) <> 0)
    """,
    "events of a stream have a gap or a repeat": """
        select stream_type, stream_id from outbox
        group by stream_type, stream_id
        having count(*) <> max(stream_seq) or min(stream_seq) <> 1
    """,
    "an order says its end twice": """
        select stream_id from outbox
        where event_name in ('order.paid', 'order.completed', 'order.cancelled')
        group by stream_id, event_name having count(*) > 1
    """,
}


async def broken_rules(pool: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the rules that do not hold, each with the rows that break it."""
    broken = {}
    for rule, query in _CHECKS.items():
        rows = await pool.fetch(query)
        if rows:
            broken[rule] = [dict(row) for row in rows]
    return broken


async def money_disagreements(pool: Any, sandbox: SandboxServer) -> dict[str, Any]:
    """Compare the gateway's money movements with ours, one to one; agreement is empty."""
    theirs = Counter(
        (effect["order_id"], effect["kind"], effect["amount_minor"])
        for effect in sandbox.effects()
        if effect["kind"] in {"capture", "refund"}
    )
    ours: Counter[tuple[str, str, int]] = Counter()
    for row in await pool.fetch("select * from payments where captured_minor > 0"):
        ours[row["order_id"], "capture", row["captured_minor"]] += 1
    for row in await pool.fetch("select * from refunds where status = 'succeeded'"):
        ours[row["order_id"], "refund", row["amount_minor"]] += 1
    return {"theirs only": dict(theirs - ours), "ours only": dict(ours - theirs)}
