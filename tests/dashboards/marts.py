"""A small published warehouse with the marts' columns and invented but consistent rows.

Columns come from the contracts the real marts enforce; rows from a seeded generator, so two runs
publish the same ones.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml  # type: ignore[import-untyped]

LAST_DAY = date(2026, 6, 30)
PUBLISHED_AT = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
LAST_LOAD_ID = 42
CONTRACTS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts"

Rows = dict[str, list[dict[str, Any]]]


def publish_marts(warehouse_dir: Path, rows: Rows, *, version: int = 1) -> Path:
    """Write one published version with exactly these rows; marts not named are empty."""
    folder = warehouse_dir / "published"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"warehouse-{version}.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        for table, columns in _columns_by_table().items():
            connection.execute(f"create table marts.{table} ({columns})")
            for chunk in _frames(rows.get(table, [])):
                connection.register("incoming", chunk)
                connection.execute(f"insert into marts.{table} by name select * from incoming")
    pointer = {
        "version": version,
        "file": file.name,
        "published_at": PUBLISHED_AT.isoformat(),
        "last_load_id": LAST_LOAD_ID,
        "events": sum(len(part) for part in rows.values()),
        "build_no": version,
    }
    (folder / "CURRENT").write_text(json.dumps(pointer))
    return file


def _columns_by_table() -> dict[str, str]:
    """Read the enforced contracts, so that the invented marts cannot drift from the built ones."""
    return {
        model["name"]: ", ".join(
            f"{column['name']} {column['data_type']}" for column in model["columns"]
        )
        for file in sorted(CONTRACTS.glob("*/_*__models.yml"))
        for model in yaml.safe_load(file.read_text())["models"]
    }


def _frames(rows: list[dict[str, Any]]) -> Iterator[pl.DataFrame]:
    if rows:
        yield pl.DataFrame(rows, infer_schema_length=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    store_id: str
    currency: str
    orders_per_day: int
    days: int


SHOPS = (
    Shop(store_id="pond", currency="EUR", orders_per_day=9, days=120),
    Shop(store_id="pond", currency="USD", orders_per_day=2, days=60),
    Shop(store_id="heritage", currency="GBP", orders_per_day=3, days=90),
)
CATALOGUE = (
    ("MUG-BLUE", "Blue enamel mug", "Home/Kitchen", 1250),
    ("MUG-RED", "Red enamel mug", "Home/Kitchen", 1250),
    ("KETTLE-1L", "Whistling kettle, one litre", "Home/Kitchen", 3490),
    ("LAMP-OAK", "Oak reading lamp with linen shade", "Home/Lighting", 7900),
    ("LAMP-CLIP", "Clip lamp", "Home/Lighting", 2400),
    ("SCARF-WOOL", "Wool scarf", "Clothing/Accessories", 4200),
    ("HAT-FELT", "Felt hat", "Clothing/Accessories", 5600),
    ("SEED-POPPY", "Poppy seeds", "Garden/Seeds", 350),
    ("SEED-DILL", "Dill seeds", "Garden/Seeds", 290),
    ("POT-CLAY", "Clay pot, 20 cm", "Garden/Pots", 1490),
)
COUNTRIES = ("Germany", "France", "Netherlands", "Austria", "Spain", "Poland", "Ireland")
_STATES = ("completed",) * 15 + ("cancelled", "expired")
_TODAY_STATES = ("awaiting_payment", "paid", "shipped", "delivered", "action_required", "submitted")
_WAITING = {
    "submitted": None,
    "action_required": "customer action",
    "awaiting_payment": "customer payment",
    "paid": "hand-over to carrier",
    "shipped": "delivery",
    "delivered": "receipt confirmation",
}


def invented_shops() -> Rows:
    """Return months of orders of three shops with stock, payments, parcels and a forecast."""
    draw = random.Random(20260630)
    rows: Rows = {}
    for number, shop in enumerate(SHOPS):
        _orders_of(shop, number, draw, rows)
    _daily_sales(rows)
    _products_and_stock(rows, draw)
    return rows


def _add(rows: Rows, table: str, **row: Any) -> None:
    rows.setdefault(table, []).append(row)


def _orders_of(shop: Shop, shop_number: int, draw: random.Random, rows: Rows) -> None:
    serial = 0
    for back in range(shop.days, -1, -1):
        day = LAST_DAY - timedelta(days=back)
        weekend = 3 if day.weekday() >= 5 else 0
        for _ in range(max(1, shop.orders_per_day + weekend + draw.randint(-3, 3))):
            serial += 1
            at = datetime.combine(day, time.min) + timedelta(
                seconds=draw.randint(6 * 3600, 17 * 3600)
            )
            state = draw.choice(_TODAY_STATES if back <= 1 else _STATES)
            _one_order(
                f"M{shop_number}{serial:06d}", shop=shop, at=at, state=state, draw=draw, rows=rows
            )


def _one_order(
    order_id: str, *, shop: Shop, at: datetime, state: str, draw: random.Random, rows: Rows
) -> None:
    region = COUNTRIES[min(int(draw.expovariate(0.7)), len(COUNTRIES) - 1)]
    is_paid = state in {"paid", "shipped", "delivered", "completed"}
    common = {
        "order_id": order_id,
        "store_id": shop.store_id,
        "channel": "web",
        "region": region,
        "currency": shop.currency,
        "business_date": at.date(),
        "submitted_at": at,
        "last_load_id": 1,
    }
    total = units = 0
    chosen = draw.sample(CATALOGUE, draw.randint(1, 3))
    for line_no, (sku, name, category, price) in enumerate(chosen, start=1):
        qty = draw.randint(1, 4)
        goods, tax = price * qty, price * qty // 5
        total, units = total + goods + tax, units + qty
        _add(
            rows, "order_lines", **common, line_id=f"{line_no}", sku=sku, product_name=name,
            category=category, line_kind="sale", qty=qty, unit_price_minor=price,
            goods_minor=goods, discount_minor=0, freight_minor=0, tax_minor=tax,
            payable_minor=goods + tax, unit_cost_minor=price // 2, is_sold=is_paid,
        )  # fmt: skip
    refunded = total if is_paid and state == "completed" and draw.random() < 0.04 else 0
    stamps = _stamps(at, state)
    _add(
        rows, "orders", **common, **stamps, order_type="normal", origin="api",
        document_kind="sale", customer_ref=f"customer-{draw.randint(1, 400)}", status=state,
        waiting_for=_WAITING.get(state), is_terminal=state not in _WAITING,
        due_at=_due(at, state), goods_minor=total, discount_minor=0, freight_minor=0,
        tax_minor=0, other_minor=0, total_minor=total, captured_minor=total if is_paid else 0,
        refunded_minor=refunded, net_minor=total - refunded if is_paid else 0,
        line_count=len(chosen), units=units, last_event_at=max(stamp for stamp in (at, *stamps.values()) if stamp),
    )  # fmt: skip
    if is_paid:
        _money_and_parcel(order_id, shop=shop, stamps=stamps, total=total, rows=rows)


def _stamps(at: datetime, state: str) -> dict[str, datetime | None]:
    reached = {
        "paid": ("paid_at",),
        "shipped": ("paid_at", "shipped_at"),
        "delivered": ("paid_at", "shipped_at", "delivered_at"),
        "completed": ("paid_at", "shipped_at", "delivered_at", "completed_at"),
        "cancelled": ("cancelled_at",),
        "expired": ("expired_at",),
    }.get(state, ())
    hours = {"paid_at": 0.2, "shipped_at": 5, "delivered_at": 30, "completed_at": 80,
             "cancelled_at": 2, "expired_at": 0.5}  # fmt: skip
    limit = PUBLISHED_AT.replace(tzinfo=None)
    return {
        name: min(at + timedelta(hours=after), limit) if name in reached else None
        for name, after in hours.items()
    }


def _due(at: datetime, state: str) -> datetime | None:
    hours = {"action_required": 48, "awaiting_payment": 0.5, "delivered": 240}.get(state)
    return at + timedelta(hours=hours) if hours else None


def _money_and_parcel(
    order_id: str, *, shop: Shop, stamps: dict[str, datetime | None], total: int, rows: Rows
) -> None:
    paid_at, shipped_at = stamps["paid_at"], stamps["shipped_at"]
    assert paid_at is not None
    base = {"order_id": order_id, "store_id": shop.store_id, "currency": shop.currency}
    _add(
        rows, "payments", **base, payment_id=f"{order_id}-P1", method="card", provider="stripe",
        status="captured", amount_minor=total, captured_minor=total, refunded_minor=0,
        fee_minor=total // 50, attempts=1, initiated_at=paid_at - timedelta(minutes=3),
        captured_at=paid_at, business_date=paid_at.date(),
    )  # fmt: skip
    accounts = (("gateway_receivable", total), ("sales_goods", -total))
    for entry_no, (account, amount_minor) in enumerate(accounts, start=1):
        _add(
            rows, "ledger_entries", **base, transfer_id=f"T-{order_id}", entry_no=entry_no,
            kind="capture", account=account, amount_minor=amount_minor, posted_at=paid_at,
            business_date=paid_at.date(),
        )  # fmt: skip
    if shipped_at:
        _add(
            rows, "parcels", parcel_id=f"{order_id}-S1", order_id=order_id, store_id=shop.store_id,
            location_id="main", carrier="parcelduck", service="standard",
            tracking_no=f"PD{order_id}", cost_minor=390, status="handed_over",
            planned_at=paid_at + timedelta(minutes=1), labelled_at=paid_at + timedelta(minutes=2),
            handed_over_at=shipped_at, delivered_at=stamps["delivered_at"],
        )  # fmt: skip


def _daily_sales(rows: Rows) -> None:
    refunded = {row["order_id"]: row["refunded_minor"] for row in rows["orders"]}
    for line in rows["order_lines"]:
        if not line["is_sold"]:
            continue
        returned = line["payable_minor"] if refunded[line["order_id"]] else 0
        _add(
            rows, "daily_sales",
            **{name: line[name] for name in
               ("business_date", "store_id", "currency", "channel", "region", "category", "sku")},
            units_sold=line["qty"], units_returned=line["qty"] if returned else 0,
            sale_minor=line["goods_minor"], return_minor=-returned,
            other_minor=line["tax_minor"], net_minor=line["payable_minor"] - returned,
            line_count=1,
        )  # fmt: skip


def _products_and_stock(rows: Rows, draw: random.Random) -> None:
    _add(
        rows, "forecast_runs", run_id="run-7", store_id="pond", as_of=LAST_DAY,
        created_at=PUBLISHED_AT.replace(tzinfo=None), model="gradient-boosting",
        code_version="1", seed=7, data_hash="abc", features="[]", libraries="{}",
        skus=len(CATALOGUE) - 1, wape_model=0.4123, wape_naive=0.5678, coverage_80=0.791,
        bias=0.012, train_rows=12_000, seconds=8.5,
    )  # fmt: skip
    for place, (sku, name, category, price) in enumerate(CATALOGUE):
        for store_id in ("pond", "heritage"):
            _add(
                rows, "products", sku=sku, product_id=f"P-{sku}", store_id=store_id, name=name,
                category=category, brand="Pond", price_minor=price, cost_minor=price // 2,
                supplier_id="supplier-1", lead_time_days=7, moq=12, case_pack=6,
            )  # fmt: skip
        on_hand = 6 + 9 * place
        _add(
            rows, "stock_levels", store_id="pond", sku=sku, location_id="main", on_hand=on_hand,
            reserved=2, allocated=1, available=on_hand - 3, on_order=0 if place % 3 else 24,
            last_movement_at=PUBLISHED_AT.replace(tzinfo=None),
        )  # fmt: skip
        _demand(sku, place=place, price=price, draw=draw, rows=rows)
        # The last SKU is new: stock, but no forecast yet.
        if place < len(CATALOGUE) - 1:
            _outlook(sku, place=place, price=price, on_hand=on_hand, rows=rows)


def _demand(sku: str, *, place: int, price: int, draw: random.Random, rows: Rows) -> None:
    for back in range(150, -1, -1):
        day = LAST_DAY - timedelta(days=back)
        units = max(0, round(draw.gauss(4 + place % 4 + (3 if day.weekday() >= 5 else 0), 2)))
        _add(
            rows, "daily_demand", store_id="pond", sku=sku, location_id="main", demand_date=day,
            units=units, order_lines=units, customers=units, sale_minor=units * price,
            unit_price_minor=price if units else None,
        )  # fmt: skip


def _outlook(sku: str, *, place: int, price: int, on_hand: int, rows: Rows) -> None:
    key = {"run_id": "run-7", "sku": sku, "location_id": "main"}
    for ahead in range(1, 29):
        day = LAST_DAY + timedelta(days=ahead)
        mean = 4.0 + place % 4 + (3 if day.weekday() >= 5 else 0)
        _add(
            rows, "forecasts", **key, store_id="pond", as_of=LAST_DAY, forecast_date=day,
            horizon_days=ahead, mean=mean, p10=max(0.0, mean - 2.5), p50=mean,
            p90=mean + 3.0 + ahead / 20, model="gradient-boosting",
        )  # fmt: skip
    for back in range(14):
        _add(
            rows, "forecast_backtests", **key, store_id="pond",
            cutoff=LAST_DAY - timedelta(days=14), demand_date=LAST_DAY - timedelta(days=back),
            units=5.0, predicted=6.0, naive=8.0, p10=3.0, p90=9.0,
        )  # fmt: skip
    qty = max(0, 72 - 12 * place)
    order_by = LAST_DAY + timedelta(days=3 * place - 2)
    _add(
        rows, "replenishment_proposals", **key, supplier_id="supplier-1", qty=qty, packs=qty // 6,
        order_by=order_by if qty else None, need_by=order_by + timedelta(days=7) if qty else None,
        reason=f"{on_hand - 3} available cover {on_hand / 6:.1f} days; lead time is 7 days",
        on_hand=on_hand, available=on_hand - 3, on_order=0 if place % 3 else 24,
        lead_time_days=7, review_days=7, protection_days=14, demand_mean=80.0, demand_p50=79.0,
        demand_p90=104.5, order_up_to=105, cover_days=on_hand / 6,
        stockout_chance_without=max(0.0, 0.97 - place / 8), unit_cost_minor=price // 2,
        value_minor=qty * (price // 2),
    )  # fmt: skip
    if qty >= 36:
        _add(
            rows, "replenishment_suggestions", **key, suggestion_id=f"S-{sku}", store_id="pond",
            qty=qty, order_by=order_by, need_by=order_by + timedelta(days=7),
            reason="Stock runs out before the next delivery", status="open",
            suggested_at=PUBLISHED_AT.replace(tzinfo=None) - timedelta(hours=2),
        )  # fmt: skip
