select
    parcel_id,
    order_id,
    delivered_at
from {{ ref('parcels') }}
where
    last_load_id > {{ var('since_load_id') | int }}
    and delivered_at is not null
    and handed_over_at is null
