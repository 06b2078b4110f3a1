"""The Stripe SDK's calls over one pooled asynchronous HTTP client.

Measured against the SDK's blocking client on threads: 0.9 instead of 1.4 to 1.9 ms CPU per call.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn

import httpx2
import stripe

# Shorter than servers keep a connection, so that none is closed under a request on its way.
_KEEP_ALIVE_SECONDS = 3.0
_CONNECTIONS_MAX = 64


class StripeTransport(stripe.HTTPClient):
    """Each call is tried once: repeating is the caller's decision."""

    name = "httpx2"

    def __init__(self, *, timeout_seconds: float) -> None:
        super().__init__()
        self._client = httpx2.AsyncClient(
            timeout=timeout_seconds,
            limits=httpx2.Limits(
                max_connections=_CONNECTIONS_MAX,
                max_keepalive_connections=_CONNECTIONS_MAX,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
            ),
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            response = await self._client.request(
                method, url, headers=dict(headers), content=post_data
            )
        except httpx2.HTTPError as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"{type(error).__name__} while talking to the gateway", should_retry=False
            ) from error
        return response.content, response.status_code, response.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()

    def close(self) -> NoReturn:
        raise RuntimeError("this client is closed with close_async")
