"""Servers shared by the whole run: started on first use, one PostgreSQL and one Temporal."""

import socket
from collections.abc import Iterator

import pytest

from runtime.embedded.temporal import EmbeddedTemporal
from tests.support.postgres import TestDatabases, database_server


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabases]:
    """Fresh, migrated databases: call `.create()` for the address of one."""
    with database_server(tmp_path_factory.mktemp("postgres")) as url:
        yield TestDatabases(url)


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Temporal development server on a file; use a task queue of your own."""
    server = EmbeddedTemporal(tmp_path_factory.mktemp("temporal"), port=free_port(), ui_port=None)
    server.start()
    yield server.address
    server.stop()


def free_port() -> int:
    """Return a TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
