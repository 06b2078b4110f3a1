"""Suggestions and purchase orders; the database allows one open suggestion per SKU and place."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts.replenishment import Proposal, SuggestionStatus


class SuggestionNotFoundError(LookupError):
    """No suggestion has this id."""


class PurchaseNotFoundError(LookupError):
    """No purchase order has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRecord:
    suggestion_id: str
    sku: str
    location_id: str
    status: SuggestionStatus
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRecord:
    po_id: str
    suggestion_id: str
    sku: str
    location_id: str
    qty: int
    received_qty: int
    ordered_at: datetime
    expected_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPurchase:
    po_id: str
    suggestion_id: str
    supplier_id: str
    sku: str
    location_id: str
    qty: int
    unit_cost_minor: int
    supplier_ref: str
    expected_on: date


class ReplenishmentRepository:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def find_active(self, sku: str, location_id: str) -> SuggestionRecord | None:
        """Return the suggestion of a SKU and place that is open or on its way, if any."""
        row = await self._connection.fetchrow(
            """
            select * from suggestions
            where sku = $1 and location_id = $2 and status in ('open', 'approved', 'ordered')
            for update
            """,
            sku,
            location_id,
        )
        return None if row is None else _suggestion(row)

    async def lock(self, suggestion_id: str) -> SuggestionRecord:
        """Lock and return a suggestion. Raises SuggestionNotFoundError."""
        row = await self._connection.fetchrow(
            "select * from suggestions where suggestion_id = $1 for update", suggestion_id
        )
        if row is None:
            raise SuggestionNotFoundError(suggestion_id)
        return _suggestion(row)

    async def add(self, suggestion_id: str, proposal: Proposal, *, at: datetime) -> bool:
        """Open a suggestion. Returns False if it is there already."""
        inserted = await self._connection.execute(
            """
            insert into suggestions (
                suggestion_id, sku, location_id, status, qty, order_by, need_by, reason, run_id,
                suggested_at, updated_at
            ) values ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $9)
            on conflict (suggestion_id) do nothing
            """,
            suggestion_id,
            proposal.sku,
            proposal.location_id,
            proposal.qty,
            proposal.order_by,
            proposal.need_by,
            proposal.reason,
            proposal.run_id,
            at,
        )
        return bool(inserted == "INSERT 0 1")

    async def revise(self, suggestion_id: str, proposal: Proposal, *, at: datetime) -> None:
        """Write a newer proposal over an open suggestion."""
        await self._connection.execute(
            """
            update suggestions
            set qty = $2, order_by = $3, need_by = $4, reason = $5, run_id = $6, updated_at = $7
            where suggestion_id = $1 and status = 'open'
            """,
            suggestion_id,
            proposal.qty,
            proposal.order_by,
            proposal.need_by,
            proposal.reason,
            proposal.run_id,
            at,
        )

    async def set_status(
        self,
        suggestion_id: str,
        status: SuggestionStatus,
        *,
        at: datetime,
        qty: int | None = None,
        by: str = "",
        reason: str = "",
    ) -> None:
        await self._connection.execute(
            """
            update suggestions
            set status = $2, updated_at = $3, qty = coalesce($4, qty),
                decided_by = coalesce(nullif($5, ''), decided_by),
                decision_reason = coalesce(nullif($6, ''), decision_reason)
            where suggestion_id = $1
            """,
            suggestion_id,
            status.value,
            at,
            qty,
            by,
            reason,
        )

    async def add_purchase(self, new: NewPurchase, *, at: datetime) -> bool:
        """Record a purchase order. Returns False if it was recorded before."""
        inserted = await self._connection.execute(
            """
            insert into purchase_orders (
                po_id, suggestion_id, supplier_id, sku, location_id, qty, unit_cost_minor, status,
                supplier_ref, ordered_at, expected_on
            ) values ($1, $2, $3, $4, $5, $6, $7, 'ordered', $8, $9, $10)
            on conflict do nothing
            """,
            new.po_id,
            new.suggestion_id,
            new.supplier_id,
            new.sku,
            new.location_id,
            new.qty,
            new.unit_cost_minor,
            new.supplier_ref,
            at,
            new.expected_on,
        )
        return bool(inserted == "INSERT 0 1")

    async def lock_purchase(self, po_id: str) -> PurchaseRecord:
        """Lock and return a purchase order. Raises PurchaseNotFoundError."""
        row = await self._connection.fetchrow(
            """
            select po_id, suggestion_id, sku, location_id, qty, received_qty, ordered_at,
                expected_on
            from purchase_orders where po_id = $1 for update
            """,
            po_id,
        )
        if row is None:
            raise PurchaseNotFoundError(po_id)
        return PurchaseRecord(**dict(row))

    async def cancel_purchase(self, suggestion_id: str) -> str | None:
        """Cancel what a suggestion still waits for; returns the purchase order's id, if any."""
        po_id = await self._connection.fetchval(
            """
            update purchase_orders set status = 'cancelled'
            where suggestion_id = $1 and status in ('ordered', 'part_received')
            returning po_id
            """,
            suggestion_id,
        )
        return None if po_id is None else str(po_id)

    async def set_received(self, po_id: str, received_qty: int, *, at: datetime) -> None:
        await self._connection.execute(
            """
            update purchase_orders
            set received_qty = $2, received_at = $3,
                status = case when $2 >= qty then 'received' else 'part_received' end
            where po_id = $1
            """,
            po_id,
            received_qty,
            at,
        )


def _suggestion(row: Any) -> SuggestionRecord:
    return SuggestionRecord(
        suggestion_id=row["suggestion_id"],
        sku=row["sku"],
        location_id=row["location_id"],
        status=SuggestionStatus(row["status"]),
        qty=row["qty"],
    )
