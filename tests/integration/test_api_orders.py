"""Orders over HTTP, with the real workflow, worker, gateway and carrier behind it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from contracts import ids
from tests.conftest import free_port
from tests.support.api import SECRET, Api, connect, key, open_api, open_mall, order_body, stock_up
from tests.support.postgres import TestDatabases
from tests.support.sandbox import SandboxServer, running_sandbox, sandbox_config

GOOD_CARD = "pm_card_visa"
EMPTY_CARD = "pm_card_chargeDeclinedInsufficientFunds"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[SandboxServer]:
    hooks = f"http://127.0.0.1:{port}/v1/webhooks"
    config = sandbox_config(
        tmp_path_factory.mktemp("sandbox") / "sandbox.db",
        gateway_webhook_url=f"{hooks}/gateway",
        carrier_webhook_url=f"{hooks}/carrier",
        supplier_webhook_url=f"{hooks}/supplier",
    )
    with running_sandbox(config) as server:
        yield server


@pytest.fixture(scope="module")
async def temporal(temporal_address: str) -> Client:
    return await connect(temporal_address)


@pytest.fixture(scope="module")
async def api(
    databases: TestDatabases,
    temporal: Client,
    sandbox: SandboxServer,
    port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Api]:
    """The mall at work: fifty mugs on sale, everything answers."""
    async with (
        open_mall(
            databases.create(),
            temporal=temporal,
            sandbox=sandbox,
            port=port,
            var_dir=tmp_path_factory.mktemp("var"),
        ) as (opened, worker),
        worker,
    ):
        await stock_up(opened, on_hand=10_000)
        yield opened


async def place(api: Api, name: str, *lines: tuple[str, int], **changes: Any) -> httpx2.Response:
    body = order_body(*(lines or [("MUG-1", 2)]), **changes)
    return await api.client.post("/v1/orders", json=body, headers=key(name))


async def act(api: Api, order_id: str, what: str, name: str, **body: Any) -> httpx2.Response:
    return await api.client.post(f"/v1/orders/{order_id}/{what}", json=body, headers=key(name))


async def until(api: Api, order_id: str, *statuses: str) -> dict[str, Any]:
    """Read an order until it is in one of these states. Fails after ten seconds."""
    async with asyncio.timeout(20):
        while True:
            order: dict[str, Any] = (await api.client.get(f"/v1/orders/{order_id}")).json()
            if order.get("status") in statuses:
                return order
            await asyncio.sleep(0.1)


async def test_an_order_is_answered_with_its_totals_its_deadline_and_how_to_pay(api: Api) -> None:
    response = await place(api, "plain", session_id="s-1")
    answer = response.json()

    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/orders/{answer['order_id']}"
    assert ids.is_order_number(answer["order_id"])
    assert (answer["status"], answer["short_lines"]) == ("awaiting_payment", [])
    assert answer["totals"]["total_minor"] == 5_319
    assert answer["reservation_expires_at"] is not None
    assert answer["payment"]["payment_id"] == f"{answer['order_id']}-P1"
    assert answer["payment"]["client_secret"]
    assert answer["payment"]["gateway_ref"]


async def test_the_same_key_gets_the_same_answer_and_no_second_order(api: Api) -> None:
    first = await place(api, "again")
    again = await place(api, "again")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_the_same_key_at_once_gets_one_order_and_one_answer(api: Api) -> None:
    answers = await asyncio.gather(*(place(api, "together") for _ in range(5)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


async def test_the_same_key_with_another_order_is_refused(api: Api) -> None:
    await place(api, "other")

    other = await place(api, "other", ("MUG-1", 3))

    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")


async def test_two_orders_with_one_key_at_once_are_never_confused(api: Api) -> None:
    answers = await asyncio.gather(
        *(place(api, "confused", ("MUG-1", number)) for number in (1, 2, 3))
    )
    placed = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 409]

    assert (len(placed), len(refused)) == (1, 2)
    assert {answer.json()["type"] for answer in refused} == {"/problems/idempotency-key-reused"}


async def test_an_unknown_sku_is_the_workflows_fault_in_the_same_words(api: Api) -> None:
    response = await place(api, "unknown", ("MUG-1", 1), ("NOPE", 1))

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {
            "code": "unknown-sku",
            "field": "lines.1.sku",
            "message": "SKU 'NOPE' is not in the catalogue",
        }
    ]


async def test_another_total_than_expected_is_a_conflict_that_tells_the_new_one(api: Api) -> None:
    response = await place(api, "total", expected_total_minor=1)

    assert (response.status_code, response.json()["type"]) == (409, "/problems/total-changed")
    assert response.json()["totals"]["total_minor"] == 5_319


async def test_an_order_that_is_short_stays_open_and_says_how_many_there_are(api: Api) -> None:
    await stock_up(api, "RARE-1", on_hand=3)

    response = await place(api, "short", ("RARE-1", 4))
    answer = response.json()
    again = await place(api, "short", ("RARE-1", 4))

    assert (response.status_code, answer["status"]) == (201, "action_required")
    assert answer["short_lines"] == [{"sku": "RARE-1", "wanted": 4, "available": 3}]
    assert answer["payment"] is None
    assert again.json() == answer


async def test_an_order_lives_from_its_callbacks_to_its_confirmed_receipt(api: Api) -> None:
    answer = (await place(api, "life", payment_method=GOOD_CARD)).json()
    order_id = answer["order_id"]

    delivered = await until(api, order_id, "delivered")
    confirmed = await act(api, order_id, "receipt-confirmation", "received")
    order = await until(api, order_id, "completed")

    assert confirmed.json() == {"order_id": order_id, "status": "completed"}
    assert delivered["waiting_for"] == "receipt confirmation"
    assert (order["waiting_for"], order["parcels"][0]["status"]) == (None, "delivered")
    assert order["payments"][0]["captured_minor"] == answer["totals"]["total_minor"]
    assert {"order.submitted", "order.paid", "parcel.handed_over", "order.delivered"} <= {
        entry["event_name"] for entry in order["timeline"]
    }
    assert order["timeline"][-1]["event_name"] == "order.completed"


async def test_reading_an_order_tells_neither_who_nor_how_to_pay(api: Api) -> None:
    placed = (await place(api, "private")).json()

    text = (await api.client.get(f"/v1/orders/{placed['order_id']}")).text

    assert placed["payment"]["client_secret"] not in text
    assert "ann@shop.example" not in text
    assert "Long Lane" not in text


async def test_a_declined_card_leaves_the_order_open_for_another(api: Api) -> None:
    order_id = (await place(api, "declined")).json()["order_id"]

    declined = await act(api, order_id, "pay", "empty", payment_method=EMPTY_CARD)
    paid = await act(api, order_id, "pay", "good", payment_method=GOOD_CARD)

    assert declined.json()["status"] == "awaiting_payment"
    assert declined.json()["payment"]["decline_code"] == "insufficient_funds"
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")


async def test_paying_twice_with_one_key_charges_once_and_answers_the_same(
    api: Api, sandbox: SandboxServer
) -> None:
    order_id = (await place(api, "twice")).json()["order_id"]

    first = await act(api, order_id, "pay", "once", payment_method=GOOD_CARD)
    again = await act(api, order_id, "pay", "once", payment_method=GOOD_CARD)
    captures = await asyncio.to_thread(sandbox.effects, kind="capture", order_id=order_id)

    assert (again.status_code, again.json()) == (200, first.json())
    assert len(captures) == 1


async def test_a_key_means_one_wish_on_an_order(api: Api) -> None:
    order_id = (await place(api, "wishes")).json()["order_id"]
    await act(api, order_id, "cancellation", "cancel", reason="changed my mind")

    other = await act(api, order_id, "cancellation", "cancel", reason="another reason")
    pay = await act(api, order_id, "pay", "cancel", payment_method=GOOD_CARD)

    assert [other.status_code, pay.status_code] == [409, 409]
    assert {other.json()["type"], pay.json()["type"]} == {"/problems/idempotency-key-reused"}


async def test_a_cancelled_order_frees_its_stock_and_takes_no_payment(api: Api) -> None:
    await stock_up(api, "LAST-1", on_hand=1)
    order_id = (await place(api, "cancel", ("LAST-1", 1))).json()["order_id"]

    cancelled = await act(api, order_id, "cancellation", "c1", reason="changed my mind")
    pay = await act(api, order_id, "pay", "c2", payment_method=GOOD_CARD)
    stock = (await api.client.get("/v1/stock/LAST-1")).json()

    assert cancelled.json() == {"order_id": order_id, "status": "cancelled", "refund_minor": 0}
    assert (pay.status_code, pay.json()["type"]) == (409, "/problems/state-conflict")
    assert stock["levels"][0]["available"] == 1


async def test_wishes_about_an_order_of_nobody_are_not_found(api: Api) -> None:
    nobody = ids.order_number(secret=SECRET, channel="web", idempotency_key="never used")

    answers = [
        await act(api, nobody, "pay", "n1", payment_method=GOOD_CARD),
        await act(api, nobody, "cancellation", "n2", reason="x"),
        await act(api, nobody, "receipt-confirmation", "n3"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {answer.json()["type"] for answer in answers} == {"/problems/order-not-found"}


async def test_orders_are_paged_newest_first_and_filtered_by_state(api: Api) -> None:
    newest = (await place(api, "newest")).json()["order_id"]

    first = (await api.client.get("/v1/orders", params={"limit": 1})).json()
    second = await api.client.get("/v1/orders", params={"limit": 1, "cursor": first["next_cursor"]})
    short = (await api.client.get("/v1/orders", params={"status": "action_required"})).json()

    assert [order["order_id"] for order in first["items"]] == [newest]
    assert second.json()["items"][0]["order_id"] != newest
    assert {order["waiting_for"] for order in short["items"]} == {"customer action"}


async def test_with_the_engine_gone_orders_are_read_repeated_and_not_taken(api: Api) -> None:
    placed = (await place(api, "before")).json()

    async with open_api(api.database_url) as alone:
        read = await alone.client.get(f"/v1/orders/{placed['order_id']}")
        repeated = await place(alone, "before")
        refused = await place(alone, "after")
        cancel = await act(alone, placed["order_id"], "cancellation", "x", reason="x")

    assert (read.status_code, repeated.json()) == (200, placed)
    assert [refused.status_code, cancel.status_code] == [503, 503]
    assert refused.json()["type"] == "/problems/engine-unavailable"
    assert refused.headers["retry-after"] == "1"


async def test_an_order_the_worker_is_slow_to_answer_is_accepted_and_answered_later(
    databases: TestDatabases,
    temporal: Client,
    sandbox: SandboxServer,
    tmp_path: Path,
) -> None:
    async with open_mall(
        databases.create(),
        temporal=temporal,
        sandbox=sandbox,
        port=free_port(),
        var_dir=tmp_path,
        answer_timeout_seconds=1,
    ) as (slow, worker):
        await stock_up(slow)
        late = await place(slow, "late")
        async with worker:
            answer = await until_answered(slow, "late")

    assert (late.status_code, late.json()["status"]) == (202, "accepted")
    assert late.headers["retry-after"] == "1"
    assert answer["order_id"] == late.json()["order_id"]
    assert answer["status"] == "awaiting_payment"


async def until_answered(api: Api, name: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            response = await place(api, name)
            if response.status_code == 201:
                answer: dict[str, Any] = response.json()
                return answer
