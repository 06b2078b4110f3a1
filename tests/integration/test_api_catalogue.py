"""Products, prices, places and stock over HTTP, on a real database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.api import Api, key, open_api, product_body, stock_up
from tests.support.postgres import TestDatabases


@pytest.fixture
async def api(databases: TestDatabases) -> AsyncIterator[Api]:
    async with open_api(databases.create()) as opened:
        yield opened


async def test_a_created_product_is_read_back_with_its_price_and_availability(api: Api) -> None:
    created = await api.client.post("/v1/products", json=product_body(), headers=key("1"))
    read = await api.client.get(created.headers["location"])

    assert created.status_code == 201
    assert read.json() == created.json()
    assert read.json()["currency"] == "EUR"
    assert read.json()["skus"][0] | {"price_minor": 1_990, "available": 0} == read.json()["skus"][0]
    assert await api.event_names() == ["product.created"]


async def test_the_same_key_creates_once_and_replays_the_first_answer(api: Api) -> None:
    first = await api.client.post("/v1/products", json=product_body(), headers=key("1"))
    again = await api.client.post("/v1/products", json=product_body(), headers=key("1"))

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert await api.event_names() == ["product.created"]


async def test_the_same_key_with_another_product_is_refused(api: Api) -> None:
    await api.client.post("/v1/products", json=product_body(), headers=key("1"))

    other = await api.client.post("/v1/products", json=product_body("MUG-2"), headers=key("1"))

    assert other.status_code == 409
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_a_product_that_exists_is_a_conflict_and_its_key_is_free_again(api: Api) -> None:
    await api.client.post("/v1/products", json=product_body(), headers=key("1"))

    taken = await api.client.post("/v1/products", json=product_body(), headers=key("2"))
    other = await api.client.post("/v1/products", json=product_body("MUG-2"), headers=key("2"))

    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/product-exists")
    assert other.status_code == 201


async def test_of_equal_products_created_at_once_one_wins_and_none_breaks(api: Api) -> None:
    answers = await asyncio.gather(
        *(
            api.client.post("/v1/products", json=product_body(), headers=key(str(number)))
            for number in range(4)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await api.event_names() == ["product.created"]


async def test_products_are_paged_by_cursor(api: Api) -> None:
    for sku in ("A", "B", "C"):
        await api.client.post("/v1/products", json=product_body(sku), headers=key(sku))

    first = (await api.client.get("/v1/products", params={"limit": 2})).json()
    second = (
        await api.client.get("/v1/products", params={"limit": 2, "cursor": first["next_cursor"]})
    ).json()

    assert [item["product_id"] for item in first["items"]] == ["P-A", "P-B"]
    assert [item["product_id"] for item in second["items"]] == ["P-C"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["nonsense", "bnVsbA", "WzFd", "WyJhIiwiYiJd", "%00", "W1tbW1s"])
async def test_a_cursor_of_nobody_is_a_fault(api: Api, cursor: str) -> None:
    response = await api.client.get("/v1/products", params={"cursor": cursor})

    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "invalid-cursor"


async def test_a_page_has_two_hundred_rows_at_most(api: Api) -> None:
    response = await api.client.get("/v1/products", params={"limit": 201})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "limit")


async def test_a_new_price_holds_from_now_on_and_the_same_price_changes_nothing(api: Api) -> None:
    await stock_up(api)

    changed = await api.client.put("/v1/skus/MUG-1/price", json={"price_minor": 2_490})
    same = await api.client.put("/v1/skus/MUG-1/price", json={"price_minor": 2_490})

    assert (changed.json()["old_minor"], changed.json()["price_minor"]) == (1_990, 2_490)
    assert same.json()["old_minor"] == 2_490
    assert (await api.event_names()).count("price.changed") == 1


async def test_a_price_of_an_unknown_sku_is_not_found(api: Api) -> None:
    response = await api.client.put("/v1/skus/NOPE/price", json={"price_minor": 1})

    assert (response.status_code, response.json()["type"]) == (404, "/problems/sku-not-found")


async def test_a_count_moves_the_difference_and_says_so(api: Api) -> None:
    await stock_up(api, on_hand=50)

    lower = await api.client.put("/v1/stock/MUG-1/DE-1", json={"on_hand": 45, "reason": "damaged"})
    same = await api.client.put("/v1/stock/MUG-1/DE-1", json={"on_hand": 45, "reason": "damaged"})
    movements = await api.rows("select kind, qty, cause_type, on_hand from stock_movements")

    assert lower.json() == same.json()
    assert lower.json()["available"] == 45
    assert movements == [
        {"kind": "adjusted", "qty": 50, "cause_type": "opening", "on_hand": 50},
        {"kind": "adjusted", "qty": -5, "cause_type": "damaged", "on_hand": 45},
    ]
    assert (await api.event_names()).count("stock.adjusted") == 2


async def test_a_count_below_what_orders_hold_is_refused_and_moves_nothing(api: Api) -> None:
    await stock_up(api, on_hand=50)
    await api.rows("update stock_levels set reserved = 3, allocated = 4")

    response = await api.client.put("/v1/stock/MUG-1/DE-1", json={"on_hand": 6, "reason": "x"})
    stock = await api.client.get("/v1/stock/MUG-1")

    assert (response.status_code, response.json()["type"]) == (409, "/problems/stock-below-holds")
    assert "hold 7" in response.json()["detail"]
    assert stock.json()["levels"][0]["on_hand"] == 50


@pytest.mark.parametrize(
    ("path", "problem"),
    [("NOPE/DE-1", "sku-not-found"), ("MUG-1/NOPE", "location-not-found")],
)
async def test_stock_needs_a_known_sku_and_place(api: Api, path: str, problem: str) -> None:
    await stock_up(api)

    response = await api.client.put(f"/v1/stock/{path}", json={"on_hand": 1, "reason": "x"})

    assert (response.status_code, response.json()["type"]) == (404, f"/problems/{problem}")


async def test_stock_of_a_sku_that_never_had_any_is_empty_and_of_nobody_is_not_found(
    api: Api,
) -> None:
    await api.client.post("/v1/products", json=product_body(), headers=key("1"))

    empty = await api.client.get("/v1/stock/MUG-1")
    nobody = await api.client.get("/v1/stock/NOPE")

    assert empty.json() == {"sku": "MUG-1", "levels": []}
    assert nobody.status_code == 404


async def test_a_malformed_product_is_told_everything_at_once(api: Api) -> None:
    body = product_body()
    body["skus"] = [{**body["skus"][0], "price_minor": -1, "moq": 0, "colour": "blue"}]
    body["name"] = " "

    response = await api.client.post("/v1/products", json=body, headers=key("1"))

    assert response.status_code == 422
    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {
        ("name", "string-too-short"),
        ("skus.0.price_minor", "greater-than-equal"),
        ("skus.0.moq", "greater-than-equal"),
        ("skus.0.colour", "unknown-field"),
    }
