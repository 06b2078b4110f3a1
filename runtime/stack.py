"""The whole product on one machine: every part started in order, watched, and stopped again."""

import fcntl
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from config.settings import Settings
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.processes import ManagedProcess, ProcessSpec, StartError, wait_until
from store.migrate import migrate

_RESTARTS_MAX = 10
_WATCH_SECONDS = 0.5
_START_SECONDS = 90.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the stack: how it is begun, how it is ended, where it answers."""

    name: str
    process: ManagedProcess
    start: Callable[[], None]
    where: str
    is_server: bool = False


class Stack:
    """Starts what the settings do not place elsewhere. Only one stack uses a state folder."""

    def __init__(self, settings: Settings, *, say: Say, simulated: bool = True) -> None:
        self._settings = settings
        self._say = say
        self._run_dir = settings.var_dir / "run"
        self._parts = list(_parts(settings, run_dir=self._run_dir, simulated=simulated))
        self._restarts: dict[str, int] = {}

    def part(self, name: str) -> Part:
        return next(part for part in self._parts if part.name == name)

    @contextmanager
    def running(self, stop: threading.Event) -> Iterator["Stack"]:
        """Start everything and watch it; on the way out stop what was started, newest first.

        A part that ends by itself is started again. `stop` is set when one ends too often.

        Raises:
            StartError: a folder, a port, a leftover or a part stood in the way.
        """
        with self._sole_user():
            self._stop_leftovers()
            self._check_ports()
            if self._settings.database_url is not None:
                migrate(self._settings.database_url)
            started: list[Part] = []
            ending = threading.Event()
            watcher = threading.Thread(target=self._watch, args=(ending, stop), daemon=True)
            try:
                for group in self._groups():
                    started += group
                    self._start_together(group)
                watcher.start()
                yield self
            finally:
                ending.set()
                if watcher.is_alive():
                    watcher.join()
                for part in reversed(started):
                    part.process.stop()
                    self._say(f"  stopped   {part.name}")

    def _watch(self, ending: threading.Event, stop: threading.Event) -> None:
        while not ending.wait(_WATCH_SECONDS):
            for part in self._parts:
                if part.process.exit_code() is None or ending.is_set():
                    continue
                try:
                    self._restart(part)
                except StartError as error:
                    self._say(f"  failed    {error}")
                    stop.set()
                    return

    def _restart(self, part: Part) -> None:
        count = self._restarts[part.name] = self._restarts.get(part.name, 0) + 1
        if count > _RESTARTS_MAX:
            raise StartError(
                f"{part.name} ended {count} times; its log {part.process.log_file} ends with:\n"
                f"{part.process.log_tail()}"
            )
        self._say(f"  ended     {part.name} (exit code {part.process.exit_code()}), restarting")
        # What the ended process leaves behind may take a moment to go: the next round tries again.
        with suppress(StartError):
            self._start(part)

    def _groups(self) -> list[list[Part]]:
        """Return the parts in order: the servers one by one, then all that only need them."""
        servers = [part for part in self._parts if part.is_server]
        return [[part] for part in servers] + [[part for part in self._parts if not part.is_server]]

    def _start_together(self, group: list[Part]) -> None:
        with ThreadPoolExecutor(max_workers=len(group)) as starters:
            for _ in starters.map(self._start, group):
                pass

    def _start(self, part: Part) -> None:
        began = time.monotonic()
        try:
            part.start()
        except OSError as error:
            raise StartError(
                f"{part.name} cannot write {error.filename} ({error.strerror}): mend its owner or "
                "its place, or choose another state folder with MALLARD_VAR_DIR"
            ) from error
        self._say(f"  ready     {part.name:<18} {time.monotonic() - began:5.1f} s   {part.where}")

    @contextmanager
    def _sole_user(self) -> Iterator[None]:
        try:
            self._run_dir.mkdir(parents=True, exist_ok=True)
            lock = (self._run_dir / "stack.lock").open("a+")
        except OSError as error:
            raise StartError(
                f"the state folder {self._settings.var_dir} cannot be written ({error.strerror}): "
                "choose another one with MALLARD_VAR_DIR"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise StartError(
                    f"another `mallard up` (process {lock.read().strip()}) uses "
                    f"{self._settings.var_dir}: stop it first, or set MALLARD_VAR_DIR"
                ) from error
            lock.seek(0)
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _stop_leftovers(self) -> None:
        for part in reversed(self._parts):
            pid = part.process.stop_leftover()
            if pid is not None:
                self._say(f"  leftover  {part.name} of an earlier run (process {pid}): stopped")

    def _check_ports(self) -> None:
        settings = self._settings
        wanted = {
            "MALLARD_API_PORT": settings.api_port,
            "MALLARD_DASHBOARDS_PORT": settings.dashboards_port,
            "MALLARD_SANDBOX_PORT": settings.sandbox_port,
        }
        if settings.temporal_address is None:
            wanted["MALLARD_TEMPORAL_PORT"] = settings.temporal_port
            wanted["MALLARD_TEMPORAL_UI_PORT"] = settings.temporal_ui_port
        for port, count in Counter(wanted.values()).items():
            if count > 1:
                names = " and ".join(name for name in wanted if wanted[name] == port)
                raise StartError(f"{names} name the same port {port}: give each its own")
        taken = {name: port for name, port in wanted.items() if _listens(settings.host, port)}
        if taken:
            raise StartError(
                "\n".join(
                    f"port {port} is in use by another program: stop that program, or choose "
                    f"another port with {name}"
                    for name, port in taken.items()
                )
            )


def _parts(settings: Settings, *, run_dir: Path, simulated: bool) -> Iterator[Part]:
    if settings.database_url is None:
        yield _postgres(settings)
    if settings.temporal_address is None:
        yield _temporal(settings)
    command = _CommandParts(settings, run_dir=run_dir)
    if simulated:
        yield command.serving("sandbox", ["sandbox"], f"{settings.sandbox_url}/sandbox/health")
    yield command.working("worker-orders", ["worker", "--queue", "orders"])
    yield command.working("worker-warehouse", ["worker", "--queue", "warehouse"])
    yield command.serving("api", ["api"], f"{settings.api_url}/ready")
    yield command.serving("dashboards", ["dashboards"], f"{settings.dashboards_url}/_stcore/health")


def _postgres(settings: Settings) -> Part:
    server = EmbeddedPostgres(settings.var_dir / "postgres")

    def start() -> None:
        server.start()
        (server.folder / "url").write_text(server.url)
        migrate(server.url)

    return Part(
        name="postgres",
        process=server.process,
        start=start,
        where=f"{server.folder}",
        is_server=True,
    )


def _temporal(settings: Settings) -> Part:
    server = EmbeddedTemporal(
        settings.var_dir / "temporal",
        port=settings.temporal_port,
        ui_port=settings.temporal_ui_port,
        codec_endpoint=f"{settings.api_url}/codec",
    )
    return Part(
        name="temporal",
        process=server.process,
        start=server.start,
        where=f"{server.address}, Web UI {settings.temporal_ui_url}",
        is_server=True,
    )


class _CommandParts:
    """Parts that are `mallard` commands of their own."""

    def __init__(self, settings: Settings, *, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._log_dir = settings.var_dir / "log"
        self._env = settings_env(settings)

    def serving(self, name: str, command: Sequence[str], health_url: str) -> Part:
        """Return a part that is ready when its address answers."""
        return self._part(
            name,
            command,
            is_ready=lambda: _answers(health_url),
            where=health_url.rsplit("/", 1)[0].removesuffix("/_stcore").removesuffix("/sandbox"),
        )

    def working(self, name: str, command: Sequence[str]) -> Part:
        """Return a part that is ready when it says so in a file."""
        ready = self._run_dir / f"{name}.ready"
        return self._part(
            name,
            [*command, "--ready-file", str(ready)],
            is_ready=ready.exists,
            where="",
            before=lambda: ready.unlink(missing_ok=True),
        )

    def _part(
        self,
        name: str,
        command: Sequence[str],
        *,
        is_ready: Callable[[], bool],
        where: str,
        before: Callable[[], None] = lambda: None,
    ) -> Part:
        process = ManagedProcess(
            ProcessSpec(
                name=name, argv=[sys.executable, "-m", "runtime.cli", *command], env=self._env
            ),
            run_dir=self._run_dir,
            log_dir=self._log_dir,
        )

        def start() -> None:
            before()
            process.start()
            wait_until(is_ready, process=process, what=name, timeout_seconds=_START_SECONDS)

        return Part(name=name, process=process, start=start, where=where)


def addresses(settings: Settings) -> dict[str, str]:
    """Return where a person looks."""
    return {
        "dashboards": settings.dashboards_url,
        "API": f"{settings.api_url}/docs",
        "Temporal UI": settings.temporal_ui_url,
    }


def settings_env(settings: Settings) -> dict[str, str]:
    """Return the settings as the environment variables that child processes read them from."""
    values = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    secrets = {
        name: getattr(settings, name).get_secret_value()
        for name in ("temporal_api_key", "gateway_key", "gateway_webhook_secret")
        if name in values
    }
    return {f"MALLARD_{name.upper()}": str(value) for name, value in {**values, **secrets}.items()}


def _answers(url: str) -> bool:
    with suppress(httpx2.HTTPError):
        return httpx2.get(url, timeout=2).is_success
    return False


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
