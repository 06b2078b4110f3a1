"""Faults by script and by rate: what goes wrong, where, how often and for whom."""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.state import State, from_json, to_json


class FaultKind(StrEnum):
    DECLINE = "decline"
    DELAY = "delay"
    ERROR_500 = "error_500"
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    CAPTURED_AFTER_CANCEL = "captured_after_cancel"
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    LATE_WEBHOOK = "late_webhook"
    OUT_OF_ORDER = "out_of_order"
    DROP_WEBHOOK = "drop_webhook"
    TAMPERED_WEBHOOK = "tampered_webhook"


_CALL_KINDS = frozenset({FaultKind.DELAY, FaultKind.ERROR_500, FaultKind.TIMEOUT_AFTER_ACCEPT})
_CARD_KINDS = _CALL_KINDS | {FaultKind.DECLINE}
_WEBHOOK_KINDS = frozenset(
    {
        FaultKind.DUPLICATE_WEBHOOK,
        FaultKind.LATE_WEBHOOK,
        FaultKind.OUT_OF_ORDER,
        FaultKind.DROP_WEBHOOK,
        FaultKind.TAMPERED_WEBHOOK,
    }
)
# Where each kind can happen: a script that names an impossible pair is refused, not ignored.
KINDS_OF_TARGET: dict[str, frozenset[FaultKind]] = {
    "gateway.create": _CARD_KINDS,
    "gateway.confirm": _CARD_KINDS,
    "gateway.capture": _CARD_KINDS,
    "gateway.refund": _CARD_KINDS,
    "gateway.cancel": _CALL_KINDS | {FaultKind.CAPTURED_AFTER_CANCEL},
    "gateway.look_up": _CALL_KINDS,
    "gateway.webhook": _WEBHOOK_KINDS,
    "carrier.label": _CALL_KINDS,
    "carrier.void": _CALL_KINDS,
    "carrier.track": _CALL_KINDS,
    "carrier.webhook": _WEBHOOK_KINDS,
    "supplier.order": _CALL_KINDS,
    "supplier.look_up": _CALL_KINDS,
    "supplier.webhook": _WEBHOOK_KINDS,
}


class FaultScriptError(ValueError):
    """The script asks for a fault that cannot happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that happens now. `seconds` is None where the script left it open."""

    kind: FaultKind
    seconds: float | None

    def seconds_or(self, default: float) -> float:
        return default if self.seconds is None else self.seconds


class FaultBook:
    """The scripts in force. A scripted fault is used up; a rate holds until it is deleted."""

    def __init__(self, state: State, generator: random.Random) -> None:
        self._state = state
        self._generator = generator

    def add(self, script: Mapping[str, Any]) -> int:
        """Put a script in force and return its number. Raises FaultScriptError."""
        target, kind = str(script.get("target", "")), str(script.get("kind", ""))
        if kind not in KINDS_OF_TARGET.get(target, frozenset()):
            raise FaultScriptError(f"{kind!r} cannot happen at {target!r}")
        rate = _number(script, "rate", default=1.0)
        if not 0.0 < rate <= 1.0:
            raise FaultScriptError("rate lies above 0 and at most at 1")
        count = script.get("count", None if "rate" in script else 1)
        if count is not None and (not isinstance(count, int) or count < 1):
            raise FaultScriptError("count is a whole number from 1")
        seconds = _number(script, "seconds", default=0.0) if "seconds" in script else None
        match = script.get("match", {})
        if not isinstance(match, dict):
            raise FaultScriptError("match is an object of names and texts")
        row = self._state.row(
            "insert into faults (target, kind, remaining, rate, seconds, traits)"
            " values (?, ?, ?, ?, ?, ?) returning fault_id",
            (target, kind, count, rate, seconds, to_json(match)),
        )
        assert row is not None
        return int(row["fault_id"])

    def all(self) -> list[dict[str, Any]]:
        return [
            {
                "fault_id": row["fault_id"],
                "target": row["target"],
                "kind": row["kind"],
                "remaining": row["remaining"],
                "rate": row["rate"],
                "seconds": row["seconds"],
                "match": from_json(row["traits"]),
                "taken": row["taken"],
            }
            for row in self._state.rows("select * from faults order by fault_id")
        ]

    def clear(self) -> None:
        self._state.run("delete from faults")

    def take(self, target: str, traits: Mapping[str, str]) -> dict[FaultKind, Fault]:
        """Return what goes wrong this time at a target, using up scripted faults."""
        happening: dict[FaultKind, Fault] = {}
        for row in self._state.rows(
            "select * from faults where target = ? and (remaining is null or remaining > 0)"
            " order by fault_id",
            (target,),
        ):
            kind = FaultKind(row["kind"])
            if kind in happening or not _matches(from_json(row["traits"]), traits):
                continue
            if row["rate"] < 1.0 and self._generator.random() >= row["rate"]:
                continue
            self._state.run(
                "update faults set taken = taken + 1, remaining = remaining - 1 where fault_id = ?",
                (row["fault_id"],),
            )
            happening[kind] = Fault(kind=kind, seconds=row["seconds"])
        return happening


def _matches(wanted: Mapping[str, Any], traits: Mapping[str, str]) -> bool:
    return all(
        traits.get(name) in value if _is_list(value) else traits.get(name) == value
        for name, value in wanted.items()
    )


def _is_list(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str)


def _number(script: Mapping[str, Any], name: str, *, default: float) -> float:
    value = script.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise FaultScriptError(f"{name} is a number from 0")
    return float(value)
