"""Behaviour events on the wire."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field, SkipValidation

from api.fields import Input, Output, SessionId

BATCH_MAX = 500


class BehaviourInput(Input):
    event_name: Annotated[str, Field(max_length=100)]
    session_id: SessionId
    occurred_at: AwareDatetime
    payload: dict[str, Any]


class BehaviourBatchInput(Input):
    # Judged one by one: a bad row must not cost the good ones.
    events: Annotated[
        list[SkipValidation[BehaviourInput]], Field(min_length=1, max_length=BATCH_MAX)
    ]


class RejectedRowBody(Output):
    index: int
    code: str
    message: str


class BehaviourBody(Output):
    accepted: int
    rejected: list[RejectedRowBody]
