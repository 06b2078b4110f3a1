"""Cursor pages: a cursor is opaque to the caller and names the last row of the page before."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import Field

from api.faults import RequestFaultsError
from api.fields import Output
from domain.faults import Fault

Item = TypeVar("Item")


class Page(Output, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(
        description="Give it back as `cursor` for the page after; null on the last page."
    )


def encode_cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def next_cursor(rows: list[dict[str, Any]], limit: int, *columns: str) -> str | None:
    """Return the cursor after a full page; a page that is not full is the last."""
    if len(rows) < limit:
        return None
    return encode_cursor(*(_text(rows[-1][column]) for column in columns))


def decode_text(cursor: str | None) -> str | None:
    """Return the id a cursor names. Raises RequestFaultsError."""
    return None if cursor is None else _decode(cursor, parts=1)[0]


def decode_instant_and_text(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the instant and id a cursor names. Raises RequestFaultsError."""
    if cursor is None:
        return None
    instant, text = _decode(cursor, parts=2)
    try:
        at = datetime.fromisoformat(instant)
    except ValueError as error:
        raise _invalid() from error
    if at.tzinfo is None:
        raise _invalid()
    return at, text


def _decode(cursor: str, *, parts: int) -> list[str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _invalid() from error
    if not isinstance(found, list) or len(found) != parts:
        raise _invalid()
    if not all(isinstance(part, str) and part.isprintable() for part in found):
        raise _invalid()
    return found


def _invalid() -> RequestFaultsError:
    return RequestFaultsError(
        [
            Fault(
                code="invalid-cursor",
                field="cursor",
                message="should be the next_cursor of another page, unchanged",
            )
        ]
    )


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
