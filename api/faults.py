"""Everything that is wrong with a request, found in one go: its shape and what the store knows."""

import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.dependencies import dependencies_of
from api.fields import IDENTIFIER_PATTERN
from domain.faults import Fault
from domain.orders import LINES_MAX

FAULTS_SHOWN_MAX = 100
_FIELD_LENGTH_MAX = 120
_PLACES = frozenset({"body", "query", "path", "header"})
_CODES = {"missing": "required", "extra_forbidden": "unknown-field"}
_SKU = re.compile(IDENTIFIER_PATTERN)
_JSON = re.compile(r"application/([a-z0-9.-]+\+)?json")


class RequestFaultsError(Exception):
    """The request has faults that only the store or the workflow could see."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} fault(s)")
        self.faults = tuple(faults)


def faults_of(error: RequestValidationError) -> tuple[Fault, ...]:
    """Return a validation error as faults; what was sent is never repeated."""
    return tuple(
        Fault(
            code=_CODES.get(found["type"], found["type"].replace("_", "-")),
            field=_field(found["loc"]),
            message=found["msg"],
        )
        for found in error.errors()
    )


def too_many_lines(count: int) -> Fault:
    return Fault(
        code="too-many-lines",
        field="lines",
        message=f"an order has {LINES_MAX} lines at most, not {count}",
    )


def unknown_sku(index: int, sku: str) -> Fault:
    return Fault(
        code="unknown-sku",
        field=f"lines.{index}.sku",
        message=f"SKU {sku!r} is not in the catalogue",
    )


class JsonRoute(APIRoute):
    """A route that takes JSON only, and finds the faults of a broken order that are left to find."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def find_all_faults(request: Request) -> Response:
            _check_media_type(request)
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise RequestFaultsError(
                    [*faults_of(error), *await _unjudged(request, error.body)]
                ) from error

        return find_all_faults


def _check_media_type(request: Request) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = (
        request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    )
    if has_body and not _JSON.fullmatch(sent):
        raise HTTPException(status_code=415)


async def _unjudged(request: Request, body: Any) -> list[Fault]:
    """Judge the lines of a body whose shape is wrong somewhere, as far as they can be read."""
    lines = body.get("lines") if isinstance(body, dict) else None
    if not isinstance(lines, list):
        return []
    faults = [too_many_lines(len(lines))] if len(lines) > LINES_MAX else []
    skus = {
        index: line["sku"]
        for index, line in enumerate(lines[:LINES_MAX])
        if isinstance(line, dict)
        and isinstance(line.get("sku"), str)
        and _SKU.fullmatch(line["sku"])
    }
    known = await dependencies_of(request).listings.known_skus(list(skus.values())) if skus else ()
    return faults + [unknown_sku(index, sku) for index, sku in skus.items() if sku not in known]


def _field(location: Sequence[str | int]) -> str:
    inside = location[1:] if location and location[0] in _PLACES else location
    path = ".".join(str(part) for part in inside)
    # A field's name is the stranger's own text: bounded, and always encodable.
    return path.encode("ascii", "backslashreplace").decode()[:_FIELD_LENGTH_MAX]
