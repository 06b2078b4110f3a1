"""What a shopper's browser does on the network: ask, ask again, and never fall over."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import httpx2

_TRIES_MAX = 4
_PAUSE_SECONDS = 0.5
_SERVER_ERROR = 500
_NO_ANSWER = 0
# Payment required, conflict: a declined card, an order that cannot be cancelled any more.
_ANSWERS_OF_A_SHOP = frozenset({402, 409})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperCounts:
    """What shoppers have done so far.

    `requests_failed` counts what was refused as malformed, or given up after some repeats.
    """

    sessions: int = 0
    events_sent: int = 0
    orders_placed: int = 0
    orders_paid: int = 0
    orders_unpaid: int = 0
    orders_short: int = 0
    orders_cancelled: int = 0
    payments_declined: int = 0
    requests_repeated: int = 0
    requests_failed: int = 0


class Tally:
    def __init__(self) -> None:
        self._counter: Counter[str] = Counter()
        self.order_ids: list[str] = []

    def add(self, name: str, number: int = 1) -> None:
        self._counter[name] += number

    def counts(self) -> ShopperCounts:
        return ShopperCounts(
            **{field.name: self._counter[field.name] for field in fields(ShopperCounts)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; status 0 means there was none."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        return httpx2.codes.is_success(self.status)


class ShopCalls:
    """Repeats what got no answer or a server's error, with the same key, a few times."""

    def __init__(self, client: httpx2.AsyncClient, tally: Tally) -> None:
        self._client = client
        self._tally = tally

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Reply:
        return await self._call("GET", url, params=params)

    async def post(self, url: str, document: Mapping[str, Any], *, key: str) -> Reply:
        return await self._call("POST", url, json=document, headers={"Idempotency-Key": key})

    async def post_form(self, url: str, form: Mapping[str, str], *, bearer: str) -> Reply:
        return await self._call(
            "POST", url, data=form, headers={"Authorization": f"Bearer {bearer}"}
        )

    async def _call(self, method: str, url: str, **request: Any) -> Reply:
        reply = await self._once(method, url, **request)
        for attempt in range(1, _TRIES_MAX):
            if _NO_ANSWER < reply.status < _SERVER_ERROR:
                break
            self._tally.add("requests_repeated")
            await asyncio.sleep(_PAUSE_SECONDS * 2**attempt)
            reply = await self._once(method, url, **request)
        if not reply.is_ok and reply.status not in _ANSWERS_OF_A_SHOP:
            self._tally.add("requests_failed")
        return reply

    async def _once(self, method: str, url: str, **request: Any) -> Reply:
        try:
            response = await self._client.request(method, url, **request)
            body = response.json() if response.content else {}
        except (httpx2.HTTPError, ValueError):
            return Reply(status=_NO_ANSWER, body={})
        return Reply(status=response.status_code, body=body if isinstance(body, dict) else {})
