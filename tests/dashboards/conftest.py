"""Warehouses to look at: invented marts, marts dbt built, and none; and the app on each."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.warehouse import Publication, published
from tests.dashboards.built import build_warehouse
from tests.dashboards.marts import invented_shops, publish_marts

ENTRY = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
RUN_WITHIN_S = 30.0

StartApp = Callable[..., AppTest]


@pytest.fixture(scope="session")
def warehouse_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("invented")
    publish_marts(folder, invented_shops())
    return folder


@pytest.fixture(scope="session")
def publication(warehouse_dir: Path) -> Publication:
    current = published(warehouse_dir)
    assert current is not None
    return current


@pytest.fixture(scope="session")
def built_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build_warehouse(folder)
    return folder / "warehouse"


@pytest.fixture(scope="session")
def built(built_dir: Path) -> Publication:
    current = published(built_dir)
    assert current is not None
    return current


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> StartApp:
    """Return a function that runs a page of the real entry file on a warehouse."""

    def run(page: str, warehouse: Path, *, api_url: str = "", **query: str | list[str]) -> AppTest:
        monkeypatch.setenv("MALLARD_WAREHOUSE_DIR", str(warehouse))
        monkeypatch.setenv("MALLARD_API_URL", api_url)
        monkeypatch.delenv("MALLARD_STORE_ID", raising=False)
        app = AppTest.from_file(str(ENTRY), default_timeout=RUN_WITHIN_S)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page != "sales":
            app.switch_page(f"app_pages/{page}.py")
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        assert not app.exception
        return app

    return run
