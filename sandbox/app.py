"""The outside world as one web application: gateway, carrier, supplier and their levers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx2
import uvicorn
from starlette.applications import Starlette

from sandbox.carrier import Carrier
from sandbox.control import Control
from sandbox.gateway import Gateway
from sandbox.gateway_desk import GatewayDesk
from sandbox.supplier import Supplier
from sandbox.webhooks import DeliveryPolicy, Sender, WebhookDispatcher
from sandbox.world import SandboxConfig, World, build_world

__all__ = ["SandboxConfig", "build_server", "create_app", "serve"]

_WEBHOOK_TIMEOUT_SECONDS = 10.0
_SHUTDOWN_SECONDS = 2
# Longer than clients keep a connection, so that none is closed under a request on its way.
_KEEP_ALIVE_SECONDS = 30
_KEEP_ALIVE_SECONDS_AS_CLIENT = 3.0


def create_app(config: SandboxConfig, *, now: Callable[[], float] = time.time) -> Starlette:
    """Build the application. Its state file is open while the application runs."""
    world = build_world(config, now=now)
    desk = GatewayDesk(world)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        world.state.open(now=now())
        world.state.forget_old(now=now())
        limits = httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS_AS_CLIENT)
        async with httpx2.AsyncClient(timeout=_WEBHOOK_TIMEOUT_SECONDS, limits=limits) as client:
            delivery = asyncio.create_task(_dispatcher(world, desk, client).run())
            delivery.add_done_callback(_report_failure)
            yield
            delivery.cancel()
            with suppress(asyncio.CancelledError):
                await delivery
        world.state.close()

    return Starlette(
        routes=[
            *Gateway(world, desk).routes(),
            *Carrier(world).routes(),
            *Supplier(world).routes(),
            *Control(world).routes(),
        ],
        lifespan=lifespan,
    )


def build_server(config: SandboxConfig, *, host: str, port: int) -> uvicorn.Server:
    """Build a server that has not started. Port 0 lets the system choose one."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_planned_loss)
    return uvicorn.Server(
        uvicorn.Config(
            create_app(config),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )


def serve(config: SandboxConfig, *, host: str, port: int) -> None:
    """Serve until interrupted."""
    with suppress(KeyboardInterrupt):
        build_server(config, host=host, port=port).run()


def _report_failure(delivery: asyncio.Task[None]) -> None:
    if not delivery.cancelled() and (error := delivery.exception()) is not None:
        logging.getLogger(__name__).error("webhooks are no longer delivered", exc_info=error)


def _is_no_planned_loss(record: logging.LogRecord) -> bool:
    # A fault that loses an answer ends it half said; the server would report each as an error.
    return "without completing response" not in record.getMessage()


def _dispatcher(world: World, desk: GatewayDesk, client: httpx2.AsyncClient) -> WebhookDispatcher:
    config = world.config
    return WebhookDispatcher(
        state=world.state,
        queue=world.webhooks,
        faults=world.faults,
        senders={
            "gateway": Sender(
                url=config.gateway_webhook_url,
                secret=config.gateway_webhook_secret,
                header="Stripe-Signature",
            ),
            "carrier": Sender(
                url=config.carrier_webhook_url,
                secret=config.carrier_webhook_secret,
                header="X-Carrier-Signature",
            ),
            "supplier": Sender(
                url=config.supplier_webhook_url,
                secret=config.supplier_webhook_secret,
                header="X-Supplier-Signature",
            ),
        },
        policy=DeliveryPolicy(
            attempts_max=config.webhook_attempts_max,
            backoff_seconds=config.webhook_backoff_seconds,
            backoff_seconds_max=config.webhook_backoff_seconds_max,
        ),
        client=client,
        now=world.now,
        before_each_round=desk.capture_late,
    )
