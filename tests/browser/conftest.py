"""One dashboards process and one Chromium for the browser tests.

They end with their module: while Playwright runs, no other test can use an event loop here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from analytics.warehouse import Publication, published
from tests.dashboards.marts import invented_shops, publish_marts
from tests.support.browser import CHROMIUM_MISSING, browser, chromium, dashboards


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip(CHROMIUM_MISSING)
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def shown_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shown")
    publish_marts(folder, invented_shops())
    return folder


@pytest.fixture(scope="module")
def shown(shown_dir: Path) -> Publication:
    current = published(shown_dir)
    assert current is not None
    return current


@pytest.fixture(scope="module")
def dashboards_url(chromium_browser: Browser, shown_dir: Path) -> Iterator[str]:  # noqa: ARG001
    with dashboards({"MALLARD_WAREHOUSE_DIR": str(shown_dir), "MALLARD_API_URL": ""}) as url:
        yield url
