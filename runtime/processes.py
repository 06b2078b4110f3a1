"""Child processes that are started with a log and a pid file, and stopped without leftovers."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05


class StartError(Exception):
    """A part could not be started; the text says what was wrong and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """How one part is started. `user` is a system user to become, for root only."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM


class ManagedProcess:
    """One part of the stack. Its pid file carries the start time, so a reused pid is no match."""

    def __init__(self, spec: ProcessSpec, *, run_dir: Path, log_dir: Path) -> None:
        self.spec = spec
        self.log_file = log_dir / f"{spec.name}.log"
        self._pid_file = run_dir / f"{spec.name}.pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._child is None else self._child.pid

    def leftover(self) -> psutil.Process | None:
        """Return a process of an earlier run that is still alive."""
        try:
            recorded = json.loads(self._pid_file.read_text())
            process = psutil.Process(recorded["pid"])
            return process if process.create_time() == recorded["started"] else None
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the starter."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(
                list(self.spec.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.spec.env},
                start_new_session=True,
                user=self.spec.user,
                group=self.spec.user,
                extra_groups=[] if self.spec.user else None,
            )
        started = psutil.Process(self._child.pid).create_time()
        self._pid_file.write_text(json.dumps({"pid": self._child.pid, "started": started}))

    def exit_code(self) -> int | None:
        """Return the exit code of a process that ended by itself, or None."""
        return None if self._child is None else self._child.poll()

    def log_tail(self, lines: int = 12) -> str:
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self) -> None:
        """Ask the process to end and see that it does."""
        if self._child is not None:
            if self._child.poll() is None:
                end_process(psutil.Process(self._child.pid), self.spec.stop_signal)
            self._child.wait()
        self._pid_file.unlink(missing_ok=True)

    def stop_leftover(self) -> int | None:
        """End a process of an earlier run; returns its pid if there was one."""
        process = self.leftover()
        if process is None:
            return None
        end_process(process, self.spec.stop_signal)
        self._pid_file.unlink(missing_ok=True)
        return int(process.pid)


def end_process(process: psutil.Process, stop_signal: signal.Signals) -> None:
    """Signal a process, wait, and kill it if it does not listen."""
    try:
        process.send_signal(stop_signal)
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    except psutil.NoSuchProcess:
        return


def wait_until(
    is_ready: Callable[[], bool], *, process: ManagedProcess, what: str, timeout_seconds: float
) -> None:
    """Wait for a part to answer.

    Raises:
        StartError: it ended by itself, or did not answer in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not is_ready():
        code = process.exit_code()
        if code is not None:
            raise StartError(
                f"{what} ended with exit code {code}; its log {process.log_file} ends with:\n"
                f"{process.log_tail()}"
            )
        if time.monotonic() > deadline:
            raise StartError(
                f"{what} did not answer within {timeout_seconds:.0f} s; see {process.log_file}"
            )
        time.sleep(_POLL_SECONDS)
