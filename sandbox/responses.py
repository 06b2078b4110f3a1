"""Answers, lost answers and keys: what all stalls of the outside world have in common."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault, FaultKind

_DELAY_SECONDS = 1.0


class LostResponse(Response):
    """An answer that never arrives: the connection breaks after `seconds`."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await asyncio.sleep(self._seconds)
        # Promises a body and ends without one, upon which the server closes the connection.
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]}
        )


def bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else ""


def is_key(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def plain_error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


async def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request; empty if it is none."""
    try:
        document = json.loads(await request.body())
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


async def fail_before(happening: Mapping[FaultKind, Fault]) -> bool:
    """Wait out a delay; tell whether the call fails before it has any effect."""
    if (fault := happening.get(FaultKind.DELAY)) is not None:
        await asyncio.sleep(fault.seconds_or(_DELAY_SECONDS))
    return FaultKind.ERROR_500 in happening


def answer(
    status: int, body: Mapping[str, Any] | str, happening: Mapping[FaultKind, Fault]
) -> Response:
    """Answer a call that had its effect, unless the answer is to be lost."""
    if (fault := happening.get(FaultKind.TIMEOUT_AFTER_ACCEPT)) is not None:
        return LostResponse(seconds=fault.seconds_or(0.0))
    if isinstance(body, str):
        return Response(body, status_code=status, media_type="application/json")
    return JSONResponse(body, status_code=status)
