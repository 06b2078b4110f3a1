"""What every benchmark needs: CPU by part, medians and percentiles, child processes, tables."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

REPOSITORY = Path(__file__).resolve().parents[1]
DRIVER = "driver"
OTHERS = "others_share"
# More than this share of the machine in other hands, and a figure says little.
OTHERS_SHARE_MAX = 0.10

Row = Sequence[object]


class MeasuringError(RuntimeError):
    """Something that was to be measured did not run to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuReading:
    """CPU seconds used since the start: by each part, and by the whole machine."""

    at: float
    parts: Mapping[str, float]
    machine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuUse:
    """CPU seconds used between two readings. `others_share` is of the whole machine."""

    seconds: float
    parts: Mapping[str, float]
    others_share: float

    @property
    def total(self) -> float:
        return sum(self.parts.values())


class CpuMeter:
    """Reads the CPU of named processes with all their children, and of this one as the driver."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids

    def read(self) -> CpuReading:
        own = psutil.Process().cpu_times()
        parts = {name: _tree_seconds(pid) for name, pid in self._pids.items()}
        machine = psutil.cpu_times()
        return CpuReading(
            at=time.monotonic(),
            # Its children are the parts: only its own time is the driver's.
            parts={**parts, DRIVER: own.user + own.system},
            machine=sum(machine) - machine.idle - machine.iowait - machine.guest,
        )

    def since(self, before: CpuReading) -> CpuUse:
        after = self.read()
        seconds = after.at - before.at
        parts = {name: after.parts[name] - used for name, used in before.parts.items()}
        others = after.machine - before.machine - sum(parts.values())
        cores = psutil.cpu_count() or 1
        return CpuUse(
            seconds=seconds, parts=parts, others_share=max(others, 0.0) / (seconds * cores)
        )


def _tree_seconds(pid: int) -> float:
    root = psutil.Process(pid)
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            # Children that ended count with the parent that waited for them.
            total += times.user + times.system + times.children_user + times.children_system
    return total


def warn_of_others(shares: Sequence[float]) -> list[str]:
    """Return a note if other processes were busy while something was measured."""
    busy = [share for share in shares if share > OTHERS_SHARE_MAX]
    if not busy:
        return []
    warning = (
        f"NOISY: other processes used over {OTHERS_SHARE_MAX:.0%} of the CPU in {len(busy)} of "
        f"{len(shares)} runs (up to {max(busy):.0%}); measure again on a quiet machine"
    )
    return [warning]


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least this share of the samples do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-int(share * 1_000 * len(ordered)) // 1_000) - 1)]


def medians(samples: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: median(sample[name] for sample in samples) for name in samples[0]}


def measure_in_child(module: str, *arguments: str) -> dict[str, float]:
    """Run a module's `--measure`, so that peaks and caches belong to one task alone.

    Raises:
        MeasuringError: the child failed; the text is what it said.
    """
    meter = CpuMeter({})
    before, own_before = meter.read(), _children_seconds()
    done = subprocess.run(
        [sys.executable, "-m", module, "--measure", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
        capture_output=True,
        text=True,
    )
    # What a child that succeeded says aside is leak reports at its end, which mean nothing.
    if done.returncode != 0:
        raise MeasuringError(f"{module} failed:\n{done.stderr}")
    use = meter.since(before)
    own_share = (_children_seconds() - own_before) / (use.seconds * (psutil.cpu_count() or 1))
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**figures, OTHERS: max(use.others_share - own_share, 0.0)}


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def shared_data_file(name: str) -> Path | None:
    """Return a file of the shared data sets, or None where this machine has none."""
    named = os.environ.get("MALLARD_SHARED_DATA")
    file = (Path(named) if named else REPOSITORY.parent / "shared" / "data") / name
    return file if file.is_file() else None


def print_table(
    title: str, head: Sequence[str], rows: Sequence[Row], notes: Sequence[str] = ()
) -> None:
    """Print one topic: its first column is text, all others are figures."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in [head, *cells]) for column in range(len(head))]
    print(f"\n{title}")
    for row in [head, *cells]:
        figures = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join(["", row[0].ljust(widths[0]), *figures]).rstrip())
    for note in notes:
        print(f"    {note}")
    sys.stdout.flush()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    digits = 0 if abs(value) >= 1_000 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"
