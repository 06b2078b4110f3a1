"""What an order costs the engine, counted: events and state transitions are what it pays for."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.support.mall import GOOD_CARD, QUICK, Mall, open_quick_mall
from tests.support.postgres import TestDatabases

EVENTS_MAX = 30
TRANSITIONS_MAX = 16
# A payment that comes later ends a deadline and needs a wait of its own; a callback that overtakes
# our own step costs a wait more.
EVENTS_MAX_PAID_LATER = 38


@pytest.fixture(scope="module")
async def mall(
    databases: TestDatabases, temporal_address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mall]:
    async with open_quick_mall(
        databases.create(),
        temporal_address=temporal_address,
        folder=tmp_path_factory.mktemp("mall"),
        timers=replace(QUICK, auto_confirm=0.5),
        scan_delays_seconds=(0.5, 0.4, 0.4, 0.4),
    ) as opened:
        yield opened


async def test_a_happy_order_stays_within_its_budget(mall: Mall) -> None:
    placed = await mall.place("budget", 2, payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "completed")

    events, transitions = await cost(mall, placed["order_id"])

    assert events <= EVENTS_MAX
    assert transitions <= TRANSITIONS_MAX


async def test_an_order_paid_later_costs_one_wait_more(mall: Mall) -> None:
    placed = await mall.place("budget-later", 2)
    await mall.act(placed["order_id"], "pay", payment_method=GOOD_CARD)
    await mall.until(placed["order_id"], "completed")

    events, transitions = await cost(mall, placed["order_id"])

    assert events <= EVENTS_MAX_PAID_LATER
    assert transitions <= TRANSITIONS_MAX


async def cost(mall: Mall, order_id: str) -> tuple[int, int]:
    """Wait for the workflow's end and return its history events and state transitions."""
    handle = mall.workflow(order_id)
    await handle.result()
    info = (await handle.describe()).raw_description.workflow_execution_info
    return info.history_length, info.state_transition_count
