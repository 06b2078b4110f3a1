"""What a warehouse refresh costs: everything built anew, and a few new events built in.

Two sizes of the same history, each in a process of its own; after the full build several days of
some new orders come, one refresh each.

    python -m benchmarks.refresh --measure EVENTS_PER_DAY REFRESHES
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from analytics.lake import EventLake
from analytics.pipeline import RefreshReport, WarehousePipeline
from benchmarks.history import write_history
from benchmarks.measuring import OTHERS, measure_in_child, medians, print_table, warn_of_others

_FIRST_DAY = date(2025, 1, 1)
_DAYS = 90
_NEW_ORDERS = 20
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Orders a day: the larger history is ten times the smaller one.
_SIZES = (50, 500)
_QUICK_SIZES = (20, 200)


def run(*, quick: bool) -> None:
    sizes = _QUICK_SIZES if quick else _SIZES
    refreshes = 3 if quick else 7
    small, large = (
        measure_in_child("benchmarks.refresh", str(size), str(refreshes)) for size in sizes
    )
    names = (
        "full s",
        "full CPU s",
        "new s",
        "new CPU s",
        "new/full",
        "models",
        "tests",
        "ms/model",
    )
    print_table(
        f"Refresh: all built anew, and some {_NEW_ORDERS} new orders built in, median of {refreshes}",
        ["", *names],
        [
            [f"{figures['events']:,.0f} events", *(figures[name] for name in names)]
            for figures in (small, large)
        ]
        + [["ratio, ten times the events", *(large[name] / small[name] for name in names)]],
        [
            "new: load, build, test and publish; ms/model: that build by its models, with their tests",
            f"of the larger one's new s: {_phases(large)}",
            "aim for ten times the events: new s <= 1.50 times",
            *warn_of_others([small[OTHERS], large[OTHERS]]),
        ],
    )


def _phases(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {figures[name]:.2f}" for name in ("load", "build", "publish"))


def measure_here(orders_per_day: float, refreshes: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lake = EventLake(folder / "lake")
        last_day = _FIRST_DAY + timedelta(days=_DAYS - 1)
        events = write_history(
            lake, first_day=_FIRST_DAY, last_day=last_day, orders_per_day=orders_per_day
        )
        pipeline = WarehousePipeline(folder / "lake", folder / "warehouse")
        full = _timed(pipeline)
        new = []
        for number in range(1, refreshes + 1):
            _add_day(lake, last_day + timedelta(days=number), folder / f"day-{number}")
            new.append(_timed(pipeline))
    return _figures(events, full, medians(new))


def _timed(pipeline: WarehousePipeline) -> dict[str, float]:
    began, cpu_began = time.perf_counter(), time.process_time()
    report: RefreshReport = pipeline.refresh(_NOW)
    assert report.is_published
    return {
        "s": time.perf_counter() - began,
        "CPU s": time.process_time() - cpu_began,
        "models": report.models_built,
        "tests": report.tests_passed,
        **report.seconds,
    }


def _figures(events: int, full: dict[str, float], new: dict[str, float]) -> dict[str, float]:
    return {
        "events": events,
        "full s": full["s"],
        "full CPU s": full["CPU s"],
        "new s": new["s"],
        "new CPU s": new["CPU s"],
        "new/full": new["s"] / full["s"],
        "models": new["models"],
        "tests": new["tests"],
        "ms/model": new["build"] * 1_000 / new["models"],
        **{phase: new[phase] for phase in ("load", "build", "publish")},
    }


def _add_day(lake: EventLake, day: date, folder: Path) -> None:
    """Write one more day's orders, as the outbox would have brought them."""
    other = EventLake(folder)
    write_history(other, first_day=day, last_day=day, orders_per_day=_NEW_ORDERS)
    first = 1 + sum(
        batch.last - batch.first + 1 for batch in lake.batches() if batch.source == "outbox"
    )
    for batch in other.batches():
        table = pq.read_table(batch.path)
        lake.write_batch("outbox", first, first + table.num_rows - 1, table)
        first += table.num_rows


def main(arguments: Sequence[str]) -> None:
    flag, orders_per_day, refreshes = arguments
    assert flag == "--measure", flag
    print(json.dumps(measure_here(float(orders_per_day), int(refreshes))))


if __name__ == "__main__":
    main(sys.argv[1:])
