"""Double entry: every transfer of money names its accounts and sums to zero."""

from dataclasses import dataclass
from enum import StrEnum


class Account(StrEnum):
    GATEWAY_RECEIVABLE = "gateway_receivable"
    GATEWAY_FEES = "gateway_fees"
    SALES_GOODS = "sales_goods"
    SALES_FREIGHT = "sales_freight"
    SALES_DISCOUNTS = "sales_discounts"
    TAX_PAYABLE = "tax_payable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One side of a transfer: a debit is positive, a credit negative, in minor units."""

    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    transfer_id: str
    kind: str
    order_id: str
    entries: tuple[LedgerEntry, ...]

    def __post_init__(self) -> None:
        balance = sum(entry.amount_minor for entry in self.entries)
        if balance != 0:
            raise ValueError(f"transfer {self.transfer_id} does not balance: {balance}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderParts:
    """What an order's total consists of; goods - discount + freight + tax = total."""

    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.goods_minor - self.discount_minor + self.freight_minor + self.tax_minor


def capture_transfer(transfer_id: str, *, order_id: str, parts: OrderParts) -> Transfer:
    """Money in: the gateway owes us the total, and we have sold goods, freight and tax."""
    return _transfer(transfer_id, kind="capture", order_id=order_id, parts=parts, sign=1)


def refund_transfer(transfer_id: str, *, order_id: str, parts: OrderParts) -> Transfer:
    """Money back: the capture in reverse, as a transfer of its own."""
    return _transfer(transfer_id, kind="refund", order_id=order_id, parts=parts, sign=-1)


def _transfer(
    transfer_id: str, *, kind: str, order_id: str, parts: OrderParts, sign: int
) -> Transfer:
    amounts = {
        Account.GATEWAY_RECEIVABLE: parts.total_minor,
        Account.SALES_GOODS: -parts.goods_minor,
        Account.SALES_DISCOUNTS: parts.discount_minor,
        Account.SALES_FREIGHT: -parts.freight_minor,
        Account.TAX_PAYABLE: -parts.tax_minor,
    }
    return Transfer(
        transfer_id=transfer_id,
        kind=kind,
        order_id=order_id,
        entries=tuple(
            LedgerEntry(account=account, amount_minor=sign * amount)
            for account, amount in amounts.items()
            if amount
        ),
    )
