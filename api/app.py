"""The HTTP application: routes, problems, and the state every request carries."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from api.body_limit import BodyLimit
from api.dependencies import ApiDependencies, ApiState
from api.docs import install_docs
from api.envelope import Envelope
from api.metrics import RequestMetrics
from api.problems import install_problem_handlers
from api.routes import events, operations, orders, products, quotes, replenishment, stock, webhooks

_VERSION = "1.0.0"
_BODY_MAX_BYTES = 1024 * 1024
_ROUTERS = (orders, quotes, products, stock, events, replenishment, webhooks, operations)


def create_app(dependencies: ApiDependencies) -> FastAPI:
    """Build the application on what the runtime composed."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[ApiState]:
        yield {"dependencies": dependencies}

    app = bare_app(lifespan)
    install_docs(app)
    app.state.metrics = RequestMetrics()
    # Added last, met first: the envelope is around everything, the limit included.
    app.add_middleware(BodyLimit, bytes_max=_BODY_MAX_BYTES)
    app.add_middleware(Envelope, metrics=app.state.metrics, now=dependencies.now)
    return app


def bare_app(
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[ApiState]] | None = None,
) -> FastAPI:
    """Build routes and problem handlers alone, enough to describe the interface."""
    app = FastAPI(
        title="Mallard",
        summary="Orders, stock and replenishment of an online mall",
        version=_VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Figures are our own; recorded validation failures would carry what people typed.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    install_problem_handlers(app)
    for module in _ROUTERS:
        app.include_router(module.router)
    return app
