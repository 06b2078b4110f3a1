"""Around every request: security headers, figures, and an answer when nothing else has one."""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import RequestMetrics
from api.problems import UNEXPECTED, problem

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_log = logging.getLogger(__name__)


class Envelope:
    def __init__(
        self, app: ASGIApp, *, metrics: RequestMetrics, now: Callable[[], datetime]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = self._now(), 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_dressed)
        except Exception as error:  # noqa: BLE001  the last resort: nobody above can answer
            _record(scope, error)
            if status:
                return
            await problem(scope["path"], UNEXPECTED)(scope, receive, send_dressed)
        finally:
            self._metrics.observe(
                method=scope["method"] if scope["method"] in _METHODS else "other",
                route=_route(scope),
                status=status or UNEXPECTED.status,
                seconds=(self._now() - began).total_seconds(),
            )


def _record(scope: Scope, error: Exception) -> None:
    # The error's own text may quote what a person sent; where it happened does not.
    frames = traceback.extract_tb(error.__traceback__)
    _log.error(
        "%s %s met an unexpected %s at %s",
        scope["method"],
        _route(scope),
        type(error).__name__,
        " > ".join(f"{frame.filename}:{frame.lineno}" for frame in frames[-6:]),
    )


def _route(scope: Scope) -> str:
    """Return the route's template: a path would give every order a series of its own."""
    return getattr(scope.get("route"), "path", "unmatched")
