"""Which rows of a behaviour batch are events, and what is wrong with the others."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from api.bodies.events import BehaviourInput, RejectedRowBody
from contracts.events import (
    Actor,
    ActorType,
    MalformedEventError,
    NewEvent,
    StreamType,
    UnknownEventError,
    check_payload,
)

_PAYLOAD_MAX_BYTES = 8_192
# A visitor's clock may be wrong by a time zone, not by more.
_CLOCK_ERROR_MAX = timedelta(days=1)
_VISITOR = Actor(type=ActorType.CUSTOMER)


class _RejectedError(ValueError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def sort_out(rows: Sequence[Any], *, now: datetime) -> tuple[list[NewEvent], list[RejectedRowBody]]:
    """Split a batch into events and rejected rows, each rejected row with its first fault."""
    accepted: list[NewEvent] = []
    rejected: list[RejectedRowBody] = []
    for index, row in enumerate(rows):
        try:
            accepted.append(_event(row, now=now))
        except _RejectedError as error:
            rejected.append(RejectedRowBody(index=index, code=error.code, message=str(error)))
    return accepted, rejected


def _event(row: Any, *, now: datetime) -> NewEvent:
    sent = _read(row)
    payload = {**sent.payload, "session_id": sent.session_id}
    _check_name(sent.event_name, payload)
    _check_size(payload)
    if sent.occurred_at > now + _CLOCK_ERROR_MAX:
        raise _RejectedError("in-the-future", "occurred_at lies in the future")
    return NewEvent(
        name=sent.event_name,
        stream_id=sent.session_id,
        occurred_at=sent.occurred_at,
        actor=_VISITOR,
        payload=payload,
    )


def _read(row: Any) -> BehaviourInput:
    try:
        return BehaviourInput.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "event"
        field = field.encode("ascii", "backslashreplace").decode()[:60]
        raise _RejectedError("malformed", f"{field}: {first['msg']}") from error


def _check_name(name: str, payload: dict[str, Any]) -> None:
    try:
        found = check_payload(name, payload)
    except UnknownEventError as error:
        raise _RejectedError("unknown-event", "event_name is not in the catalogue") from error
    except MalformedEventError as error:
        raise _RejectedError("missing-fields", str(error)) from error
    if found.stream is not StreamType.SESSION:
        raise _RejectedError("not-behaviour", f"{name} is not a behaviour event")


def _check_size(payload: dict[str, Any]) -> None:
    try:
        size = len(json.dumps(payload, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError) as error:
        raise _RejectedError("malformed", "payload: is not valid JSON") from error
    if size > _PAYLOAD_MAX_BYTES:
        raise _RejectedError("too-large", f"payload: {_PAYLOAD_MAX_BYTES} bytes at most")
