"""A request is told everything that is wrong with it, and no request is an internal error."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.orders import LINES_MAX
from tests.support.api import Api, key, open_api, order_body, stock_up
from tests.support.postgres import TestDatabases

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
order_parts = st.sampled_from(
    ["channel", "customer", "address", "lines", "expected_total_minor", "payment_method", "x"]
)


@pytest.fixture(scope="module")
async def api(databases: TestDatabases) -> AsyncIterator[Api]:
    async with open_api(databases.create(), answer_timeout_seconds=0.01) as opened:
        await stock_up(opened)
        yield opened


async def faults(api: Api, body: Any, **more: Any) -> set[tuple[str, str]]:
    response = await api.client.post("/v1/orders", json=body, headers=key("1"), **more)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


async def test_a_request_with_five_mixed_faults_reports_five(api: Api) -> None:
    body = order_body(("MUG-1", 0), ("NOPE", 1), colour="blue")
    body["customer"]["email"] = "not an address"
    del body["address"]["city"]

    assert await faults(api, body) == {
        ("lines.0.qty", "greater-than-equal"),
        ("lines.1.sku", "unknown-sku"),
        ("colour", "unknown-field"),
        ("customer.email", "invalid-email"),
        ("address.city", "required"),
    }


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda body: body["address"].update(country="XX"), ("address.country", "unknown-country")),
        (lambda body: body["address"].update(name="a\x00b"), ("address.name", "unprintable")),
        (lambda body: body["lines"][0].update(qty=10_001), ("lines.0.qty", "less-than-equal")),
        (lambda body: body["lines"][0].update(qty="1"), ("lines.0.qty", "int-type")),
        (
            lambda body: body["lines"][0].update(sku="a b"),
            ("lines.0.sku", "string-pattern-mismatch"),
        ),
        (lambda body: body.update(lines=[]), ("lines", "too-short")),
        (lambda body: body.update(channel="Web Shop"), ("channel", "string-pattern-mismatch")),
        (
            lambda body: body["customer"].update(customer_ref="ann@shop.example"),
            ("customer.customer_ref", "string-pattern-mismatch"),
        ),
        (lambda body: body.update(expected_total_minor=1.5), ("expected_total_minor", "int-type")),
    ],
)
async def test_each_kind_of_fault_is_named_with_its_field(
    api: Api, change: Callable[[dict[str, Any]], None], found: tuple[str, str]
) -> None:
    body = order_body(("MUG-1", 1))
    change(body)

    assert await faults(api, body) == {found}


async def test_too_many_lines_are_told_together_with_what_is_wrong_in_them(api: Api) -> None:
    lines = [("MUG-1", 1)] * LINES_MAX + [("MUG-1", 0)]

    assert await faults(api, order_body(*lines)) == {
        ("lines", "too-many-lines"),
        (f"lines.{LINES_MAX}.qty", "greater-than-equal"),
    }


async def test_too_many_lines_alone_are_told_too(api: Api) -> None:
    lines = [("MUG-1", 1)] * (LINES_MAX + 1)

    assert await faults(api, order_body(*lines)) == {("lines", "too-many-lines")}


async def test_a_key_is_required_and_its_fault_stands_beside_the_others(api: Api) -> None:
    body = order_body(("MUG-1", 0))

    missing = await api.client.post("/v1/orders", json=body)
    short = await api.client.post("/v1/orders", json=body, headers={"Idempotency-Key": "short"})

    assert [error["field"] for error in missing.json()["errors"]] == [
        "Idempotency-Key",
        "lines.0.qty",
    ]
    assert short.json()["errors"][0]["code"] == "string-too-short"


async def test_a_quote_has_the_same_faults_as_an_order(api: Api) -> None:
    body = {"lines": [{"sku": "NOPE", "qty": 1}, {"sku": "MUG-1", "qty": 0}], "x": 1}

    response = await api.client.post("/v1/quotes", json=body)

    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {
        ("x", "unknown-field"),
        ("lines.1.qty", "greater-than-equal"),
        ("lines.0.sku", "unknown-sku"),
    }


async def test_what_was_sent_is_not_repeated_in_the_answer(api: Api) -> None:
    body = order_body(("MUG-1", 1))
    body["customer"]["email"] = "ann at home"

    response = await api.client.post("/v1/orders", json=body, headers=key("1"))

    assert "ann at home" not in response.text


@given(body=json_values)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_json_gets_a_problem_document_and_never_an_internal_error(
    api: Api, body: Any
) -> None:
    response = await api.client.post("/v1/orders", json=body, headers=key("1"))

    assert response.status_code == 422


@given(part=order_parts, inside=st.sampled_from(["", "0", "city", "email"]), value=json_values)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_a_good_order_with_anything_in_one_place_is_never_an_internal_error(
    api: Api, part: str, inside: str, value: Any
) -> None:
    changed = order_body(("MUG-1", 1), **{part: {inside: value} if inside else value})

    response = await api.client.post("/v1/orders", json=changed, headers=key("1"))

    assert response.status_code in {422, 503}
    assert response.headers["content-type"] == "application/problem+json"
