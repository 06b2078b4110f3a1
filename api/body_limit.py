"""How much a request may send; more is a problem document like every other error."""

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import TOO_LARGE, problem


class BodyLimit:
    """Refuses a body by its announced size, and cuts off one that was not announced."""

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced_bytes(Headers(scope=scope)) > self._bytes_max:
            await problem(scope["path"], TOO_LARGE)(scope, receive, send)
            return
        left = self._bytes_max

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(status_code=TOO_LARGE.status)
            return message

        await self._app(scope, receive_bounded, send)


async def raw_body(request: Request, *, bytes_max: int) -> bytes:
    """Return a body that may be smaller than the application's limit. Raises HTTPException."""
    if _announced_bytes(request.headers) > bytes_max:
        raise HTTPException(status_code=TOO_LARGE.status)
    body = await request.body()
    if len(body) > bytes_max:
        raise HTTPException(status_code=TOO_LARGE.status)
    return body


def _announced_bytes(headers: Headers) -> int:
    announced = headers.get("content-length", "")
    return int(announced) if announced.isascii() and announced.isdecimal() else 0
