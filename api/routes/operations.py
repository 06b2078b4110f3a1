"""What operators and load balancers ask: is it up, is it ready, how is it doing."""

import asyncio
from typing import Literal

import asyncpg
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.dependencies import Dependencies
from api.fields import Output
from api.problems import NotReadyError, PartsProblem, problem_docs
from store.listings import Listings

router = APIRouter(tags=["operations"])

_LOOK_SECONDS = 2.0


class HealthBody(Output):
    status: Literal["up"]


class ReadyBody(Output):
    status: Literal["ready"]


@router.get("/health", summary="Is the process up", operation_id="health")
async def health() -> HealthBody:
    return HealthBody(status="up")


@router.get(
    "/ready",
    summary="Can the process do its work",
    operation_id="ready",
    responses=problem_docs(models={503: PartsProblem}),
)
async def ready(dependencies: Dependencies) -> ReadyBody:
    has_database, has_engine = await asyncio.gather(
        _is_reachable(dependencies.listings), dependencies.engine.is_reachable()
    )
    missing = [
        part
        for part, is_there in (("database", has_database), ("temporal", has_engine))
        if not is_there
    ]
    if missing:
        raise NotReadyError(missing)
    return ReadyBody(status="ready")


@router.get("/metrics", summary="Figures for Prometheus", include_in_schema=False)
async def metrics(request: Request) -> Response:
    return Response(
        generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST
    )


async def _is_reachable(reads: Listings) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            return await reads.is_ready()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
