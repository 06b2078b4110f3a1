"""Calls to the workflow engine: bounded in time, their failures named."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    RPCError,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCStatusCode

from contracts import ids
from contracts.orders import OrderAnswer, OrderRequest
from workflows.order import OrderWorkflow

Answer = TypeVar("Answer")

_LOOK_SECONDS = 2.0
# A worker that died is noticed after this long. Shorter, and a busy worker is taken for a dead one.
_TASK_TIMEOUT = timedelta(seconds=5)
# The engine cannot be reached, or has no room: the caller may ask again.
_TRANSIENT = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
    }
)
# The failures by which a workflow says that its state does not allow an update.
_REFUSALS = frozenset(
    {
        "OrderNotCancellable",
        "OrderNotPayable",
        "OrderNotConfirmable",
        "OrderStateConflict",
        "SuggestionNotOpen",
        "AcceptedUpdateCompletedWorkflow",
    }
)


class EngineUnavailableError(Exception):
    """The workflow engine did not answer in time; nothing is known to have happened."""


class AnswerPendingError(Exception):
    """The order is in the engine's hands, and its answer is not there yet."""


class UpdateRefusedError(Exception):
    """The workflow's state does not allow what was asked."""


class WorkflowGoneError(LookupError):
    """No workflow of this id is running."""


class Engine:
    def __init__(self, client: Client, *, task_queue: str, timeout_seconds: float) -> None:
        self._client = client
        self._task_queue = task_queue
        self._timeout_seconds = timeout_seconds

    def order(self, order_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(ids.order_workflow_id(order_id))

    def replenishment(self, sku: str, location_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(ids.replenishment_workflow_id(sku, location_id))

    async def place(self, request: OrderRequest) -> OrderAnswer:
        """Start the order's workflow, or meet the one that runs, and wait for its early answer.

        Raises:
            AnswerPendingError: the order is taken, the answer is late.
            EngineUnavailableError: the order is not known to be taken.
        """
        workflow_id = ids.order_workflow_id(request.order_id)
        start = WithStartWorkflowOperation(
            OrderWorkflow.run,
            request,
            id=workflow_id,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            task_timeout=_TASK_TIMEOUT,
        )
        try:
            return await self.ask(
                self._client.execute_update_with_start_workflow(
                    OrderWorkflow.placed, start_workflow_operation=start, id="placed"
                )
            )
        except EngineUnavailableError as error:
            await _hush(start)
            if await self._is_running(workflow_id):
                raise AnswerPendingError(request.order_id) from error
            raise
        except UpdateRefusedError as error:
            # Placing has no state to refuse by: the run ended while we waited, and a repeat with
            # the same key meets what it left behind.
            raise EngineUnavailableError("placing broke off") from error

    async def ask(self, answer: Awaitable[Answer]) -> Answer:
        """Wait for an update's or a signal's answer, no longer than a caller should wait.

        Raises:
            UpdateRefusedError: the workflow said no.
            WorkflowGoneError: no such workflow is running.
            EngineUnavailableError: no answer in time.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await answer
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type in _REFUSALS:
                raise UpdateRefusedError(cause.message) from error
            raise
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise WorkflowGoneError from error
            if error.status in _TRANSIENT:
                raise EngineUnavailableError("the workflow engine cannot be reached") from error
            raise
        except RuntimeError as error:
            # What a client that connects on its first call says when nobody listens.
            raise EngineUnavailableError("the workflow engine cannot be reached") from error
        except (TimeoutError, RPCTimeoutOrCancelledError) as error:
            raise EngineUnavailableError("the workflow engine did not answer in time") from error

    async def is_reachable(self) -> bool:
        try:
            return await self._client.service_client.check_health(
                timeout=timedelta(seconds=_LOOK_SECONDS)
            )
        except (RPCError, RuntimeError):
            return False

    async def _is_running(self, workflow_id: str) -> bool:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._client.get_workflow_handle(workflow_id).describe()
        except (RPCError, RuntimeError, TimeoutError):
            return False
        return True


async def _hush(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Take the error a failed start keeps for later, or the event loop reports it as forgotten."""
    # The kept error is the raw one: for a call that was cut off, a cancellation.
    with suppress(TemporalError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(0):
            await start.workflow_handle()
