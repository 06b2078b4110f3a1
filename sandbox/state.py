"""What the outside world remembers: one SQLite file, one process, one thread."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists births (only_one integer primary key check (only_one = 1), at real);
create table if not exists counters (name text primary key, value integer not null);
create table if not exists payment_intents (
    intent_id text primary key,
    created_at real not null,
    payment_id text not null,
    order_id text not null,
    late_capture_at real,
    document text not null
);
create index if not exists intents_by_payment on payment_intents (payment_id);
create index if not exists intents_by_order on payment_intents (order_id);
create index if not exists intents_captured_late
    on payment_intents (late_capture_at) where late_capture_at is not null;
create table if not exists refunds (
    refund_id text primary key,
    intent_id text not null,
    created_at real not null,
    document text not null
);
create index if not exists refunds_by_intent on refunds (intent_id);
create table if not exists idempotent_answers (
    scope text not null,
    key text not null,
    fingerprint text not null,
    status integer not null,
    body text not null,
    created_at real not null,
    primary key (scope, key)
) without rowid;
create table if not exists effects (
    effect_no integer primary key,
    kind text not null,
    gateway_ref text not null,
    payment_id text not null,
    order_id text not null,
    refund_id text not null,
    amount_minor integer not null,
    fee_minor integer not null,
    currency text not null,
    happened_at real not null
);
create table if not exists labels (
    tracking_no text primary key,
    parcel_id text not null unique,
    order_id text not null,
    created_at real not null,
    voided_at real,
    document text not null
);
create table if not exists scans (
    event_id text primary key,
    tracking_no text not null,
    scanned_at real not null,
    document text not null
);
create index if not exists scans_by_label on scans (tracking_no, scanned_at);
create table if not exists purchase_orders (
    po_id text primary key,
    created_at real not null,
    delivered_at real not null,
    document text not null
);
create table if not exists webhooks (
    webhook_id integer primary key,
    sender text not null,
    subject text not null,
    traits text not null,
    body text not null,
    due_at real not null,
    attempts integer not null default 0,
    state text not null default 'pending',
    is_judged integer not null default 0,
    is_tampered integer not null default 0,
    last_status integer
);
create index if not exists webhooks_due on webhooks (due_at) where state = 'pending';
create index if not exists webhooks_of_subject on webhooks (subject) where state = 'pending';
create table if not exists faults (
    fault_id integer primary key,
    target text not null,
    kind text not null,
    remaining integer,
    rate real not null,
    seconds real,
    traits text not null,
    taken integer not null default 0
);
"""
_DAY_SECONDS = 86_400.0


class State:
    """The state file. Every change happens inside `transaction()`."""

    def __init__(self, file: Path, *, seed: int) -> None:
        self._file = file
        self._seed = seed
        self._opened: sqlite3.Connection | None = None
        self._born_at = 0.0

    def open(self, *, now: float) -> None:
        """Open the file, or create it. A file's identifiers never meet those of another file."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._opened = sqlite3.connect(self._file, isolation_level=None)
        self._opened.row_factory = sqlite3.Row
        self._opened.execute("pragma journal_mode = wal")
        self._opened.execute("pragma synchronous = normal")
        self._opened.executescript(_SCHEMA)
        self.run("insert into births values (1, ?) on conflict do nothing", (now,))
        birth = self.row("select at from births")
        assert birth is not None
        self._born_at = float(birth["at"])

    def close(self) -> None:
        self._connection.close()
        self._opened = None

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._opened is not None
        return self._opened

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block as one change, or nothing of it. Blocks may nest; the outermost rules."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def run(self, sql: str, parameters: tuple[Any, ...] = ()) -> int:
        """Execute a change and return how many rows it touched."""
        return self._connection.execute(sql, parameters).rowcount

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return found

    def new_id(self, prefix: str) -> str:
        """Return the next identifier of a kind."""
        return f"{prefix}_{self.secret_for(f'{prefix}/{self._next(prefix)}')}"

    def secret_for(self, name: str) -> str:
        return hashlib.sha256(f"{self._seed}/{self._born_at}/{name}".encode()).hexdigest()[:24]

    def forget_old(self, *, now: float) -> None:
        """Drop answers and delivered messages older than a day, as a gateway would."""
        with self.transaction():
            self.run("delete from idempotent_answers where created_at < ?", (now - _DAY_SECONDS,))
            self.run(
                "delete from webhooks where state <> 'pending' and due_at < ?",
                (now - _DAY_SECONDS,),
            )

    def _next(self, name: str) -> int:
        found = self.row(
            "insert into counters values (?, 1)"
            " on conflict (name) do update set value = value + 1 returning value",
            (name,),
        )
        assert found is not None
        return int(found["value"])


def to_json(document: Mapping[str, Any] | list[Any]) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def from_json(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document
