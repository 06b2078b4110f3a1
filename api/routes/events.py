"""Behaviour events of the storefront, in batches: good rows are kept, bad rows are named."""

from fastapi import APIRouter, Response

from api.behaviour import sort_out
from api.bodies.events import BehaviourBatchInput, BehaviourBody
from api.dependencies import Dependencies
from api.faults import JsonRoute
from api.fields import OptionalIdempotencyKey
from api.idempotency import answer_once
from api.problems import problem_docs
from store.behaviour import record_behaviour

router = APIRouter(prefix="/v1/events", tags=["behaviour"], route_class=JsonRoute)


@router.post(
    "",
    summary="Record behaviour events",
    operation_id="record_events",
    status_code=202,
    response_model=BehaviourBody,
    responses=problem_docs(409, 413),
)
async def record_events(
    body: BehaviourBatchInput, dependencies: Dependencies, key: OptionalIdempotencyKey = None
) -> Response | BehaviourBody:
    async def record() -> BehaviourBody:
        accepted, rejected = sort_out(body.events, now=dependencies.now())
        if accepted:
            await record_behaviour(dependencies.units_of_work, accepted)
        return BehaviourBody(accepted=len(accepted), rejected=rejected)

    if key is None:
        return await record()
    return await answer_once(
        dependencies,
        operation="record_events",
        key=key,
        document=body.events,
        status=202,
        act=record,
    )
