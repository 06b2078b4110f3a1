"""One parsed project and one built warehouse for all; each test gets its own copy of the latter."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.lake import EventLake
from analytics.pipeline import WarehousePipeline
from analytics.transform import DEFAULT_PROJECT, DbtProject
from analytics.warehouse import published, query
from tests.support.events import Row, event_table
from tests.support.histories import random_history

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A lake, a warehouse and the pipeline between them, in a folder of their own."""

    root: Path
    lake: EventLake
    pipeline: WarehousePipeline

    @property
    def warehouse_dir(self) -> Path:
        return self.root / "warehouse"

    def export(self, rows: Sequence[Row], *, first: int, source: str = "outbox") -> Path:
        return self.lake.write_batch(source, first, first + len(rows) - 1, event_table(rows))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        publication = published(self.warehouse_dir)
        assert publication is not None
        return query(publication, sql).rows


def line_at(root: Path, project: DbtProject) -> Line:
    return Line(
        root=root,
        lake=EventLake(root / "lake"),
        pipeline=WarehousePipeline(root / "lake", root / "warehouse", project=project),
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return DbtProject(DEFAULT_PROJECT, state_dir=tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def built_root(project: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    line = line_at(root, project)
    line.export(random_history(7, orders=25), first=1)
    report = line.pipeline.refresh(NOW)
    assert report.failed_tests == ()
    return root


@pytest.fixture
def built(built_root: Path, project: DbtProject, tmp_path: Path) -> Iterator[Line]:
    """A warehouse with a history of 25 orders, built and published as version 1."""
    shutil.copytree(built_root, tmp_path / "line")
    yield line_at(tmp_path / "line", project)
    shutil.rmtree(tmp_path / "line")


@pytest.fixture
def empty(project: DbtProject, tmp_path: Path) -> Line:
    """A lake and a warehouse in which nothing has happened yet."""
    return line_at(tmp_path / "line", project)
