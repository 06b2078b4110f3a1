"""Processes of a measured mall that differ from the product's own: quick timers, bare workflows.

python -m benchmarks.parts worker READY_FILE | sandbox | bare-route PORT
"""

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from benchmarks.bare_workflows import bare_worker
from config.settings import Settings
from domain.timers import OrderTimers, SupplyTimers, TimerTable
from runtime.bootstrap import open_operations
from runtime.commands.outside import sandbox_config
from runtime.temporal import connect
from runtime.worker import order_worker
from sandbox.app import serve

# Waits cost nothing while they last: short ones fill the machine with fewer orders in motion.
SCAN_GAP_SECONDS = 0.3
CONFIRM_SECONDS = 0.3


async def work(settings: Settings, ready_file: Path) -> None:
    """Work on orders and on bare workflows in one process, with the same settings for both."""
    client = await connect(settings)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_operations(settings) as operations:
        timers = TimerTable(
            orders={"normal": OrderTimers(auto_confirm=CONFIRM_SECONDS)}, supply=SupplyTimers()
        )
        orders = order_worker(client, replace(operations, timers=timers))
        async with orders, bare_worker(client, orders):
            await asyncio.to_thread(ready_file.touch)
            await stop.wait()


def serve_outside(settings: Settings) -> None:
    """Serve the outside world with a carrier that is quick."""
    config = replace(sandbox_config(settings), scan_delays_seconds=(SCAN_GAP_SECONDS,) * 4)
    serve(config, host=settings.host, port=settings.sandbox_port)


def serve_bare_route(settings: Settings, port: int) -> None:
    """Serve a route that reads a JSON document and does nothing."""
    app = FastAPI(openapi_url=None)

    @app.post("/bare")
    async def bare(body: dict[str, Any]) -> dict[str, int]:
        return {"fields": len(body)}

    uvicorn.run(app, host=settings.host, port=port, log_level="warning", access_log=False)


def main(arguments: list[str]) -> None:
    settings = Settings()
    match arguments:
        case ["worker", ready_file]:
            asyncio.run(work(settings, Path(ready_file)))
        case ["sandbox"]:
            serve_outside(settings)
        case ["bare-route", port]:
            serve_bare_route(settings, int(port))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
