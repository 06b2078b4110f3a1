"""What a stranger does first: one command, the whole product, a summary, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import free_port

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PORTS = ("API", "DASHBOARDS", "SANDBOX", "TEMPORAL", "TEMPORAL_UI")
ORDERS = 20


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


def mallard(*arguments: str, var_dir: Path) -> subprocess.CompletedProcess[str]:
    ports = {f"MALLARD_{name}_PORT": str(free_port()) for name in PORTS}
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        env={**os.environ, **ports, "MALLARD_VAR_DIR": str(var_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=550,
    )


@pytest.fixture(scope="module")
def demo(var_dir: Path) -> subprocess.CompletedProcess[str]:
    return mallard("demo", "--once", "--orders", str(ORDERS), var_dir=var_dir)


def test_the_demonstration_ends_with_a_summary_that_adds_up(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    summary = json.loads(demo.stdout.splitlines()[-1])

    assert summary["orders_placed"] == ORDERS
    assert (
        sum(summary[name] for name in ("orders_completed", "orders_expired", "orders_cancelled"))
        == ORDERS
    )
    assert summary["events"] > 200_000
    assert summary["marts_built"] >= 15
    assert summary["skus_forecast"] > 50
    assert summary["suggestions"] > 0
    assert 0 < summary["wape_model"] < summary["wape_naive"]


@pytest.mark.usefixtures("demo")
def test_nothing_it_started_is_left(var_dir: Path) -> None:
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if str(var_dir) in " ".join(process.info["cmdline"] or [])
    ]

    assert left == []


@pytest.mark.usefixtures("demo")
def test_the_published_warehouse_answers_after_everything_stopped(var_dir: Path) -> None:
    asked = mallard(
        *("sql", "select sum(amount_minor) as balance from marts.ledger_entries"),
        *("--format", "json"),
        var_dir=var_dir,
    )
    refused = mallard("sql", "drop table marts.orders", var_dir=var_dir)

    assert json.loads(asked.stdout) == [{"balance": 0}]
    assert refused.returncode == 1
    assert refused.stderr.startswith("mallard:")


@pytest.mark.usefixtures("demo")
def test_a_rebuild_from_the_lake_alone_publishes_the_same_figures(var_dir: Path) -> None:
    question = (
        "select count(*) as orders, sum(total_minor) as total, sum(net_minor) as net "
        "from marts.orders"
    )
    before = mallard("sql", question, "--format", "json", var_dir=var_dir)

    rebuilt = mallard("warehouse", "rebuild", var_dir=var_dir)
    after = mallard("sql", question, "--format", "json", var_dir=var_dir)

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert json.loads(after.stdout) == json.loads(before.stdout)
