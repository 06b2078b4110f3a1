"""One PostgreSQL server per test run; every test has a database of its own from a template."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from runtime.embedded.postgres import EmbeddedPostgres
from store.migrate import migrate

_numbers = count(1)


class TestDatabases:
    """Hands out migrated, empty databases on one server."""

    __test__ = False

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._template = f"template_{os.getpid()}"
        self._execute(f"create database {self._template}")
        migrate(self._url_of(self._template))

    def create(self) -> str:
        """Create a database and return its address."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._execute(f"create database {name} template {self._template}")
        return self._url_of(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _url_of(self, name: str) -> str:
        return self._server_url.replace("/postgres?", f"/{name}?")


@contextmanager
def database_server(folder: Path) -> Iterator[str]:
    """Start an embedded server in a folder and yield its address."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
