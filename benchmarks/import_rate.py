"""How fast a foreign shop's file becomes events and marts, beside merely scanning the file.

    python -m benchmarks.import_rate [FILE]

Without FILE the shared UCI Online Retail year is used, or a made file of the same shape where that
is missing. Every measurement runs in a process of its own; scan and import alternate; the table
shows medians.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb

from analytics.importers.uci_online_retail import import_online_retail
from analytics.lake import EventLake
from analytics.pipeline import WarehousePipeline

ROUNDS = 3
MADE_ROWS = 500_000
_REPOSITORY = Path(__file__).resolve().parents[1]
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_MADE_FILE_SQL = """
select
    cast(536365 + line // 20 as varchar) as "InvoiceNo",
    cast(10000 + hash(line) % 4000 as varchar) as "StockCode",
    'PRODUCT ' || hash(line) % 4000 as "Description",
    cast(1 + hash(line) % 12 as integer) as "Quantity",
    timestamp '2010-12-01 08:00' + to_minutes(line // 20 * 20) as "InvoiceDate",
    round(0.5 + hash(line + 7) % 1000 / 100, 2) as "UnitPrice",
    cast(12346 + line // 20 % 4000 as integer) as "CustomerID",
    'United Kingdom' as "Country"
from range($rows) as made (line)
"""


def scan(file: Path, _folder: Path) -> None:
    """Read every value of the file once, and keep nothing."""
    with duckdb.connect() as connection:
        connection.execute(f"select max(columns(*)) from '{file}'").fetchall()


def bring_in(file: Path, folder: Path) -> None:
    import_online_retail(file, lake=EventLake(folder / "lake"), imported_at=_NOW)


def bring_in_and_build(file: Path, folder: Path) -> None:
    bring_in(file, folder)
    report = WarehousePipeline(folder / "lake", folder / "warehouse").refresh(_NOW)
    assert not report.failed_tests


TASKS: dict[str, Callable[[Path, Path], None]] = {
    "scan": scan,
    "import": bring_in,
    "import and full build": bring_in_and_build,
}


def measure_here(task: str, file: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        TASKS[task](file, Path(folder))
        seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
    }


def measure(task: str, file: Path) -> dict[str, float]:
    """Measure in a fresh process, so that peaks and caches belong to one task."""
    command = [sys.executable, "-m", "benchmarks.import_rate", "--measure", task, str(file)]
    done = subprocess.run(command, cwd=_REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def medians(samples: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(sample[name] for sample in samples) for name in samples[0]}


def find_file(folder: Path) -> Path:
    named = os.environ.get("MALLARD_SHARED_DATA")
    shared = Path(named) if named else _REPOSITORY.parent / "shared" / "data"
    file = shared / "uci_online_retail" / "online_retail.parquet"
    if file.is_file():
        return file
    made = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({_MADE_FILE_SQL}) to '{made}'", {"rows": MADE_ROWS})
    return made


def report(file: Path) -> None:
    samples: dict[str, list[dict[str, float]]] = {task: [] for task in TASKS}
    for _ in range(ROUNDS):
        for task, taken in samples.items():
            taken.append(measure(task, file))
    results = {task: medians(taken) for task, taken in samples.items()}
    with duckdb.connect() as connection:
        [(rows,)] = connection.execute(f"select count(*) from '{file}'").fetchall()
    print(f"{file.name}: {rows:,} rows, medians of {ROUNDS}")
    print(f"{'':<22} {'seconds':>8} {'CPU s':>8} {'rows/s':>12} {'peak MiB':>9} {'x scan':>7}")
    for task, figures in results.items():
        print(
            f"{task:<22} {figures['seconds']:>8.2f} {figures['cpu_seconds']:>8.2f}"
            f" {rows / figures['seconds']:>12,.0f} {figures['peak_mib']:>9.0f}"
            f" {figures['seconds'] / results['scan']['seconds']:>7.1f}"
        )


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["--measure"]:
        task, file = arguments[1:]
        print(json.dumps(measure_here(task, Path(file))))
        return
    with tempfile.TemporaryDirectory() as folder:
        report(Path(arguments[0]).resolve() if arguments else find_file(Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
