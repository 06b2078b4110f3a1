"""How long after it happened an order is in the published warehouse, while orders run.

Orders are placed at a steady rate; the product's warehouse worker exports, builds, tests and
publishes without pause over a history that is there already. A reader looks for new versions and
notes when an order is first seen in one.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import httpx2
import psycopg

from analytics.lake import EventLake
from analytics.warehouse import WarehouseUnavailableError, published, read_only
from benchmarks.history import write_history
from benchmarks.load import open_loop
from benchmarks.mall import Mall, order_body, running_mall
from benchmarks.measuring import CpuUse, percentile, print_table, warn_of_others
from runtime.clock import utc_now

PER_SECOND = 5.0
_AIM_SECONDS = 5.0
_AIM_CYCLES = 2.5
_LOOK_SECONDS = 0.05
_WAIT_SECONDS_MAX = 120.0
_HISTORY_DAYS = (date(2026, 1, 1), date(2026, 3, 1))
_SEED = 13
_SUBMITTED = """
select stream_id, occurred_at from outbox where event_name = 'order.submitted'
"""


@dataclass(slots=True)
class _Reader:
    """Looks at what is published, and notes when each order was first seen."""

    warehouse_dir: Path
    seen: dict[str, datetime] = field(default_factory=dict)
    version: int = 0
    published_at: list[float] = field(default_factory=list)

    def look(self) -> None:
        current = published(self.warehouse_dir)
        if current is None or current.version == self.version:
            return
        # A version that was replaced while it was opened is followed by a newer one.
        with suppress(WarehouseUnavailableError), read_only(current) as connection:
            rows = connection.execute(
                "select order_id from marts.orders where origin = 'api'"
            ).fetchall()
            now = utc_now()
            for (order_id,) in rows:
                self.seen.setdefault(order_id, now)
            self.version = current.version
            self.published_at.append(time.monotonic())


def run(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first_day, last_day = _HISTORY_DAYS
        events = write_history(
            EventLake(folder / "lake"),
            first_day=first_day,
            last_day=last_day,
            orders_per_day=50 if quick else 200,
        )
        with running_mall(folder, keeps_fresh=True) as mall:
            asyncio.run(_measure(mall, events, seconds=12.0 if quick else 40.0))


async def _measure(mall: Mall, events: int, *, seconds: float) -> None:
    reader = _Reader(mall.settings.warehouse_dir)
    async with asyncio.timeout(_WAIT_SECONDS_MAX):
        await _watch(reader, lambda: reader.version > 0)
    meter = mall.meter()
    before, versions = meter.read(), len(reader.published_at)
    placing = asyncio.create_task(_place(mall, seconds))
    await _watch(reader, placing.done)
    use = meter.since(before)
    await placing
    orders = int(PER_SECOND * seconds)
    async with asyncio.timeout(_WAIT_SECONDS_MAX):
        await _watch(reader, lambda: len(reader.seen) >= orders)
    _report(_delays(mall, reader), reader.published_at[versions:], use, events)


async def _watch(reader: _Reader, is_over: Callable[[], bool]) -> None:
    while not is_over():
        await asyncio.to_thread(reader.look)
        await asyncio.sleep(_LOOK_SECONDS)


async def _place(mall: Mall, seconds: float) -> None:
    draw = random.Random(_SEED)
    async with httpx2.AsyncClient(base_url=mall.settings.api_url, timeout=60) as shop:

        async def send(number: int) -> None:
            key = {"Idempotency-Key": f"freshness-{number}"}
            response = await shop.post("/v1/orders", json=order_body(draw), headers=key)
            response.raise_for_status()

        await open_loop(send, per_second=PER_SECOND, seconds=seconds)


def _delays(mall: Mall, reader: _Reader) -> list[float]:
    with psycopg.connect(mall.database_url) as connection:
        happened: Mapping[str, datetime] = dict(connection.execute(_SUBMITTED).fetchall())
    return [
        (reader.seen[order_id] - occurred_at).total_seconds()
        for order_id, occurred_at in happened.items()
    ]


def _report(delays: list[float], published_at: list[float], use: CpuUse, events: int) -> None:
    cycles = [later - earlier for earlier, later in pairwise(published_at)]
    cycle = median(cycles)
    shares = {"p50": 0.50, "p95": 0.95, "worst": 1.0}
    figures = {name: percentile(delays, share) for name, share in shares.items()}
    print_table(
        f"Freshness: seconds from event to published mart, {len(delays)} orders at "
        f"{PER_SECOND:.0f}/s over {events:,} events of history",
        ["", *shares, "one cycle"],
        [
            ["seconds", *figures.values(), cycle],
            ["in cycles of export, build and publish", *(f / cycle for f in figures.values()), 1],
            ["aim, seconds", None, f"<= {_AIM_SECONDS:.0f}", None, None],
            ["aim, cycles", None, f"<= {_AIM_CYCLES:.1f}", None, None],
        ],
        [
            f"{len(published_at)} versions; cores used: "
            + ", ".join(f"{part} {used / use.seconds:.2f}" for part, used in use.parts.items()),
            *warn_of_others([use.others_share]),
        ],
    )
