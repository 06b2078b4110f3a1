"""A generated history is what live orders would have told: priced by the rules, whole, ended."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.importers.generated_history import (
    HistoryReport,
    HistorySku,
    generate_history,
    has_history,
)
from analytics.lake import ConflictingBatchError, EventLake
from contracts.events import StoreContext, check_payload, event_id
from domain.ledger import OrderParts, capture_transfer
from domain.pricing import LineToPrice, PriceRules, price_order

STORE = StoreContext(store_id="mallard", currency="EUR", time_zone="Europe/Berlin")
FIRST_DAY, LAST_DAY = date(2026, 3, 1), date(2026, 4, 19)
RULES = PriceRules(freight_minor=490, free_freight_from_minor=4_900, tax_rate_bps=1_900)
CATALOGUE = [
    HistorySku(
        sku=f"SKU-{number}",
        product_id=f"P-{number}",
        product_name=f"Product {number}",
        category="Home/Kitchen",
        price_minor=799 + 613 * number,
        cost_minor=300 + 250 * number,
        base_daily_units=10 / (1 + number),
        is_intermittent=number == 5,
    )
    for number in range(6)
]


def generate(folder: Path, *, seed: int = 1, last_day: date = LAST_DAY) -> HistoryReport:
    return generate_history(
        CATALOGUE,
        store=STORE,
        first_day=FIRST_DAY,
        last_day=last_day,
        seed=seed,
        orders_per_day=12,
        lake=EventLake(folder),
        rules=RULES,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def report(folder: Path) -> HistoryReport:
    return generate(folder)


@pytest.fixture(scope="module")
def events(folder: Path, report: HistoryReport) -> pl.DataFrame:
    table = pl.concat([pl.read_parquet(batch.path) for batch in EventLake(folder).batches()])
    assert table.height == report.events
    return table


def payloads(events: pl.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, events.filter(pl.col("event_name") == name)["payload"])


def by_order(events: pl.DataFrame, name: str) -> dict[str, dict[str, Any]]:
    return {payload["order_id"]: payload for payload in payloads(events, name)}


def test_every_order_costs_what_the_pricing_rule_says(events: pl.DataFrame) -> None:
    submitted = by_order(events, "order.submitted")
    priced = by_order(events, "order.priced")

    for order_id, order in submitted.items():
        lines = [
            LineToPrice(
                line_id=line["line_id"], unit_price_minor=line["unit_price_minor"], qty=line["qty"]
            )
            for line in order["lines"]
        ]
        ruled = price_order(lines, RULES)
        told = priced[order_id]
        assert [(line["freight_minor"], line["tax_minor"]) for line in told["lines"]] == [
            (line.freight_minor, line.tax_minor) for line in ruled.lines
        ]
        assert told["total_minor"] == ruled.total_minor


def test_line_parts_add_up_to_the_order(events: pl.DataFrame) -> None:
    for order in payloads(events, "order.priced"):
        for part in ("goods_minor", "discount_minor", "freight_minor", "tax_minor"):
            assert sum(line[part] for line in order["lines"]) == order[part]
        assert sum(line["payable_minor"] for line in order["lines"]) == order["total_minor"]


def test_some_orders_pay_freight_and_large_ones_do_not(events: pl.DataFrame) -> None:
    freights = {
        order["goods_minor"] >= RULES.free_freight_from_minor: order["freight_minor"]
        for order in payloads(events, "order.priced")
    }

    assert freights == {False: 490, True: 0}


def test_captures_are_posted_as_the_ledger_rule_posts_them(events: pl.DataFrame) -> None:
    priced = by_order(events, "order.priced")
    captures = [post for post in payloads(events, "ledger.posted") if post["kind"] == "capture"]

    for post in captures:
        order = priced[post["order_id"]]
        parts = OrderParts(**{part: order[f"{part}"] for part in OrderParts.__dataclass_fields__})
        ruled = capture_transfer(post["transfer_id"], order_id=post["order_id"], parts=parts)
        assert post["entries"] == [
            {"account": entry.account.value, "amount_minor": entry.amount_minor}
            for entry in ruled.entries
        ]


def test_every_transfer_sums_to_zero(events: pl.DataFrame) -> None:
    sums = {
        sum(entry["amount_minor"] for entry in post["entries"])
        for post in payloads(events, "ledger.posted")
    }

    assert sums == {0}


def test_a_refund_gives_back_at_most_what_was_captured_and_its_parts_add_up(
    events: pl.DataFrame,
) -> None:
    captured = {pay["payment_id"]: pay for pay in payloads(events, "payment.captured")}
    refunds = list(payloads(events, "refund.owed"))

    assert refunds
    for refund in refunds:
        assert 0 < refund["amount_minor"] <= captured[refund["payment_id"]]["amount_minor"]
        assert sum(part["amount_minor"] for part in refund["parts"]) == refund["amount_minor"]


def test_streams_count_from_one_without_gaps_and_never_back_in_time(events: pl.DataFrame) -> None:
    streams = (
        events.sort("stream_seq")
        .group_by("stream_type", "stream_id")
        .agg(pl.col("stream_seq"), pl.col("occurred_at"))
    )

    for sequence, times in streams.select("stream_seq", "occurred_at").rows():
        assert sequence == list(range(1, len(sequence) + 1))
        assert times == sorted(times)


def test_ids_are_derived_and_payloads_complete(events: pl.DataFrame) -> None:
    columns = ("event_id", "event_name", "stream_type", "stream_id", "stream_seq", "payload")

    for identity, name, stream_type, stream_id, sequence, payload in events.select(columns).rows():
        assert identity == str(event_id(stream_type, stream_id, sequence))
        assert check_payload(name, json.loads(payload)).stream == stream_type


def test_every_order_has_ended_by_the_end_of_the_last_day(
    events: pl.DataFrame, report: HistoryReport
) -> None:
    endings = events.filter(
        pl.col("event_name").is_in(["order.completed", "order.expired", "order.cancelled"])
    )

    assert endings["stream_id"].n_unique() == endings.height == report.orders
    assert report.completed + report.expired + report.cancelled == report.orders
    # Berlin is two hours ahead in April.
    assert events.filter(pl.col("occurred_at") > datetime(2026, 4, 19, 22, tzinfo=UTC)).is_empty()


def test_an_expired_order_was_never_paid_and_a_completed_one_was(events: pl.DataFrame) -> None:
    expired = set(by_order(events, "order.expired"))
    paid = set(by_order(events, "order.paid"))
    completed = set(by_order(events, "order.completed"))

    assert expired
    assert not expired & paid
    assert completed <= paid


def test_the_shop_gets_about_the_wanted_orders_on_every_day(
    events: pl.DataFrame, report: HistoryReport
) -> None:
    days = events.filter(pl.col("event_name") == "order.submitted")["business_date"]

    assert days.n_unique() == 50
    assert (days.min(), days.max()) == (FIRST_DAY, LAST_DAY)
    assert report.orders / 50 == pytest.approx(12, rel=0.15)


def test_orders_are_numbered_per_day_in_the_order_they_came(events: pl.DataFrame) -> None:
    first_day = events.filter(
        pl.col("event_name") == "order.submitted", pl.col("business_date") == FIRST_DAY
    )

    assert first_day["stream_id"].to_list() == [
        f"H260301-{number}" for number in range(1, first_day.height + 1)
    ]


def test_the_report_counts_what_the_events_say(events: pl.DataFrame, report: HistoryReport) -> None:
    captured = sum(pay["amount_minor"] for pay in payloads(events, "payment.captured"))
    refunded = sum(back["amount_minor"] for back in payloads(events, "refund.succeeded"))

    assert (report.paid_minor, report.refunded_minor) == (captured, refunded)
    assert report.refunds == len(list(payloads(events, "refund.owed")))


def test_generating_again_changes_no_byte(folder: Path, report: HistoryReport) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}

    again = generate(folder)

    assert again == report
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before


def test_another_history_beside_the_first_is_refused(folder: Path, report: HistoryReport) -> None:
    assert report.orders
    assert has_history(EventLake(folder))

    with pytest.raises(ConflictingBatchError):
        generate(folder, seed=2)


def test_another_seed_is_another_history(tmp_path: Path, report: HistoryReport) -> None:
    assert not has_history(EventLake(tmp_path))
    assert generate(tmp_path, seed=2) != report


def test_one_day_is_a_history(tmp_path: Path) -> None:
    report = generate(tmp_path, last_day=FIRST_DAY)

    assert report.first_day == report.last_day == FIRST_DAY
    assert report.orders > 0


def test_days_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="days in order"):
        generate(tmp_path, last_day=date(2026, 2, 1))
