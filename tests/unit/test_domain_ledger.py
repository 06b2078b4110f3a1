"""The ledger: money never appears or vanishes, and a refund undoes a capture to the unit."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import (
    Account,
    LedgerEntry,
    OrderParts,
    Transfer,
    capture_transfer,
    refund_transfer,
)

minor = st.integers(min_value=0, max_value=10**12)
order_parts = st.builds(
    OrderParts, goods_minor=minor, discount_minor=minor, freight_minor=minor, tax_minor=minor
)


def effect(*transfers: Transfer) -> dict[Account, int]:
    accounts: Counter[Account] = Counter()
    for transfer in transfers:
        for entry in transfer.entries:
            accounts[entry.account] += entry.amount_minor
    return {account: amount for account, amount in accounts.items() if amount}


@given(parts=order_parts)
def test_a_capture_and_a_refund_balance(parts: OrderParts) -> None:
    for make in (capture_transfer, refund_transfer):
        transfer = make("T-1", order_id="M-1", parts=parts)

        assert sum(entry.amount_minor for entry in transfer.entries) == 0


@given(parts=order_parts)
def test_a_refund_takes_back_the_whole_capture(parts: OrderParts) -> None:
    captured = capture_transfer("T-1", order_id="M-1", parts=parts)
    refunded = refund_transfer("T-2", order_id="M-1", parts=parts)

    assert effect(captured, refunded) == {}


@given(parts=order_parts)
def test_the_gateway_owes_what_the_customer_paid(parts: OrderParts) -> None:
    captured = effect(capture_transfer("T-1", order_id="M-1", parts=parts))

    assert captured.get(Account.GATEWAY_RECEIVABLE, 0) == parts.total_minor


@given(parts=order_parts)
def test_no_entry_is_empty(parts: OrderParts) -> None:
    transfer = capture_transfer("T-1", order_id="M-1", parts=parts)

    assert all(entry.amount_minor for entry in transfer.entries)


@given(first=minor, second=minor)
def test_a_transfer_that_does_not_balance_cannot_be_made(first: int, second: int) -> None:
    entries = (
        LedgerEntry(account=Account.GATEWAY_RECEIVABLE, amount_minor=first + 1),
        LedgerEntry(account=Account.SALES_GOODS, amount_minor=second),
    )

    with pytest.raises(ValueError, match="T-1 does not balance"):
        Transfer(transfer_id="T-1", kind="capture", order_id="M-1", entries=entries)
