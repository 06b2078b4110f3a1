"""The outside world for tests: a real server on a free port, and an ear for its webhooks."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.stripe_payments import StripePayments
from sandbox.app import SandboxConfig, build_server

START_SECONDS_MAX = 10.0
WAIT_SECONDS_MAX = 10.0


def sandbox_config(state_file: Path, **changes: Any) -> SandboxConfig:
    """A configuration with quick scans and deliveries and nobody to tell."""
    quick = SandboxConfig(
        state_file=state_file,
        gateway_secret_key="sk_test_gateway",
        gateway_webhook_secret="whsec_gateway",
        gateway_webhook_url="",
        carrier_api_key="carrier-key",
        carrier_webhook_secret="carrier-secret",
        carrier_webhook_url="",
        supplier_api_key="supplier-key",
        supplier_webhook_secret="supplier-secret",
        supplier_webhook_url="",
        seed=7,
        scan_delays_seconds=(0.2, 0.1, 0.1, 0.1),
        supplier_day_seconds=0.05,
        webhook_backoff_seconds=0.05,
        webhook_backoff_seconds_max=0.2,
    )
    return replace(quick, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxServer:
    """A running outside world."""

    url: str
    config: SandboxConfig

    def script_fault(self, target: str, kind: str, **more: Any) -> None:
        response = httpx2.post(
            f"{self.url}/sandbox/faults", json={"target": target, "kind": kind, **more}
        )
        response.raise_for_status()

    def clear_faults(self) -> None:
        httpx2.delete(f"{self.url}/sandbox/faults").raise_for_status()

    def faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx2.get(f"{self.url}/sandbox/faults").json()["faults"]
        return found

    def effects(self, **wanted: str) -> list[dict[str, Any]]:
        """All money that moved, oldest first, where every named column has the given text."""
        return [
            effect
            for effect in self._pages("effects")
            if all(effect[name] == text for name, text in wanted.items())
        ]

    def webhooks(self) -> list[dict[str, Any]]:
        return self._pages("webhooks")

    def _pages(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = httpx2.get(f"{self.url}/sandbox/{name}", params={"after": after}).json()
            found += page[name]
            after = page["next_after"]
        return found


@contextmanager
def running_sandbox(config: SandboxConfig, *, port: int = 0) -> Iterator[SandboxServer]:
    with running_server(build_server(config, host="127.0.0.1", port=port)) as url:
        yield SandboxServer(url=url, config=config)


@contextmanager
def running_server(server: uvicorn.Server) -> Iterator[str]:
    """Run a server in a thread of this process and yield its address."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive(), seconds=START_SECONDS_MAX)
        assert server.started, "the server ended before it had started"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


def wait_until(holds: Callable[[], bool], *, seconds: float = WAIT_SECONDS_MAX) -> None:
    """Wait until a condition holds. Fails after the given time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = httpx2.Response(200, content=self.body).json()
        return document


@dataclass(slots=True)
class WebhookEar:
    """Hears every webhook sent to it and answers as told."""

    url: str = ""
    answer_status: int = 204
    heard: list[Heard] = field(default_factory=list)

    def wait_for(self, count: int) -> list[Heard]:
        wait_until(lambda: len(self.heard) >= count)
        return list(self.heard)

    async def hear(self, request: Request) -> Response:
        body = await request.body()
        self.heard.append(Heard(path=request.url.path, body=body, headers=dict(request.headers)))
        return Response(status_code=self.answer_status)


@contextmanager
def listening_ear(*, port: int = 0) -> Iterator[WebhookEar]:
    ear = WebhookEar()
    app = Starlette(routes=[Route("/{path:path}", ear.hear, methods=["POST"])])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off"
    )
    with running_server(uvicorn.Server(config)) as url:
        ear.url = url
        yield ear


@asynccontextmanager
async def open_gateway(
    server: SandboxServer,
    *,
    url: str | None = None,
    key: str | None = None,
    timeout_seconds: float = 5.0,
) -> AsyncIterator[StripePayments]:
    """A gateway client for a running sandbox."""
    gateway = StripePayments(
        base_url=url or server.url,
        secret_key=key or server.config.gateway_secret_key,
        webhook_secret=server.config.gateway_webhook_secret,
        timeout_seconds=timeout_seconds,
    )
    try:
        yield gateway
    finally:
        await gateway.aclose()
