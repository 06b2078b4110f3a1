"""Signed webhooks: queued in the state file, delivered in the background until they arrive."""

import asyncio
import hashlib
import hmac
import logging
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2

from sandbox.faults import FaultBook, FaultKind
from sandbox.state import State, from_json, to_json

_IN_FLIGHT_MAX = 32
_LATE_SECONDS = 3.0
_OVERTAKEN_SECONDS = 1.0
_OVERTAKEN_GAP_SECONDS = 0.05
_IDLE_SECONDS_MAX = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One who sends webhooks: to which address, signed with what, under which header."""

    url: str
    secret: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    attempts_max: int
    backoff_seconds: float
    backoff_seconds_max: float

    def pause_seconds(self, attempts: int) -> float:
        return min(self.backoff_seconds * 2.0 ** min(attempts, 20), self.backoff_seconds_max)


def signature(body: str, *, secret: str, timestamp: int) -> str:
    """Sign as payment gateways do: an HMAC over the time of sending and the raw body."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256)
    return f"t={timestamp},v1={digest.hexdigest()}"


class WebhookQueue:
    """What still has to be told. Survives a restart, because it lives in the state file."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.changed = asyncio.Event()

    def add(
        self,
        sender: str,
        *,
        subject: str,
        traits: Mapping[str, str],
        document: Mapping[str, Any],
        due_at: float,
    ) -> None:
        self._state.run(
            "insert into webhooks (sender, subject, traits, body, due_at) values (?, ?, ?, ?, ?)",
            (sender, subject, to_json(traits), to_json(document), due_at),
        )
        self.changed.set()

    def withdraw(self, subject: str) -> None:
        """Forget what has not been sent about a subject."""
        self._state.run("delete from webhooks where subject = ? and state = 'pending'", (subject,))

    def all(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        rows = self._state.rows(
            "select webhook_id, sender, subject, traits, due_at, attempts, state, is_tampered,"
            " last_status from webhooks where webhook_id > ? order by webhook_id limit ?",
            (after, limit),
        )
        return [{**dict(row), "traits": from_json(row["traits"])} for row in rows]

    def pending_count(self) -> int:
        row = self._state.row("select count(*) as n from webhooks where state = 'pending'")
        assert row is not None
        return int(row["n"])


class WebhookDispatcher:
    """Delivers what is due, at most one message at a time about one subject.

    `before_each_round` does other work that falls due and returns when it wants to be next.
    """

    def __init__(
        self,
        *,
        state: State,
        queue: WebhookQueue,
        faults: FaultBook,
        senders: Mapping[str, Sender],
        policy: DeliveryPolicy,
        client: httpx2.AsyncClient,
        now: Callable[[], float],
        before_each_round: Callable[[], float | None],
    ) -> None:
        self._state = state
        self._queue = queue
        self._faults = faults
        self._senders = senders
        self._policy = policy
        self._client = client
        self._now = now
        self._before_each_round = before_each_round
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then counts as not delivered."""
        try:
            while True:
                self._queue.changed.clear()
                other_at = self._before_each_round()
                for row in self._due():
                    self._start(row)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._idle_seconds(other_at)):
                        await self._queue.changed.wait()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _due(self) -> list[sqlite3.Row]:
        return self._state.rows(
            "select * from webhooks where state = 'pending' and due_at <= ?"
            " order by due_at, webhook_id limit ?",
            (self._now(), 2 * _IN_FLIGHT_MAX),
        )

    def _idle_seconds(self, other_at: float | None) -> float:
        # While the line is full, the end of a delivery wakes the loop, not the clock.
        now = self._now()
        row = self._state.row(
            "select min(due_at) as due_at from webhooks where state = 'pending' and due_at > ?",
            (now,),
        )
        due_at = None if row is None else row["due_at"]
        seconds = [at - now for at in (due_at, other_at) if at is not None]
        return float(min(max(min(seconds, default=_IDLE_SECONDS_MAX), 0.001), _IDLE_SECONDS_MAX))

    def _start(self, row: sqlite3.Row) -> None:
        subject = str(row["subject"])
        if subject in self._busy or len(self._busy) >= _IN_FLIGHT_MAX:
            return
        if not row["is_judged"]:
            with self._state.transaction():
                is_due = self._judge(row)
            self._queue.changed.set()
            if not is_due:
                return
        task = asyncio.create_task(self._deliver(row))
        self._busy[subject] = task
        task.add_done_callback(lambda task: self._finish(subject, task))

    def _finish(self, subject: str, task: asyncio.Task[None]) -> None:
        del self._busy[subject]
        if not task.cancelled() and (error := task.exception()) is not None:
            logging.getLogger(__name__).error("a delivery broke", exc_info=error)
        self._queue.changed.set()

    def _judge(self, row: sqlite3.Row) -> bool:
        """Let the faults in force act on a message once; tell whether it is still due now."""
        happening = self._faults.take(f"{row['sender']}.webhook", from_json(row["traits"]))
        webhook_id, now = row["webhook_id"], self._now()
        self._state.run("update webhooks set is_judged = 1 where webhook_id = ?", (webhook_id,))
        if (fault := happening.get(FaultKind.DUPLICATE_WEBHOOK)) is not None:
            self._copy(webhook_id, due_at=now + fault.seconds_or(0.0), is_tampered=False)
        if (fault := happening.get(FaultKind.TAMPERED_WEBHOOK)) is not None:
            self._copy(webhook_id, due_at=now + fault.seconds_or(0.0), is_tampered=True)
        if FaultKind.DROP_WEBHOOK in happening:
            self._state.run(
                "update webhooks set state = 'dropped' where webhook_id = ?", (webhook_id,)
            )
            return False
        if (fault := happening.get(FaultKind.LATE_WEBHOOK)) is not None:
            return self._postpone(webhook_id, now + fault.seconds_or(_LATE_SECONDS))
        if (fault := happening.get(FaultKind.OUT_OF_ORDER)) is not None:
            return self._postpone(
                webhook_id,
                self._after_next_of(row, now + fault.seconds_or(_OVERTAKEN_SECONDS)),
            )
        return True

    def _after_next_of(self, row: sqlite3.Row, otherwise_at: float) -> float:
        following = self._state.row(
            "select min(due_at) as due_at from webhooks"
            " where subject = ? and state = 'pending' and webhook_id > ?",
            (row["subject"], row["webhook_id"]),
        )
        if following is None or following["due_at"] is None:
            return otherwise_at
        return float(max(following["due_at"], self._now())) + _OVERTAKEN_GAP_SECONDS

    def _postpone(self, webhook_id: int, due_at: float) -> bool:
        self._state.run("update webhooks set due_at = ? where webhook_id = ?", (due_at, webhook_id))
        return False

    def _copy(self, webhook_id: int, *, due_at: float, is_tampered: bool) -> None:
        self._state.run(
            "insert into webhooks (sender, subject, traits, body, due_at, is_judged, is_tampered)"
            " select sender, subject || '/copy', traits, body, ?, 1, ?"
            " from webhooks where webhook_id = ?",
            (due_at, int(is_tampered), webhook_id),
        )

    async def _deliver(self, row: sqlite3.Row) -> None:
        status = await self._send(row)
        attempts = row["attempts"] + 1
        is_accepted = status is not None and httpx2.codes.is_success(status)
        due_at = row["due_at"]
        if is_accepted:
            outcome = "delivered"
        elif row["is_tampered"]:
            outcome = "refused" if status is not None else "failed"
        elif attempts >= self._policy.attempts_max:
            outcome = "failed"
        else:
            outcome = "pending"
            due_at = self._now() + self._policy.pause_seconds(attempts - 1)
        self._state.run(
            "update webhooks set state = ?, attempts = ?, last_status = ?, due_at = ?"
            " where webhook_id = ?",
            (outcome, attempts, status, due_at, row["webhook_id"]),
        )

    async def _send(self, row: sqlite3.Row) -> int | None:
        sender, body = self._senders[row["sender"]], str(row["body"])
        if not sender.url:
            return 204
        signed = signature(body, secret=sender.secret, timestamp=int(self._now()))
        content = _tampered(body) if row["is_tampered"] else body
        try:
            response = await self._client.post(
                sender.url,
                content=content.encode(),
                headers={"Content-Type": "application/json", sender.header: signed},
            )
        except (httpx2.HTTPError, OSError):
            return None
        return response.status_code


def _tampered(body: str) -> str:
    raised = re.sub(
        r'"(amount\w*|qty)":(\d+)', lambda found: f'"{found[1]}":{int(found[2]) + 1}', body
    )
    return '{"forged":true,' + raised[1:]
