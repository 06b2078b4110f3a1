"""Running dbt inside this process: parse the project once, then build with the same manifest.

dbt keeps global state (adapters, flags, logging), so a process runs one build at a time.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

DEFAULT_PROJECT: Final = Path(__file__).resolve().parents[1] / "dbt_project"
_SOURCE_SUFFIXES: Final = frozenset({".sql", ".yml", ".md"})


class TransformError(RuntimeError):
    """dbt could not run, or a model failed. The text says which one and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A promise of the warehouse that does not hold, and how many rows break it."""

    name: str
    rows: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What one dbt build did."""

    models_built: int = 0
    tests_passed: int = 0
    failed_tests: tuple[FailedTest, ...] = ()
    model_seconds: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class DbtProject:
    """One dbt project and where its by-products go; holds the parsed manifest between builds."""

    folder: Path
    state_dir: Path
    _manifest: Any = None
    _hash: str = ""

    def source_hash(self) -> str:
        """Return a fingerprint of every source file: other SQL means other marts."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in _SOURCE_SUFFIXES and "target" not in path.parts:
                digest.update(str(path.relative_to(self.folder)).encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def build(
        self, build_file: Path, *, since_load_id: int, is_full: bool, selection: Sequence[str] = ()
    ) -> BuildReport:
        """Build the selected models (all, if nothing is said) and run the data tests on them.

        Raises TransformError if a model fails; a failed test is part of the report.
        """
        command = ["build", "--exclude-resource-type", "unit_test", *selection]
        if is_full:
            command.append("--full-refresh")
        return _report(self._run(command, build_file, since_load_id=since_load_id))

    def run_unit_tests(self, build_file: Path) -> BuildReport:
        """Run the unit tests of the models. Needs a build file whose models exist."""
        command = ["test", "--select", "test_type:unit"]
        return _report(self._run(command, build_file, since_load_id=0))

    def _run(self, command: Sequence[str], build_file: Path, *, since_load_id: int) -> Any:
        current = self.source_hash()
        if self._manifest is None or current != self._hash:
            # Always with the same variables: other ones would make dbt forget its last parse.
            anywhere = Path(build_file.name)
            self._manifest = self._invoke(["parse"], anywhere, since_load_id=0, manifest=None)
            self._hash = current
        return self._invoke(
            command, build_file, since_load_id=since_load_id, manifest=self._manifest
        )

    def _invoke(
        self, command: Sequence[str], build_file: Path, *, since_load_id: int, manifest: Any
    ) -> Any:
        # Importing dbt takes over a second: only a process that builds pays for it.
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415
        from dbt.cli.main import dbtRunner  # noqa: PLC0415

        try:
            outcome = dbtRunner(manifest=manifest).invoke(
                [*self._global_options(), *command, *self._options(build_file, since_load_id)]
            )
        finally:
            # The adapter keeps the file open for its next run; the next to open it may be us.
            adapter: Any = DuckDBConnectionManager
            adapter.close_all_connections()
        if outcome.exception is not None:
            raise TransformError(f"dbt {command[0]}: {outcome.exception}") from outcome.exception
        return outcome.result

    def _global_options(self) -> list[str]:
        return [
            "--quiet",
            "--no-print",
            "--log-level", "none",
            "--log-level-file", "none",
            "--log-path", str(self.state_dir / "logs"),
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            "--no-version-check",
            "--no-write-json",
        ]  # fmt: skip

    def _options(self, build_file: Path, since_load_id: int) -> list[str]:
        variables = {"build_file": str(build_file), "since_load_id": since_load_id}
        return [
            "--project-dir", str(self.folder),
            "--profiles-dir", str(self.folder),
            "--target-path", str(self.state_dir / "target"),
            "--vars", json.dumps(variables),
        ]  # fmt: skip


def _report(run: Any) -> BuildReport:
    broken = [
        f"{result.node.name}: {result.message}"
        for result in run.results
        if result.status == "error"
    ]
    if broken:
        raise TransformError("; ".join(broken))
    models = {
        result.node.name: result.execution_time
        for result in run.results
        if result.node.resource_type == "model" and result.status == "success"
    }
    return BuildReport(
        models_built=len(models),
        tests_passed=sum(result.status == "pass" for result in run.results),
        failed_tests=tuple(
            FailedTest(
                name=result.node.name, rows=result.failures or 0, message=result.message or ""
            )
            for result in run.results
            if result.status == "fail"
        ),
        model_seconds=models,
    )
