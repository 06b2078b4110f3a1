"""The registry row of a run: everything needed to say how its numbers came to be, and to repeat it."""

import hashlib
import json
import platform
from importlib.metadata import version

import polars as pl

from analytics.forecasting.demand import DemandPanel
from analytics.forecasting.features import FEATURES
from analytics.forecasting.scores import (
    bias,
    coverage,
    weighted_absolute_percentage_error,
)

_LIBRARIES = ("duckdb", "numpy", "polars", "scikit-learn", "scipy")


def data_hash(panel: DemandPanel) -> str:
    """Fingerprint everything a forecast may depend on: keys, days, units, prices."""
    digest = hashlib.sha256()
    digest.update(f"{panel.store_id}\x00{panel.first_day}\x00{panel.days}".encode())
    digest.update(panel.series.write_csv().encode())
    for values in (panel.units, panel.price, panel.started, panel.is_open):
        digest.update(values.tobytes())
    return digest.hexdigest()


def features_json() -> str:
    return json.dumps(FEATURES)


def libraries_json() -> str:
    """Name the versions a result depends on; another version is another model."""
    versions = {name: version(name) for name in _LIBRARIES}
    return json.dumps({"python": platform.python_version(), **versions})


def score_columns(backtest: pl.DataFrame) -> dict[str, float | None]:
    """Return the scores kept with a run; None throughout if history was too short to test on."""
    return {
        "wape_model": weighted_absolute_percentage_error(backtest, "predicted"),
        "wape_naive": weighted_absolute_percentage_error(backtest, "naive"),
        "coverage_80": coverage(backtest),
        "bias": bias(backtest),
    }
