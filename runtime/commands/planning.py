"""Planning: forecast a store and open suggestions, now or every night."""

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleSpec,
)

from config.settings import Settings
from contracts import queues
from contracts.warehouse import PLAN_SCHEDULE_ID, PlanOutcome, PlanRequest
from runtime.bootstrap import store_context
from runtime.clock import utc_now
from runtime.temporal import connect
from workflows.warehouse import PlanReplenishmentWorkflow

_SEED = 7
_NIGHTLY = "0 2 * * *"


async def plan_now(settings: Settings) -> PlanOutcome:
    """Refresh, forecast and propose through the running stack; waits for the outcome."""
    client = await connect(settings)
    return await client.execute_workflow(
        PlanReplenishmentWorkflow.run,
        _request(settings),
        id=f"plan/{utc_now():%Y%m%d-%H%M%S}",
        task_queue=queues.WAREHOUSE,
    )


async def ensure_nightly_plan(client: Client, settings: Settings) -> None:
    """Have a plan made every night at two, store time, unless that is arranged already."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            PlanReplenishmentWorkflow.run,
            _request(settings),
            id="plan/nightly",
            task_queue=queues.WAREHOUSE,
        ),
        spec=ScheduleSpec(cron_expressions=[_NIGHTLY], time_zone_name=settings.time_zone),
    )
    try:
        await client.create_schedule(PLAN_SCHEDULE_ID, schedule)
    except ScheduleAlreadyRunningError:
        return


def _request(settings: Settings) -> PlanRequest:
    return PlanRequest(store=store_context(settings), seed=_SEED)
