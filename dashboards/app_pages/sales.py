"""Sales page: one store and currency, a period against the one before, where it came from."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboards import charts, periods
from dashboards import format as fmt
from dashboards.answers import ask
from dashboards.components import (
    Column,
    Figure,
    choose_shop,
    figure_row,
    money_column,
    table_with_export,
)
from dashboards.frame import current_frame, require_publication
from dashboards.queries import sales, shops

MEASURES = {
    "net": ("Net sales", "net_minor", "net_before_minor"),
    "orders": ("Orders", "orders", "orders_before"),
    "units": ("Units", "units", "units_before"),
}
# Label, name in the totals, definition.
FIGURES = (
    (
        "Net sales",
        "net_minor",
        "Sold goods with freight, fees and tax, less returns, on the day of the order.",
    ),
    ("Orders", "orders", "Orders with at least one line sold: paid, or imported as sold."),
    ("Units", "units", "Pieces sold, before returns."),
    ("Average order", "average_minor", "Goods sold, before returns and charges, per order."),
    ("Returns", "return_minor", "Value of goods returned or refunded."),
)
DIMENSION_LABELS = {"country": "Country", "category": "Category", "product": "Product"}
CHARTED_NAMES = 10
BUCKET_FORMATS = {"day": "%-d %b %Y", "week": "%-d %b %Y", "month": "%b %Y"}


def choose_period(covered: periods.Period) -> periods.Period:
    choice = st.segmented_control(
        "Period",
        list(periods.PRESET_LABELS),
        default="28d",
        required=True,
        format_func=periods.PRESET_LABELS.__getitem__,
        key="period",
        bind="query-params",
        help=f"Ends on the last day with an order, {fmt.day(covered.last)}.",
    )
    if choice != "custom":
        return periods.preset(choice or "28d", covered=covered)
    start = periods.preset("28d", covered=covered)
    chosen = st.date_input(
        "From and to",
        (max(start.first, covered.first), start.last),
        min_value=covered.first,
        max_value=covered.last,
        key="days",
        bind="query-params",
        width=240,
    )
    days: tuple[date, ...] = chosen if isinstance(chosen, tuple) else (chosen,)
    return periods.Period(first=days[0], last=days[-1]) if days else start


def choose_filters(choices: pl.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    def values(dimension: str) -> list[str]:
        return choices.filter(pl.col("dimension") == dimension)["value"].to_list()

    with st.popover("Filters", icon=":material/filter_list:"):
        regions = st.multiselect(
            "Country",
            values("region"),
            key="country",
            bind="query-params",
            placeholder="All countries",
        )
        categories = st.multiselect(
            "Category",
            values("category"),
            key="category",
            bind="query-params",
            placeholder="All categories",
        )
    return tuple(regions), tuple(categories)


def show_scope(scope: sales.SalesScope, before: periods.Period, *, first_day: date) -> None:
    chosen = (*scope.regions, *scope.categories)
    if before.first >= first_day:
        compared = f" compared with {fmt.span(before.first, before.last)}"
    else:
        compared = f" · not compared: sales begin on {fmt.day(first_day)}"
    st.caption(
        f"**{fmt.span(scope.first, scope.last)}**{compared}"
        + (f" · only {', '.join(fmt.plain(name) for name in chosen)}" if chosen else "")
    )


def show_totals(both: pl.DataFrame, currency: str, *, is_compared: bool) -> None:
    now, before = both.rows(named=True)
    row = []
    for label, name, definition in FIGURES:
        value, earlier = figure(now, name), figure(before, name)
        text, exact = fmt.count(value), ""
        if name.endswith("_minor"):
            text = fmt.money_headline(value, currency)
            exact = f"Exactly {fmt.plain(fmt.money(value, currency))}. "
        row.append(
            Figure(
                label=label,
                value=text,
                definition=f"{definition} {exact}Compared with the same number of days before.",
                delta=fmt.change(value, earlier) if is_compared else None,
                is_less_better=name == "return_minor",
            )
        )
    figure_row(row)


def figure(totals: Mapping[str, Any], name: str) -> int:
    if name == "average_minor":
        orders = int(totals["orders"])
        return (2 * int(totals["sale_minor"]) + orders) // (2 * orders) if orders else 0
    return -int(totals[name]) if name == "return_minor" else int(totals[name])


def show_trend(trend: pl.DataFrame, currency: str, grain: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Trend", anchor=False, width="content")
        measure = st.segmented_control(
            "Measure",
            list(MEASURES),
            default="net",
            required=True,
            format_func=lambda name: MEASURES[name][0],
            key="measure",
            bind="query-params",
            label_visibility="collapsed",
        )
    draw_trend(trend, currency, grain=grain, measure=measure or "net")


def draw_trend(trend: pl.DataFrame, currency: str, *, grain: str, measure: str) -> None:
    label, now, before = MEASURES[measure]
    is_money = now.endswith("_minor")
    if is_money:
        label = f"{label} ({currency})"
    named = (fmt.plotted(trend, [now, before], currency) if is_money else trend).select(
        pl.col("bucket").dt.strftime(BUCKET_FORMATS[grain]).alias(periods.GRAIN_LABELS[grain]),
        pl.col(now).alias(label),
        pl.col(before).alias("Period before"),
    )
    spec = charts.comparison(
        named,
        now=label,
        before="Period before",
        value_format=f"%,.{fmt.exponent(currency) if is_money else 0}f",
    )
    text = [
        fmt.money(int(trend[name].sum()), currency)
        if is_money
        else fmt.count(int(trend[name].sum()))
        for name in (now, before)
    ]
    st.echarts_chart(
        spec,
        height=320,
        key="trend",
        alt=f"{label} by {grain}: {text[0]} in all, {text[1]} in the period before",
    )
    with st.expander("Figures of the trend", key="trend_figures", on_change="rerun") as figures:
        if figures.open:
            show_trend_table(trend, currency, grain)


def show_trend_table(trend: pl.DataFrame, currency: str, grain: str) -> None:
    exact = fmt.major_units(trend, ["net_minor", "net_before_minor"], currency).rename(
        {"net_minor": "net_sales", "net_before_minor": "net_sales_before"}
    )
    table_with_export(
        exact,
        columns={
            "bucket": st.column_config.DateColumn(
                periods.GRAIN_LABELS[grain] if grain == "day" else "From",
                format="D MMM YYYY",
                pinned=True,
            ),
            "net_sales": money_column("Net sales", currency),
            "net_sales_before": money_column("Before", currency),
            "orders": st.column_config.NumberColumn("Orders", format="localized"),
            "orders_before": st.column_config.NumberColumn("Before", format="localized"),
            "units": st.column_config.NumberColumn("Units", format="localized"),
            "units_before": st.column_config.NumberColumn("Before", format="localized"),
        },
        alt=f"Sales by {grain}, with the period before",
        key=f"sales_by_{grain}",
    )


def show_breakdown(rows: pl.DataFrame, currency: str, by: str) -> None:
    total = int(rows["net_minor"].sum())
    named = rows.with_columns(
        change=pl.when(pl.col("net_before_minor") != 0).then(
            (pl.col("net_minor") - pl.col("net_before_minor")) / pl.col("net_before_minor").abs()
        ),
        share=pl.when(total != 0).then(pl.col("net_minor") / total),
    )
    top = fmt.plotted(named.head(CHARTED_NAMES), ["net_minor"], currency).select(
        name=pl.when(pl.col("product_name") != "").then("product_name").otherwise("name"),
        net=pl.col("net_minor"),
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.echarts_chart(
            charts.ranking(top, value="net", value_format=f"%,.{fmt.exponent(currency)}f"),
            height=max(160, 40 + 34 * top.height),
            key="breakdown",
            alt=f"Net sales of the {top.height} largest by {by}",
        )
    with right:
        show_breakdown_table(named, currency, by)


def show_breakdown_table(named: pl.DataFrame, currency: str, by: str) -> None:
    exact = fmt.major_units(
        named.with_columns(returns_minor=-pl.col("return_minor")),
        ["net_minor", "net_before_minor", "returns_minor"],
        currency,
    ).rename({"net_minor": "net_sales", "net_before_minor": "before", "returns_minor": "returns"})
    columns: dict[str, Column] = {
        "name": st.column_config.TextColumn(
            "SKU" if by == "product" else DIMENSION_LABELS[by], pinned=True
        ),
        "product_name": st.column_config.TextColumn("Product", width="medium"),
        "net_sales": money_column("Net sales", currency),
        "share": st.column_config.NumberColumn("Share", format="percent"),
        "before": money_column("Before", currency, help_text="In the period before."),
        "change": st.column_config.NumberColumn("Change", format="percent"),
        "orders": st.column_config.NumberColumn(
            "Orders", format="localized", help="An order with several lines counts in each row."
        ),
        "units": st.column_config.NumberColumn("Units", format="localized"),
        "returns": money_column("Returns", currency),
    }
    if by != "product":
        del columns["product_name"]
    table_with_export(
        exact,
        columns=columns,
        alt=f"Sales by {by}, every row",
        key=f"sales_by_{by}",
    )


frame = current_frame()
publication = require_publication(frame)
known_shops = ask(shops.shops, publication)
if known_shops.is_empty():
    st.info(
        "This page fills after the first order. Orders come from the shop's API, from the "
        "demonstration's shoppers, or from an imported history.",
        title="No orders yet",
        icon=":material/shopping_cart:",
    )
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    store_id, currency = choose_shop(frame, known_shops)
    covered = known_shops.row(
        by_predicate=(pl.col("store_id") == store_id) & (pl.col("currency") == currency),
        named=True,
    )
    period = choose_period(periods.Period(first=covered["first_day"], last=covered["last_day"]))
    grain = st.segmented_control(
        "By",
        list(periods.GRAIN_LABELS),
        default="day",
        required=True,
        format_func=periods.GRAIN_LABELS.__getitem__,
        key="grain",
        bind="query-params",
    )
    chosen_regions, chosen_categories = choose_filters(
        ask(sales.choices, publication, store_id=store_id, currency=currency)
    )

scope = sales.SalesScope(
    store_id=store_id,
    currency=currency,
    first=period.first,
    last=period.last,
    regions=chosen_regions,
    categories=chosen_categories,
)
first_day: date = covered["first_day"]
show_scope(scope, period.before, first_day=first_day)
is_compared = period.before.first >= first_day
show_totals(ask(sales.totals, publication, scope), currency, is_compared=is_compared)
# Days before the first sale are no zeros to compare with: the line starts where data starts.
comparable = pl.col("bucket") >= first_day + timedelta(days=period.days)
show_trend(
    ask(sales.trend, publication, scope, grain=grain).with_columns(
        pl.when(comparable).then(pl.col("net_before_minor", "orders_before", "units_before"))
    ),
    currency,
    grain,
)
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("Where it came from", anchor=False, width="content")
    dimension = st.segmented_control(
        "Break down by",
        list(DIMENSION_LABELS),
        default="country",
        required=True,
        format_func=DIMENSION_LABELS.__getitem__,
        key="by",
        bind="query-params",
        label_visibility="collapsed",
    )
rows = ask(sales.breakdown, publication, scope, by=dimension)
if not is_compared:
    rows = rows.with_columns(net_before_minor=pl.lit(None, pl.Int64))
show_breakdown(rows, currency, dimension)
