"""Replenishment suggestions on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from api.fields import Input, OptionalText, Output, Text
from contracts.replenishment import SuggestionStatus


class DecisionInput(Input):
    decision: Literal["approve", "reject"]
    qty: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = Field(
        default=None, description="Order this many units instead of the suggested ones."
    )
    reason: Annotated[OptionalText, Field(max_length=500)] = ""
    by: Text


class DecisionBody(Output):
    suggestion_id: str
    status: SuggestionStatus
    qty: int
    po_id: str | None


class SuggestionBody(Output):
    suggestion_id: str
    sku: str
    location_id: str
    status: SuggestionStatus
    qty: int
    order_by: date
    need_by: date
    reason: str
    run_id: str
    decided_by: str
    decision_reason: str
    suggested_at: datetime
    updated_at: datetime
    po_id: str | None
    expected_on: date | None
