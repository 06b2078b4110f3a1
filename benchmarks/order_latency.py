"""How long a customer waits for `POST /v1/orders`, beside a route that does nothing.

Open loop: requests start at a steady rate whatever happens, and a latency counts from the moment
its request was due. The two sides alternate; every order lives its whole life meanwhile.
"""

import asyncio
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.load import open_loop
from benchmarks.mall import Mall, order_body, running_mall
from benchmarks.measuring import CpuUse, medians, percentile, print_table, warn_of_others

# The lower rate tells what an order takes; the higher one, whether the machine keeps up with it.
RATES = (5.0, 15.0)
_AIM = 10.0
_AIM_RATE = 15.0
_DRAIN_SECONDS = 4.0
_SEED = 12
_WARM_UP_SECONDS = 3.0
_ORDER, _BARE = "POST /v1/orders", "bare route"


def run(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, running_mall(Path(folder)) as mall:
        for rate in RATES:
            asyncio.run(
                _measure(mall, rate, rounds=1 if quick else 3, seconds=6.0 if quick else 12.0)
            )


async def _measure(mall: Mall, rate: float, *, rounds: int, seconds: float) -> None:
    samples: dict[str, list[Mapping[str, float]]] = {_ORDER: [], _BARE: []}
    uses: list[CpuUse] = []
    meter = mall.meter()
    async with httpx2.AsyncClient(timeout=60) as client:
        caller = _Caller(client, mall, rate)
        for name in samples:
            await caller.call(name, seconds=_WARM_UP_SECONDS)
        for _ in range(rounds):
            for name, taken in samples.items():
                before = meter.read()
                taken.append(_figures(await caller.call(name, seconds=seconds)))
                uses.append(meter.since(before))
                # The lives of orders placed go on; the other side shall not pay for them.
                await asyncio.sleep(_DRAIN_SECONDS)
    _report({name: medians(taken) for name, taken in samples.items()}, rate, rounds, uses)


class _Caller:
    """Sends the same order documents to either address."""

    def __init__(self, client: httpx2.AsyncClient, mall: Mall, rate: float) -> None:
        self._client = client
        self._rate = rate
        self._urls = {_ORDER: f"{mall.settings.api_url}/v1/orders", _BARE: mall.bare_route_url}
        self._draw = random.Random(_SEED)
        self._sent = 0

    async def call(self, name: str, *, seconds: float) -> list[float]:
        url = self._urls[name]

        async def send(_number: int) -> None:
            self._sent += 1
            body: dict[str, Any] = order_body(self._draw)
            key = {"Idempotency-Key": f"latency-{self._rate:.0f}-{self._sent}"}
            (await self._client.post(url, json=body, headers=key)).raise_for_status()

        return await open_loop(send, per_second=self._rate, seconds=seconds)


def _figures(latencies: list[float]) -> dict[str, float]:
    shares = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
    figures = {name: percentile(latencies, share) * 1_000 for name, share in shares.items()}
    return {**figures, "worst": max(latencies) * 1_000, "requests": len(latencies)}


def _report(
    figures: Mapping[str, Mapping[str, float]], rate: float, rounds: int, uses: list[CpuUse]
) -> None:
    names = ("p50", "p95", "p99", "worst")
    order, bare = figures[_ORDER], figures[_BARE]
    print_table(
        f"Latency: milliseconds at {rate:.0f} requests/s, open loop, medians of {rounds} "
        f"x {order['requests']:.0f} requests",
        ["", *names],
        [
            *([title, *(taken[name] for name in names)] for title, taken in figures.items()),
            ["ratio", *(order[name] / bare[name] for name in names)],
            ["aim", None, None, f"<= {_AIM:.0f}" if rate == _AIM_RATE else None, None],
        ],
        warn_of_others([use.others_share for use in uses]),
    )
