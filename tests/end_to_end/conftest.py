"""The whole product as its own processes, started and watched as `mallard up` does."""

import threading
from collections.abc import Iterator

import pytest

from config.settings import Settings
from runtime.stack import Stack
from tests.conftest import free_port


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        var_dir=tmp_path_factory.mktemp("stack"),
        api_port=free_port(),
        dashboards_port=free_port(),
        sandbox_port=free_port(),
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        timer_profile="demonstration",
    )


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the stack told the person in front of it."""
    return []


@pytest.fixture(scope="module")
def stack(settings: Settings, said: list[str]) -> Iterator[Stack]:
    with Stack(settings, say=said.append).running(threading.Event()) as running:
        yield running
