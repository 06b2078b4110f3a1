"""How fast a foreign shop's file becomes events and marts, beside merely scanning the file.

    python -m benchmarks.import_rate [FILE]

Without FILE the shared UCI Online Retail year is used, or a made file of the same shape where that
is missing. Every measurement runs in a process of its own; scan and import alternate; the table
shows medians.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.importers.uci_online_retail import import_online_retail
from analytics.lake import EventLake
from analytics.pipeline import WarehousePipeline
from benchmarks.measuring import (
    OTHERS,
    measure_in_child,
    medians,
    print_table,
    shared_data_file,
    warn_of_others,
)

MADE_ROWS = 500_000
_ROUNDS = 3
_AIM_SECONDS = 60
_AIM_PEAK_MIB = 2_048
_SHARED_FILE = "uci_online_retail/online_retail.parquet"
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


def find_file(folder: Path, *, rows: int) -> Path:
    shared = shared_data_file(_SHARED_FILE)
    if shared is not None:
        return shared
    made = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({_MADE_FILE_SQL}) to '{made}'", {"rows": rows})
    return made


def report(file: Path, *, rounds: int) -> None:
    samples: dict[str, list[dict[str, float]]] = {task: [] for task in TASKS}
    for _ in range(rounds):
        for task, taken in samples.items():
            taken.append(measure_in_child("benchmarks.import_rate", task, str(file)))
    results = {task: medians(taken) for task, taken in samples.items()}
    with duckdb.connect() as connection:
        [(rows,)] = connection.execute(f"select count(*) from '{file}'").fetchall()
    scan_seconds = results["scan"]["seconds"]
    print_table(
        f"Import: {file.name}, {rows:,} rows, medians of {rounds}",
        ["", "seconds", "CPU s", "rows/s", "CPU ms/1000 rows", "peak MiB", "x scan"],
        [
            [
                task,
                figures["seconds"],
                figures["cpu_seconds"],
                rows / figures["seconds"],
                figures["cpu_seconds"] * 1_000_000 / rows,
                figures["peak_mib"],
                figures["seconds"] / scan_seconds,
            ]
            for task, figures in results.items()
        ]
        + [["aim, at most", _AIM_SECONDS, None, None, None, _AIM_PEAK_MIB, None]],
        warn_of_others([taken[OTHERS] for runs in samples.values() for taken in runs]),
    )


def run(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report(find_file(Path(folder), rows=MADE_ROWS), rounds=1 if quick else _ROUNDS)


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["--measure"]:
        task, file = arguments[1:]
        print(json.dumps(measure_here(task, Path(file))))
    elif arguments:
        report(Path(arguments[0]).resolve(), rounds=_ROUNDS)
    else:
        run(quick=False)


if __name__ == "__main__":
    main(sys.argv[1:])
