"""Updates of a running workflow: the idempotency key is the update's id."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio.client import WorkflowHandle

from api.dependencies import ApiDependencies
from api.engine import UpdateRefusedError, WorkflowGoneError
from api.idempotency import fingerprint
from domain.orders import OrderStateError
from store.idempotency import RequestInProgressError

Answer = TypeVar("Answer")
Update = Callable[[WorkflowHandle[Any, Any]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a caller asks of a workflow, and the key that makes it one wish."""

    operation: str
    key: str
    body: BaseModel


async def ask_order(
    dependencies: ApiDependencies, order_id: str, asked: Asked, update: Update[Answer]
) -> Answer:
    """Ask an order's workflow; without one, the store says whether there ever was an order.

    Raises:
        OrderNotFoundError, OrderStateError, UpdateRefusedError, EngineUnavailableError.
        IdempotencyMismatchError: the key was used for another wish.
    """
    try:
        return await ask(dependencies, dependencies.engine.order(order_id), asked, update)
    except WorkflowGoneError as error:
        order = await dependencies.listings.order(order_id)
        raise OrderStateError(f"order {order_id} is {order['status']} and closed") from error


async def ask(
    dependencies: ApiDependencies,
    workflow: WorkflowHandle[Any, Any],
    asked: Asked,
    update: Update[Answer],
) -> Answer:
    """Bind the key to this wish, then ask. A wish that was refused leaves its key free."""
    keys = dependencies.idempotency_keys
    # The same wish again is welcome: it joins the update that carries its key.
    with suppress(RequestInProgressError):
        await keys.claim(
            workflow.id,
            asked.key,
            fingerprint=fingerprint(dependencies, asked.operation, asked.body),
            at=dependencies.now(),
        )
    try:
        return await dependencies.engine.ask(update(workflow))
    except (UpdateRefusedError, WorkflowGoneError):
        await keys.release(workflow.id, asked.key)
        raise
