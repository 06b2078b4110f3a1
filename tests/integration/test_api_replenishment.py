"""Suggestions and decisions over HTTP, with the real workflow and supplier behind them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from contracts import ids
from contracts.replenishment import Proposal, ReplenishmentInput
from tests.conftest import free_port
from tests.support.api import Api, connect, key, open_mall, stock_up
from tests.support.postgres import TestDatabases
from tests.support.sandbox import SandboxServer, running_sandbox, sandbox_config
from workflows.replenish_stock import ReplenishStockWorkflow


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[SandboxServer]:
    config = sandbox_config(
        tmp_path_factory.mktemp("sandbox") / "sandbox.db",
        supplier_webhook_url=f"http://127.0.0.1:{port}/v1/webhooks/supplier",
    )
    with running_sandbox(config) as server:
        yield server


@pytest.fixture(scope="module")
async def api(
    databases: TestDatabases,
    temporal_address: str,
    sandbox: SandboxServer,
    port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Api]:
    async with (
        open_mall(
            databases.create(),
            temporal=await connect(temporal_address),
            sandbox=sandbox,
            port=port,
            var_dir=tmp_path_factory.mktemp("var"),
        ) as (opened, worker),
        worker,
    ):
        yield opened


async def suggest(api: Api, sku: str, *, suggestion_id: str = "") -> str:
    """Open a suggestion for a product of its own and wait until it can be read."""
    await stock_up(api, sku, on_hand=5)
    suggestion_id = suggestion_id or f"SUG-{sku}"
    proposal = Proposal(
        sku=sku,
        location_id="DE-1",
        qty=40,
        order_by=date(2026, 11, 25),
        need_by=date(2026, 12, 2),
        reason="covers 30 days",
        run_id="run-1",
    )
    temporal: Client = api.dependencies.temporal
    await temporal.start_workflow(
        ReplenishStockWorkflow.run,
        ReplenishmentInput(
            suggestion_id=suggestion_id,
            proposal=proposal,
            answer_seconds=3_600,
            delivery_seconds=3_600,
        ),
        id=ids.replenishment_workflow_id(sku, "DE-1"),
        task_queue=api.dependencies.task_queue,
    )
    await until(api, suggestion_id, "open")
    return suggestion_id


async def until(api: Api, suggestion_id: str, status: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            response = await read(api, suggestion_id)
            if response.json().get("status") == status:
                suggestion: dict[str, Any] = response.json()
                return suggestion
            await asyncio.sleep(0.05)


async def read(api: Api, suggestion_id: str) -> httpx2.Response:
    return await api.client.get(f"/v1/replenishment/suggestions/{suggestion_id}")


async def decide(api: Api, suggestion_id: str, name: str, **body: Any) -> httpx2.Response:
    return await api.client.post(
        f"/v1/replenishment/suggestions/{suggestion_id}/decision",
        json={"by": "staff:bo", **body},
        headers=key(name),
    )


async def test_an_approved_suggestion_is_ordered_delivered_and_taken_into_stock(api: Api) -> None:
    suggestion_id = await suggest(api, "TEA-1")

    approved = await decide(api, suggestion_id, "a1", decision="approve", qty=25)
    received = await until(api, suggestion_id, "received")
    stock = (await api.client.get("/v1/stock/TEA-1")).json()

    assert (approved.status_code, approved.json()["qty"]) == (200, 25)
    assert received["po_id"] == f"PO-{suggestion_id}"
    assert received["decided_by"] == "staff:bo"
    assert stock["levels"][0]["on_hand"] == 30


async def test_a_rejected_suggestion_stays_rejected_and_the_same_key_says_so_again(
    api: Api,
) -> None:
    suggestion_id = await suggest(api, "TEA-2")

    rejected = await decide(api, suggestion_id, "r1", decision="reject", reason="season over")
    again = await decide(api, suggestion_id, "r1", decision="reject", reason="season over")
    other = await decide(api, suggestion_id, "r2", decision="approve")
    reused = await decide(api, suggestion_id, "r1", decision="approve")

    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")
    assert again.json() == rejected.json()
    assert (other.status_code, other.json()["type"]) == (409, "/problems/state-conflict")
    assert (reused.status_code, reused.json()["type"]) == (
        409,
        "/problems/idempotency-key-reused",
    )


async def test_a_decision_about_a_closed_suggestion_never_decides_the_next_one(api: Api) -> None:
    first = await suggest(api, "TEA-9")
    await decide(api, first, "n9", decision="reject")
    second = await suggest(api, "TEA-9", suggestion_id="SUG-TEA-9b")

    late = await decide(api, first, "n10", decision="approve")
    repeated = await decide(api, first, "n9", decision="reject")
    still_open = await read(api, second)

    assert (late.status_code, repeated.json()["status"]) == (409, "rejected")
    assert still_open.json()["status"] == "open"
    await decide(api, second, "n11", decision="reject")


async def test_suggestions_are_paged_and_filtered_by_state(api: Api) -> None:
    for sku in ("TEA-3", "TEA-4"):
        await suggest(api, sku)

    first = await api.client.get(
        "/v1/replenishment/suggestions", params={"status": "open", "limit": 1}
    )
    second = await api.client.get(
        "/v1/replenishment/suggestions",
        params={"status": "open", "limit": 1, "cursor": first.json()["next_cursor"]},
    )

    assert [row["suggestion_id"] for row in first.json()["items"]] == ["SUG-TEA-3"]
    assert [row["suggestion_id"] for row in second.json()["items"]] == ["SUG-TEA-4"]


async def test_a_decision_about_no_suggestion_is_not_found(api: Api) -> None:
    response = await decide(api, "SUG-NOBODY", "n1", decision="approve")

    assert (response.status_code, response.json()["type"]) == (
        404,
        "/problems/suggestion-not-found",
    )


async def test_a_decision_is_approve_or_reject_of_at_least_one(api: Api) -> None:
    response = await decide(api, "SUG-TEA-1", "m1", decision="maybe", qty=0)

    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {
        ("decision", "literal-error"),
        ("qty", "greater-than-equal"),
    }
