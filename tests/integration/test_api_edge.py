"""What holds for every route: problem documents, headers, readiness, the committed interface."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api import openapi
from tests.support.api import Api, key, open_api, product_body
from tests.support.postgres import TestDatabases

COMMITTED = Path(openapi.__file__).with_name("openapi.json")


@pytest.fixture(scope="module")
async def api(databases: TestDatabases) -> AsyncIterator[Api]:
    async with open_api(databases.create()) as opened:
        yield opened


def test_the_committed_interface_is_current() -> None:
    renew = "run: python -m api.openapi > api/openapi.json"

    assert COMMITTED.read_text() == openapi.document_text(), renew


def test_every_operation_has_an_id_and_documents_its_problems() -> None:
    operations = [
        operation for path in openapi.document()["paths"].values() for operation in path.values()
    ]
    ids = [operation["operationId"] for operation in operations]
    documented = [operation for operation in operations if operation["operationId"] != "health"]

    assert len(set(ids)) == len(ids) >= 23
    assert not any("__" in name or name.endswith(("_get", "_post", "_put")) for name in ids)
    assert all(
        "application/problem+json" in operation["responses"][status]["content"]
        for operation in documented
        for status in ("422", "500", "503")
    )


async def test_a_missing_order_is_a_problem_document(api: Api) -> None:
    response = await api.client.get("/v1/orders/nope")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "/problems/order-not-found",
        "title": "Order not found",
        "status": 404,
        "detail": "No order nope.",
        "instance": "/v1/orders/nope",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/orders/", 404, "not-found"),
        ("DELETE", "/v1/orders", 405, "method-not-allowed"),
        ("GET", "/v1/products/nope", 404, "product-not-found"),
        ("GET", "/v1/replenishment/suggestions/nope", 404, "suggestion-not-found"),
        ("GET", "/v1/orders/a%00b", 422, "invalid-request"),
        ("GET", "/v1/orders?status=sleeping", 422, "invalid-request"),
    ],
)
async def test_what_is_not_there_or_not_meant_is_a_problem_document(
    api: Api, method: str, path: str, status: int, slug: str
) -> None:
    response = await api.client.request(method, path)

    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["type"]) == (status, f"/problems/{slug}")


async def test_a_body_that_is_not_json_is_an_unsupported_media_type(api: Api) -> None:
    response = await api.client.post(
        "/v1/products", content=b"name=mug", headers={"content-type": "text/plain", **key("1")}
    )

    assert (response.status_code, response.json()["type"]) == (
        415,
        "/problems/unsupported-media-type",
    )


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'"\\ud800"', b"[" * 5_000, b"null"])
async def test_a_body_that_cannot_be_read_is_a_problem_document(api: Api, body: bytes) -> None:
    response = await api.client.post(
        "/v1/products", content=body, headers={"content-type": "application/json", **key("1")}
    )

    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code in {400, 422}


async def test_a_body_over_the_limit_is_too_large(api: Api) -> None:
    body = {**product_body(), "description": "x" * 1_100_000}

    response = await api.client.post("/v1/products", json=body, headers=key("1"))

    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["type"]) == (413, "/problems/content-too-large")


async def test_every_answer_wears_the_security_headers(api: Api) -> None:
    answers = [await api.client.get(path) for path in ("/health", "/v1/orders", "/v1/orders/nope")]

    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)
    assert all("'none'" in answer.headers["content-security-policy"] for answer in answers)


async def test_an_unexpected_error_shows_nothing_and_logs_no_content(
    databases: TestDatabases, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_api(databases.create()) as api:
        await api.rows("alter table products rename to elsewhere")

        response = await api.client.post(
            "/v1/products", json=product_body("SECRET-SKU"), headers=key("1")
        )

    assert response.status_code == 500
    assert response.json()["detail"] == (
        "The request met an unexpected error. It has been recorded."
    )
    assert "UndefinedTableError" in caplog.text
    assert "SECRET-SKU" not in caplog.text


async def test_without_the_engine_the_process_is_up_but_not_ready(api: Api) -> None:
    up = await api.client.get("/health")
    ready = await api.client.get("/ready")

    assert (up.status_code, up.json()) == (200, {"status": "up"})
    assert (ready.status_code, ready.json()["parts"]) == (503, ["temporal"])
    assert ready.headers["content-type"] == "application/problem+json"


async def test_without_the_database_every_read_is_unavailable_and_says_when_to_come_back(
    databases: TestDatabases,
) -> None:
    async with open_api(databases.create()) as api:
        await api.dependencies.pool.close()

        read = await api.client.get("/v1/orders")
        ready = await api.client.get("/ready")

    assert (read.status_code, read.json()["type"]) == (503, "/problems/store-unavailable")
    assert read.headers["retry-after"] == "1"
    assert ready.json()["parts"] == ["database", "temporal"]


async def test_figures_count_requests_by_route_and_not_by_order(api: Api) -> None:
    await api.client.get("/v1/orders/one")
    await api.client.get("/v1/orders/two")

    figures = (await api.client.get("/metrics")).text

    assert 'route="/v1/orders/{order_id}",status="404"' in figures
    assert "/v1/orders/one" not in figures


async def test_the_interface_is_a_page_that_needs_no_other_host(api: Api) -> None:
    page = await api.client.get("/docs")
    parts = [
        await api.client.get(path)
        for path in (
            "/docs/start.js",
            "/docs/assets/swagger-ui-bundle.js",
            "/docs/assets/swagger-ui.css",
            "/openapi.json",
        )
    ]

    assert (page.status_code, [part.status_code for part in parts]) == (200, [200] * 4)
    assert "://" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
