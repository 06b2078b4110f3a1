"""Updates of a running workflow: the idempotency key is the update's id."""

from collections.abc import Awaitable, Callable
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
    """Bind the key to this wish, then ask. A wish that was refused leaves its key free.

    The same wish again is welcome: it joins the update that carries its key.
    """
    await is_repeat(dependencies, workflow.id, asked)
    try:
        return await dependencies.engine.ask(update(workflow))
    except (UpdateRefusedError, WorkflowGoneError):
        await forget(dependencies, workflow.id, asked)
        raise


async def is_repeat(dependencies: ApiDependencies, scope: str, asked: Asked) -> bool:
    """Bind a key to a wish; tells whether it was bound to it before.

    Raises IdempotencyMismatchError if it is bound to another.
    """
    try:
        await dependencies.idempotency_keys.claim(
            scope,
            asked.key,
            fingerprint=fingerprint(
                dependencies, asked.operation, asked.body.model_dump(mode="json")
            ),
            at=dependencies.now(),
        )
    except RequestInProgressError:
        return True
    return False


async def forget(dependencies: ApiDependencies, scope: str, asked: Asked) -> None:
    """Give back the key of a wish that was refused."""
    await dependencies.idempotency_keys.release(scope, asked.key)
