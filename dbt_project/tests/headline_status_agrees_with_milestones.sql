select
    order_id,
    status,
    waiting_for,
    is_terminal
from {{ ref('orders') }}
where
    last_load_id > {{ var('since_load_id') | int }}
    and (
        status not in (
            'submitted', 'action_required', 'awaiting_payment', 'paid', 'shipped', 'delivered',
            'completed', 'cancelled', 'expired', 'failed'
        )
        or is_terminal <> (waiting_for is null)
        or (status in ('paid', 'shipped', 'delivered', 'completed') and paid_at is null)
        or (status in ('shipped', 'delivered', 'completed') and shipped_at is null)
        or (status in ('delivered', 'completed') and delivered_at is null)
        or (status = 'completed' and completed_at is null)
        or (status = 'cancelled' and cancelled_at is null)
        or (status = 'expired' and expired_at is null)
    )
