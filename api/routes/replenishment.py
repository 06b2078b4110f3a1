"""Replenishment suggestions and the buyer's decisions."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from api.asking import Asked, ask, forget, is_repeat
from api.bodies.replenishment import DecisionBody, DecisionInput, SuggestionBody
from api.dependencies import ApiDependencies, Dependencies, Reads
from api.engine import UpdateRefusedError, WorkflowGoneError
from api.faults import JsonRoute
from api.fields import Cursor, IdempotencyKey, PageLimit, PathIdentifier
from api.paging import Page, decode_text, next_cursor
from api.problems import problem_docs
from api.shapes import suggestion as shape
from contracts import ids
from contracts.replenishment import Decision, SuggestionStatus
from workflows.replenish_stock import ReplenishStockWorkflow

router = APIRouter(
    prefix="/v1/replenishment/suggestions", tags=["replenishment"], route_class=JsonRoute
)


@router.get(
    "", summary="List suggestions", operation_id="list_suggestions", responses=problem_docs()
)
async def list_suggestions(
    reads: Reads,
    status: SuggestionStatus | None = None,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> Page[SuggestionBody]:
    rows = await reads.suggestions(status=status, after=decode_text(cursor), limit=limit)
    return Page(
        items=[shape(row) for row in rows], next_cursor=next_cursor(rows, limit, "suggestion_id")
    )


@router.get(
    "/{suggestion_id}",
    summary="Read a suggestion",
    operation_id="read_suggestion",
    responses=problem_docs(404),
)
async def read_suggestion(suggestion_id: PathIdentifier, reads: Reads) -> SuggestionBody:
    return shape(await reads.suggestion(suggestion_id))


@router.post(
    "/{suggestion_id}/decision",
    summary="Approve or reject a suggestion",
    operation_id="decide_suggestion",
    responses=problem_docs(404, 409),
)
async def decide_suggestion(
    suggestion_id: PathIdentifier,
    body: DecisionInput,
    key: IdempotencyKey,
    dependencies: Dependencies,
) -> DecisionBody:
    row = await dependencies.listings.suggestion(suggestion_id)
    asked = Asked(operation=f"decide {suggestion_id}", key=key, body=body)
    if row["status"] != SuggestionStatus.OPEN:
        return await _decided_before(dependencies, row, asked)
    decision = Decision(
        is_approved=body.decision == "approve", by=body.by, qty=body.qty, reason=body.reason
    )
    try:
        answer = await ask(
            dependencies,
            dependencies.engine.replenishment(row["sku"], row["location_id"]),
            asked,
            lambda open_: open_.execute_update(ReplenishStockWorkflow.decide, decision, id=key),
        )
    except WorkflowGoneError as error:
        raise UpdateRefusedError("nothing waits for this decision any more") from error
    return DecisionBody(
        suggestion_id=answer.suggestion_id,
        status=answer.status,
        qty=answer.qty,
        po_id=answer.po_id or None,
    )


async def _decided_before(
    dependencies: ApiDependencies, row: Mapping[str, Any], asked: Asked
) -> DecisionBody:
    # Never asked of the workflow: by now it may wait for a decision about a newer suggestion.
    scope = ids.replenishment_workflow_id(row["sku"], row["location_id"])
    if not await is_repeat(dependencies, scope, asked):
        await forget(dependencies, scope, asked)
        raise UpdateRefusedError(f"suggestion is {row['status']}")
    return DecisionBody(
        suggestion_id=row["suggestion_id"],
        status=row["status"],
        qty=row["qty"],
        po_id=row["po_id"],
    )
