"""The demonstration: a generated mall with two years of history, live shoppers, a first plan."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx2

from analytics.importers.generated_demand import HistorySku
from analytics.importers.generated_history import generate_history, has_history
from analytics.importers.generated_orders import UNITS_PER_ORDER
from analytics.lake import EventLake
from analytics.warehouse import published, query
from config.settings import Settings
from contracts.warehouse import PlanOutcome
from runtime.bootstrap import store_context
from runtime.clock import utc_now
from runtime.commands.outside import PUBLISHABLE_KEY
from runtime.commands.planning import plan_now
from runtime.commands.warehouse import status
from runtime.processes import StartError
from runtime.stack import Stack, addresses
from sandbox.catalogue import Product, Sku, generate_catalogue
from sandbox.shoppers import ShopperConfig, ShopperCounts, run_shoppers

_SEED = 11
_PRODUCTS = 30
_HISTORY_DAYS = 730
_ORDERS_PER_DAY = 35.0
_RATE_PER_SECOND = 6.0
_CROWD_RATE_PER_SECOND = 0.5
_SETTLE_SECONDS = 180.0
_PROGRESS_SECONDS = 2.0
_LOCATION = "main"
_COVER_DAYS = (2, 40)
_OPEN = ("action_required", "awaiting_payment", "paid", "shipped", "delivered")

Say = Callable[[str], None]


def run_demo(
    settings: Settings, *, orders: int, once: bool, say: Say, stop: threading.Event
) -> None:
    """Run the demonstration until its summary, or until stopped."""
    began = time.monotonic()
    say(f"starting Mallard, state in {settings.var_dir}")
    with Stack(settings, say=say).running(stop):
        catalogue = generate_catalogue(_SEED, _PRODUCTS)
        _stock_the_mall(settings, catalogue, say=say)
        _write_history(settings, catalogue, say=say)
        run = f"demo-{utc_now():%Y%m%d%H%M%S}"
        order_ids = asyncio.run(_shop(settings, run=run, orders=orders, say=say, stop=stop))
        by_status = _settle(settings, order_ids, say=say, stop=stop)
        say("planning  fresh figures, forecast, suggestions")
        plan = asyncio.run(plan_now(settings))
        summary = _summary(settings, order_ids, by_status, plan)
        summary["seconds"] = round(time.monotonic() - began, 1)
        _tell(settings, summary, say=say)
        if not once:
            say("\nshoppers keep coming; Ctrl-C stops everything")
            asyncio.run(_keep_shopping(settings, run=run, stop=stop))
    if once:
        say(json.dumps(summary))


def _tell(settings: Settings, summary: dict[str, Any], *, say: Say) -> None:
    say("")
    for name, value in summary.items():
        say(f"  {name.replace('_', ' '):<18} {value}")
    say("")
    for name, url in addresses(settings).items():
        say(f"  {name:<18} {url}")


def _stock_the_mall(settings: Settings, catalogue: Sequence[Product], *, say: Say) -> None:
    """Create the catalogue and its stock through the API; what is there already stays."""
    generator = random.Random(_SEED)  # noqa: S311 - repeatable, not secret
    units_per_day = _units_per_day(catalogue)
    with httpx2.Client(base_url=settings.api_url, timeout=30) as shop:
        if shop.get("/v1/products", params={"limit": 1}).json()["items"]:
            say("the catalogue is there already")
            return
        place = shop.put(
            f"/v1/locations/{_LOCATION}", json={"name": "Main warehouse", "preference": 1}
        )
        _must(place)
        for product in catalogue:
            _must(
                shop.post(
                    "/v1/products",
                    json={"description": "", **product.document()},
                    headers={"Idempotency-Key": f"demo-{product.product_id}"},
                )
            )
            for sku in product.skus:
                cover_days = generator.randint(*_COVER_DAYS)
                on_hand = round(units_per_day[sku.sku] * cover_days) + generator.randint(4, 12)
                _must(
                    shop.put(
                        f"/v1/stock/{sku.sku}/{_LOCATION}",
                        json={"on_hand": on_hand, "reason": "opening stock"},
                    )
                )
        say(f"created   {len(catalogue)} products, {len(units_per_day)} SKUs, opening stock")


def _units_per_day(catalogue: Sequence[Product]) -> dict[str, float]:
    """Return the units a day the generated history is about to sell, by SKU."""
    shares = {sku.sku: sku.demand.base_daily_units for item in catalogue for sku in item.skus}
    level = _ORDERS_PER_DAY * UNITS_PER_ORDER / sum(shares.values())
    return {sku: share * level for sku, share in shares.items()}


def _write_history(settings: Settings, catalogue: Sequence[Product], *, say: Say) -> None:
    lake = EventLake(settings.lake_dir)
    if has_history(lake):
        say("the history is there already")
        return
    store = store_context(settings)
    last_day = store.business_date(utc_now()) - timedelta(days=1)
    say(f"writing   {_HISTORY_DAYS} days of history")
    report = generate_history(
        [_history_sku(product, sku) for product in catalogue for sku in product.skus],
        store=store,
        first_day=last_day - timedelta(days=_HISTORY_DAYS - 1),
        last_day=last_day,
        seed=_SEED,
        orders_per_day=_ORDERS_PER_DAY,
        lake=lake,
    )
    say(f"wrote     {report.orders:,} orders, {report.events:,} events")


def _history_sku(product: Product, sku: Sku) -> HistorySku:
    demand = sku.demand
    return HistorySku(
        sku=sku.sku,
        product_id=product.product_id,
        product_name=sku.name,
        category=product.category_path,
        price_minor=sku.price_minor,
        cost_minor=sku.cost_minor,
        weight_g=sku.weight_g,
        base_daily_units=demand.base_daily_units,
        weekly_profile=demand.weekday_weights,
        season_amplitude=demand.season_amplitude,
        season_phase_days=demand.season_peak_day,
        trend_per_year=demand.trend_per_year,
        # A promotion takes a fifth off: the lift it brings over that fifth is the sensitivity.
        promo_sensitivity=(demand.promo_lift - 1) / 0.2,
        is_intermittent=demand.is_intermittent,
        launch_offset_days=demand.launch_offset_days,
    )


async def _shop(
    settings: Settings, *, run: str, orders: int, say: Say, stop: threading.Event
) -> tuple[str, ...]:
    """Let shoppers place the orders, telling how far they are; returns the order numbers."""
    last_said = time.monotonic()

    def tell(counts: ShopperCounts) -> None:
        nonlocal last_said
        if time.monotonic() - last_said >= _PROGRESS_SECONDS:
            last_said = time.monotonic()
            say(
                f"shopping  {counts.sessions} sessions, {counts.orders_placed} orders, "
                f"{counts.orders_paid} paid, {counts.payments_declined} declines"
            )

    config = _crowd(settings, run=run, orders=orders, rate_per_second=_RATE_PER_SECOND)
    report = await run_shoppers(config, on_progress=tell, stop=_as_async(stop))
    say(f"shopped   {report.counts.orders_placed} orders placed")
    return report.order_ids


async def _keep_shopping(settings: Settings, *, run: str, stop: threading.Event) -> None:
    config = _crowd(settings, run=f"{run}-on", orders=None, rate_per_second=_CROWD_RATE_PER_SECOND)
    await run_shoppers(config, on_progress=lambda _: None, stop=_as_async(stop))


def _crowd(
    settings: Settings, *, run: str, orders: int | None, rate_per_second: float
) -> ShopperConfig:
    return ShopperConfig(
        api_url=settings.api_url,
        gateway_url=settings.sandbox_url,
        publishable_key=PUBLISHABLE_KEY,
        orders=orders,
        rate_per_second=rate_per_second,
        seed=_SEED,
        run=run,
    )


def _as_async(stop: threading.Event) -> asyncio.Event:
    """Return an event of the running loop that is set when the thread's event is."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()

    def wait() -> None:
        stop.wait()
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)

    threading.Thread(target=wait, daemon=True).start()
    return event


def _settle(
    settings: Settings, order_ids: Sequence[str], *, say: Say, stop: threading.Event
) -> dict[str, int]:
    """Wait until every order has reached its end; returns how many ended how."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        by_status = _statuses(settings, frozenset(order_ids))
        waiting = sum(by_status.get(status, 0) for status in _OPEN)
        if not waiting or stop.is_set():
            return by_status
        if time.monotonic() > deadline:
            raise StartError(f"{waiting} orders have not ended: {by_status}; see Orders")
        say("orders    " + ", ".join(f"{count} {name}" for name, count in by_status.items()))
        stop.wait(_PROGRESS_SECONDS)


def _statuses(settings: Settings, order_ids: frozenset[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    left, cursor = set(order_ids), None
    with httpx2.Client(base_url=settings.api_url, timeout=30) as shop:
        while left:
            after: dict[str, str] = {} if cursor is None else {"cursor": cursor}
            page = _must(shop.get("/v1/orders", params={"limit": "200", **after})).json()
            for order in page["items"]:
                if order["order_id"] in left:
                    left.remove(order["order_id"])
                    found[order["status"]] = found.get(order["status"], 0) + 1
            cursor = page["next_cursor"]
            if cursor is None:
                break
    return dict(sorted(found.items()))


def _summary(
    settings: Settings,
    order_ids: Sequence[str],
    by_status: dict[str, int],
    plan: PlanOutcome,
) -> dict[str, Any]:
    publication = published(settings.warehouse_dir)
    assert publication is not None, "planning refreshed the warehouse"
    refunds = query(
        publication,
        "select count(*) from marts.orders where refunded_minor > 0 "
        "and list_contains($order_ids, order_id)",
        {"order_ids": list(order_ids)},
    ).rows[0][0]
    warehouse = status(settings)
    return {
        "orders_placed": len(order_ids),
        "orders_completed": by_status.get("completed", 0),
        "orders_expired": by_status.get("expired", 0),
        "orders_cancelled": by_status.get("cancelled", 0),
        "refunds": refunds,
        "events": warehouse.raw_events,
        "marts_built": len(warehouse.mart_rows),
        "skus_forecast": plan.skus,
        "suggestions": plan.proposals,
        "wape_model": _rounded(plan.wape_model),
        "wape_naive": _rounded(plan.wape_naive),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _must(response: httpx2.Response) -> httpx2.Response:
    if response.is_error:
        raise StartError(f"the API refused {response.request.url}: {response.text[:500]}")
    return response
