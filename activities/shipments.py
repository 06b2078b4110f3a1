"""Parcel steps: labels bought and voided, carrier scans folded into parcel and order."""

from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import activity

from activities.context import origin
from activities.errors import retry_later
from activities.orders.shared import move_order_stock
from contracts.events import CARRIER
from contracts.order_events import OrderEvents, scan_event
from contracts.orders import OrderStep, ParcelScan, RecordScans, ScanResult
from domain.inventory import MovementKind
from domain.orders import OrderStatus
from domain.shipments import HANDED_OVER, CarrierStatus, ParcelStatus, parcel_after_scan
from providers.carriers import (
    Carrier,
    CarrierOutcomeUnknownError,
    LabelRefusedError,
    LabelStateError,
    ParcelToShip,
    ShippingAddress,
)
from store.orders import HeldLine, OrderRecord
from store.parcels import ParcelRecord
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory


class ShipmentActivities:
    """May run more than once: a label is bought once per parcel, a scan is folded once."""

    def __init__(self, *, units_of_work: UnitOfWorkFactory, carrier: Carrier) -> None:
        self._units_of_work = units_of_work
        self._carrier = carrier

    @activity.defn
    async def book_parcels(self, step: OrderStep) -> None:
        """Buy a label for every planned parcel of a paid order."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.get(step.order_id)
            contact = await uow.orders.contact(order.order_id)
            planned = [
                parcel
                for parcel in await uow.parcels.of_order(order.order_id)
                if parcel.status is ParcelStatus.PLANNED
            ]
            weights = await uow.catalogue.weights_g(
                [line.sku for parcel in planned for line in parcel.lines]
            )
        for parcel in planned:
            to_ship = ParcelToShip(
                parcel_id=parcel.parcel_id,
                order_id=order.order_id,
                service="standard",
                weight_g=sum(line.qty * weights[line.sku] for line in parcel.lines),
                address=ShippingAddress(
                    name=contact.name,
                    line1=contact.line1,
                    city=contact.city,
                    postcode=contact.postcode,
                    country=contact.country,
                ),
            )
            await self._buy_label(order, to_ship, at=step.at)

    @activity.defn
    async def void_labels(self, step: OrderStep) -> None:
        """Void the labels of a cancelled order; a label the carrier will not void is sunk cost."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.get(step.order_id)
            parcels = await uow.parcels.of_order(order.order_id)
        for parcel in parcels:
            if parcel.tracking_no:
                await self._void_label(order, parcel, at=step.at)

    @activity.defn
    async def record_scans(self, step: RecordScans) -> ScanResult:
        """Fold scans into their parcels and the parcels into the order, in one transaction."""
        async with self._units_of_work.begin(origin()) as uow:
            order = await uow.orders.lock(step.order_id)
            parcels = {
                parcel.parcel_id: parcel for parcel in await uow.parcels.of_order(order.order_id)
            }
            for scan in sorted(step.scans, key=lambda scan: scan.scanned_at):
                parcel = parcels.get(scan.parcel_id)
                if parcel is not None and await uow.parcels.add_scan(scan):
                    parcels[scan.parcel_id] = await _fold(uow, order, parcel, scan, at=step.at)
            return await _fold_order(uow, order, list(parcels.values()), step)

    async def _buy_label(self, order: OrderRecord, to_ship: ParcelToShip, *, at: datetime) -> None:
        try:
            label = await self._carrier.buy_label(to_ship)
        except (CarrierOutcomeUnknownError, LabelRefusedError) as error:
            raise retry_later(error, "LabelNotBought") from error
        async with self._units_of_work.begin(origin()) as uow:
            bought = await uow.parcels.set_label(
                to_ship.parcel_id,
                carrier=label.carrier,
                service=label.service,
                tracking_no=label.tracking_no,
                cost_minor=label.cost_minor,
                at=at,
            )
            if bought:
                events = OrderEvents(order.order_id, channel=order.channel, at=at)
                uow.outbox.add(
                    events.parcel(
                        "label.bought",
                        to_ship.parcel_id,
                        carrier=label.carrier,
                        service=label.service,
                        tracking_no=label.tracking_no,
                        cost_minor=label.cost_minor,
                    )
                )

    async def _void_label(self, order: OrderRecord, parcel: ParcelRecord, *, at: datetime) -> None:
        try:
            await self._carrier.void_label(tracking_no=parcel.tracking_no)
        except LabelStateError:
            return
        except CarrierOutcomeUnknownError as error:
            raise retry_later(error, "LabelNotVoided") from error
        events = OrderEvents(order.order_id, channel=order.channel, at=at)
        async with self._units_of_work.begin(origin()) as uow:
            uow.outbox.add(events.parcel("label.voided", parcel.parcel_id))


async def _fold(
    uow: UnitOfWork,
    order: OrderRecord,
    parcel: ParcelRecord,
    scan: ParcelScan,
    *,
    at: datetime,
) -> ParcelRecord:
    """Apply one scan to its parcel; a delivery without a hand-over implies the hand-over."""
    events = OrderEvents(order.order_id, channel=order.channel, at=at, actor=CARRIER)
    scanned_at = scan.scanned_at.isoformat()
    uow.outbox.add(scan_event(events, scan))
    status = parcel_after_scan(parcel.status, CarrierStatus(scan.carrier_status))
    if status is parcel.status:
        return parcel
    if parcel.status not in HANDED_OVER:
        lines = [
            HeldLine(
                line_id=line.line_id, sku=line.sku, qty=line.qty, location_id=parcel.location_id
            )
            for line in parcel.lines
        ]
        await move_order_stock(
            uow, order, MovementKind.SHIPPED, lines, at=at, part=parcel.parcel_id
        )
        uow.outbox.add(events.parcel("parcel.handed_over", parcel.parcel_id, scanned_at=scanned_at))
    if status is ParcelStatus.DELIVERED:
        uow.outbox.add(events.parcel("parcel.delivered", parcel.parcel_id, scanned_at=scanned_at))
    await uow.parcels.set_status(parcel.parcel_id, status, at=at)
    return replace(parcel, status=status)


async def _fold_order(
    uow: UnitOfWork, order: OrderRecord, parcels: list[ParcelRecord], step: RecordScans
) -> ScanResult:
    """Move the order as far as all of its parcels have come."""
    events = OrderEvents(order.order_id, channel=order.channel, at=step.at)
    live = [parcel for parcel in parcels if parcel.status is not ParcelStatus.CANCELLED]
    if order.status is OrderStatus.PAID and all(parcel.status in HANDED_OVER for parcel in live):
        due_at = step.at + timedelta(seconds=step.delivery_seconds)
        await uow.orders.move(order, OrderStatus.SHIPPED, at=step.at, due_at=due_at)
        uow.outbox.add(events.order("shipped"))
        order = replace(order, status=OrderStatus.SHIPPED)
    if order.status is OrderStatus.SHIPPED and all(
        parcel.status is ParcelStatus.DELIVERED for parcel in live
    ):
        due_at = step.at + timedelta(seconds=step.confirm_seconds)
        await uow.orders.move(order, OrderStatus.DELIVERED, at=step.at, due_at=due_at)
        uow.outbox.add(events.order("delivered", confirm_due_at=due_at.isoformat()))
        order = replace(order, status=OrderStatus.DELIVERED)
    return ScanResult(status=order.status)
