"""Payments and refunds: one row each, moved only from a state that allows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.payments import PaymentStatus, RefundStatus


class PaymentNotFoundError(LookupError):
    """The order has no such payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    payment_id: str
    order_id: str
    attempt_no: int
    status: PaymentStatus
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    gateway_ref: str
    client_secret: str
    decline_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    payment_id: str
    order_id: str
    attempt_no: int
    provider: str
    method: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRecord:
    refund_id: str
    payment_id: str
    order_id: str
    status: RefundStatus
    amount_minor: int
    gateway_ref: str
    reason: str


class PaymentRepository:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def latest(self, order_id: str) -> PaymentRecord:
        """Return the order's newest payment. Raises PaymentNotFoundError."""
        row = await self._connection.fetchrow(
            """
            select * from payments where order_id = $1 order by attempt_no desc limit 1
            """,
            order_id,
        )
        if row is None:
            raise PaymentNotFoundError(order_id)
        return _payment(row)

    async def find(self, payment_id: str) -> PaymentRecord | None:
        row = await self._connection.fetchrow(
            "select * from payments where payment_id = $1", payment_id
        )
        return None if row is None else _payment(row)

    async def add(self, new: NewPayment, *, at: datetime) -> None:
        await self._connection.execute(
            """
            insert into payments (
                payment_id, order_id, attempt_no, provider, method, status, amount_minor,
                created_at, updated_at
            ) values ($1, $2, $3, $4, $5, 'created', $6, $7, $7)
            """,
            new.payment_id,
            new.order_id,
            new.attempt_no,
            new.provider,
            new.method,
            new.amount_minor,
            at,
        )

    async def set_gateway(
        self,
        payment_id: str,
        *,
        status: PaymentStatus,
        gateway_ref: str,
        client_secret: str,
        decline_code: str,
        at: datetime,
    ) -> None:
        """Write what the gateway said; a captured payment is never moved back."""
        await self._connection.execute(
            """
            update payments
            set status = $2, gateway_ref = $3, client_secret = $4, decline_code = $5,
                updated_at = $6
            where payment_id = $1 and captured_minor = 0
            """,
            payment_id,
            status.value,
            gateway_ref,
            client_secret,
            decline_code,
            at,
        )

    async def set_status(
        self, payment_id: str, status: PaymentStatus, *, decline_code: str = "", at: datetime
    ) -> None:
        """Move an uncaptured payment to another state."""
        await self._connection.execute(
            """
            update payments set status = $2, decline_code = $3, updated_at = $4
            where payment_id = $1 and captured_minor = 0
            """,
            payment_id,
            status.value,
            decline_code,
            at,
        )

    async def set_captured(self, payment_id: str, amount_minor: int, *, at: datetime) -> bool:
        """Record the capture. Returns False if it was recorded before."""
        updated = await self._connection.execute(
            """
            update payments
            set status = 'captured', captured_minor = $2, decline_code = '', updated_at = $3
            where payment_id = $1 and captured_minor = 0
            """,
            payment_id,
            amount_minor,
            at,
        )
        return bool(updated == "UPDATE 1")

    async def refunds(self, order_id: str) -> list[RefundRecord]:
        rows = await self._connection.fetch(
            "select * from refunds where order_id = $1 order by refund_id", order_id
        )
        return [_refund(row) for row in rows]

    async def owe_refund(
        self, refund_id: str, *, payment: PaymentRecord, reason: str, at: datetime
    ) -> bool:
        """Owe the payment's whole amount back. Returns False if it is owed already."""
        inserted = await self._connection.execute(
            """
            insert into refunds (
                refund_id, payment_id, order_id, status, amount_minor, reason, created_at,
                updated_at
            ) values ($1, $2, $3, 'owed', $4, $5, $6, $6)
            on conflict do nothing
            """,
            refund_id,
            payment.payment_id,
            payment.order_id,
            payment.captured_minor,
            reason,
            at,
        )
        return bool(inserted == "INSERT 0 1")

    async def set_refunded(self, refund: RefundRecord, *, gateway_ref: str, at: datetime) -> bool:
        """Record that the money went back. Returns False if it was recorded before."""
        updated = await self._connection.execute(
            """
            update refunds set status = 'succeeded', gateway_ref = $2, updated_at = $3
            where refund_id = $1 and status <> 'succeeded'
            """,
            refund.refund_id,
            gateway_ref,
            at,
        )
        if updated != "UPDATE 1":
            return False
        await self._connection.execute(
            "update payments set refunded_minor = refunded_minor + $2, updated_at = $3 "
            "where payment_id = $1",
            refund.payment_id,
            refund.amount_minor,
            at,
        )
        return True


def _payment(row: Any) -> PaymentRecord:
    return PaymentRecord(
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        attempt_no=row["attempt_no"],
        status=PaymentStatus(row["status"]),
        amount_minor=row["amount_minor"],
        captured_minor=row["captured_minor"],
        refunded_minor=row["refunded_minor"],
        gateway_ref=row["gateway_ref"],
        client_secret=row["client_secret"],
        decline_code=row["decline_code"],
    )


def _refund(row: Any) -> RefundRecord:
    return RefundRecord(
        refund_id=row["refund_id"],
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        status=RefundStatus(row["status"]),
        amount_minor=row["amount_minor"],
        gateway_ref=row["gateway_ref"],
        reason=row["reason"],
    )
