"""More orders at once than the machine can work on: slower, but every one ends and replays."""

import asyncio
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from runtime.worker import ORDER_WORKFLOWS, sandboxed_runner
from tests.support.mall import GOOD_CARD, Mall, open_quick_mall
from tests.support.postgres import TestDatabases

ORDERS = 100


async def live(mall: Mall, number: int) -> WorkflowHistory:
    """Place one order among many and follow it to its end."""
    placed = await mall.place(f"crowd-{number}", payment_method=GOOD_CARD)
    handle = mall.workflow(placed["order_id"])
    await handle.result()
    return await handle.fetch_history()


async def test_a_crowd_is_served_without_a_failed_task_and_every_history_replays(
    databases: TestDatabases, temporal_address: str, tmp_path: Path
) -> None:
    async with open_quick_mall(
        databases.create(), temporal_address=temporal_address, folder=tmp_path
    ) as mall:
        histories = await asyncio.gather(*(live(mall, number) for number in range(ORDERS)))
        ended = await mall.pool.fetch("select status, count(*) from orders group by status")
        await mall.assert_books_balance()
    replayer = Replayer(
        workflows=ORDER_WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandboxed_runner(),
    )
    for history in histories:
        await replayer.replay_workflow(history)

    failed = [
        event
        for history in histories
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
    assert [tuple(row) for row in ended] == [("completed", ORDERS)]
    assert failed == []
