"""The worker of the warehouse queue: one per warehouse, sole owner of its build file."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from activities.event_export import EventExport
from activities.warehouse import PlanningActivities, WarehouseActivities
from analytics.lake import EventLake
from analytics.pipeline import WarehousePipeline
from contracts import queues
from contracts.warehouse import KEEP_FRESH_WORKFLOW_ID, KeepFresh
from runtime.bootstrap import Operations
from runtime.clock import utc_now
from runtime.worker import GRACE_SECONDS, sandboxed_runner
from store.export import OutboxReader
from workflows.warehouse import (
    KeepWarehouseFreshWorkflow,
    PlanReplenishmentWorkflow,
    RefreshWarehouseWorkflow,
)

_SLOTS = 4
_TURN_SECONDS = 300

WAREHOUSE_WORKFLOWS: Sequence[type] = (
    KeepWarehouseFreshWorkflow,
    PlanReplenishmentWorkflow,
    RefreshWarehouseWorkflow,
)


def warehouse_activities(client: Client, operations: Operations) -> list[Callable[..., Any]]:
    """Return the activities of the warehouse queue, composed around one pipeline."""
    settings = operations.settings
    lake = EventLake(settings.lake_dir)
    warehouse = WarehouseActivities(
        export=EventExport(reader=OutboxReader(operations.pool), lake=lake, now=utc_now),
        pipeline=WarehousePipeline(settings.lake_dir, settings.warehouse_dir),
        now=utc_now,
    )
    planning = PlanningActivities(
        client=client,
        lake=lake,
        warehouse_dir=settings.warehouse_dir,
        code_version=version("mallard"),
        timers=operations.timers.supply,
        now=utc_now,
    )
    return [
        warehouse.refresh_warehouse,
        warehouse.keep_fresh,
        planning.forecast_demand,
        planning.propose_stock,
    ]


def warehouse_worker(
    client: Client, operations: Operations, *, task_queue: str = queues.WAREHOUSE
) -> Worker:
    """Build the worker of the warehouse queue: one per warehouse."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WAREHOUSE_WORKFLOWS,
        activities=warehouse_activities(client, operations),
        workflow_runner=sandboxed_runner(),
        max_concurrent_activities=_SLOTS,
        graceful_shutdown_timeout=timedelta(seconds=GRACE_SECONDS),
    )


async def ensure_fresh(client: Client, operations: Operations) -> None:
    """Start the workflow that keeps the warehouse fresh, unless it runs already."""
    await client.start_workflow(
        KeepWarehouseFreshWorkflow.run,
        KeepFresh(turn_seconds=_TURN_SECONDS, pause_seconds=operations.settings.refresh_seconds),
        id=KEEP_FRESH_WORKFLOW_ID,
        task_queue=queues.WAREHOUSE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
