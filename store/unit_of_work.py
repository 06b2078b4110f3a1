"""One unit of work is one transaction: state change and events, or neither."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.events import StoreContext
from store.catalogue import CatalogueRepository
from store.ledger import LedgerRepository
from store.orders import OrderRepository
from store.outbox import Origin, Outbox
from store.parcels import ParcelRepository
from store.payments import PaymentRepository
from store.replenishment import ReplenishmentRepository
from store.stock import StockRepository

_NOWHERE = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    catalogue: CatalogueRepository
    ledger: LedgerRepository
    orders: OrderRepository
    outbox: Outbox
    parcels: ParcelRepository
    payments: PaymentRepository
    replenishment: ReplenishmentRepository
    stock: StockRepository


class UnitOfWorkFactory:
    """Opens units of work; the only place in the code base that commits."""

    def __init__(self, pool: Any, *, context: StoreContext) -> None:
        self.pool = pool
        self.context = context

    @asynccontextmanager
    async def begin(self, origin: Origin = _NOWHERE) -> AsyncIterator[UnitOfWork]:
        async with self.pool.acquire() as connection, connection.transaction():
            outbox = Outbox(connection, context=self.context, origin=origin)
            yield UnitOfWork(
                catalogue=CatalogueRepository(connection),
                ledger=LedgerRepository(connection, outbox=outbox, currency=self.context.currency),
                orders=OrderRepository(connection),
                outbox=outbox,
                parcels=ParcelRepository(connection),
                payments=PaymentRepository(connection),
                replenishment=ReplenishmentRepository(connection),
                stock=StockRepository(connection, outbox=outbox),
            )
            await outbox.flush()
