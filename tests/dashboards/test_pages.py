"""Every page on real data and on none: the figures it shows, the choices it keeps."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from analytics.warehouse import Publication
from dashboards import format as fmt
from dashboards.queries import orders, sales
from tests.dashboards.conftest import StartApp
from tests.dashboards.marts import CATALOGUE, LAST_DAY, invented_shops, publish_marts
from tests.dashboards.test_back_office import ShopStandIn, shop_answering

PAGES = ("sales", "orders", "stock_and_forecast")
SCOPE = sales.SalesScope(
    store_id="pond", currency="EUR", first=LAST_DAY - timedelta(days=27), last=LAST_DAY
)


def metric(app: AppTest, label: str) -> str:
    values = {found.label: str(found.value) for found in app.metric}
    return values[label]


def texts(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.success, *app.error]
    return "\n".join(part.value for part in parts)


def test_sales_shows_the_totals_of_the_mart(
    start: StartApp, warehouse_dir: Path, publication: Publication
) -> None:
    now = sales.totals(publication, SCOPE).row(0, named=True)

    app = start("sales", warehouse_dir)

    assert metric(app, "Net sales") == fmt.money(now["net_minor"], "EUR")
    assert metric(app, "Orders") == fmt.count(now["orders"])
    assert metric(app, "Returns") == fmt.money(-now["return_minor"], "EUR")


def test_sales_never_mixes_currencies(
    start: StartApp, warehouse_dir: Path, publication: Publication
) -> None:
    dollars = sales.SalesScope(store_id="pond", currency="USD", first=SCOPE.first, last=LAST_DAY)
    now = sales.totals(publication, dollars).row(0, named=True)

    app = start("sales", warehouse_dir)
    app.segmented_control(key="currency").set_value("USD").run()

    assert not app.exception
    assert metric(app, "Net sales") == fmt.money(now["net_minor"], "USD")


def test_sales_takes_every_filter_from_the_address(start: StartApp, warehouse_dir: Path) -> None:
    app = start(
        "sales",
        warehouse_dir,
        store="pond",
        period="7d",
        grain="Week",
        by="Product",
        country=["France", "Spain"],
        category=["Home/Kitchen"],
    )

    assert "24 \N{EN DASH} 30 Jun 2026" in texts(app)
    assert "only France" in texts(app)
    table = app.dataframe[0].value
    assert set(table["name"]) <= {"MUG-BLUE", "MUG-RED", "KETTLE-1L"}


def test_a_filter_of_another_shop_does_not_break_the_page(
    start: StartApp, warehouse_dir: Path
) -> None:
    app = start("sales", warehouse_dir, country=["Atlantis"], store="heritage", currency="USD")

    assert metric(app, "Net sales").startswith("£")


def test_changing_the_shop_forgets_filters_it_does_not_have(
    start: StartApp, warehouse_dir: Path
) -> None:
    app = start("sales", warehouse_dir, category=["Home/Kitchen"])

    app.selectbox(key="store").set_value("heritage").run()

    assert not app.exception
    assert metric(app, "Net sales").startswith("£")


def test_sales_does_not_compare_with_days_before_the_first_sale(
    start: StartApp, warehouse_dir: Path
) -> None:
    app = start("sales", warehouse_dir, period="90d")

    assert "not compared" in texts(app)
    assert [found.delta for found in app.metric] == [""] * 5


def test_orders_counts_open_states_and_lists_the_stuck(
    start: StartApp, warehouse_dir: Path, publication: Publication
) -> None:
    shop = {"store_id": "pond", "currency": "EUR"}
    states = orders.open_states(publication, **shop)
    paid = states.filter(pl.col("status") == "paid")["orders"].sum()
    late = orders.stuck_orders(publication, **shop, as_of=publication.published_at)

    app = start("orders", warehouse_dir)

    assert metric(app, "Paid") == str(paid)
    assert f"Stuck orders · {late.height}" in [found.value for found in app.subheader]
    stuck_table = next(table.value for table in app.dataframe if "next_action" in table.value)
    assert stuck_table["order_id"].to_list() == late["order_id"].to_list()


def test_orders_turns_pages_both_ways(start: StartApp, warehouse_dir: Path) -> None:
    app = start("orders", warehouse_dir)
    first_page = app.dataframe[-1].value["order_id"].to_list()

    app.button(key="older").click().run()
    second_page = app.dataframe[-1].value["order_id"].to_list()
    app.button(key="newer").click().run()

    assert not app.exception
    assert not set(first_page) & set(second_page)
    assert app.dataframe[-1].value["order_id"].to_list() == first_page


def test_orders_opens_one_order_by_link_and_by_search(start: StartApp, warehouse_dir: Path) -> None:
    linked = start("orders", warehouse_dir, order="M0000001")
    searched = start("orders", warehouse_dir)
    searched.text_input(key="find_order").set_value("m0000001").run()

    for app in (linked, searched):
        assert not app.exception
        assert "Order M0000001" in [found.value for found in app.subheader]
        assert app.table[0].value["Step"].iloc[0].endswith("Submitted")
    linked.button(key="all_orders").click().run()
    assert "Latest orders" in [found.value for found in linked.subheader]


def test_orders_says_when_a_number_is_unknown(start: StartApp, warehouse_dir: Path) -> None:
    app = start("orders", warehouse_dir, order="M-NONE")

    assert len(app.warning) == 1


def test_a_stuck_order_says_what_to_do(
    start: StartApp, warehouse_dir: Path, publication: Publication
) -> None:
    late = orders.stuck_orders(
        publication, store_id="pond", currency="EUR", as_of=publication.published_at
    )

    app = start("orders", warehouse_dir, order=late["order_id"][0])

    assert "Next action" in app.warning[0].value


def test_stock_shows_the_most_urgent_sku_first(start: StartApp, warehouse_dir: Path) -> None:
    app = start("stock_and_forecast", warehouse_dir)

    assert app.selectbox(key="sku_listed").value == f"{CATALOGUE[0][0]}@main"
    assert metric(app, "Order by") == "28 Jun 2026"
    assert "41.2 %" in texts(app)
    assert "56.8 %" in texts(app)
    assert "27 % better" in texts(app)


def test_stock_opens_the_sku_of_the_address(start: StartApp, warehouse_dir: Path) -> None:
    app = start("stock_and_forecast", warehouse_dir, sku="LAMP-OAK@main")

    assert app.selectbox(key="sku_listed").value == "LAMP-OAK@main"
    assert metric(app, "Suggested order") == "36"


def test_choosing_a_sku_puts_it_into_the_address(start: StartApp, warehouse_dir: Path) -> None:
    app = start("stock_and_forecast", warehouse_dir)

    app.selectbox(key="sku_listed").set_value("HAT-FELT@main").run()

    assert app.query_params["sku"] == "HAT-FELT@main"
    assert app.selectbox(key="sku_listed").value == "HAT-FELT@main"


def test_a_new_sku_has_stock_but_no_forecast(start: StartApp, warehouse_dir: Path) -> None:
    app = start("stock_and_forecast", warehouse_dir, sku=f"{CATALOGUE[-1][0]}@main")

    assert "No forecast of this SKU yet" in texts(app)
    assert metric(app, "Order by") == "\N{EN DASH}"


@pytest.fixture
def shop() -> Iterator[ShopStandIn]:
    with shop_answering(200, '{"status": "approved", "po_id": "PO-S-MUG-BLUE"}') as server:
        yield server


def test_a_buyer_approves_another_quantity(
    start: StartApp, warehouse_dir: Path, shop: ShopStandIn
) -> None:
    app = start("stock_and_forecast", warehouse_dir, api_url=shop.url)

    app.number_input(key="qty_S-MUG-BLUE").set_value(48)
    app.text_input(key="buyer").set_value("Ana")
    app.button(key="approve_S-MUG-BLUE").click().run()

    assert not app.exception
    assert shop.received[0][2] == {"decision": "approve", "by": "Ana", "qty": 48}
    assert "PO-S-MUG-BLUE" in app.success[0].value


def test_a_refused_decision_can_be_repeated(start: StartApp, warehouse_dir: Path) -> None:
    with shop_answering(409, '{"title": "Too late", "detail": "already ordered"}') as server:
        app = start("stock_and_forecast", warehouse_dir, api_url=server.url)
        app.button(key="reject_S-MUG-BLUE").click().run()

    assert app.error[0].value == "Too late: already ordered"
    assert server.received[0][2] == {"decision": "reject", "by": "back office"}
    assert not app.button(key="reject_S-MUG-BLUE").disabled


def test_without_an_api_nothing_can_be_decided(start: StartApp, warehouse_dir: Path) -> None:
    app = start("stock_and_forecast", warehouse_dir)

    assert app.button(key="approve_S-MUG-BLUE").disabled


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_designed_for_no_warehouse(
    start: StartApp, tmp_path: Path, page: str
) -> None:
    app = start(page, tmp_path)

    assert len(app.info) == 1
    assert "mallard demo" in app.info[0].value


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_designed_for_an_empty_warehouse(
    start: StartApp, tmp_path: Path, page: str
) -> None:
    publish_marts(tmp_path, {})

    app = start(page, tmp_path)

    assert len(app.info) == 1
    assert not app.metric


def test_stock_stands_without_a_forecast(start: StartApp, tmp_path: Path) -> None:
    rows = invented_shops()
    kept = ("orders", "stock_levels", "products", "daily_demand")
    publish_marts(tmp_path, {name: rows[name] for name in kept})

    app = start("stock_and_forecast", tmp_path, sku="MUG-BLUE@main")

    assert len(app.info) == 1
    assert metric(app, "Available") == "3"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws_the_marts_dbt_builds(start: StartApp, built_dir: Path, page: str) -> None:
    app = start(page, built_dir)

    assert app.metric
    assert not app.info


def test_a_new_version_is_a_new_answer(start: StartApp, tmp_path: Path) -> None:
    rows = invented_shops()
    publish_marts(tmp_path, {**rows, "daily_sales": []}, version=1)
    app = start("sales", tmp_path)
    before = metric(app, "Net sales")

    publish_marts(tmp_path, rows, version=2)
    app.run()

    assert (before, metric(app, "Net sales") == before) == ("€0.00", False)


def test_a_removed_version_is_a_message_not_a_crash(start: StartApp, tmp_path: Path) -> None:
    publish_marts(tmp_path, {}).unlink()

    app = start("sales", tmp_path)

    assert len(app.error) == 1
