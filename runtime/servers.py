"""The processes of the stack: API, workers, dashboards, sandbox. Each runs until it is signalled."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import uvicorn
from temporalio.worker import Worker

from api.app import create_app
from api.dependencies import ApiDependencies
from config.settings import Settings
from contracts import queues
from runtime import keys
from runtime.bootstrap import open_operations
from runtime.callbacks import callback_readers
from runtime.clock import utc_now
from runtime.codec_server import codec_app
from runtime.commands.planning import ensure_nightly_plan
from runtime.temporal import connect
from runtime.worker import ensure_fresh, order_worker, warehouse_worker


async def serve_api(settings: Settings) -> None:
    """Serve the HTTP API until a signal comes."""
    client = await connect(settings, lazy=True)
    async with open_operations(settings) as operations:
        app = create_app(
            ApiDependencies(
                pool=operations.pool,
                context=operations.context,
                units_of_work=operations.units_of_work,
                temporal=client,
                callbacks=callback_readers(operations.providers),
                order_number_secret=bytes.fromhex(keys.secret(settings.var_dir, "order-numbers")),
                now=utc_now,
                answer_timeout_seconds=settings.answer_timeout_seconds,
                price_rules=operations.price_rules,
            )
        )
        if settings.temporal_address is None:
            app.mount("/codec", codec_app(settings))
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.api_port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        await uvicorn.Server(config).serve()


async def run_worker(settings: Settings, *, queue: str, ready_file: Path | None) -> None:
    """Work on a queue until a signal comes; running steps may end first."""
    client = await connect(settings, metrics_port=settings.metrics_port)
    async with open_operations(settings) as operations:
        if queue == queues.WAREHOUSE:
            worker = warehouse_worker(client, operations)
            await ensure_fresh(client, operations)
            await ensure_nightly_plan(client, settings)
        else:
            worker = order_worker(client, operations)
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


def serve_dashboards(settings: Settings) -> None:
    """Become the Streamlit server; does not return."""
    entry = Path(__file__).resolve().parent.parent / "dashboards" / "app.py"
    environment = {
        **os.environ,
        "MALLARD_WAREHOUSE_DIR": str(settings.warehouse_dir),
        "MALLARD_API_URL": settings.api_url,
        "MALLARD_STORE_ID": settings.store_id,
    }
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(entry)),
        *("--server.port", str(settings.dashboards_port)),
        *("--server.address", settings.host),
        *("--server.headless", "true"),
        *("--browser.gatherUsageStats", "false"),
        *("--server.fileWatcherType", "none"),
    ]
    os.chdir(entry.parent.parent)
    os.execve(sys.executable, command, environment)  # noqa: S606 - replaces this process
