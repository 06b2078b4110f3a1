"""The bars an order is measured against: a workflow of as many empty steps, and an empty one."""

from collections.abc import Callable
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from contracts.orders import OrderAnswer, OrderRequest, OrderStep
    from domain.orders import OrderStatus
    from workflows import policies

BARE_QUEUE = "bare"
# As an order: placing and capturing before the early answer, then booking, two scans, completing.
STEPS_BEFORE_ANSWER = 2
SCANS = 2


@activity.defn
async def do_nothing(step: OrderStep) -> None:
    """Stand in for a step of an order."""


@workflow.defn(name="Bare")
class BareWorkflow:
    """An order's update, local activities, signals and timer, without anything in them."""

    @workflow.init
    def __init__(self, request: OrderRequest, confirm_seconds: float) -> None:  # noqa: ARG002
        self._step = OrderStep(order_id=request.order_id, at=workflow.now())
        self._answer: OrderAnswer | None = None
        self._scans = 0

    @workflow.run
    async def run(self, request: OrderRequest, confirm_seconds: float) -> None:
        for _ in range(STEPS_BEFORE_ANSWER):
            await self._do_nothing()
        self._answer = OrderAnswer(order_id=request.order_id, status=OrderStatus.PAID)
        await self._do_nothing()
        for _ in range(SCANS):
            await workflow.wait_condition(lambda: self._scans > 0)
            self._scans -= 1
            await self._do_nothing()
        await workflow.sleep(confirm_seconds)
        await self._do_nothing()

    @workflow.update
    async def placed(self) -> OrderAnswer:
        await workflow.wait_condition(lambda: self._answer is not None)
        assert self._answer is not None
        return self._answer

    @workflow.signal
    def scanned(self, _scan: OrderStep) -> None:
        self._scans += 1

    async def _do_nothing(self) -> None:
        await workflow.execute_local_activity(do_nothing, self._step, **policies.AT_ONCE)


@workflow.defn(name="Empty")
class EmptyWorkflow:
    @workflow.run
    async def run(self) -> None:
        return


def bare_worker(client: Client, like: Worker) -> Worker:
    """Build a worker of the bare workflows with every other setting of a given one."""
    activities: list[Callable[..., Any]] = [do_nothing]
    settings = like.config()
    settings["client"] = client
    settings["task_queue"] = BARE_QUEUE
    settings["workflows"] = [BareWorkflow, EmptyWorkflow]
    settings["activities"] = activities
    return Worker(**settings)
