"""Where the public data sets lie, if this machine has them."""

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]


def shared_data_file(name: str) -> Path:
    """Return a file of the shared data, or skip the test with the reason why it cannot run.

    `MALLARD_SHARED_DATA` names the folder; without it, `shared/data` beside the repository.
    """
    named = os.environ.get("MALLARD_SHARED_DATA")
    folder = Path(named) if named else _REPOSITORY.parent / "shared" / "data"
    file = folder / name
    if not file.is_file():
        pytest.skip(f"{name} is not in {folder}; set MALLARD_SHARED_DATA to the data's folder")
    return file
