"""What only a browser can prove: drawn figures, reloads, downloads, widths, silence."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Protocol

import polars as pl
import pytest
from playwright.sync_api import Browser, Locator, expect

from analytics.warehouse import Publication
from dashboards import format as fmt
from dashboards.queries import orders, sales, stock
from tests.dashboards.marts import LAST_DAY, invented_shops, publish_marts
from tests.support.browser import Visit, dashboards, visit

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/?period=1y&grain=Month&by=Product&trend_figures=1",
    "/orders",
    "/orders?order=M0001189",
    "/stock_and_forecast",
)
PHONE_PX = 390
CHOSEN = ("USD", "7d", "Week", "Category")


class Open(Protocol):
    def __call__(
        self, *, width: int = 1400, is_dark: bool = False
    ) -> AbstractContextManager[Visit]: ...


@pytest.fixture
def window(chromium_browser: Browser, dashboards_url: str) -> Open:
    def opened(*, width: int = 1400, is_dark: bool = False) -> AbstractContextManager[Visit]:
        return visit(chromium_browser, dashboards_url, width=width, is_dark=is_dark)

    return opened


@pytest.fixture
def desk(window: Open) -> Iterator[Visit]:
    with window() as visited:
        yield visited


def scope(currency: str, *, days: int) -> sales.SalesScope:
    return sales.SalesScope(
        store_id="pond",
        currency=currency,
        first=LAST_DAY - timedelta(days=days - 1),
        last=LAST_DAY,
    )


def figures(visited: Visit) -> Locator:
    return visited.page.get_by_test_id("stMetricValue")


def test_figures_on_the_sales_page_equal_the_mart(desk: Visit, shown: Publication) -> None:
    now = sales.totals(shown, scope("EUR", days=28)).row(0, named=True)
    average_minor = round(now["sale_minor"] / now["orders"])

    desk.open("/")

    expect(figures(desk)).to_have_text(
        [
            fmt.money(now["net_minor"], "EUR"),
            fmt.count(now["orders"]),
            fmt.count(now["units"]),
            fmt.money(average_minor, "EUR"),
            fmt.money(-now["return_minor"], "EUR"),
        ]
    )


def test_filters_survive_a_reload(desk: Visit, shown: Publication) -> None:
    now = sales.totals(shown, scope("USD", days=7)).row(0, named=True)
    net_sales = fmt.money(now["net_minor"], "USD")
    desk.open("/")
    for name in CHOSEN:
        desk.page.get_by_role("radio", name=name, exact=True).click()
        desk.settle()
    expect(figures(desk).first).to_have_text(net_sales)

    desk.page.reload()
    desk.settle()

    expect(figures(desk).first).to_have_text(net_sales)
    for name in CHOSEN:
        expect(desk.page.get_by_role("radio", name=name, exact=True)).to_be_checked()


def test_the_download_equals_the_table(desk: Visit, shown: Publication) -> None:
    desk.open("/?by=Product")

    with desk.page.expect_download() as started:
        desk.page.get_by_role("button", name="Download CSV").click()

    downloaded = pl.read_csv(StringIO(started.value.path().read_text()), infer_schema=False)
    rows = sales.breakdown(shown, scope("EUR", days=28), by="product")
    exact = fmt.major_units(rows, ["net_minor"], "EUR")
    assert started.value.suggested_filename == "sales-by-product.csv"
    assert downloaded["name"].to_list() == rows["name"].to_list()
    assert downloaded["net_sales"].to_list() == [str(value) for value in exact["net_minor"]]
    table = desk.page.locator("[data-testid=stDataFrame]").last
    table.scroll_into_view_if_needed()
    drawn = table.locator("table tbody tr").first
    expect(drawn.locator("td").nth(2)).to_be_attached(timeout=20_000)
    first_cells = [cell.strip() for cell in drawn.locator("td").all_inner_texts()]
    assert first_cells[0] == rows["name"][0]
    assert Decimal(first_cells[2].replace(",", "")) == Decimal(downloaded["net_sales"][0])


def test_a_stuck_order_is_opened_by_its_link_and_closed_again(
    desk: Visit, shown: Publication
) -> None:
    late = orders.stuck_orders(shown, store_id="pond", currency="EUR", as_of=shown.published_at)
    order_id = late["order_id"][0]

    desk.open(f"/orders?order={order_id}")
    expect(desk.page.get_by_role("heading", name=f"Order {order_id}")).to_be_visible()
    desk.page.get_by_role("button", name="All orders").click()
    desk.settle()

    expect(desk.page.get_by_role("heading", name=f"Stuck orders · {late.height}")).to_be_visible()
    assert "order=" not in desk.page.url


def test_older_orders_stay_where_they_are_after_a_reload(desk: Visit) -> None:
    desk.open("/orders")
    desk.page.get_by_role("button", name="Older").click()
    desk.settle()
    table = desk.page.get_by_label("Latest orders, newest first").locator("table tbody tr").first
    shown_before = table.inner_text()

    desk.page.reload()
    desk.settle()

    assert "after=" in desk.page.url
    assert table.inner_text() == shown_before


def test_the_stock_page_shows_the_suggested_order_of_the_linked_sku(
    desk: Visit, shown: Publication
) -> None:
    row = stock.skus_by_urgency(shown, store_id="pond").row(
        by_predicate=pl.col("sku") == "LAMP-OAK", named=True
    )

    desk.open("/stock_and_forecast?sku=LAMP-OAK@main")

    shown_figures = [
        fmt.count(row["available"]),
        fmt.count(row["on_order"]),
        fmt.quantity(row["cover_days"]),
        fmt.share(row["stockout_chance_without"], places=0),
        fmt.count(row["qty"]),
        fmt.day(row["order_by"]),
    ]
    expect(figures(desk)).to_have_count(4 + len(shown_figures))
    assert figures(desk).all_inner_texts()[4:] == shown_figures


@pytest.mark.parametrize("path", PAGES)
def test_no_page_complains_or_talks_to_strangers(desk: Visit, path: str) -> None:
    desk.open(path)

    assert desk.console_errors == []
    assert desk.requested_hosts <= {"127.0.0.1", "local"}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_phone(window: Open, path: str) -> None:
    with window(width=PHONE_PX, is_dark=True) as phone:
        phone.open(path)

        assert phone.overflow_px() == 0


@pytest.mark.parametrize("path", PAGES)
def test_every_chart_and_table_has_a_name(desk: Visit, path: str) -> None:
    desk.open(path)

    # Tables draw themselves a moment after the page: wait, rather than look once.
    desk.page.wait_for_function(
        """() => [...document.querySelectorAll(
            '[data-testid=stDataFrame], [data-testid=stTable], [data-testid=stEChartsChart]')]
            .every((part) => part.closest('[aria-label]') || part.querySelector('[aria-label]'))"""
    )


def test_a_page_turns_to_a_new_version_by_itself(chromium_browser: Browser, tmp_path: Path) -> None:
    rows = invented_shops()
    publish_marts(tmp_path, {**rows, "daily_sales": []}, version=1)
    with (
        dashboards({"MALLARD_WAREHOUSE_DIR": str(tmp_path)}) as url,
        visit(chromium_browser, url) as visited,
    ):
        visited.open("/")
        net_sales = visited.page.get_by_test_id("stMetricValue").first
        expect(net_sales).to_have_text("€0.00")

        publish_marts(tmp_path, rows, version=2)

        expect(net_sales).not_to_have_text("€0.00", timeout=15_000)
        expect(visited.page.get_by_text("version 2").first).to_be_visible()
