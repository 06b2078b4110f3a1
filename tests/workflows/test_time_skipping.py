"""Weeks of an order's life in seconds: the standard timers, on a server that skips time."""

import shutil
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from contracts import ids
from contracts.orders import (
    ContactDetails,
    OrderLineRequest,
    OrderRequest,
    ParcelScan,
)
from domain.orders import OrderStatus
from tests.conftest import free_port
from tests.support.api import open_mall, stock_up
from tests.support.books import broken_rules
from tests.support.mall import GOOD_CARD
from tests.support.postgres import TestDatabases
from tests.support.sandbox import running_sandbox, sandbox_config
from workflows.order import OrderWorkflow

REQUEST = OrderRequest(
    order_id="MSKIP-0001-TIME2",
    channel="web",
    customer_ref="c-1",
    contact=ContactDetails(
        email="ann@shop.example",
        name="Ann",
        line1="1 Long Lane",
        city="Berlin",
        postcode="10115",
        country="DE",
    ),
    lines=(OrderLineRequest(sku="MUG-1", qty=2),),
    fingerprint="f",
    payment_method=GOOD_CARD,
)


def time_skipping_server() -> str:
    beside_python = Path(sys.executable).with_name("temporal-test-server")
    found = str(beside_python) if beside_python.exists() else shutil.which("temporal-test-server")
    assert found is not None, "the requirements bring the time-skipping server"
    return found


@pytest.mark.parametrize(
    ("payment_method", "lasts", "status"),
    [
        (GOOD_CARD, timedelta(days=7), OrderStatus.COMPLETED),
        (None, timedelta(days=3), OrderStatus.EXPIRED),
    ],
    ids=["delivered and never confirmed", "never paid"],
)
async def test_a_whole_life_passes_in_seconds(
    databases: TestDatabases,
    tmp_path: Path,
    payment_method: str | None,
    lasts: timedelta,
    status: OrderStatus,
) -> None:
    url = databases.create()
    began = time.monotonic()
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=time_skipping_server(),
        data_converter=pydantic_data_converter,
    ) as engine:
        with running_sandbox(sandbox_config(tmp_path / "sandbox.db")) as sandbox:
            async with open_mall(
                url, temporal=engine.client, sandbox=sandbox, port=free_port(), var_dir=tmp_path
            ) as (api, worker):
                await stock_up(api)
                async with worker:
                    outcome, lasted = await live(
                        engine, payment_method, worker.task_queue, waits=lasts + timedelta(hours=1)
                    )
                assert await broken_rules(api.dependencies.pool) == {}

    assert outcome is status
    assert lasted >= lasts
    assert time.monotonic() - began < 60


async def live(
    engine: WorkflowEnvironment, payment_method: str | None, queue: str, *, waits: timedelta
) -> tuple[OrderStatus | None, timedelta]:
    """Let one order live to its end; returns how it ended and how long that took it."""
    operation = WithStartWorkflowOperation(
        OrderWorkflow.run,
        replace(REQUEST, payment_method=payment_method),
        id=ids.order_workflow_id(REQUEST.order_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    began = await engine.get_current_time()
    await engine.client.execute_update_with_start_workflow(
        OrderWorkflow.placed, start_workflow_operation=operation
    )
    order = await operation.workflow_handle()
    if payment_method is not None:
        for number, status in enumerate(("picked_up", "delivered")):
            await order.signal(
                OrderWorkflow.parcel_scanned,
                ParcelScan(
                    event_id=f"scan-{number}",
                    parcel_id=ids.parcel_id(REQUEST.order_id, 1),
                    carrier_status=status,
                    raw_code=status.upper(),
                    scanned_at=await engine.get_current_time(),
                ),
            )
    await engine.sleep(waits)
    outcome = await order.result()
    return outcome.status, await engine.get_current_time() - began
