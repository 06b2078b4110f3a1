"""The connection pool of the operational database."""

import json
from typing import Any

import asyncpg

_JSON_TYPES = ("json", "jsonb")


async def open_pool(database_url: str, *, connections_max: int = 20) -> Any:
    """Open a pool of connections to a PostgreSQL address in libpq form.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses us.
    """
    return await asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=connections_max,
        init=_prepare,
        command_timeout=30,
        reset=_nothing_to_reset,
        server_settings={"application_name": "mallard"},
    )


async def _nothing_to_reset(_: Any) -> None:
    """Nobody changes a session here; undoing that after every use would be a sixth of all calls."""


async def _prepare(connection: Any) -> None:
    for name in _JSON_TYPES:
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=dump_json, decoder=json.loads
        )


def dump_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
