select
    payment_id,
    captured_minor,
    refunded_minor
from {{ ref('payments') }}
where
    last_load_id > {{ var('since_load_id') | int }}
    and refunded_minor > captured_minor
