"""Warehouse commands: refresh, rebuild, status, SQL, imports."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg

from activities.event_export import EventExport
from analytics.formats import render
from analytics.importers.reconciliation import Reconciliation
from analytics.importers.uci_online_retail import import_online_retail
from analytics.lake import EventLake
from analytics.ownership import WarehouseBusyError
from analytics.pipeline import RefreshReport, WarehousePipeline
from analytics.status import WarehouseStatus
from analytics.warehouse import published, query
from config.settings import Settings
from runtime.bootstrap import database_url
from runtime.clock import utc_now
from store.database import open_pool
from store.export import OutboxReader

_BUSY_TRIES_MAX = 600
_BUSY_SECONDS = 0.2

Say = Callable[[str], None]
Result = TypeVar("Result")


class NothingPublishedError(Exception):
    """Nobody has built the warehouse yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did. `exported` is None where no operational database could be asked."""

    exported: int | None
    report: RefreshReport


def refresh(settings: Settings, *, say: Say) -> Refreshed:
    """Export what is settled, then load, build, test and publish."""
    exported = asyncio.run(_export(settings))
    if exported is None:
        say("no operational database is running: only the lake is read")
    pipeline = WarehousePipeline(settings.lake_dir, settings.warehouse_dir)
    report = _when_free(lambda: pipeline.refresh(utc_now(), say), say=say)
    return Refreshed(exported=exported, report=report)


def rebuild(settings: Settings, *, say: Say) -> RefreshReport:
    """Recreate every mart from the lake alone."""
    pipeline = WarehousePipeline(settings.lake_dir, settings.warehouse_dir)
    return _when_free(lambda: pipeline.rebuild(utc_now(), say), say=say)


def status(settings: Settings) -> WarehouseStatus:
    return WarehousePipeline(settings.lake_dir, settings.warehouse_dir).status()


def run_sql(settings: Settings, statement: str, *, format_name: str) -> str:
    """Run a statement on the published file and return its result as text."""
    publication = published(settings.warehouse_dir)
    if publication is None:
        raise NothingPublishedError(
            "nothing is published yet: run `mallard warehouse refresh` first"
        )
    return render(query(publication, statement), format_name)


def import_uci_online_retail(settings: Settings, file: Path, *, say: Say) -> Reconciliation:
    """Bring that shop's history into the lake."""
    return import_online_retail(
        file, lake=EventLake(settings.lake_dir), imported_at=utc_now(), progress=say
    )


async def _export(settings: Settings) -> int | None:
    try:
        pool = await open_pool(database_url(settings), connections_max=2)
    except (OSError, asyncpg.PostgresError):
        return None
    try:
        lake = EventLake(settings.lake_dir)
        return await EventExport(reader=OutboxReader(pool), lake=lake, now=utc_now).export()
    finally:
        await pool.close()


def _when_free(work: Callable[[], Result], *, say: Say) -> Result:
    """Run work on the build file, waiting while a worker of a running stack holds it."""
    for number in range(_BUSY_TRIES_MAX):
        try:
            return work()
        except WarehouseBusyError as error:
            if number == 0:
                say(f"{error}; waiting for it")
            time.sleep(_BUSY_SECONDS)
    return work()
