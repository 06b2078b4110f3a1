"""Identifiers: the same request gets the same one, another request another, a typo none."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ids
from domain.inventory import MovementKind

CHARACTERS = st.characters(min_codepoint=33, max_codepoint=126)


def number(key: str, *, channel: str = "web", secret: bytes = b"secret") -> str:
    return ids.order_number(secret=secret, channel=channel, idempotency_key=key)


@given(key=st.text(min_size=1, max_size=40))
def test_asking_twice_gives_the_same_number(key: str) -> None:
    assert number(key) == number(key)


@given(key=st.text(min_size=1, max_size=40))
def test_another_channel_key_or_secret_gives_another_number(key: str) -> None:
    others = {number(f"{key}!"), number(key, channel="app"), number(key, secret=b"another")}

    assert number(key) not in others
    assert len(others) == 3


def test_channel_and_key_do_not_run_into_each_other() -> None:
    assert number("b-1", channel="we") != number("-1", channel="web")


@given(key=st.text(min_size=1, max_size=40))
def test_every_number_made_is_recognised(key: str) -> None:
    assert ids.is_order_number(number(key))


@given(key=st.text(min_size=1, max_size=20), place=st.integers(0, 15), wrong=CHARACTERS)
def test_any_single_wrong_character_is_noticed(key: str, place: int, wrong: str) -> None:
    right = number(key)
    typed = right[:place] + wrong + right[place + 1 :]

    assert ids.is_order_number(typed) == (typed == right)


@pytest.mark.parametrize("text", ["", "M", "ORDER-1", "M2345-6789", "2345-6789-ABCDE"])
def test_what_is_no_number_is_no_number(text: str) -> None:
    assert not ids.is_order_number(text)


@given(text=st.text(max_size=20))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert ids.is_order_number(text) in {True, False}


def test_one_occasion_names_each_movement_once() -> None:
    names = {
        ids.movement_id(occasion, kind, sku, place)
        for occasion in ("order/1", "order/2")
        for kind in MovementKind
        for sku in ("A", "B")
        for place in ("near", "far")
    }

    assert len(names) == 2 * len(MovementKind) * 2 * 2
    assert ids.movement_id("order/1", "reserved", "A", "near") == UUID(
        "2b28d9ad-a2ae-5357-a4f7-5288ea6c2972"
    )


def test_parts_of_an_order_carry_its_number() -> None:
    order = number("key")
    payment = ids.payment_id(order, 2)

    assert (payment, ids.refund_id(payment, 1)) == (f"{order}-P2", f"{order}-P2-R1")
    assert ids.parcel_id(order, 3) == f"{order}-S3"
    assert ids.order_workflow_id(order) == f"order/{order}"
    assert ids.replenishment_workflow_id("A", "near") == "replenish/A/near"
    assert ids.purchase_order_id("SUG-1") == "PO-SUG-1"
    assert ids.stock_stream_id("A", "near") == "A@near"
