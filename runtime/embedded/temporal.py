"""The Temporal development server from the wheel: one file, WAL, Web UI."""

import shutil
import signal
import socket
import sys
from pathlib import Path

from runtime.processes import ManagedProcess, ProcessSpec, StartError, wait_until

# Measured on the development server: without the pragmas 2.5 times slower, without the poll rate
# an early answer takes three times as long, without the shift short timers are up to 1 s late.
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
_DYNAMIC_CONFIG = (
    "history.transferProcessorMaxPollRPS=200",
    'history.timerProcessorMaxTimeShift="0s"',
)


class EmbeddedTemporal:
    """One development server on one database file."""

    def __init__(
        self, folder: Path, *, port: int, ui_port: int | None, codec_endpoint: str = ""
    ) -> None:
        self.folder = folder
        self.address = f"127.0.0.1:{port}"
        self._port = port
        self.process = ManagedProcess(
            ProcessSpec(
                name="temporal",
                argv=_command(
                    folder / "temporal.db",
                    port=port,
                    ui_port=ui_port,
                    codec_endpoint=codec_endpoint,
                ),
                env={"GOGC": "200"},
                stop_signal=signal.SIGINT,
            ),
            run_dir=folder,
            log_dir=folder,
        )

    def start(self) -> None:
        """Start the server and wait until it listens. Raises StartError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process.start()
        wait_until(self._listens, process=self.process, what="Temporal", timeout_seconds=60)

    def stop(self) -> None:
        self.process.stop()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def temporal_binary() -> str:
    """Return the path of the Temporal command line tool. Raises StartError."""
    beside_python = Path(sys.executable).with_name("temporal")
    found = str(beside_python) if beside_python.exists() else shutil.which("temporal")
    if found is None:
        raise StartError(
            "the `temporal` command is missing: install the requirements again, or set "
            "MALLARD_TEMPORAL_ADDRESS to a Temporal Service"
        )
    return found


def _command(database: Path, *, port: int, ui_port: int | None, codec_endpoint: str) -> list[str]:
    command = [
        temporal_binary(),
        *("server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)),
        *("--db-filename", str(database), "--log-level", "warn"),
    ]
    for pragma in _PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    for value in _DYNAMIC_CONFIG:
        command += ["--dynamic-config-value", value]
    if ui_port is None:
        return [*command, "--headless"]
    command += ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    return [*command, "--ui-codec-endpoint", codec_endpoint] if codec_endpoint else command
