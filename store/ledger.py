"""The money ledger: balanced transfers, appended once, each with its event."""

from datetime import datetime
from typing import Any

from contracts.events import NewEvent
from domain.ledger import Transfer
from store.outbox import Outbox


class LedgerRepository:
    def __init__(self, connection: Any, *, outbox: Outbox, currency: str) -> None:
        self._connection = connection
        self._outbox = outbox
        self._currency = currency

    async def post(self, transfer: Transfer, *, at: datetime, channel: str) -> None:
        """Append a transfer. A second transfer of the same id is a programming error."""
        await self._connection.execute(
            """
            insert into ledger_entries
            select $1, entry_no, $2, $3, account, amount_minor, $4, $5
            from unnest($6::int[], $7::text[], $8::bigint[])
                as entries (entry_no, account, amount_minor)
            """,
            transfer.transfer_id,
            transfer.kind,
            transfer.order_id,
            self._currency,
            at,
            list(range(1, len(transfer.entries) + 1)),
            [entry.account.value for entry in transfer.entries],
            [entry.amount_minor for entry in transfer.entries],
        )
        self._outbox.add(
            NewEvent(
                name="ledger.posted",
                stream_id=transfer.order_id,
                occurred_at=at,
                correlation_id=transfer.order_id,
                causation_id=transfer.transfer_id,
                channel=channel,
                payload={
                    "transfer_id": transfer.transfer_id,
                    "kind": transfer.kind,
                    "order_id": transfer.order_id,
                    "entries": [
                        {"account": entry.account.value, "amount_minor": entry.amount_minor}
                        for entry in transfer.entries
                    ],
                },
            )
        )
