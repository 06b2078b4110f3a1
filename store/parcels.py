"""Parcels, their labels and the carrier's scans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.orders import ParcelScan
from domain.shipments import ParcelStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLine:
    line_id: str
    sku: str
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRecord:
    parcel_id: str
    order_id: str
    location_id: str
    status: ParcelStatus
    lines: tuple[ParcelLine, ...]
    tracking_no: str


class ParcelRepository:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def of_order(self, order_id: str) -> list[ParcelRecord]:
        rows = await self._connection.fetch(
            "select * from parcels where order_id = $1 order by parcel_id", order_id
        )
        return [_parcel(row) for row in rows]

    async def find(self, parcel_id: str) -> ParcelRecord | None:
        row = await self._connection.fetchrow(
            "select * from parcels where parcel_id = $1", parcel_id
        )
        return None if row is None else _parcel(row)

    async def add(self, parcels: Sequence[ParcelRecord], *, at: datetime) -> None:
        await self._connection.executemany(
            """
            insert into parcels
                (parcel_id, order_id, location_id, status, lines, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $6)
            """,
            [
                (
                    parcel.parcel_id,
                    parcel.order_id,
                    parcel.location_id,
                    parcel.status.value,
                    [parcel_line_json(line) for line in parcel.lines],
                    at,
                )
                for parcel in parcels
            ],
        )

    async def set_label(
        self,
        parcel_id: str,
        *,
        carrier: str,
        service: str,
        tracking_no: str,
        cost_minor: int,
        at: datetime,
    ) -> bool:
        """Record the label. Returns False if the parcel has one or is past needing one."""
        updated = await self._connection.execute(
            """
            update parcels
            set status = 'labelled', carrier = $2, service = $3, tracking_no = $4,
                cost_minor = $5, updated_at = $6
            where parcel_id = $1 and status = 'planned'
            """,
            parcel_id,
            carrier,
            service,
            tracking_no,
            cost_minor,
            at,
        )
        return bool(updated == "UPDATE 1")

    async def set_status(self, parcel_id: str, status: ParcelStatus, *, at: datetime) -> None:
        await self._connection.execute(
            "update parcels set status = $2, updated_at = $3 where parcel_id = $1",
            parcel_id,
            status.value,
            at,
        )

    async def add_scan(self, scan: ParcelScan) -> bool:
        """Keep a scan as data. Returns False if this scan was kept before."""
        inserted = await self._connection.execute(
            """
            insert into parcel_scans
                (scan_id, parcel_id, carrier_status, raw_code, place, scanned_at)
            values ($1, $2, $3, $4, $5, $6)
            on conflict do nothing
            """,
            scan.event_id,
            scan.parcel_id,
            scan.carrier_status,
            scan.raw_code,
            scan.place,
            scan.scanned_at,
        )
        return bool(inserted == "INSERT 0 1")


def parcel_line_json(line: ParcelLine) -> dict[str, Any]:
    return {"line_id": line.line_id, "sku": line.sku, "qty": line.qty}


def _parcel(row: Any) -> ParcelRecord:
    return ParcelRecord(
        parcel_id=row["parcel_id"],
        order_id=row["order_id"],
        location_id=row["location_id"],
        status=ParcelStatus(row["status"]),
        lines=tuple(
            ParcelLine(line_id=line["line_id"], sku=line["sku"], qty=line["qty"])
            for line in row["lines"]
        ),
        tracking_no=row["tracking_no"],
    )
