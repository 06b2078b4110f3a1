"""Every query answers from the marts that dbt builds, and agrees with them."""

from analytics.warehouse import Publication, read_only
from dashboards.queries import one_order, orders, sales, shops, stock
from tests.dashboards.built import FIRST_DAY, LAST_DAY, NOW, OPEN_ORDER, SUGGESTION
from tests.dashboards.marts import CATALOGUE

SHOP = {"store_id": "pond", "currency": "EUR"}
PLACE = {"store_id": "pond", "sku": CATALOGUE[0][0], "location_id": "main"}
EVERYTHING = sales.SalesScope(store_id="pond", currency="EUR", first=FIRST_DAY, last=LAST_DAY)


def test_sales_equal_the_sold_lines_less_refunds(built: Publication) -> None:
    with read_only(built) as connection:
        direct = connection.sql(
            """
            select cast(sum(payable_minor - refunded_minor) as bigint)
            from marts.order_lines where is_sold
            """
        ).fetchall()[0][0]

    net_minor = sales.totals(built, EVERYTHING)["net_minor"][0]

    assert net_minor == direct > 0
    for grain in sales.GRAINS:
        assert sales.trend(built, EVERYTHING, grain=grain)["net_minor"].sum() == net_minor
    for by in sales.DIMENSIONS:
        assert sales.breakdown(built, EVERYTHING, by=by)["net_minor"].sum() == net_minor
    assert set(sales.choices(built, **SHOP)["dimension"]) == {"region", "category"}


def test_orders_with_a_sold_line_are_the_paid_orders(built: Publication) -> None:
    with read_only(built) as connection:
        paid = connection.sql(
            "select cast(sum(orders_paid) as bigint) from marts.daily_order_counts"
        ).fetchall()[0][0]

    assert sales.totals(built, EVERYTHING)["orders"][0] == paid


def test_the_unpaid_order_is_open_and_stuck(built: Publication) -> None:
    found = orders.stuck_orders(built, **SHOP, as_of=NOW)

    assert orders.open_states(built, **SHOP)["status"].to_list() == ["awaiting_payment"]
    assert found.select("order_id", "cause", "late_seconds").rows() == [
        (OPEN_ORDER, "overdue", 9_000)
    ]
    latest = orders.latest_orders(built, **SHOP, states=(), after=None, limit=1)
    assert latest["order_id"].to_list() == [OPEN_ORDER]
    assert orders.closed_states(built, **SHOP, as_of=NOW)["orders"].sum() > 100


def test_one_order_is_told_from_all_its_marts(built: Publication) -> None:
    completed = orders.latest_orders(built, **SHOP, states=("completed",), after=None, limit=1)
    order_id = completed["order_id"][0]

    steps = one_order.timeline(built, order_id=order_id)

    assert one_order.order(built, order_id=order_id).height == 1
    assert {"submitted", "paid", "payment captured", "completed"} <= set(steps["step"])
    assert one_order.lines(built, order_id=order_id)["payable_minor"].sum() > 0
    assert one_order.ledger(built, order_id=order_id)["amount_minor"].sum() == 0
    open_steps = one_order.timeline(built, order_id=OPEN_ORDER)["step"].to_list()
    assert open_steps == ["submitted", "stock reserved"]


def test_stock_forecast_and_suggestions_meet_by_sku(built: Publication) -> None:
    first = stock.skus_by_urgency(built, store_id="pond").row(0, named=True)

    assert (first["sku"], first["on_hand"], first["available"]) == (CATALOGUE[0][0], 10, 8)
    assert (first["urgency"], first["open_suggestion_id"]) == ("late", SUGGESTION)
    assert stock.newest_run(built, store_id="pond")["run_id"].to_list() == ["run-7"]
    assert LAST_DAY in stock.demand_history(built, **PLACE, days=30)["day"]
    assert stock.forecast(built, **PLACE).height == 28
    assert stock.sku_backtest(built, **PLACE)["days"].to_list() == [14]
    assert stock.suggestions(built, store_id="pond", limit=5)["status"].to_list() == ["open"]


def test_shops_cover_the_days_they_sold(built: Publication) -> None:
    shop = shops.shops(built).row(0, named=True)

    assert (shop["store_id"], shop["first_day"]) == ("pond", FIRST_DAY)
    assert shops.stocked_stores(built).rows() == [("pond", "EUR")]
