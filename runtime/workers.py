"""The workers' processes: each works on one queue until it is signalled."""

import asyncio
import signal
from pathlib import Path

from temporalio.worker import Worker

from config.settings import Settings
from runtime.bootstrap import open_operations
from runtime.temporal import connect
from runtime.worker import order_worker


async def work_on_orders(settings: Settings, *, ready_file: Path | None) -> None:
    """Work on orders until a signal comes; running steps may end first."""
    client = await connect(settings, metrics_port=settings.metrics_port)
    async with open_operations(settings) as operations:
        await _until_signalled(order_worker(client, operations), ready_file)


async def work_on_warehouse(settings: Settings, *, ready_file: Path | None) -> None:
    """Keep the warehouse fresh and plan until a signal comes."""
    # Only this process needs dbt and the forecasting libraries: seconds of imports.
    from runtime.commands.planning import ensure_nightly_plan  # noqa: PLC0415
    from runtime.warehouse_worker import ensure_fresh, warehouse_worker  # noqa: PLC0415

    client = await connect(settings)
    async with open_operations(settings) as operations:
        worker = warehouse_worker(client, operations)
        await ensure_fresh(client, operations)
        await ensure_nightly_plan(client, settings)
        await _until_signalled(worker, ready_file)


async def _until_signalled(worker: Worker, ready_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with worker:
        if ready_file is not None:
            await asyncio.to_thread(ready_file.touch)
        await stop.wait()
