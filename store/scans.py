"""Carrier scans as data: most say where a parcel is, few move its order."""

from datetime import datetime

from contracts.events import CARRIER
from contracts.order_events import OrderEvents, scan_event
from contracts.orders import ParcelScan
from domain.shipments import CarrierStatus, is_milestone
from store.unit_of_work import UnitOfWorkFactory


async def moves_order(units_of_work: UnitOfWorkFactory, scan: ParcelScan, *, at: datetime) -> bool:
    """Tell whether a scan moves its parcel's order; one that does not is kept here.

    About a parcel that is not known here, its order has to say.
    """
    async with units_of_work.begin() as uow:
        parcel = await uow.parcels.find(scan.parcel_id)
        if parcel is None or is_milestone(parcel.status, CarrierStatus(scan.carrier_status)):
            return True
        if await uow.parcels.add_scan(scan):
            order = await uow.orders.get(parcel.order_id)
            events = OrderEvents(order.order_id, channel=order.channel, at=at, actor=CARRIER)
            uow.outbox.add(scan_event(events, scan))
    return False
