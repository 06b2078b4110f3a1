"""The catalogue of events: names, required fields, identities, and the store's own day."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.events import (
    CATALOGUE,
    MalformedEventError,
    StoreContext,
    UnknownEventError,
    check_payload,
    event_id,
    event_type,
)


def test_the_identity_of_an_event_never_changes() -> None:
    """It is in lakes that exist: another namespace would double every event."""
    assert event_id("order", "M2345-6789-ABCDE", 1) == UUID("01ee3306-d070-5c78-a920-69ecb6204e22")


def test_each_event_of_each_stream_has_its_own_identity() -> None:
    streams = [("order", "1"), ("order", "11"), ("payment", "1")]
    made = {event_id(kind, stream, seq) for kind, stream in streams for seq in range(1, 30)}

    assert len(made) == 3 * 29


def test_an_unknown_event_is_refused_by_name() -> None:
    with pytest.raises(UnknownEventError, match=r"'order\.painted' is not in the catalogue"):
        event_type("order.painted")


def test_a_payload_without_its_fields_is_refused_with_all_their_names() -> None:
    with pytest.raises(MalformedEventError, match=r"'order.paid' lacks amount_minor, tender$"):
        check_payload("order.paid", {"order_id": "", "payment_id": "", "seconds_to_pay": 1})


def test_a_payload_may_carry_more_than_is_required() -> None:
    found = check_payload("order.shipped", {"order_id": "M-1", "colour": "green"})

    assert found == CATALOGUE["order.shipped"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_payload_names_what_its_stream_is_about(name: str) -> None:
    identity = {
        "order": "order_id",
        "payment": "payment_id",
        "refund": "refund_id",
        "ledger": "transfer_id",
        "stock": "sku",
        "parcel": "parcel_id",
        "product": "product_id",
        "session": "session_id",
        "replenishment": "suggestion_id",
        "purchase": "po_id",
    }

    assert identity[CATALOGUE[name].stream] in CATALOGUE[name].required


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Asia/Shanghai", datetime(2026, 3, 9, 16, 30, tzinfo=UTC), date(2026, 3, 10)),
        ("Asia/Shanghai", datetime(2026, 3, 9, 15, 59, tzinfo=UTC), date(2026, 3, 9)),
        ("America/New_York", datetime(2026, 3, 9, 3, 30, tzinfo=UTC), date(2026, 3, 8)),
        ("Europe/Berlin", datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_a_day_is_the_day_at_the_shop(zone: str, at: datetime, day: date) -> None:
    context = StoreContext(store_id="mall", currency="EUR", time_zone=zone)

    assert context.business_date(at) == day
