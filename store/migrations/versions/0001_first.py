"""The first operational schema: catalogue, stock, orders, money, parcels, supply, outbox."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CATALOGUE = """
create table products (
    product_id text constraint pk_products primary key,
    name text not null,
    description text not null default '',
    brand text not null default '',
    category_path text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1
);

create table skus (
    sku text constraint pk_skus primary key,
    product_id text not null constraint fk_skus_products references products,
    name text not null,
    supplier_id text not null,
    cost_minor bigint not null constraint ck_skus_cost check (cost_minor >= 0),
    lead_time_days integer not null constraint ck_skus_lead_time check (lead_time_days >= 0),
    moq integer not null constraint ck_skus_moq check (moq >= 1),
    case_pack integer not null constraint ck_skus_case_pack check (case_pack >= 1),
    weight_g integer not null constraint ck_skus_weight check (weight_g >= 0)
);
create index ix_skus_product on skus (product_id);

-- A price holds from `valid_from` until the next one; past orders keep what was agreed.
create table prices (
    sku text not null constraint fk_prices_skus references skus,
    valid_from timestamptz not null,
    amount_minor bigint not null constraint ck_prices_amount check (amount_minor >= 0),
    constraint pk_prices primary key (sku, valid_from)
);

create table locations (
    location_id text constraint pk_locations primary key,
    name text not null,
    preference integer not null
);

create table customers (
    customer_ref text constraint pk_customers primary key,
    first_seen_at timestamptz not null
);
"""

_STOCK = """
create table stock_levels (
    sku text not null constraint fk_stock_levels_skus references skus,
    location_id text not null constraint fk_stock_levels_locations references locations,
    on_hand integer not null,
    reserved integer not null default 0,
    allocated integer not null default 0,
    constraint pk_stock_levels primary key (sku, location_id),
    constraint ck_stock_levels_reserved check (reserved >= 0),
    constraint ck_stock_levels_allocated check (allocated >= 0),
    constraint ck_stock_levels_never_oversold check (on_hand >= reserved + allocated)
);

create table stock_movements (
    movement_id uuid constraint pk_stock_movements primary key,
    sku text not null,
    location_id text not null,
    kind text not null,
    qty integer not null,
    on_hand integer not null,
    reserved integer not null,
    allocated integer not null,
    cause_type text not null,
    cause_id text not null,
    occurred_at timestamptz not null,
    constraint fk_stock_movements_levels
        foreign key (sku, location_id) references stock_levels (sku, location_id)
);
create index ix_stock_movements_cause on stock_movements (cause_id);
create index ix_stock_movements_sku on stock_movements (sku, location_id, occurred_at);
"""

_ORDERS = """
create table orders (
    order_id text constraint pk_orders primary key,
    channel text not null,
    fingerprint text not null,
    order_type text not null,
    origin text not null,
    customer_ref text not null constraint fk_orders_customers references customers,
    region text not null,
    session_id text not null default '',
    status text not null,
    currency text not null,
    goods_minor bigint not null,
    discount_minor bigint not null,
    freight_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    short_lines jsonb not null default '[]',
    submitted_at timestamptz not null,
    paid_at timestamptz,
    due_at timestamptz,
    updated_at timestamptz not null,
    reason text not null default '',
    version integer not null default 1,
    constraint ck_orders_parts
        check (goods_minor - discount_minor + freight_minor + tax_minor = total_minor)
);
create index ix_orders_listing on orders (submitted_at desc, order_id desc);
create index ix_orders_status on orders (status, submitted_at desc, order_id desc);
create index ix_orders_due on orders (due_at) where due_at is not null;

-- Personal data, apart from everything else: erasing a person empties these rows only.
create table order_contacts (
    order_id text constraint pk_order_contacts primary key
        constraint fk_order_contacts_orders references orders,
    contact jsonb not null
);

create table order_lines (
    order_id text not null constraint fk_order_lines_orders references orders,
    line_id text not null,
    sku text not null constraint fk_order_lines_skus references skus,
    product_name text not null,
    category text not null,
    qty integer not null constraint ck_order_lines_qty check (qty > 0),
    unit_price_minor bigint not null,
    unit_cost_minor bigint not null,
    goods_minor bigint not null,
    discount_minor bigint not null,
    freight_minor bigint not null,
    tax_minor bigint not null,
    payable_minor bigint not null,
    location_id text,
    constraint pk_order_lines primary key (order_id, line_id),
    constraint ck_order_lines_parts
        check (goods_minor - discount_minor + freight_minor + tax_minor = payable_minor)
);
create index ix_order_lines_sku on order_lines (sku);
"""

_MONEY = """
create table payments (
    payment_id text constraint pk_payments primary key,
    order_id text not null constraint fk_payments_orders references orders,
    attempt_no integer not null,
    provider text not null,
    method text not null,
    status text not null,
    amount_minor bigint not null constraint ck_payments_amount check (amount_minor >= 0),
    captured_minor bigint not null default 0,
    refunded_minor bigint not null default 0,
    gateway_ref text not null default '',
    client_secret text not null default '',
    decline_code text not null default '',
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint uq_payments_attempt unique (order_id, attempt_no),
    constraint ck_payments_captured check (captured_minor between 0 and amount_minor),
    constraint ck_payments_refunded check (refunded_minor between 0 and captured_minor)
);

create table refunds (
    refund_id text constraint pk_refunds primary key,
    payment_id text not null constraint fk_refunds_payments references payments,
    order_id text not null constraint fk_refunds_orders references orders,
    status text not null,
    amount_minor bigint not null constraint ck_refunds_amount check (amount_minor > 0),
    gateway_ref text not null default '',
    reason text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index ix_refunds_order on refunds (order_id);

-- Append-only: a correction is a new transfer.
create table ledger_entries (
    transfer_id text not null,
    entry_no integer not null,
    kind text not null,
    order_id text not null,
    account text not null,
    amount_minor bigint not null,
    currency text not null,
    posted_at timestamptz not null,
    constraint pk_ledger_entries primary key (transfer_id, entry_no)
);
create index ix_ledger_entries_order on ledger_entries (order_id);
"""

_PARCELS = """
create table parcels (
    parcel_id text constraint pk_parcels primary key,
    order_id text not null constraint fk_parcels_orders references orders,
    location_id text not null,
    status text not null,
    lines jsonb not null,
    carrier text not null default '',
    service text not null default '',
    tracking_no text not null default '',
    cost_minor bigint not null default 0,
    carrier_status text not null default '',
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index ix_parcels_order on parcels (order_id);

create table parcel_scans (
    scan_id text constraint pk_parcel_scans primary key,
    parcel_id text not null constraint fk_parcel_scans_parcels references parcels,
    carrier_status text not null,
    raw_code text not null,
    place text not null default '',
    scanned_at timestamptz not null
);
create index ix_parcel_scans_parcel on parcel_scans (parcel_id, scanned_at);
"""

_SUPPLY = """
create table suggestions (
    suggestion_id text constraint pk_suggestions primary key,
    sku text not null constraint fk_suggestions_skus references skus,
    location_id text not null constraint fk_suggestions_locations references locations,
    status text not null,
    qty integer not null constraint ck_suggestions_qty check (qty > 0),
    order_by date not null,
    need_by date not null,
    reason text not null,
    run_id text not null,
    decided_by text not null default '',
    decision_reason text not null default '',
    suggested_at timestamptz not null,
    updated_at timestamptz not null
);
-- However often the planner runs, one suggestion per SKU and location is open.
create unique index uq_suggestions_open
    on suggestions (sku, location_id) where status in ('open', 'approved', 'ordered');
create index ix_suggestions_status on suggestions (status, order_by, suggestion_id);

create table purchase_orders (
    po_id text constraint pk_purchase_orders primary key,
    suggestion_id text not null constraint fk_purchase_orders_suggestions references suggestions,
    supplier_id text not null,
    sku text not null,
    location_id text not null,
    qty integer not null,
    received_qty integer not null default 0,
    unit_cost_minor bigint not null,
    status text not null,
    supplier_ref text not null default '',
    ordered_at timestamptz not null,
    expected_on date not null,
    received_at timestamptz
);
create index ix_purchase_orders_sku on purchase_orders (sku, location_id);
"""

_EVENTS = """
create table event_streams (
    stream_type text not null,
    stream_id text not null,
    last_seq bigint not null,
    constraint pk_event_streams primary key (stream_type, stream_id)
);

create table outbox (
    outbox_id bigint generated always as identity constraint pk_outbox primary key,
    xid xid8 not null default pg_current_xact_id(),
    event_name text not null,
    event_version integer not null,
    stream_type text not null,
    stream_id text not null,
    stream_seq bigint not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    business_date date not null,
    store_id text not null,
    channel text not null,
    currency text not null,
    workflow_id text not null,
    run_id text not null,
    correlation_id text not null,
    causation_id text not null,
    actor_type text not null,
    actor_id text not null,
    is_test boolean not null,
    payload json not null,
    constraint uq_outbox_stream unique (stream_type, stream_id, stream_seq)
);
create index ix_outbox_export on outbox (xid, outbox_id);
create index ix_outbox_correlation on outbox (correlation_id, outbox_id);

-- A batch is claimed before its file is written, so that a repeat writes the same file.
create table export_batches (
    first_no bigint constraint pk_export_batches primary key,
    last_no bigint not null,
    from_xid xid8 not null,
    from_id bigint not null,
    to_xid xid8 not null,
    to_id bigint not null,
    claimed_at timestamptz not null,
    written_at timestamptz,
    constraint ck_export_batches_range check (last_no >= first_no)
);

create table idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint text not null,
    status integer,
    body json,
    created_at timestamptz not null,
    constraint pk_idempotency_keys primary key (scope, key)
);
"""


def upgrade() -> None:
    for part in (_CATALOGUE, _STOCK, _ORDERS, _MONEY, _PARCELS, _SUPPLY, _EVENTS):
        op.execute(part)


def downgrade() -> None:
    raise RuntimeError("the first schema is not undone; restore a backup instead")
