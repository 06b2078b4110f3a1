"""Two ways to load a system: always so many in motion, or one every so often whatever happens."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from benchmarks.measuring import CpuMeter, CpuUse, MeasuringError

_LOOK_SECONDS = 0.2
_PHASE_SECONDS_MAX = 120.0
_DRAIN_SECONDS_MAX = 45.0

Start = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """What completed in a window. `stranded` did not complete long after the last was started."""

    completed: int
    cpu: CpuUse
    stranded: int = 0

    @property
    def per_second(self) -> float:
        return self.completed / self.cpu.seconds

    def cpu_ms(self, *parts: str) -> float:
        """Return CPU milliseconds for each one completed: of some parts, or of all."""
        used = self.cpu.parts
        return sum(used[part] for part in parts or used) * 1_000 / max(self.completed, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLoop:
    """Keeps a number in motion; measures for a window after a warm-up, then lets all end.

    Each of the two lasts at least its seconds, and until as many ended as are in motion: on a slow
    machine the window is longer, not emptier.
    """

    in_motion: int
    warm_up_seconds: float
    window_seconds: float

    async def run(
        self, start: Start, completed: Callable[[], Awaitable[int]], *, meter: CpuMeter
    ) -> Throughput:
        """Raises MeasuringError."""
        base, pending = await completed(), set[asyncio.Task[None]]()
        before, is_warm, first, started = meter.read(), False, 0, 0
        while True:
            done = await completed() - base
            if self._is_over(
                is_warm=is_warm, ended=done - first, seconds=time.monotonic() - before.at
            ):
                if is_warm:
                    break
                before, is_warm, first = meter.read(), True, done
            while started - done < self.in_motion:
                pending.add(_begin(start, started))
                started += 1
            await asyncio.sleep(_LOOK_SECONDS)
        throughput = Throughput(completed=done - first, cpu=meter.since(before))
        await asyncio.gather(*pending)
        return replace(throughput, stranded=await count_stranded(completed, base + started))

    def _is_over(self, *, is_warm: bool, ended: int, seconds: float) -> bool:
        """Tell whether the present phase, warm-up or window, has been long enough."""
        if seconds > _PHASE_SECONDS_MAX:
            raise MeasuringError(f"only {ended} ended in {seconds:.0f} s")
        wanted = self.window_seconds if is_warm else self.warm_up_seconds
        return seconds >= wanted and ended >= self.in_motion


def _begin(start: Start, number: int) -> "asyncio.Task[None]":
    async def begin() -> None:
        await start(number)

    return asyncio.create_task(begin())


async def count_stranded(completed: Callable[[], Awaitable[int]], wanted: int) -> int:
    """Wait for all to end, but not for ever; return how many did not."""
    deadline = time.monotonic() + _DRAIN_SECONDS_MAX
    while True:
        missing = max(wanted - await completed(), 0)
        if not missing or time.monotonic() > deadline:
            return missing
        await asyncio.sleep(_LOOK_SECONDS)


async def open_loop(start: Start, *, per_second: float, seconds: float) -> list[float]:
    """Start at a steady rate; return how long each took from the moment it was due."""
    count, begun = int(per_second * seconds), time.perf_counter()

    async def one(number: int) -> float:
        due = begun + number / per_second
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        await start(number)
        return time.perf_counter() - due

    return list(await asyncio.gather(*(one(number) for number in range(count))))
