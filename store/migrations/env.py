"""Alembic's entry: the database address comes from the caller, never from a file."""

from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(
    context.config.attributes["database_url"],
    poolclass=pool.NullPool,
    connect_args={"options": "-c lock_timeout=5000"},
)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
