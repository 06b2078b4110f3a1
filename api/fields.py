"""The kinds of values that cross the HTTP edge, with their limits."""

import re
from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from api.countries import COUNTRIES
from domain.orders import QTY_MAX

# Highest amount of a price or cost: an order of the most lines and pieces still fits 64 bits.
AMOUNT_MAX_MINOR = 100_000_000_000
STOCK_MAX = 1_000_000_000
IDENTIFIER_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+", re.ASCII)


class Input(BaseModel):
    """What a stranger sends: a field we do not know is a fault, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """What we answer: every field is always there."""

    model_config = ConfigDict(frozen=True)


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("unprintable", "should not have control characters")
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise PydanticCustomError("invalid-email", "should be an e-mail address")
    return text


def _country(text: str) -> str:
    if text not in COUNTRIES:
        raise PydanticCustomError(
            "unknown-country", "should be a country code of ISO 3166-1, such as DE"
        )
    return text


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER_PATTERN)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
OptionalText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2_000), AfterValidator(_printable)
]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_printable),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
Country = Annotated[
    str, AfterValidator(_country), Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})
]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
CustomerRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
PaymentMethod = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,100}$")]
AskedBy = Annotated[str, StringConstraints(pattern=r"^(customer|staff)(:[A-Za-z0-9._-]{1,64})?$")]
Quantity = Annotated[int, Field(strict=True, ge=1, le=QTY_MAX)]
AmountMinor = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_MAX_MINOR)]
StockCount = Annotated[int, Field(strict=True, ge=0, le=STOCK_MAX)]

PathIdentifier = Annotated[str, Path(pattern=IDENTIFIER_PATTERN)]
PageLimit = Annotated[int, Query(ge=1, le=200, description="Rows on a page, 200 at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=500, description="`next_cursor` of the page before; absent for the first."),
]
_KEY = Header(
    alias="Idempotency-Key",
    min_length=8,
    max_length=200,
    pattern=r"^[\x20-\x7e]+$",
    description="Chosen by the caller. The same key with the same request has one effect and "
    "gets the same answer; with another request it is refused.",
)
IdempotencyKey = Annotated[str, _KEY]
OptionalIdempotencyKey = Annotated[str | None, _KEY]
