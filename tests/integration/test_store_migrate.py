"""Migrations: repeatable, and nothing that is there is touched."""

from store.migrate import migrate
from tests.support.postgres import TestDatabases
from tests.support.store import open_database

SCHEMA = """
select table_name, column_name, data_type, is_nullable from information_schema.columns
where table_schema = 'public' order by table_name, ordinal_position
"""


async def test_migrating_a_current_database_changes_nothing(databases: TestDatabases) -> None:
    async with open_database(databases.create()) as database:
        await database.stock_up("MUG", on_hand=3)
        before = await database.rows(SCHEMA)

        migrate(database.url)

        assert await database.rows(SCHEMA) == before
        assert await database.rows("select sku, on_hand from stock_levels") == [
            {"sku": "MUG", "on_hand": 3}
        ]
        assert await database.rows("select version_num from alembic_version") == [
            {"version_num": "0001"}
        ]
