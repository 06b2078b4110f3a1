"""Quotes: what an order would cost and whether it could be served; nothing is held or stored."""

from datetime import timedelta

from fastapi import APIRouter

from api.bodies.orders import QuoteBody, QuoteInput
from api.dependencies import Dependencies
from api.faults import JsonRoute
from api.problems import problem_docs
from api.quoting import quote

router = APIRouter(prefix="/v1/quotes", tags=["orders"], route_class=JsonRoute)

_VALID_FOR = timedelta(minutes=10)


@router.post(
    "", summary="Price an order without placing it", operation_id="quote", responses=problem_docs()
)
async def create_quote(body: QuoteInput, dependencies: Dependencies) -> QuoteBody:
    at = dependencies.now()
    return await quote(dependencies, body, at=at, expires_at=at + _VALID_FOR)
