"""Stuck orders are found by deadline and by stay; pages of orders meet every order once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.warehouse import Publication, published
from dashboards import stuck
from dashboards.queries import one_order, orders
from tests.dashboards.marts import publish_marts

NOW = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
SHOP = {"store_id": "pond", "currency": "EUR"}


def open_order(order_id: str, status: str, *, age: timedelta, **others: Any) -> dict[str, Any]:
    at = NOW.replace(tzinfo=None) - age
    return {
        **SHOP,
        "order_id": order_id,
        "status": status,
        "region": "France",
        "document_kind": "sale",
        "is_terminal": False,
        "submitted_at": at,
        "business_date": at.date(),
        "total_minor": 1_000,
        "net_minor": 0,
        "units": 1,
        "last_event_at": at,
        **others,
    }


def publish_orders(folder: Path, *rows: dict[str, Any]) -> Publication:
    publish_marts(folder, {"orders": list(rows)})
    current = published(folder)
    assert current is not None
    return current


def due(after: timedelta) -> datetime:
    return NOW.replace(tzinfo=None) + after


def test_an_order_past_its_deadline_is_stuck_after_the_grace(tmp_path: Path) -> None:
    young = timedelta(minutes=5)
    publication = publish_orders(
        tmp_path,
        open_order("late", "awaiting_payment", age=young, due_at=due(-timedelta(minutes=3))),
        open_order("graced", "awaiting_payment", age=young, due_at=due(-timedelta(minutes=1))),
        open_order("fine", "awaiting_payment", age=young, due_at=due(timedelta(minutes=1))),
    )

    found = orders.stuck_orders(publication, **SHOP, as_of=NOW)

    assert found.select("order_id", "cause", "late_seconds").rows() == [("late", "overdue", 180)]


@pytest.mark.parametrize("status", orders.OPEN_STATES)
def test_an_order_too_long_in_any_open_state_is_stuck(tmp_path: Path, status: str) -> None:
    stay = orders.LONGEST_STAY[status]
    publication = publish_orders(
        tmp_path,
        open_order("long", status, age=stay + timedelta(seconds=60)),
        open_order("short", status, age=stay - timedelta(seconds=60)),
    )

    found = orders.stuck_orders(publication, **SHOP, as_of=NOW)

    assert found.select("order_id", "cause", "late_seconds").rows() == [("long", "too_long", 60)]
    assert stuck.next_action(status)


def test_a_stay_is_counted_from_entering_the_state(tmp_path: Path) -> None:
    shipped_at = NOW.replace(tzinfo=None) - timedelta(days=1)
    publication = publish_orders(
        tmp_path,
        open_order("o", "shipped", age=timedelta(days=30), shipped_at=shipped_at),
    )

    assert orders.stuck_orders(publication, **SHOP, as_of=NOW).is_empty()
    assert orders.open_states(publication, **SHOP)["oldest_since"].to_list() == [shipped_at]


def test_a_closed_order_is_never_stuck(tmp_path: Path) -> None:
    publication = publish_orders(
        tmp_path,
        open_order("o", "completed", age=timedelta(days=300), is_terminal=True),
    )

    assert orders.stuck_orders(publication, **SHOP, as_of=NOW).is_empty()
    closed = orders.closed_states(publication, **SHOP, as_of=NOW)
    assert closed.rows() == [("completed", 1, 0)]


def test_the_reason_names_the_delay_and_what_is_missing() -> None:
    assert stuck.reason("awaiting_payment", cause="overdue", late_seconds=2_100) == (
        "Neither paid nor expired; due 35 min ago"
    )
    assert stuck.reason("paid", cause="too_long", late_seconds=7_200) == (
        "Not handed to the carrier; 2 h over its time"
    )
    assert stuck.reason("new_state", cause="too_long", late_seconds=60) == (
        "Nothing happens; 1 min over its time"
    )


def test_pages_meet_every_order_once_also_at_equal_times(tmp_path: Path) -> None:
    rows = [
        open_order(f"o{number:02d}", "paid", age=timedelta(minutes=number // 3))
        for number in range(10)
    ]
    publication = publish_orders(tmp_path, *rows)

    met: list[str] = []
    cursor: orders.Cursor | None = None
    for _ in range(4):
        page = orders.latest_orders(publication, **SHOP, states=(), after=cursor, limit=3)
        met += page["order_id"].to_list()
        last = page.row(-1, named=True)
        cursor = orders.Cursor(submitted_at=last["submitted_at"], order_id=last["order_id"])

    assert sorted(met) == [f"o{number:02d}" for number in range(10)]
    assert orders.latest_orders(publication, **SHOP, states=(), after=cursor, limit=3).is_empty()


def test_a_page_holds_only_the_wanted_states(publication: Publication) -> None:
    page = orders.latest_orders(
        publication, **SHOP, states=("expired", "cancelled"), after=None, limit=50
    )

    assert set(page["status"]) == {"expired", "cancelled"}


def test_open_and_closed_states_count_every_order(publication: Publication) -> None:
    open_count = int(orders.open_states(publication, **SHOP)["orders"].sum())
    closed_count = int(orders.closed_states(publication, **SHOP, as_of=NOW)["orders"].sum())
    everything = orders.latest_orders(publication, **SHOP, states=(), after=None, limit=100_000)

    assert open_count + closed_count == everything.height


def test_a_timeline_runs_forward_from_submission(publication: Publication) -> None:
    newest = orders.latest_orders(publication, **SHOP, states=("completed",), after=None, limit=1)[
        "order_id"
    ][0]

    steps = one_order.timeline(publication, order_id=newest)

    assert steps["happened_at"].is_sorted()
    assert (steps["step"][0], steps["step"][-1]) == ("submitted", "completed")
    assert {"payment captured", "parcel delivered", "booked: capture"} <= set(steps["step"])


def test_an_order_is_found_in_small_letters_too(publication: Publication) -> None:
    found = one_order.order(publication, order_id="m0000001")

    assert found["order_id"].to_list() == ["M0000001"]


def test_the_ledger_of_an_order_sums_to_zero(publication: Publication) -> None:
    entries = one_order.ledger(publication, order_id="M0000001")

    assert entries.group_by("transfer_id").agg(pl.col("amount_minor").sum())[
        "amount_minor"
    ].to_list() in ([0], [])
