"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(database_url: str) -> None:
    """Run every migration the database lacks; does nothing on a current one.

    Args:
        database_url: a PostgreSQL address in libpq form (`postgresql://…`).
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["database_url"] = database_url.replace(
        "postgresql://", "postgresql+psycopg://", 1
    )
    command.upgrade(config, "head")
