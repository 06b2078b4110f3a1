"""JSON over HTTP for partners without an SDK: one pooled client, each call tried once."""

from collections.abc import Mapping
from typing import Any

import httpx2

# Shorter than servers keep a connection, so that none is closed under a request on its way.
_KEEP_ALIVE_SECONDS = 3.0
_CONNECTIONS_MAX = 32


class NoAnswerError(Exception):
    """Nobody knows whether the call had its effect: no answer, or an error on their side."""


class RefusedError(Exception):
    """The partner refused the call and did nothing."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class JsonCalls:
    def __init__(self, *, base_url: str, api_key: str, timeout_seconds: float) -> None:
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=timeout_seconds,
            limits=httpx2.Limits(
                max_connections=_CONNECTIONS_MAX,
                max_keepalive_connections=_CONNECTIONS_MAX,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
            ),
        )

    async def get(self, path: str) -> dict[str, Any]:
        """Raises NoAnswerError, RefusedError."""
        return await self._call("GET", path, None)

    async def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Raises NoAnswerError, RefusedError."""
        return await self._call("POST", path, document)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _call(
        self, method: str, path: str, document: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        try:
            response = await self._client.request(method, path, json=document)
        except httpx2.HTTPError as error:
            raise NoAnswerError(f"{type(error).__name__} at {path}") from error
        body = _object_in(response)
        if response.is_success and body is not None:
            return body
        if not response.is_client_error or response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
            raise NoAnswerError(f"status {response.status_code} at {path}")
        problem = (body or {}).get("error")
        problem = problem if isinstance(problem, dict) else {}
        raise RefusedError(
            response.status_code, str(problem.get("code", "")), str(problem.get("message", ""))
        )


def _object_in(response: httpx2.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
