"""Behaviour batches and quotes over HTTP: what is kept, what is named, what is only computed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import NOW, Api, key, open_api, product_body, stock_up
from tests.support.postgres import TestDatabases


@pytest.fixture
async def api(databases: TestDatabases) -> AsyncIterator[Api]:
    async with open_api(databases.create()) as opened:
        yield opened


def viewed(sku: str = "MUG-1", **changes: Any) -> dict[str, Any]:
    return {
        "event_name": "product.viewed",
        "session_id": "s-1",
        "occurred_at": NOW.isoformat(),
        "payload": {"sku": sku},
        **changes,
    }


async def send(api: Api, *rows: Any) -> dict[str, Any]:
    response = await api.client.post("/v1/events", json={"events": list(rows)})
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_batch_is_kept_in_order_in_the_visitors_stream(api: Api) -> None:
    answer = await send(api, viewed("A"), viewed("B"), viewed("C", session_id="s-2"))
    rows = await api.rows(
        "select stream_type, stream_id, stream_seq, payload from outbox order by outbox_id"
    )

    assert answer == {"accepted": 3, "rejected": []}
    assert [(row["stream_id"], row["stream_seq"], row["payload"]["sku"]) for row in rows] == [
        ("s-1", 1, "A"),
        ("s-1", 2, "B"),
        ("s-2", 1, "C"),
    ]
    assert rows[0]["stream_type"] == "session"
    assert rows[0]["payload"]["session_id"] == "s-1"


async def test_bad_rows_are_named_by_index_and_good_rows_are_kept(api: Api) -> None:
    answer = await send(
        api,
        viewed(),
        viewed(event_name="order.paid", payload={}),
        viewed(event_name="no.such"),
        viewed(payload={}),
        viewed(occurred_at="2026-11-22T12:00:00"),
        viewed(occurred_at=(NOW + timedelta(days=2)).isoformat()),
        viewed(payload={"sku": "x" * 9_000}),
        viewed(mood="good"),
        "not an event",
        viewed("LAST"),
    )

    assert answer["accepted"] == 2
    assert [(row["index"], row["code"]) for row in answer["rejected"]] == [
        (1, "missing-fields"),
        (2, "unknown-event"),
        (3, "missing-fields"),
        (4, "malformed"),
        (5, "in-the-future"),
        (6, "too-large"),
        (7, "malformed"),
        (8, "malformed"),
    ]
    assert await api.event_names() == ["product.viewed", "product.viewed"]


async def test_a_batch_repeated_under_its_key_is_kept_once(api: Api) -> None:
    body = {"events": [viewed(), viewed(event_name="no.such")]}

    first = await api.client.post("/v1/events", json=body, headers=key("1"))
    again = await api.client.post("/v1/events", json=body, headers=key("1"))
    other = await api.client.post("/v1/events", json={"events": [viewed()]}, headers=key("1"))

    assert (first.status_code, first.json()["accepted"]) == (202, 1)
    assert (again.status_code, again.json()) == (202, first.json())
    assert other.status_code == 409
    assert await api.event_names() == ["product.viewed"]


async def test_business_events_cannot_be_slipped_in(api: Api) -> None:
    forged = viewed(event_name="order.expired", payload={"order_id": "M"})

    answer = await send(api, forged)

    assert [row["code"] for row in answer["rejected"]] == ["not-behaviour"]
    assert await api.event_names() == []


async def test_numbers_and_characters_that_no_store_takes_are_rejected(api: Api) -> None:
    body = (
        '{"events": [{"event_name": "product.viewed", "session_id": "s-1", '
        '"occurred_at": "2026-11-22T12:00:00Z", "payload": {"sku": %s}}]}'
    )

    answers = [
        await api.client.post(
            "/v1/events", content=body % value, headers={"content-type": "application/json"}
        )
        for value in ("NaN", "1e999", '"\\ud800"')
    ]

    assert [answer.json()["accepted"] for answer in answers] == [0, 0, 0]
    assert [answer.json()["rejected"][0]["code"] for answer in answers] == ["malformed"] * 3


@pytest.mark.parametrize("events", [[], [viewed()] * 501, "events", None])
async def test_a_batch_has_one_to_five_hundred_rows(api: Api, events: Any) -> None:
    response = await api.client.post("/v1/events", json={"events": events})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "events")


async def test_a_quote_adds_up_and_stores_nothing(api: Api) -> None:
    await stock_up(api, on_hand=3)
    before = await api.event_names()

    response = await api.client.post("/v1/quotes", json={"lines": [{"sku": "MUG-1", "qty": 2}]})
    quote = response.json()

    assert response.status_code == 200
    assert quote["totals"] == {
        "goods_minor": 3_980,
        "discount_minor": 0,
        "freight_minor": 490,
        "tax_minor": 849,
        "total_minor": 5_319,
        "currency": "EUR",
    }
    assert quote["lines"][0]["payable_minor"] == 5_319
    assert (quote["lines"][0]["available"], quote["short_lines"]) == (3, [])
    assert quote["expires_at"] == "2026-11-22T12:10:00Z"
    assert await api.event_names() == before


async def test_a_quote_tells_what_is_short(api: Api) -> None:
    await stock_up(api, on_hand=3)
    await api.client.post(
        "/v1/products", json=product_body("CUP-1"), headers={"Idempotency-Key": "key-of-cup"}
    )

    response = await api.client.post(
        "/v1/quotes", json={"lines": [{"sku": "MUG-1", "qty": 4}, {"sku": "CUP-1", "qty": 1}]}
    )

    assert response.json()["short_lines"] == [
        {"sku": "CUP-1", "wanted": 1, "available": 0},
        {"sku": "MUG-1", "wanted": 4, "available": 3},
    ]
