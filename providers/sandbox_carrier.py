"""The sandbox's carrier, over its JSON interface."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from domain.shipments import CarrierStatus
from providers.carriers import (
    CarrierOutcomeUnknownError,
    CarrierScan,
    Label,
    LabelRefusedError,
    LabelStateError,
    ParcelToShip,
    Tracking,
)
from providers.json_calls import JsonCalls, NoAnswerError, RefusedError
from providers.signatures import WebhookContentError, verify_signature

_STATUS_OF_CODE = {
    "announced": CarrierStatus.PRE_TRANSIT,
    "picked_up": CarrierStatus.PICKED_UP,
    "in_transit": CarrierStatus.IN_TRANSIT,
    "out_for_delivery": CarrierStatus.OUT_FOR_DELIVERY,
    "delivered": CarrierStatus.DELIVERED,
    "voided": CarrierStatus.VOIDED,
}


class SandboxCarrier:
    """A Carrier. Works for one event loop; close it there."""

    def __init__(
        self, *, base_url: str, api_key: str, webhook_secret: str, timeout_seconds: float
    ) -> None:
        self._webhook_secret = webhook_secret
        self._calls = JsonCalls(base_url=base_url, api_key=api_key, timeout_seconds=timeout_seconds)

    async def buy_label(self, parcel: ParcelToShip) -> Label:
        try:
            sold = await self._calls.post("/carrier/v1/labels", asdict(parcel))
        except NoAnswerError as error:
            raise CarrierOutcomeUnknownError(str(error)) from error
        except RefusedError as error:
            raise LabelRefusedError(error.code, str(error)) from error
        return Label(
            parcel_id=sold["parcel_id"],
            tracking_no=sold["tracking_no"],
            carrier=sold["carrier"],
            service=sold["service"],
            cost_minor=sold["cost_minor"],
            currency=sold["currency"],
        )

    async def void_label(self, *, tracking_no: str) -> None:
        try:
            await self._calls.post(f"/carrier/v1/labels/{tracking_no}/void", {})
        except NoAnswerError as error:
            raise CarrierOutcomeUnknownError(str(error)) from error
        except RefusedError as error:
            raise LabelStateError(f"{error.code}: {error}") from error

    async def track(self, *, tracking_no: str) -> Tracking:
        try:
            known = await self._calls.get(f"/carrier/v1/track/{tracking_no}")
        except NoAnswerError as error:
            raise CarrierOutcomeUnknownError(str(error)) from error
        except RefusedError as error:
            raise LabelRefusedError(error.code, str(error)) from error
        return Tracking(
            tracking_no=known["tracking_no"],
            parcel_id=known["parcel_id"],
            status=_STATUS_OF_CODE.get(known["status"], CarrierStatus.UNKNOWN),
            scans=tuple(_scan_of(scan) for scan in known["scans"]),
        )

    def parse_webhook(self, *, body: bytes, signature: str, now: datetime) -> CarrierScan:
        verify_signature(body, header=signature, secret=self._webhook_secret, now=now)
        try:
            return _scan_of(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise WebhookContentError("the scan cannot be understood") from error

    async def aclose(self) -> None:
        await self._calls.aclose()


def _scan_of(scan: Mapping[str, Any]) -> CarrierScan:
    scanned_at = datetime.fromisoformat(scan["scanned_at"])
    if scanned_at.tzinfo is None:
        raise ValueError("a scan time without a time zone")
    return CarrierScan(
        event_id=scan["event_id"],
        tracking_no=scan["tracking_no"],
        parcel_id=scan["parcel_id"],
        order_id=scan["order_id"],
        status=_STATUS_OF_CODE.get(scan["code"], CarrierStatus.UNKNOWN),
        raw_code=scan["code"],
        raw_text=scan["text"],
        scanned_at=scanned_at.astimezone(UTC),
        place=scan["place"],
    )
