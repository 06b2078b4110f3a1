"""Run a step at once if it can be done at once, else until it is done."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import policies

Answer = TypeVar("Answer")


async def run_step(step: Callable[[Any, Any], Awaitable[Answer]], request: object) -> Answer:
    """Execute an activity method as a local activity, then as an ordinary one if need be.

    Raises:
        ActivityError, ApplicationError: the step answered that no attempt can mend it.
    """
    try:
        return await workflow.execute_local_activity_method(step, request, **policies.AT_ONCE)
    except (ActivityError, ApplicationError) as error:
        # A local failure arrives wrapped when it happens and may arrive bare when it is replayed:
        # both must take the same way, or the history no longer fits.
        cause = error.cause if isinstance(error, ActivityError) else error
        if isinstance(cause, ApplicationError) and cause.non_retryable:
            raise
    return await workflow.execute_activity_method(step, request, **policies.UNTIL_DONE)
