"""With a database and an engine elsewhere, the same code uses them and starts neither."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator

import httpx2
import pytest
from temporalio.api.common.v1 import Payload

from config.settings import Settings
from runtime.stack import Stack
from runtime.temporal import payload_codec
from tests.conftest import free_port
from tests.support.api import key, order_body, product_body
from tests.support.postgres import TestDatabases

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def elsewhere(
    databases: TestDatabases, temporal_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        var_dir=tmp_path_factory.mktemp("elsewhere"),
        database_url=databases.create(),
        temporal_address=temporal_address,
        api_port=free_port(),
        dashboards_port=free_port(),
        sandbox_port=free_port(),
        timer_profile="demonstration",
    )


@pytest.fixture(scope="module")
def running(elsewhere: Settings) -> Iterator[list[str]]:
    said: list[str] = []
    with Stack(elsewhere, say=said.append).running(threading.Event()):
        yield said


def test_only_what_is_not_elsewhere_is_started(running: list[str], elsewhere: Settings) -> None:
    ready = {line.split()[1] for line in running if line.split()[0] == "ready"}

    assert ready == {"sandbox", "worker-orders", "worker-warehouse", "api", "dashboards"}
    assert not (elsewhere.var_dir / "postgres").exists()
    assert not (elsewhere.var_dir / "temporal").exists()


@pytest.mark.usefixtures("running")
async def test_an_order_lives_its_life_there(elsewhere: Settings) -> None:
    async with httpx2.AsyncClient(base_url=elsewhere.api_url, timeout=30) as shop:
        await shop.put("/v1/locations/main", json={"name": "Main"})
        await shop.post("/v1/products", json=product_body(), headers=key("mug"))
        await shop.put("/v1/stock/MUG-1/main", json={"on_hand": 9, "reason": "opening"})
        placed = await shop.post(
            "/v1/orders",
            json=order_body(("MUG-1", 1), payment_method="pm_card_visa"),
            headers=key("elsewhere"),
        )
        order_id = placed.json()["order_id"]
        async with asyncio.timeout(60):
            while (await shop.get(f"/v1/orders/{order_id}")).json()["status"] != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.5)

        assert placed.status_code == 201


@pytest.mark.usefixtures("running")
async def test_payloads_are_not_decoded_for_anybody_beside_an_engine_elsewhere(
    elsewhere: Settings,
) -> None:
    [sealed] = await payload_codec(elsewhere).encode([Payload(data=b"private")])
    document = {"payloads": [{"data": base64.b64encode(sealed.data).decode()}]}

    async with httpx2.AsyncClient(base_url=elsewhere.api_url) as anybody:
        answer = await anybody.post("/codec/decode", content=json.dumps(document))

    assert answer.status_code == 404
