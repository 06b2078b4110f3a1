"""Completed orders per second, beside workflows of the same server that do nothing.

Three sides alternate on one mall. Orders take the whole way: HTTP, workflow, PostgreSQL, gateway
and carrier over HTTP, scans by webhook, timer, completed. A bare workflow has the same update,
local activities, signals and timer in the same worker, with nothing in them. An empty one ends at
once. Each is run as a closed loop; rates and CPU are taken in a window after a warm-up.
"""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from benchmarks.bare_workflows import BARE_QUEUE, BareWorkflow, EmptyWorkflow
from benchmarks.load import ClosedLoop, Throughput, count_stranded
from benchmarks.mall import Mall, order_body, running_mall
from benchmarks.measuring import DRIVER, CpuMeter, Row, print_table, warn_of_others
from benchmarks.parts import CONFIRM_SECONDS, SCAN_GAP_SECONDS
from contracts.orders import ContactDetails, OrderLineRequest, OrderRequest, OrderStep
from runtime.clock import utc_now
from runtime.temporal import connect

PARTS = ("temporal", "postgres", "worker", "api", "sandbox", DRIVER)
# What serves an order: not those who play the outside world.
_OURS = ("temporal", "postgres", "worker", "api")
_BARE_OURS = ("temporal", "worker", DRIVER)
_AIM_BARE = 0.70
_AIM_EMPTY = 0.22
_AIM_CPU = 1.5
_AIM_HISTORY = {"events": 30, "state transitions": 16, "bytes": 5_120}
_HISTORY_SAMPLES = 20
_IN_MOTION = 40
_SEED = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the things compared: how to start one, and the type whose ends are counted."""

    name: str
    workflow_type: str
    start: Callable[[str], Awaitable[None]]
    loop: ClosedLoop
    runs: list[Throughput] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return median(run.per_second for run in self.runs)

    def cpu_ms(self, *parts: str) -> float:
        return median(run.cpu_ms(*parts) for run in self.runs)


def run(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, running_mall(Path(folder)) as mall:
        asyncio.run(_measure(mall, rounds=1 if quick else 3, shrink=0.4 if quick else 1.0))


async def _measure(mall: Mall, *, rounds: int, shrink: float) -> None:
    client = await connect(mall.settings)
    async with httpx2.AsyncClient(base_url=mall.settings.api_url, timeout=60) as shop:
        sides = _sides(client, shop, shrink)
        order, bare, _ = sides
        alone = {
            "an order, alone": await _history_alone(client, order),
            "a bare workflow, alone": await _history_alone(client, bare),
        }
        meter = mall.meter()
        for number in range(rounds):
            for side in sides:
                side.runs.append(await _run(client, side, number, meter))
        histories = {**alone, "an order, under load": await _history(client, order)}
    _report(sides, rounds)
    _report_histories(histories)


def _sides(client: Client, shop: httpx2.AsyncClient, shrink: float) -> tuple[Side, Side, Side]:
    draw = random.Random(_SEED)

    async def order(name: str) -> None:
        key = {"Idempotency-Key": f"order-{name}"}
        response = await shop.post("/v1/orders", json=order_body(draw), headers=key)
        response.raise_for_status()

    async def bare(name: str) -> None:
        await _live_barely(client, name)

    async def empty(name: str) -> None:
        await client.start_workflow(EmptyWorkflow.run, id=f"empty/{name}", task_queue=BARE_QUEUE)

    def loop(in_motion: int, warm_up_seconds: float, window_seconds: float) -> ClosedLoop:
        return ClosedLoop(
            in_motion=int(in_motion * shrink),
            warm_up_seconds=warm_up_seconds * shrink,
            window_seconds=window_seconds * shrink,
        )

    return (
        Side(name="order", workflow_type="Order", start=order, loop=loop(_IN_MOTION, 6, 12)),
        Side(name="bare workflow", workflow_type="Bare", start=bare, loop=loop(_IN_MOTION, 4, 8)),
        Side(
            name="empty workflow", workflow_type="Empty", start=empty, loop=loop(_IN_MOTION, 2, 5)
        ),
    )


async def _live_barely(client: Client, name: str) -> None:
    """Play for a bare workflow what the API and the carrier's webhooks are for an order."""
    request = _request(name)
    start = WithStartWorkflowOperation(
        BareWorkflow.run,
        args=[request, CONFIRM_SECONDS],
        id=f"bare/{name}",
        task_queue=BARE_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    await client.execute_update_with_start_workflow(
        BareWorkflow.placed, start_workflow_operation=start, id="placed"
    )
    handle = client.get_workflow_handle(f"bare/{name}")
    scan = OrderStep(order_id=request.order_id, at=utc_now())
    await asyncio.sleep(SCAN_GAP_SECONDS)
    await handle.signal(BareWorkflow.scanned, scan)
    await asyncio.sleep(3 * SCAN_GAP_SECONDS)
    await handle.signal(BareWorkflow.scanned, scan)


def _request(name: str) -> OrderRequest:
    body = order_body(random.Random(name))
    return OrderRequest(
        order_id=name,
        channel="web",
        customer_ref=body["customer"]["customer_ref"],
        contact=ContactDetails(email=body["customer"]["email"], **body["address"]),
        lines=tuple(OrderLineRequest(**line) for line in body["lines"]),
        fingerprint=name,
        payment_method=body["payment_method"],
    )


async def _run(client: Client, side: Side, number: int, meter: CpuMeter) -> Throughput:
    return await side.loop.run(
        lambda index: side.start(f"{side.workflow_type}-{number}-{index}"),
        lambda: _completed(client, side.workflow_type),
        meter=meter,
    )


async def _completed(client: Client, workflow_type: str) -> int:
    found = await client.count_workflows(_completed_query(workflow_type))
    return found.count


def _completed_query(workflow_type: str) -> str:
    return f"WorkflowType = '{workflow_type}' and ExecutionStatus = 'Completed'"


async def _history_alone(client: Client, side: Side) -> dict[str, float]:
    """Let one live on an idle mall; return what its history cost."""
    wanted = await _completed(client, side.workflow_type) + 1
    await side.start(f"{side.workflow_type}-alone")
    await count_stranded(lambda: _completed(client, side.workflow_type), wanted)
    return await _history(client, side)


async def _history(client: Client, side: Side) -> dict[str, float]:
    """Return the median size of the newest completed histories."""
    found = client.list_workflows(_completed_query(side.workflow_type), limit=_HISTORY_SAMPLES)
    infos = []
    async for execution in found:
        handle = client.get_workflow_handle(execution.id)
        infos.append((await handle.describe()).raw_description.workflow_execution_info)
    return {
        "events": median(info.history_length for info in infos),
        "state transitions": median(info.state_transition_count for info in infos),
        "bytes": median(info.history_size_bytes for info in infos),
    }


def _report(sides: tuple[Side, Side, Side], rounds: int) -> None:
    print_table(
        f"Orders: completed per second and CPU milliseconds for each, medians of {rounds}",
        ["", "per s", *PARTS, "all"],
        [
            [
                side.name,
                side.per_second,
                *(side.cpu_ms(part) for part in PARTS),
                side.cpu_ms(*PARTS),
            ]
            for side in sides
        ],
        [
            "Temporal on a file in WAL mode, PostgreSQL with its own durable defaults",
            "the driver plays customers, and for bare workflows also API and carrier",
            *_stranded(sides),
            *warn_of_others([run.cpu.others_share for side in sides for run in side.runs]),
        ],
    )
    _report_ratios(*sides)


def _report_ratios(order: Side, bare: Side, empty: Side) -> None:
    print_table(
        "Orders: ratios",
        ["", "ratio", "aim"],
        [
            ["orders/s to bare/s", order.per_second / bare.per_second, f">= {_AIM_BARE:.2f}"],
            ["orders/s to empty/s", order.per_second / empty.per_second, f">= {_AIM_EMPTY:.2f}"],
            ["CPU, all parts, order to bare", order.cpu_ms(*PARTS) / bare.cpu_ms(*PARTS), None],
            [
                "CPU, order without outside to bare",
                order.cpu_ms(*_OURS) / bare.cpu_ms(*_BARE_OURS),
                f"<= {_AIM_CPU:.2f}",
            ],
            [
                "CPU, Temporal alone, order to bare",
                order.cpu_ms("temporal") / bare.cpu_ms("temporal"),
                None,
            ],
        ],
        ["outside: sandbox and driver, which share the machine here and nowhere else"],
    )


def _stranded(sides: tuple[Side, Side, Side]) -> list[str]:
    counts = {side.name: sum(run.stranded for run in side.runs) for side in sides}
    return [
        f"STRANDED: {count} of side {name!r} had not ended long after the last was started"
        for name, count in counts.items()
        if count
    ]


def _report_histories(histories: Mapping[str, Mapping[str, float]]) -> None:
    rows: list[Row] = [
        [title, *(history[name] for name in _AIM_HISTORY)] for title, history in histories.items()
    ]
    rows.append(["aim for an order, at most", *_AIM_HISTORY.values()])
    print_table("Orders: what a history costs, medians", ["", *_AIM_HISTORY], rows)
