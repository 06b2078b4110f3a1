"""Idempotency keys: the first outcome of a request is kept and given again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_ABANDONED_AFTER = timedelta(minutes=1)


class IdempotencyMismatchError(Exception):
    """The key was used before with another request."""


class RequestInProgressError(Exception):
    """The same request is being worked on right now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    status: int
    body: Any


class IdempotencyKeys:
    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def claim(
        self, scope: str, key: str, *, fingerprint: str, at: datetime
    ) -> StoredAnswer | None:
        """Claim a key for a request; returns the stored answer if the request was answered.

        A claim without an answer for a minute belongs to a process that died: it is taken over.

        Raises:
            IdempotencyMismatchError: the key belongs to another request.
            RequestInProgressError: the request is claimed and not answered yet.
        """
        row = await self._pool.fetchrow(
            """
            with claimed as (
                insert into idempotency_keys as held (scope, key, fingerprint, created_at)
                values ($1, $2, $3, $4)
                on conflict (scope, key) do update set created_at = excluded.created_at
                where held.status is null and held.fingerprint = excluded.fingerprint
                    and held.created_at < excluded.created_at - $5::interval
                returning true
            )
            select exists (select from claimed) as is_new, kept.fingerprint, kept.status, kept.body
            from (select 1) as one
            left join idempotency_keys as kept on kept.scope = $1 and kept.key = $2
            """,
            scope,
            key,
            fingerprint,
            at,
            _ABANDONED_AFTER,
        )
        if row["is_new"]:
            return None
        if row["fingerprint"] not in {None, fingerprint}:
            raise IdempotencyMismatchError(key)
        if row["status"] is None:
            raise RequestInProgressError(key)
        return StoredAnswer(status=row["status"], body=row["body"])

    async def keep(self, scope: str, key: str, answer: StoredAnswer) -> None:
        await self._pool.execute(
            "update idempotency_keys set status = $3, body = $4 where scope = $1 and key = $2",
            scope,
            key,
            answer.status,
            answer.body,
        )

    async def release(self, scope: str, key: str) -> None:
        """Give a key back whose request failed without an outcome."""
        await self._pool.execute(
            "delete from idempotency_keys where scope = $1 and key = $2 and status is null",
            scope,
            key,
        )
