"""All benchmarks: `python -m benchmarks [--quick] [--only NAME ...]`.

Figures are ratios to something measured in the same run; seconds are printed to explain them.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module

_TOPICS = ("orders", "order_latency", "import_rate", "refresh", "freshness", "forecast_quality")
_KEPT_SETTING = "MALLARD_SHARED_DATA"


def main() -> int:
    arguments = _arguments()
    _forget_settings()
    # The parts are processes of their own: however this one ends, it must stop them first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    for name in arguments.only or _TOPICS:
        run: Callable[..., None] = import_module(f"benchmarks.{name}").run
        run(quick=arguments.quick)
    print(f"\n{time.monotonic() - began:.0f} s")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and short runs: a rough look")
    parser.add_argument(
        "--only", action="append", choices=_TOPICS, help="one topic; may be repeated"
    )
    return parser.parse_args()


def _forget_settings() -> None:
    """Measure what is started here, not what a caller's settings point to."""
    for name in list(os.environ):
        if name.startswith("MALLARD_") and name != _KEPT_SETTING:
            del os.environ[name]


if __name__ == "__main__":
    sys.exit(main())
