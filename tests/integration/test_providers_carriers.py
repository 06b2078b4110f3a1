"""The carrier through its client: labels once, scans in order, hand-over final."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.shipments import CarrierStatus
from providers.carriers import (
    CarrierOutcomeUnknownError,
    CarrierScan,
    LabelRefusedError,
    LabelStateError,
    ParcelToShip,
    ShippingAddress,
)
from providers.sandbox_carrier import SandboxCarrier
from providers.signatures import WebhookContentError, WebhookSignatureError
from sandbox.webhooks import signature
from tests.support.sandbox import (
    SandboxServer,
    WebhookEar,
    listening_ear,
    running_sandbox,
    sandbox_config,
    wait_until,
)

NOW = datetime.now(UTC)


@pytest.fixture
def ear() -> Iterator[WebhookEar]:
    with listening_ear() as ear:
        yield ear


@pytest.fixture
def server(tmp_path: Path, ear: WebhookEar) -> Iterator[SandboxServer]:
    config = sandbox_config(tmp_path / "sandbox.db", carrier_webhook_url=f"{ear.url}/carrier")
    with running_sandbox(config) as server:
        yield server


@pytest.fixture
async def carrier(server: SandboxServer) -> AsyncIterator[SandboxCarrier]:
    async with open_carrier(server) as carrier:
        yield carrier


@asynccontextmanager
async def open_carrier(
    server: SandboxServer, *, key: str = "carrier-key"
) -> AsyncIterator[SandboxCarrier]:
    carrier = SandboxCarrier(
        base_url=server.url, api_key=key, webhook_secret="carrier-secret", timeout_seconds=1.0
    )
    yield carrier
    await carrier.aclose()


def parcel(parcel_id: str, *, order_id: str = "O1", postcode: str = "04109") -> ParcelToShip:
    return ParcelToShip(
        parcel_id=parcel_id,
        order_id=order_id,
        service="standard",
        weight_g=2300,
        address=ShippingAddress(
            name="Ada", line1="Market Street 1", city="Leipzig", postcode=postcode, country="DE"
        ),
    )


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, holds)


async def test_a_parcel_gets_one_label_however_often_it_is_asked_for(
    carrier: SandboxCarrier,
) -> None:
    first = await carrier.buy_label(parcel("S1"))
    second = await carrier.buy_label(parcel("S1"))

    assert first == second
    assert (first.cost_minor, first.currency) == (510, "EUR")


async def test_scans_come_in_order_signed_and_in_our_words(
    carrier: SandboxCarrier, ear: WebhookEar
) -> None:
    label = await carrier.buy_label(parcel("S1"))
    heard = await asyncio.to_thread(ear.wait_for, 4)
    scans = [
        carrier.parse_webhook(
            body=message.body,
            signature=message.headers["x-carrier-signature"],
            now=datetime.now(UTC),
        )
        for message in heard
    ]
    tracking = await carrier.track(tracking_no=label.tracking_no)

    assert [scan.status for scan in scans] == [
        CarrierStatus.PICKED_UP,
        CarrierStatus.IN_TRANSIT,
        CarrierStatus.OUT_FOR_DELIVERY,
        CarrierStatus.DELIVERED,
    ]
    assert scans == sorted(scans, key=lambda scan: scan.scanned_at)
    assert len({scan.event_id for scan in scans}) == 4
    assert {(scan.parcel_id, scan.tracking_no) for scan in scans} == {("S1", label.tracking_no)}
    assert (tracking.status, tracking.scans) == (CarrierStatus.DELIVERED, tuple(scans))


async def test_a_voided_label_is_never_scanned_nor_sold_again(tmp_path: Path) -> None:
    slow = sandbox_config(tmp_path / "slow.db", scan_delays_seconds=(60.0, 1.0, 1.0, 1.0))
    with running_sandbox(slow) as server:
        async with open_carrier(server) as carrier:
            label = await carrier.buy_label(parcel("S1"))
            await carrier.void_label(tracking_no=label.tracking_no)
            await carrier.void_label(tracking_no=label.tracking_no)
            with pytest.raises(LabelRefusedError, match="label_voided"):
                await carrier.buy_label(parcel("S1"))
            tracking = await carrier.track(tracking_no=label.tracking_no)
        planned = server.webhooks()

    assert (tracking.status, tracking.scans) == (CarrierStatus.VOIDED, ())
    assert planned == []


async def test_a_label_cannot_be_voided_after_the_parcel_was_picked_up(
    carrier: SandboxCarrier, ear: WebhookEar
) -> None:
    label = await carrier.buy_label(parcel("S1"))
    await asyncio.to_thread(ear.wait_for, 1)

    with pytest.raises(LabelStateError, match="already_handed_over"):
        await carrier.void_label(tracking_no=label.tracking_no)


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (parcel("S1", order_id="O2"), "parcel_id_reused"),
        (parcel("S2", postcode="00000"), "address_unserviceable"),
    ],
)
async def test_an_impossible_label_is_refused_with_its_reason(
    carrier: SandboxCarrier, refused: ParcelToShip, code: str
) -> None:
    await carrier.buy_label(parcel("S1"))

    with pytest.raises(LabelRefusedError) as caught:
        await carrier.buy_label(refused)

    assert caught.value.code == code


async def test_an_unknown_number_and_a_wrong_key_are_refused(
    carrier: SandboxCarrier, server: SandboxServer
) -> None:
    async with open_carrier(server, key="other") as stranger:
        with pytest.raises(LabelRefusedError, match="unauthorised"):
            await stranger.buy_label(parcel("S1"))
    with pytest.raises(LabelRefusedError, match="label_unknown"):
        await carrier.track(tracking_no="SBX0")


@pytest.mark.parametrize("kind", ["timeout_after_accept", "error_500"])
async def test_a_label_without_an_answer_is_bought_by_asking_again(
    carrier: SandboxCarrier, server: SandboxServer, kind: str
) -> None:
    server.script_fault("carrier.label", kind, match={"parcel_id": "S1"})

    with pytest.raises(CarrierOutcomeUnknownError):
        await carrier.buy_label(parcel("S1"))
    bought = await carrier.buy_label(parcel("S1"))

    assert bought.parcel_id == "S1"


async def test_a_lost_scan_is_found_by_tracking(
    carrier: SandboxCarrier, server: SandboxServer, ear: WebhookEar
) -> None:
    server.script_fault("carrier.webhook", "drop_webhook", match={"code": "delivered"})
    label = await carrier.buy_label(parcel("S1"))
    await until(lambda: all(webhook["state"] != "pending" for webhook in server.webhooks()))
    tracking = await carrier.track(tracking_no=label.tracking_no)

    assert len(ear.heard) == 3
    assert tracking.status is CarrierStatus.DELIVERED


def scan_from(carrier: SandboxCarrier, body: str) -> CarrierScan:
    signed = signature(body, secret="carrier-secret", timestamp=int(NOW.timestamp()))
    return carrier.parse_webhook(body=body.encode(), signature=signed, now=NOW)


async def test_a_code_nobody_translated_is_kept_as_unknown(carrier: SandboxCarrier) -> None:
    scan = scan_from(
        carrier,
        '{"event_id":"e","tracking_no":"t","parcel_id":"p","order_id":"o","code":"PZ-17",'
        '"text":"?","scanned_at":"2026-03-01T10:00:00+02:00","place":"Rome"}',
    )

    assert (scan.status, scan.raw_code) == (CarrierStatus.UNKNOWN, "PZ-17")
    assert scan.scanned_at == datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "not json",
        "{}",
        (
            '{"event_id":"e","tracking_no":"t","parcel_id":"p","order_id":"o","code":"c",'
            '"text":"","scanned_at":"2026-03-01T10:00:00","place":""}'
        ),
    ],
)
async def test_a_signed_message_without_sense_is_refused(
    carrier: SandboxCarrier, body: str
) -> None:
    with pytest.raises(WebhookContentError):
        scan_from(carrier, body)


async def test_an_unsigned_message_is_refused(carrier: SandboxCarrier) -> None:
    with pytest.raises(WebhookSignatureError):
        carrier.parse_webhook(body=b"{}", signature="", now=NOW)
