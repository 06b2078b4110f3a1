"""A warehouse built by the real line, small: generated history, two live orders, one forecast."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from analytics.importers.generated_history import HistorySku, generate_history
from analytics.lake import TABLE_SCHEMAS, EventLake
from analytics.pipeline import WarehousePipeline
from contracts.events import StoreContext, check_payload, event_id
from tests.dashboards.marts import CATALOGUE, Rows, invented_shops

FIRST_DAY = date(2026, 5, 1)
LAST_DAY = date(2026, 6, 30)
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
STORE = StoreContext(store_id="pond", currency="EUR", time_zone="Europe/Berlin")
OPEN_ORDER = "M-OPEN"
SUGGESTION = "S-1"
FORECAST_TABLES = ("forecast_runs", "forecasts", "forecast_backtests", "replenishment_proposals")


def build_warehouse(folder: Path) -> None:
    """Write the events below `folder/lake` and publish what dbt makes of them."""
    lake = EventLake(folder / "lake")
    generate_history(
        [
            HistorySku(
                sku=sku,
                product_id=f"P-{sku}",
                product_name=name,
                category=category,
                price_minor=price,
                cost_minor=price // 2,
            )
            for sku, name, category, price in CATALOGUE
        ],
        store=STORE,
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
        seed=7,
        orders_per_day=8,
        lake=lake,
    )
    live = _live_events()
    lake.write_batch("outbox", 1, len(live), pa.Table.from_pylist(live))
    _write_forecast(lake, invented_shops())
    report = WarehousePipeline(folder / "lake", folder / "warehouse").refresh(NOW)
    assert not report.failed_tests, report.failed_tests


def _write_forecast(lake: EventLake, rows: Rows) -> None:
    for name in FORECAST_TABLES:
        schema = TABLE_SCHEMAS[name]
        table = [{"store_id": "pond", **row} for row in rows[name]]
        for row in table:
            if name == "forecast_runs":
                row["created_at"] = row["created_at"].replace(tzinfo=UTC)
            if name == "forecast_backtests":
                row["units"] = int(row["units"])
        lake.write_table(name, "run-7", pa.Table.from_pylist(table, schema=schema))


def _live_events() -> list[dict[str, Any]]:
    """Stock of one product, an order past its payment deadline, an open suggestion."""
    at = NOW - timedelta(hours=3)
    return [*_stock_events(at), *_order_events(at), _suggestion_event(at)]


def _stock_events(at: datetime) -> list[dict[str, Any]]:
    sku, name, category, price = CATALOGUE[0]
    return [
        _event("product.created", stream=("product", f"P-{sku}"), at=at, payload={
            "product_id": f"P-{sku}", "name": name, "category_path": category, "brand": "Pond",
            "skus": [{"sku": sku, "name": name, "price_minor": price, "cost_minor": price // 2,
                      "supplier_id": "supplier-1", "lead_time_days": 7, "moq": 12, "case_pack": 6,
                      "weight_g": 300}]}),
        _event("stock.received", stream=("stock", f"{sku}@main"), at=at, payload={
            "sku": sku, "location_id": "main", "movement_id": "m-1", "qty": 10,
            "cause_type": "setting", "cause_id": "set-1", "on_hand": 10, "reserved": 0,
            "allocated": 0}),
    ]  # fmt: skip


def _order_events(at: datetime) -> list[dict[str, Any]]:
    sku, name, category, price = CATALOGUE[0]
    line = {"line_id": "1", "sku": sku, "product_name": name, "category": category, "qty": 2,
            "list_price_minor": price, "unit_price_minor": price,
            "unit_cost_minor": price // 2}  # fmt: skip
    priced = {"goods_minor": 2 * price, "discount_minor": 0, "freight_minor": 0, "tax_minor": 0}
    stream = ("order", OPEN_ORDER)
    return [
        _event("order.submitted", stream=stream, at=at, order_id=OPEN_ORDER, payload={
            "order_id": OPEN_ORDER, "order_type": "normal", "origin": "api",
            "customer_ref": "c-1", "region": "Germany", "lines": [line]}),
        _event("order.priced", stream=stream, seq=2, at=at, order_id=OPEN_ORDER, payload={
            "order_id": OPEN_ORDER, **priced, "total_minor": 2 * price,
            "lines": [{"line_id": "1", **priced, "payable_minor": 2 * price}]}),
        _event("stock.reserved", stream=("stock", f"{sku}@main"), seq=2, at=at,
               order_id=OPEN_ORDER, payload={
            "sku": sku, "location_id": "main", "movement_id": "m-2", "qty": 2,
            "cause_type": "order", "cause_id": OPEN_ORDER, "on_hand": 10, "reserved": 2,
            "allocated": 0}),
        _event("order.payment_awaited", stream=stream, seq=3, at=at, order_id=OPEN_ORDER, payload={
            "order_id": OPEN_ORDER, "due_at": (at + timedelta(minutes=30)).isoformat(),
            "amount_minor": 2 * price}),
    ]  # fmt: skip


def _suggestion_event(at: datetime) -> dict[str, Any]:
    payload = {
        "suggestion_id": SUGGESTION,
        "sku": CATALOGUE[0][0],
        "location_id": "main",
        "qty": 72,
        "order_by": "2026-07-03",
        "need_by": "2026-07-10",
        "reason": "Stock runs out",
        "run_id": "run-7",
    }
    return _event(
        "replenishment.suggested", stream=("replenishment", SUGGESTION), at=at, payload=payload
    )


def _event(
    name: str,
    *,
    stream: tuple[str, str],
    at: datetime,
    payload: dict[str, Any],
    seq: int = 1,
    order_id: str = "",
) -> dict[str, Any]:
    check_payload(name, payload)
    stream_type, stream_id = stream
    return {
        "event_id": str(event_id(stream_type, stream_id, seq)),
        "event_name": name,
        "event_version": 1,
        "stream_type": stream_type,
        "stream_id": stream_id,
        "stream_seq": seq,
        "occurred_at": at,
        "recorded_at": at,
        "business_date": STORE.business_date(at),
        "store_id": STORE.store_id,
        "channel": "web",
        "currency": STORE.currency,
        "workflow_id": "",
        "run_id": "",
        "correlation_id": order_id,
        "causation_id": "",
        "actor_type": "system",
        "actor_id": "",
        "is_test": False,
        "payload": json.dumps(payload),
    }
