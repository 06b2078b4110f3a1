"""The supplier through its client: ordered once, delivered after its lead time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from providers.sandbox_supplier import SandboxSupplier
from providers.signatures import WebhookSignatureError
from providers.suppliers import (
    PurchaseOrderRefusedError,
    PurchaseOrderRequest,
    SupplierOutcomeUnknownError,
    SupplyStatus,
)
from tests.support.sandbox import (
    SandboxServer,
    WebhookEar,
    listening_ear,
    running_sandbox,
    sandbox_config,
)


@pytest.fixture
def ear() -> Iterator[WebhookEar]:
    with listening_ear() as ear:
        yield ear


@pytest.fixture
def server(tmp_path: Path, ear: WebhookEar) -> Iterator[SandboxServer]:
    config = sandbox_config(tmp_path / "sandbox.db", supplier_webhook_url=f"{ear.url}/supplier")
    with running_sandbox(config) as server:
        yield server


@pytest.fixture
async def supplier(server: SandboxServer) -> AsyncIterator[SandboxSupplier]:
    supplier = SandboxSupplier(
        base_url=server.url,
        api_key="supplier-key",
        webhook_secret="supplier-secret",
        timeout_seconds=1.0,
    )
    yield supplier
    await supplier.aclose()


def purchase_order(po_id: str, *, qty: int = 24, lead_time_days: int = 6) -> PurchaseOrderRequest:
    return PurchaseOrderRequest(
        po_id=po_id,
        supplier_id="SUP-01",
        sku="SKU-1",
        location_id="MAIN",
        qty=qty,
        unit_cost_minor=450,
        currency="EUR",
        lead_time_days=lead_time_days,
    )


async def test_an_order_is_confirmed_once_with_its_expected_day(
    supplier: SandboxSupplier,
) -> None:
    first = await supplier.place_order(purchase_order("PO-1", lead_time_days=300))
    second = await supplier.place_order(purchase_order("PO-1", lead_time_days=300))

    assert first == second
    assert first.status is SupplyStatus.CONFIRMED
    assert first.expected_on == datetime.now(UTC).date() + timedelta(days=300)


async def test_goods_are_announced_after_the_lead_time(
    supplier: SandboxSupplier, ear: WebhookEar
) -> None:
    placed = await supplier.place_order(purchase_order("PO-1"))
    heard = (await asyncio.to_thread(ear.wait_for, 1))[0]
    notice = supplier.parse_webhook(
        body=heard.body, signature=heard.headers["x-supplier-signature"], now=datetime.now(UTC)
    )
    known = await supplier.status(po_id="PO-1")

    assert (notice.po_id, notice.sku, notice.qty) == ("PO-1", "SKU-1", 24)
    assert notice.supplier_ref == placed.supplier_ref
    assert known is not None
    assert (known.status, known.delivered_at) == (SupplyStatus.DELIVERED, notice.delivered_at)


async def test_an_order_number_stands_for_one_order(supplier: SandboxSupplier) -> None:
    await supplier.place_order(purchase_order("PO-1"))

    with pytest.raises(PurchaseOrderRefusedError, match="po_id_reused"):
        await supplier.place_order(purchase_order("PO-1", qty=25))
    with pytest.raises(PurchaseOrderRefusedError, match="qty_invalid"):
        await supplier.place_order(purchase_order("PO-2", qty=0))


async def test_an_order_nobody_placed_is_not_known(supplier: SandboxSupplier) -> None:
    assert await supplier.status(po_id="PO-9") is None


async def test_an_order_without_an_answer_was_placed_all_the_same(
    supplier: SandboxSupplier, server: SandboxServer
) -> None:
    server.script_fault("supplier.order", "timeout_after_accept")

    with pytest.raises(SupplierOutcomeUnknownError):
        await supplier.place_order(purchase_order("PO-1"))

    assert await supplier.status(po_id="PO-1") is not None


async def test_a_forged_delivery_is_refused(
    supplier: SandboxSupplier, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("supplier.webhook", "tampered_webhook")
    await supplier.place_order(purchase_order("PO-1"))
    heard = await asyncio.to_thread(ear.wait_for, 2)
    forged = next(message for message in heard if message.document["qty"] == 25)

    with pytest.raises(WebhookSignatureError):
        supplier.parse_webhook(
            body=forged.body,
            signature=forged.headers["x-supplier-signature"],
            now=datetime.now(UTC),
        )
