"""A local activity is done at once or not at all: the worker ends it, and says so as a failure.

The engine's own timeout of a local activity is not used for this: under load its outcome may be
recorded differently from what the workflow saw, and the order could then not be replayed.
"""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

AT_ONCE_SECONDS = 1.5


class AtOnce(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Bounded(next)


class _Bounded(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        if not activity.info().is_local:
            return await super().execute_activity(input)
        try:
            async with asyncio.timeout(AT_ONCE_SECONDS):
                return await super().execute_activity(input)
        except TimeoutError as error:
            raise ApplicationError(
                f"not done within {AT_ONCE_SECONDS} s", type="NotAtOnce"
            ) from error
