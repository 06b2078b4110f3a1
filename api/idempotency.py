"""Idempotency keys at the edge: one effect per key, the same answer again, no second meaning."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.dependencies import ApiDependencies
from store.idempotency import StoredAnswer

REPLAYED = {"Idempotent-Replayed": "true"}


def fingerprint(dependencies: ApiDependencies, operation: str, document: Any) -> str:
    """Return what recognises a request. Keyed: it cannot be guessed back into an address."""
    canonical = json.dumps([operation, document], sort_keys=True)
    return hmac.new(
        dependencies.order_number_secret, canonical.encode(), hashlib.sha256
    ).hexdigest()


async def answer_once(
    dependencies: ApiDependencies,
    *,
    operation: str,
    key: str,
    document: Any,
    status: int,
    act: Callable[[], Awaitable[BaseModel]],
) -> JSONResponse:
    """Act once per key and keep the answer. A problem is not kept: the key is free again.

    Raises:
        IdempotencyMismatchError: the key was used with another request.
        RequestInProgressError: the same request is being worked on.
    """
    keys = dependencies.idempotency_keys
    kept = await keys.claim(
        operation,
        key,
        fingerprint=fingerprint(dependencies, operation, document),
        at=dependencies.now(),
    )
    if kept is not None:
        return JSONResponse(kept.body, status_code=kept.status, headers=REPLAYED)
    try:
        answer = StoredAnswer(status=status, body=(await act()).model_dump(mode="json"))
    except BaseException:
        await keys.release(operation, key)
        raise
    await keys.keep(operation, key, answer)
    return JSONResponse(answer.body, status_code=answer.status)
