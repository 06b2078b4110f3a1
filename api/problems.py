"""Errors as RFC 9457 problem documents: one shape, one table, one place."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.engine import EngineUnavailableError, UpdateRefusedError, WorkflowGoneError
from api.faults import FAULTS_SHOWN_MAX, RequestFaultsError, faults_of
from contracts.orders import OrderTotals
from contracts.webhooks import CallbackRefusedError
from domain.inventory import StockBelowHoldsError
from domain.orders import OrderNotFoundError, OrderStateError
from store.catalogue import ProductExistsError, ProductNotFoundError, SkuNotFoundError
from store.idempotency import IdempotencyMismatchError, RequestInProgressError
from store.merchandise import LocationNotFoundError
from store.replenishment import SuggestionNotFoundError

_RETRY_AFTER = {"Retry-After": "1"}
# What any route may meet: a malformed request, a bug, a part that is down.
_ANYWHERE = (422, 500, 503)


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


class Problem(BaseModel):
    """The body of every response whose status is 400 or above."""

    type: str = Field(
        description="Stable identifier of the kind of problem.",
        examples=["/problems/order-not-found"],
    )
    title: str = Field(description="The kind of problem; the same text every time it occurs.")
    status: int = Field(description="The HTTP status code, repeated.")
    detail: str = Field(description="What went wrong this time.")
    instance: str = Field(description="The request path that met the problem.")


class FaultBody(BaseModel):
    code: str = Field(description="Stable identifier of the kind of fault.")
    field: str = Field(description="Where it is, as a dotted path; empty for the whole body.")
    message: str


class FaultsProblem(Problem):
    """A malformed request: everything that is wrong with it, at once."""

    errors: list[FaultBody]


class PartsProblem(Problem):
    """Parts of the service cannot be reached."""

    parts: list[str]


class NotReadyError(Exception):
    """Parts this process cannot work without cannot be reached."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__(f"cannot be reached: {', '.join(parts)}")
        self.parts = list(parts)


class TotalChangedError(Exception):
    """The order costs something else than the caller expects."""

    def __init__(self, message: str, totals: OrderTotals) -> None:
        super().__init__(message)
        self.totals = totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem. Without a `detail` of its own, the error's text is the detail."""

    status: int
    slug: str
    title: str
    detail: str = "{}"
    headers: Mapping[str, str] | None = None


_STORE_DOWN = Kind(
    status=503,
    slug="store-unavailable",
    title="The order store cannot be reached",
    detail="Ask again in a moment.",
    headers=_RETRY_AFTER,
)
UNEXPECTED = Kind(
    status=500,
    slug="internal-error",
    title="Internal error",
    detail="The request met an unexpected error. It has been recorded.",
)
TOO_LARGE = Kind(
    status=413,
    slug="content-too-large",
    title="Content too large",
    detail="The body is larger than this resource takes.",
)
INVALID = Kind(
    status=422,
    slug="invalid-request",
    title="Invalid request",
    detail="The request has {} fault(s).",
)
# An error without a row here is a bug, and answers 500.
KIND_OF_ERROR: dict[type[Exception], Kind] = {
    OrderNotFoundError: Kind(
        status=404, slug="order-not-found", title="Order not found", detail="No order {}."
    ),
    ProductNotFoundError: Kind(
        status=404, slug="product-not-found", title="Product not found", detail="No product {}."
    ),
    SkuNotFoundError: Kind(
        status=404, slug="sku-not-found", title="SKU not found", detail="No SKU {}."
    ),
    LocationNotFoundError: Kind(
        status=404, slug="location-not-found", title="Location not found", detail="No location {}."
    ),
    SuggestionNotFoundError: Kind(
        status=404,
        slug="suggestion-not-found",
        title="Suggestion not found",
        detail="No suggestion {}.",
    ),
    OrderStateError: Kind(status=409, slug="order-state-conflict", title="Order state conflict"),
    UpdateRefusedError: Kind(status=409, slug="state-conflict", title="State conflict"),
    WorkflowGoneError: Kind(
        status=409,
        slug="state-conflict",
        title="State conflict",
        detail="Nothing waits for this any more.",
    ),
    ProductExistsError: Kind(status=409, slug="product-exists", title="Product exists"),
    StockBelowHoldsError: Kind(
        status=409, slug="stock-below-holds", title="Stock below what orders hold"
    ),
    TotalChangedError: Kind(status=409, slug="total-changed", title="Total changed"),
    IdempotencyMismatchError: Kind(
        status=409,
        slug="idempotency-key-reused",
        title="Idempotency key reused",
        detail="This idempotency key was used before, with another request.",
    ),
    RequestInProgressError: Kind(
        status=409,
        slug="request-in-progress",
        title="Request in progress",
        detail="The same request is being worked on; ask again in a moment.",
        headers=_RETRY_AFTER,
    ),
    CallbackRefusedError: Kind(
        status=400,
        slug="callback-refused",
        title="Callback refused",
        detail="The signature does not fit the body, or the callback is too old.",
    ),
    EngineUnavailableError: Kind(
        status=503,
        slug="engine-unavailable",
        title="The order engine cannot be reached",
        detail="Nothing is known to have happened; ask again with the same key.",
        headers=_RETRY_AFTER,
    ),
    NotReadyError: Kind(status=503, slug="not-ready", title="Not ready", headers=_RETRY_AFTER),
    # A lost connection arrives as any of these.
    OSError: _STORE_DOWN,
    asyncpg.PostgresConnectionError: _STORE_DOWN,
    asyncpg.InterfaceError: _STORE_DOWN,
    asyncpg.exceptions.OperatorInterventionError: _STORE_DOWN,
    asyncpg.exceptions.InsufficientResourcesError: _STORE_DOWN,
}
_KIND_OF_STATUS = {
    400: ("bad-request", "Bad request"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    415: ("unsupported-media-type", "Unsupported media type"),
}


def problem_docs(
    *statuses: int, models: Mapping[int, type[Problem]] | None = None
) -> dict[int | str, dict[str, Any]]:
    """Build a route's `responses=`, so that OpenAPI documents the errors too."""
    model_of = {INVALID.status: FaultsProblem, **(models or {})}
    return {
        status: {"model": model_of.get(status, Problem)}
        for status in sorted({*statuses, *_ANYWHERE})
    }


def install_problem_handlers(app: FastAPI) -> None:
    for error_type in KIND_OF_ERROR:
        app.add_exception_handler(error_type, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(RequestFaultsError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_status)


def problem(path: str, kind: Kind, text: str = "", **members: Any) -> ProblemResponse:
    """Build a problem document; `members` are the kind's own."""
    body = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail.format(text),
        "instance": path,
        **members,
    }
    return ProblemResponse(body, status_code=kind.status, headers=dict(kind.headers or {}))


async def _answer_error(request: Request, error: Exception) -> Response:
    kind = next(KIND_OF_ERROR[base] for base in type(error).__mro__ if base in KIND_OF_ERROR)
    members: dict[str, Any] = {}
    if isinstance(error, NotReadyError):
        members["parts"] = error.parts
    if isinstance(error, TotalChangedError):
        members["totals"] = asdict(error.totals)
    return problem(request.url.path, kind, str(error), **members)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    faults = error.faults if isinstance(error, RequestFaultsError) else ()
    if isinstance(error, RequestValidationError):
        faults = faults_of(error)
    errors = [asdict(fault) for fault in faults[:FAULTS_SHOWN_MAX]]
    return problem(request.url.path, INVALID, str(len(faults)), errors=errors)


async def _answer_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == TOO_LARGE.status:
        return problem(request.url.path, TOO_LARGE)
    slug, title = _KIND_OF_STATUS.get(error.status_code, ("http-error", "HTTP error"))
    kind = Kind(
        status=error.status_code, slug=slug, title=title, detail=f"{title}.", headers=error.headers
    )
    return problem(request.url.path, kind)
