"""What the routes work with, built once by the runtime and handed to every request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypedDict, cast

from fastapi import Depends, Request
from temporalio.client import Client

from api.engine import Engine
from contracts import queues
from contracts.events import StoreContext
from contracts.webhooks import CallbackReaders
from domain.pricing import PriceRules
from store.idempotency import IdempotencyKeys
from store.listings import Listings
from store.merchandise import Merchandise
from store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDependencies:
    pool: Any
    context: StoreContext
    units_of_work: UnitOfWorkFactory
    temporal: Client
    callbacks: CallbackReaders
    order_number_secret: bytes
    now: Callable[[], datetime]
    answer_timeout_seconds: float
    price_rules: PriceRules
    task_queue: str = queues.ORDERS

    @property
    def listings(self) -> Listings:
        return Listings(self.pool)

    @property
    def merchandise(self) -> Merchandise:
        return Merchandise(self.units_of_work)

    @property
    def idempotency_keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.pool)

    @property
    def engine(self) -> Engine:
        return Engine(
            self.temporal, task_queue=self.task_queue, timeout_seconds=self.answer_timeout_seconds
        )


class ApiState(TypedDict):
    """The state the application's lifespan yields and every request carries."""

    dependencies: ApiDependencies


def dependencies_of(request: Request) -> ApiDependencies:
    return cast("ApiDependencies", request.state.dependencies)


async def _dependencies(request: Request) -> ApiDependencies:
    return dependencies_of(request)


async def _listings(request: Request) -> Listings:
    return dependencies_of(request).listings


async def _engine(request: Request) -> Engine:
    return dependencies_of(request).engine


Dependencies = Annotated[ApiDependencies, Depends(_dependencies)]
Reads = Annotated[Listings, Depends(_listings)]
Workflows = Annotated[Engine, Depends(_engine)]
