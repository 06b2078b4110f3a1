"""What stands in the way of a start is named, with what to do; nothing is left running."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.settings import Settings
from runtime.processes import ManagedProcess, ProcessSpec, StartError
from runtime.stack import Stack
from tests.conftest import free_port

PORTS = ["api_port", "dashboards_port", "sandbox_port", "temporal_port", "temporal_ui_port"]


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings with ports nobody uses, so that only what a test puts there is in the way."""
    chosen = {name: free_port() for name in PORTS} | changes
    return Settings(var_dir=folder, database_url=None, temporal_address=None, **chosen)


def refusal(settings: Settings, said: list[str] | None = None) -> str:
    """Start a stack that cannot start; return what it says about it."""
    stack = Stack(settings, say=(said if said is not None else []).append)
    with pytest.raises(StartError) as caught, stack.running(threading.Event()):
        pass
    return str(caught.value)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ManagedProcess]:
    """A part of an earlier run whose starter was killed: it runs, and its pid file is there."""
    spec = ProcessSpec(name="api", argv=["sleep", "300"])
    process = ManagedProcess(spec, run_dir=tmp_path / "run", log_dir=tmp_path / "log")
    process.start()
    yield process
    process.stop()


@pytest.mark.parametrize("name", PORTS)
def test_a_taken_port_is_named_with_its_variable(
    tmp_path: Path, taken_port: int, name: str
) -> None:
    text = refusal(settings_in(tmp_path, **{name: taken_port}))

    assert f"port {taken_port} is in use" in text
    assert f"MALLARD_{name.upper()}" in text


def test_every_taken_port_is_named_at_once(tmp_path: Path, taken_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        other = server.getsockname()[1]
        text = refusal(settings_in(tmp_path, api_port=taken_port, sandbox_port=other))

    assert [line.split()[1] for line in text.splitlines()] == [str(taken_port), str(other)]


def test_a_folder_that_cannot_be_written_is_named_with_its_variable(tmp_path: Path) -> None:
    in_the_way = tmp_path / "var"
    in_the_way.write_text("a file where the folder should be")

    text = refusal(settings_in(in_the_way))

    assert f"the state folder {in_the_way} cannot be written" in text
    assert "MALLARD_VAR_DIR" in text
    assert in_the_way.read_text() == "a file where the folder should be"


def test_a_second_stack_on_the_same_folder_is_told_who_uses_it(tmp_path: Path) -> None:
    said: list[str] = []
    first = Stack(settings_in(tmp_path), say=said.append)

    with first._sole_user():
        text = refusal(settings_in(tmp_path))

    assert f"process {os.getpid()}" in text
    assert str(tmp_path) in text
    assert "MALLARD_VAR_DIR" in text


def test_a_folder_is_free_again_when_its_stack_has_ended(tmp_path: Path, taken_port: int) -> None:
    settings = settings_in(tmp_path, api_port=taken_port)

    first, second = refusal(settings), refusal(settings)

    assert "another `mallard up`" not in first + second


def test_what_an_earlier_run_left_behind_is_stopped_and_said(
    tmp_path: Path, taken_port: int, sleeper: ManagedProcess
) -> None:
    said: list[str] = []

    refusal(settings_in(tmp_path, sandbox_port=taken_port), said)

    assert said == [f"  leftover  api of an earlier run (process {sleeper.pid}): stopped"]
    assert sleeper.pid is not None
    assert not psutil.pid_exists(sleeper.pid)


def test_a_stranger_under_a_recorded_pid_is_left_alone(
    tmp_path: Path, taken_port: int, sleeper: ManagedProcess
) -> None:
    """Process numbers come around again: the recorded start time tells a stranger."""
    file = tmp_path / "run" / "api.pid"
    file.write_text(f'{{"pid": {sleeper.pid}, "started": 1.5}}')
    said: list[str] = []

    refusal(settings_in(tmp_path, sandbox_port=taken_port), said)

    assert said == []
    assert sleeper.exit_code() is None


def test_a_part_that_ends_at_once_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    """The embedded server finds a damaged data folder and says so in its log."""
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("1\n")

    text = refusal(settings_in(tmp_path))

    assert "PostgreSQL ended with exit code" in text
    assert str(tmp_path / "postgres" / "postgres.log") in text
    assert "data" in text.splitlines()[-1]


def test_nothing_runs_after_a_start_that_failed(tmp_path: Path, sleeper: ManagedProcess) -> None:
    sleeper.stop()
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("1\n")

    refusal(settings_in(tmp_path))

    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in listed.stdout
    assert list((tmp_path / "run").glob("*.pid")) == []
