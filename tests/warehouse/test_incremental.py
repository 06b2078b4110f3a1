"""However events arrive, in whatever pieces and order, the marts end up as if built in one go."""

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from tests.support.events import DAY, MINUTE, START, Line, Row, Shop
from tests.support.histories import random_history
from tests.warehouse.conftest import NOW
from tests.warehouse.conftest import Line as WarehouseLine

# Load numbers follow arrival; everything else must not.
ARRIVAL = ("last_load_id", "load_id")


def by_time(rows: Sequence[Row], _draw: random.Random) -> list[Row]:
    return sorted(rows, key=lambda row: row["occurred_at"])


def shuffled(rows: Sequence[Row], draw: random.Random) -> list[Row]:
    return draw.sample(list(rows), k=len(rows))


def contents(line: WarehouseLine) -> dict[str, list[tuple[Any, ...]]]:
    tables = line.ask(
        """
        select table_name, list(column_name order by column_index)
        from duckdb_columns() where schema_name = 'marts' group by 1 order by 1
        """
    )
    kept = {
        table: ", ".join(column for column in columns if column not in ARRIVAL)
        for table, columns in tables
    }
    return {
        table: line.ask(f"select {columns} from marts.{table} order by all")
        for table, columns in kept.items()
    }


@pytest.mark.parametrize(("arrange", "seed"), [(by_time, 11), (shuffled, 12)])
def test_many_refreshes_equal_one_rebuild(empty: WarehouseLine, arrange: Any, seed: int) -> None:
    draw = random.Random(seed)
    rows = arrange(random_history(seed, orders=20), draw)
    cuts = [0, *sorted(draw.sample(range(1, len(rows)), k=3)), len(rows)]
    pieces = list(pairwise(cuts))
    if arrange is shuffled:
        draw.shuffle(pieces)
    for start, end in pieces:
        empty.export(rows[start:end], first=start + 1)
        last = empty.pipeline.refresh(NOW)
    refreshed = contents(empty)

    rebuilt = empty.pipeline.rebuild(NOW)

    assert (last.failed_tests, rebuilt.failed_tests) == ((), ())
    assert contents(empty) == refreshed
    assert sum(len(table) for table in refreshed.values()) > 300


def test_a_late_payment_changes_the_day_of_its_order_only(built: WarehouseLine) -> None:
    shop = Shop(location_id="annexe")
    shop.move("received", "extra", 10)
    order = shop.submit("extra-1", [Line(sku="extra", qty=2, price_minor=700)], START)
    built.export(shop.log.take(), first=10_001)
    built.pipeline.refresh(NOW)
    before = dict(
        built.ask("select business_date, sum(net_minor) from marts.daily_sales group by 1")
    )
    order.pay(START + 40 * DAY)
    built.export(shop.log.take(), first=20_001)

    built.pipeline.refresh(NOW)

    after = dict(
        built.ask("select business_date, sum(net_minor) from marts.daily_sales group by 1")
    )
    day = START.date()
    assert after == before | {day: before.get(day, 0) + order.total_minor}


def test_a_new_day_lengthens_every_series(built: WarehouseLine) -> None:
    shop = Shop(location_id="annexe")
    shop.submit("newest", [Line(sku="extra", qty=1, price_minor=1)], START + 30 * DAY)
    built.export(shop.log.take(), first=10_001)

    built.pipeline.refresh(NOW)

    [(series, ends)] = built.ask(
        """
        select count(*), list(distinct last_date) from (
            select sku, location_id, max(demand_date) as last_date
            from marts.daily_demand group by 1, 2
        )
        """
    )
    assert series > 3
    assert ends == [(START + 30 * DAY).date()]


def test_a_refund_that_comes_later_is_shared_by_the_lines(built: WarehouseLine) -> None:
    shop = Shop(location_id="annexe")
    shop.move("received", "extra", 10)
    lines = [Line(sku="extra", qty=1, price_minor=333), Line(sku="extra", qty=1, price_minor=334)]
    order = shop.submit("extra-1", lines, START).pay(START + MINUTE).ship(START + DAY)
    built.export(shop.log.take(), first=10_001)
    built.pipeline.refresh(NOW)
    order.refund(START + 3 * DAY)
    built.export(shop.log.take(), first=20_001)

    built.pipeline.refresh(NOW)

    assert built.ask(
        "select payable_minor = refunded_minor from marts.order_lines where order_id = 'extra-1'"
    ) == [(True,), (True,)]
    assert built.ask("select net_minor from marts.orders where order_id = 'extra-1'") == [(0,)]
