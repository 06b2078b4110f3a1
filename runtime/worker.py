"""The worker of the orders queue: its workflows and activities, with measured settings."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.orders.closing import OrderClosingActivities
from activities.orders.placing import PlacingActivities
from activities.payments.closing import ClosingActivities
from activities.payments.paying import PayingActivities
from activities.replenishment import ReplenishmentActivities
from activities.shipments import ShipmentActivities
from contracts import queues
from runtime.at_once import AtOnce
from runtime.bootstrap import Operations
from workflows.order import OrderWorkflow
from workflows.replenish_stock import ReplenishStockWorkflow

# Few fixed slots: what waits in the queue costs nothing, but steps that are begun together and
# share one processor all end late, time out, and are done again. The cache is larger than the
# orders in motion: a smaller one replays histories all the time.
_WORKFLOW_SLOTS = 16
_ACTIVITY_SLOTS = 50
_CACHED_WORKFLOWS = 4_000
_STICKY_SECONDS = 5
GRACE_SECONDS = 5


ORDER_WORKFLOWS: Sequence[type] = (OrderWorkflow, ReplenishStockWorkflow)


def order_activities(operations: Operations) -> list[Callable[..., Any]]:
    """Return the activities of the orders queue, composed."""
    units_of_work = operations.units_of_work
    gateway = operations.providers.gateway
    paying = PayingActivities(units_of_work=units_of_work, gateway=gateway)
    placing = PlacingActivities(
        units_of_work=units_of_work,
        paying=paying,
        price_rules=operations.price_rules,
        timers=operations.timers.orders,
    )
    closing_orders = OrderClosingActivities(units_of_work=units_of_work)
    closing_payments = ClosingActivities(units_of_work=units_of_work, gateway=gateway)
    shipments = ShipmentActivities(
        units_of_work=units_of_work, carrier=operations.providers.carrier
    )
    supply = ReplenishmentActivities(
        units_of_work=units_of_work, supplier=operations.providers.supplier
    )
    return [
        placing.place_order,
        paying.confirm_payment,
        paying.record_decline,
        paying.capture_payment,
        closing_payments.close_intent,
        closing_payments.settle_late_payment,
        closing_payments.pay_refunds,
        closing_orders.cancel_order,
        closing_orders.expire_order,
        closing_orders.complete_order,
        shipments.book_parcels,
        shipments.void_labels,
        shipments.record_scans,
        supply.open_suggestion,
        supply.decide_suggestion,
        supply.close_suggestion,
        supply.place_purchase_order,
        supply.receive_goods,
    ]


def order_worker(
    client: Client, operations: Operations, *, task_queue: str = queues.ORDERS
) -> Worker:
    """Build the worker of the orders queue."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=ORDER_WORKFLOWS,
        activities=order_activities(operations),
        workflow_runner=sandboxed_runner(),
        max_cached_workflows=_CACHED_WORKFLOWS,
        max_concurrent_workflow_tasks=_WORKFLOW_SLOTS,
        max_concurrent_activities=_ACTIVITY_SLOTS,
        max_concurrent_local_activities=_WORKFLOW_SLOTS,
        interceptors=[AtOnce()],
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=_STICKY_SECONDS),
        graceful_shutdown_timeout=timedelta(seconds=GRACE_SECONDS),
    )


def sandboxed_runner() -> SandboxedWorkflowRunner:
    """Return the workflow sandbox; modules are shared with it, or each order costs four times."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_all_modules()
    )
