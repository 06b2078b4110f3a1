"""Publishing: a copy of the build file under a new name, then one atomic move of the pointer."""

import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

from analytics.warehouse import (
    CLOSED_WORLD,
    POINTER,
    Publication,
    published,
    published_folder,
)

# A reader that has just read the pointer may still be about to open the version before.
VERSIONS_KEPT: Final = 2
_FILE_NAME: Final = re.compile(r"warehouse-(\d+)\.duckdb")


def publish(
    build_file: Path,
    warehouse_dir: Path,
    *,
    build_no: int,
    last_load_id: int,
    events: int,
    published_at: datetime,
) -> Publication:
    """Make the build file's present content the current version, and drop outdated versions.

    The file is copied, not exported: a copy takes a twentieth of the time.
    """
    folder = published_folder(warehouse_dir)
    folder.mkdir(parents=True, exist_ok=True)
    current = published(warehouse_dir)
    version = 1 + max([_version(path) for path in folder.iterdir()], default=0)
    if current is not None:
        version = max(version, current.version + 1)
    file = folder / f"warehouse-{version}.duckdb"
    _checkpoint(build_file)
    _copy_whole(build_file, file)
    publication = Publication(
        version=version,
        file=file,
        published_at=published_at,
        last_load_id=last_load_id,
        events=events,
        build_no=build_no,
    )
    _point_at(folder, publication)
    _drop_outdated(folder, newest=version)
    return publication


def write_atomically(file: Path, text: str) -> None:
    """Replace a small file so that a reader sees the old text or the new one."""
    beside = file.with_name(f".{file.name}.partial")
    with beside.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)


def _version(path: Path) -> int:
    found = _FILE_NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def _checkpoint(build_file: Path) -> None:
    with duckdb.connect(str(build_file), config=CLOSED_WORLD) as connection:
        connection.execute("checkpoint")


def _copy_whole(build_file: Path, file: Path) -> None:
    beside = file.with_name(f".{file.name}.partial")
    shutil.copyfile(build_file, beside)
    with beside.open("rb") as stream:
        os.fsync(stream.fileno())
    beside.rename(file)


def _point_at(folder: Path, publication: Publication) -> None:
    pointer = {
        "version": publication.version,
        "file": publication.file.name,
        "published_at": publication.published_at.isoformat(),
        "last_load_id": publication.last_load_id,
        "events": publication.events,
        "build_no": publication.build_no,
    }
    write_atomically(folder / POINTER, json.dumps(pointer))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drop_outdated(folder: Path, *, newest: int) -> None:
    """Unlink old versions. A reader that has one open keeps it until it closes."""
    for path in folder.iterdir():
        is_outdated = 0 < _version(path) <= newest - VERSIONS_KEPT
        if is_outdated or path.name.endswith(".duckdb.partial"):
            path.unlink(missing_ok=True)
