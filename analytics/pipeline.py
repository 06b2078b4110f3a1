"""The warehouse line: load new files, build and test what they touch, publish if all is well."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from analytics.build_plan import (
    BuildPlan,
    clear_models,
    last_build_no,
    plan_build,
    record_green_build,
)
from analytics.lake import EventLake
from analytics.load import LoadReport, load_new_files, open_build
from analytics.ownership import sole_owner
from analytics.publish import publish
from analytics.status import WarehouseStatus, read_status, write_last_build
from analytics.transform import (
    DEFAULT_PROJECT,
    BuildReport,
    DbtProject,
    FailedTest,
    TransformError,
)
from analytics.warehouse import published

_BUILD_FILE: Final = "build.duckdb"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReport:
    """What one refresh did; `published_version` is what readers see after it."""

    loaded_batches: int
    loaded_events: int
    quarantined: int
    repeated: int
    models_built: int
    tests_passed: int
    failed_tests: tuple[FailedTest, ...]
    published_version: int | None
    is_published: bool
    seconds: dict[str, float]


@dataclass(slots=True)
class _Stopwatch:
    clock: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = self.clock()
        try:
            yield
        finally:
            self.seconds[name] = round(self.clock() - started, 3)


class WarehousePipeline:
    """The only writer of a warehouse. Keep one for long: parsing the project is done once."""

    def __init__(
        self,
        lake_root: Path,
        warehouse_dir: Path,
        *,
        project: DbtProject | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._lake = EventLake(lake_root)
        self._dir = warehouse_dir
        self._project = project or DbtProject(DEFAULT_PROJECT, state_dir=warehouse_dir / "dbt")
        self._clock = clock

    @property
    def build_file(self) -> Path:
        return self._dir / _BUILD_FILE

    def refresh(self, now: datetime, progress: Progress | None = None) -> RefreshReport:
        """Bring the published warehouse up to date with the lake.

        With nothing new nothing is built. A failed test is reported, and keeps the last good
        publication in place.
        Raises WarehouseBusyError, DamagedBatchError, TransformError.
        """
        with sole_owner(self._dir):
            return self._run(self.build_file, now, progress or _say_nothing)

    def rebuild(self, now: datetime, progress: Progress | None = None) -> RefreshReport:
        """Recreate the warehouse from the lake alone, and take it into use if all tests pass.

        Raises WarehouseBusyError, DamagedBatchError, TransformError.
        """
        with sole_owner(self._dir):
            # The same file name again: views inside the file name their database by it.
            fresh = self._dir / "fresh" / _BUILD_FILE
            shutil.rmtree(fresh.parent, ignore_errors=True)
            try:
                report = self._run(fresh, now, progress or _say_nothing)
                if not report.failed_tests:
                    self.build_file.with_name(f"{_BUILD_FILE}.wal").unlink(missing_ok=True)
                    fresh.replace(self.build_file)
            finally:
                shutil.rmtree(fresh.parent, ignore_errors=True)
            return report

    def status(self) -> WarehouseStatus:
        """Describe what readers see and how the last build went. Waits for nobody."""
        return read_status(self._dir)

    def _run(self, file: Path, now: datetime, progress: Progress) -> RefreshReport:
        watch = _Stopwatch(self._clock)
        with watch.phase("load"):
            progress("loading new files")
            loaded, plan = self._load(file, now)
        built = BuildReport()
        if not plan.is_empty:
            with watch.phase("build"):
                progress(f"building, {loaded.events} new events")
                built = self._build(file, plan, now)
        is_published = False
        if not built.failed_tests:
            with watch.phase("publish"):
                is_published = self._publish_what_is_new(file, plan, now)
        return self._report(loaded, built, is_published=is_published, seconds=watch.seconds)

    def _load(self, file: Path, now: datetime) -> tuple[LoadReport, BuildPlan]:
        with open_build(file) as connection:
            loaded = load_new_files(connection, self._lake, loaded_at=now)
            plan = plan_build(connection, project_hash=self._project.source_hash())
            if plan.is_full:
                clear_models(connection)
        return loaded, plan

    def _build(self, file: Path, plan: BuildPlan, now: datetime) -> BuildReport:
        project_hash = self._project.source_hash()
        try:
            built = self._project.build(
                file,
                since_load_id=plan.since_load_id,
                is_full=plan.is_full,
                selection=plan.selection,
            )
        except TransformError as error:
            write_last_build(self._dir, built_at=now, failure=str(error))
            raise
        failure = ", ".join(f"{test.name} ({test.rows} rows)" for test in built.failed_tests)
        if not failure:
            with open_build(file) as connection:
                record_green_build(connection, plan, project_hash=project_hash, built_at=now)
        write_last_build(self._dir, built_at=now, failure=failure or None)
        return built

    def _publish_what_is_new(self, file: Path, plan: BuildPlan, now: datetime) -> bool:
        """Publish a green build once, also one that a crash kept from being published."""
        with open_build(file) as connection:
            build_no = last_build_no(connection)
        current = published(self._dir)
        is_known = current is not None and current.build_no == build_no
        if is_known and plan.is_empty:
            return False
        publish(
            file,
            self._dir,
            build_no=build_no,
            last_load_id=plan.last_load_id,
            events=plan.events,
            published_at=now,
        )
        return True

    def _report(
        self,
        loaded: LoadReport,
        built: BuildReport,
        *,
        is_published: bool,
        seconds: dict[str, float],
    ) -> RefreshReport:
        current = published(self._dir)
        return RefreshReport(
            loaded_batches=loaded.batches,
            loaded_events=loaded.events,
            quarantined=loaded.quarantined,
            repeated=loaded.repeated,
            models_built=built.models_built,
            tests_passed=built.tests_passed,
            failed_tests=built.failed_tests,
            published_version=current.version if current else None,
            is_published=is_published,
            seconds=seconds,
        )


def _say_nothing(_message: str) -> None:
    """Nobody watches."""
