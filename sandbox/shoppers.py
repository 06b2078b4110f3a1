"""A crowd of shoppers that arrives at a steady rate and behaves as its seed says."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2

from sandbox.shop_calls import ShopCalls, ShopperCounts, Tally
from sandbox.shopper import Journey, Offer, Places, Shopper

__all__ = ["Journey", "ShopperConfig", "ShopperCounts", "ShopperReport", "run_shoppers"]

_PAGE = "100"
_OFFERS_MAX = 1_000
_CATALOGUE_TRIES_MAX = 30
_CATALOGUE_PAUSE_SECONDS = 1.0
_GRACE_SECONDS = 20.0
_USUAL_MIX = {
    Journey.BUY_NOW: 0.55,
    Journey.PAY_LATER: 0.13,
    Journey.PAY_AT_GATEWAY: 0.12,
    Journey.DECLINE_THEN_RETRY: 0.08,
    Journey.CANCEL: 0.05,
    Journey.ABANDON: 0.07,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperConfig:
    """Who comes, how many and how fast.

    `run` names this crowd: idempotency keys begin with it, so a crowd of the same name meets its
    own earlier orders. Without `orders` they come until they are stopped.
    """

    api_url: str
    gateway_url: str
    publishable_key: str
    orders: int | None
    rate_per_second: float
    seed: int
    run: str = "crowd"
    mix: Mapping[Journey, float] = field(default_factory=lambda: dict(_USUAL_MIX))
    in_flight_max: int = 64
    think_seconds: float = 0.2
    timeout_seconds: float = 30.0
    catalogue_refresh_orders: int = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperReport:
    counts: ShopperCounts
    order_ids: tuple[str, ...]


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def run_shoppers(
    config: ShopperConfig,
    *,
    on_progress: Callable[[ShopperCounts], None],
    stop: asyncio.Event,
    now: Callable[[], datetime] = _utc_now,
) -> ShopperReport:
    """Let the crowd shop until its orders are placed or it is stopped.

    `on_progress` hears the counts after every shopper. A failed request is counted and never
    ends the run; shoppers still busy at the end get a little time and are then sent home.
    """
    limits = httpx2.Limits(
        max_connections=config.in_flight_max,
        max_keepalive_connections=config.in_flight_max,
        keepalive_expiry=3.0,
    )
    async with httpx2.AsyncClient(timeout=config.timeout_seconds, limits=limits) as client:
        crowd = _Crowd(config, client=client, on_progress=on_progress, now=now)
        await crowd.come(stop)
        return crowd.report()


class _Crowd:
    def __init__(
        self,
        config: ShopperConfig,
        *,
        client: httpx2.AsyncClient,
        on_progress: Callable[[ShopperCounts], None],
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._tally = Tally()
        self._calls = ShopCalls(client, self._tally)
        self._on_progress = on_progress
        self._now = now
        self._room = asyncio.Semaphore(config.in_flight_max)
        self._inside: set[asyncio.Task[None]] = set()
        self._offers: list[Offer] = []

    async def come(self, stop: asyncio.Event) -> None:
        arrivals = random.Random(self._config.seed)  # noqa: S311 - repeatable, not secret
        number = 0
        while not stop.is_set() and number != self._config.orders:
            if number % self._config.catalogue_refresh_orders == 0:
                await self._read_catalogue(stop)
            if not self._offers:
                return
            await self._room.acquire()
            self._enter(number)
            number += 1
            await _pause(stop, arrivals.expovariate(self._config.rate_per_second))
        await self._see_out(stop)

    def report(self) -> ShopperReport:
        return ShopperReport(counts=self._tally.counts(), order_ids=tuple(self._tally.order_ids))

    def _enter(self, number: int) -> None:
        config = self._config
        name = f"{config.run}-{config.seed}-{number}"
        generator = random.Random(f"{config.seed}/{number}")  # noqa: S311 - repeatable, not secret
        journey = generator.choices(list(config.mix), list(config.mix.values()))[0]
        shopper = Shopper(
            name,
            generator=generator,
            calls=self._calls,
            places=Places(
                api_url=config.api_url,
                gateway_url=config.gateway_url,
                publishable_key=config.publishable_key,
            ),
            tally=self._tally,
            now=self._now,
            think_seconds=config.think_seconds,
        )
        task = asyncio.create_task(shopper.shop(journey, self._offers))
        self._inside.add(task)
        task.add_done_callback(self._leave)

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._inside.discard(task)
        self._room.release()
        if not task.cancelled() and task.exception() is not None:
            # An answer in a shape nobody expected: this shopper fails, the crowd goes on.
            self._tally.add("requests_failed")
        self._on_progress(self._tally.counts())

    async def _see_out(self, stop: asyncio.Event) -> None:
        if not self._inside:
            return
        grace_seconds = _GRACE_SECONDS if stop.is_set() else 10 * self._config.timeout_seconds
        _, late = await asyncio.wait(set(self._inside), timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _read_catalogue(self, stop: asyncio.Event) -> None:
        """Read what is on offer; what is sold out stays away, unless everything is."""
        for _ in range(_CATALOGUE_TRIES_MAX):
            found = await self._pages()
            if found:
                self._offers = found
            if self._offers or stop.is_set():
                return
            await _pause(stop, _CATALOGUE_PAUSE_SECONDS)

    async def _pages(self) -> list[Offer]:
        listed: list[Offer] = []
        in_stock: list[Offer] = []
        cursor: str | None = ""
        while cursor is not None and len(listed) < _OFFERS_MAX:
            params = {"limit": _PAGE, **({"cursor": cursor} if cursor else {})}
            reply = await self._calls.get(f"{self._config.api_url}/v1/products", params)
            for item in reply.body.get("items", []):
                for sku in item["skus"]:
                    offer = Offer(
                        sku=sku["sku"],
                        name=str(sku.get("name") or item["name"]),
                        price_minor=sku["price_minor"],
                    )
                    listed.append(offer)
                    if sku.get("available", 1):
                        in_stock.append(offer)
            cursor = reply.body.get("next_cursor") or None
        return in_stock or listed


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until the stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
