"""A mall of separate processes in a folder of its own, so that each part's CPU can be read.

PostgreSQL, the Temporal server (a file, WAL), the API and the warehouse worker are the product's
own processes; the order worker and the sandbox are the product's code with short waits.
"""

import random
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.measuring import REPOSITORY, CpuMeter
from config.settings import Settings
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.processes import ManagedProcess, ProcessSpec, wait_until
from runtime.stack import settings_env
from store.migrate import migrate

SKUS = 60
_LINES = 2
_START_SECONDS = 60.0
_PARTS = "benchmarks.parts"
_PRODUCT = "runtime.cli"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mall:
    settings: Settings
    database_url: str
    processes: dict[str, ManagedProcess]
    bare_route_url: str = ""

    def meter(self) -> CpuMeter:
        """Return a meter of every part that runs now."""
        return CpuMeter(
            {
                name: process.pid
                for name, process in self.processes.items()
                if process.pid is not None
            }
        )


@contextmanager
def running_mall(folder: Path, *, keeps_fresh: bool = False) -> Iterator[Mall]:
    """Start a mall, put goods on sale, and stop every process of it afterwards."""
    postgres = EmbeddedPostgres(folder / "postgres")
    settings = _settings(folder)
    temporal = EmbeddedTemporal(folder / "temporal", port=settings.temporal_port, ui_port=None)
    with ExitStack() as running:
        for server in (postgres, temporal):
            running.callback(server.stop)
            server.start()
        (postgres.folder / "url").write_text(postgres.url)
        migrate(postgres.url)
        starter = _Starter(settings, running)
        bare_port = free_port()
        bare_route_url = f"http://{settings.host}:{bare_port}/bare"
        processes = {"temporal": temporal.process, "postgres": postgres.process}
        processes["sandbox"] = starter.serving(
            [_PARTS, "sandbox"], f"{settings.sandbox_url}/sandbox/health"
        )
        processes["worker"] = starter.working([_PARTS, "worker"], ready_option="")
        processes["api"] = starter.serving([_PRODUCT, "api"], f"{settings.api_url}/ready")
        processes["bare route"] = starter.serving(
            [_PARTS, "bare-route", str(bare_port)], bare_route_url
        )
        stock_up(settings.api_url)
        if keeps_fresh:
            processes["warehouse"] = starter.working(
                [_PRODUCT, "worker", "--queue", "warehouse"], ready_option="--ready-file"
            )
        yield Mall(
            settings=settings,
            database_url=postgres.url,
            processes=processes,
            bare_route_url=bare_route_url,
        )


class _Starter:
    """Starts processes that end with the mall."""

    def __init__(self, settings: Settings, running: ExitStack) -> None:
        self._run_dir = settings.var_dir / "run"
        self._log_dir = settings.var_dir / "log"
        self._env = {**settings_env(settings), "PYTHONPATH": str(REPOSITORY)}
        self._running = running

    def serving(self, command: Sequence[str], url: str) -> ManagedProcess:
        return self._start(command, lambda: _answers(url))

    def working(self, command: Sequence[str], *, ready_option: str) -> ManagedProcess:
        ready = self._run_dir / f"{_name(command)}.ready"
        option = [ready_option] if ready_option else []
        return self._start([*command, *option, str(ready)], ready.exists)

    def _start(self, command: Sequence[str], is_ready: Callable[[], bool]) -> ManagedProcess:
        name = _name(command)
        process = ManagedProcess(
            ProcessSpec(name=name, argv=[sys.executable, "-m", *command], env=self._env),
            run_dir=self._run_dir,
            log_dir=self._log_dir,
        )
        self._running.callback(process.stop)
        process.start()
        wait_until(is_ready, process=process, what=name, timeout_seconds=_START_SECONDS)
        return process


def _name(command: Sequence[str]) -> str:
    module, part = command[:2]
    return f"{module.partition('.')[0]}-{part}"


def _settings(folder: Path) -> Settings:
    return Settings(
        var_dir=folder,
        api_port=free_port(),
        sandbox_port=free_port(),
        temporal_port=free_port(),
    )


def free_port() -> int:
    """Return a TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    with suppress(httpx2.HTTPError):
        # A route that wants another method answers too.
        return not httpx2.get(url, timeout=2).is_server_error
    return False


def stock_up(api_url: str) -> None:
    """Put products on sale, with more stock than any run can sell."""
    with httpx2.Client(base_url=api_url, timeout=30) as shop:
        shop.post(
            "/v1/products", json=_product(), headers={"Idempotency-Key": "the-product"}
        ).raise_for_status()
        shop.put("/v1/locations/DE-1", json={"name": "Berlin"}).raise_for_status()
        for number in range(SKUS):
            shop.put(
                f"/v1/stock/SKU-{number}/DE-1", json={"on_hand": 1_000_000, "reason": "opening"}
            ).raise_for_status()


def _product() -> dict[str, Any]:
    return {
        "product_id": "P-1",
        "name": "Mug",
        "category_path": "Home/Kitchen",
        "skus": [
            {
                "sku": f"SKU-{number}",
                "name": f"Mug {number}",
                "price_minor": 900 + 10 * number,
                "cost_minor": 400,
                "supplier_id": "S-1",
                "lead_time_days": 7,
                "weight_g": 300,
            }
            for number in range(SKUS)
        ],
    }


def order_body(draw: random.Random) -> dict[str, Any]:
    """Return an order of a few SKUs that is paid at once with a good card."""
    return {
        "channel": "web",
        "customer": {"customer_ref": f"c-{draw.randrange(5_000)}", "email": "ann@shop.example"},
        "address": {
            "name": "Ann Example",
            "line1": "1 Long Lane",
            "city": "Berlin",
            "postcode": "10115",
            "country": "DE",
        },
        "lines": [
            {"sku": f"SKU-{number}", "qty": draw.randint(1, 3)}
            for number in draw.sample(range(SKUS), _LINES)
        ],
        "payment_method": "pm_card_visa",
    }
