"""The storefront's behaviour events: a batch enters the outbox in one statement."""

from collections.abc import Sequence

from contracts.events import NewEvent
from store.unit_of_work import UnitOfWorkFactory


async def record_behaviour(units_of_work: UnitOfWorkFactory, behaviour: Sequence[NewEvent]) -> None:
    """Write a batch of events.

    Raises:
        UnknownEventError, MalformedEventError: nothing is written then.
    """
    async with units_of_work.begin() as uow:
        uow.outbox.add(*behaviour)
