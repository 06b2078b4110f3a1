"""Stock and forecast page: what is urgent, one SKU's past and future, and what to order."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from analytics.warehouse import Publication
from dashboards import charts
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
from dashboards.queries import shops, stock
from dashboards.suggestions import show_decision, show_suggestions

HISTORY_DAYS = 182
DAY_FORMAT = "%-d %b %Y"
SUGGESTIONS_SHOWN = 200
URGENCY_LABELS = {
    "late": "Order day passed",
    "now": "Order this week",
    "later": "Order later",
    "covered": "Covered",
    "unknown": "No forecast",
}


def place_of(row: Mapping[str, Any]) -> str:
    return f"{row['sku']}@{row['location_id']}"


def choose_clicked(places: list[str]) -> None:
    click = st.session_state["sku_open"]
    if click:
        st.query_params["sku"] = places[click.row]


def choose_listed() -> None:
    st.query_params["sku"] = st.session_state["sku_listed"]


def show_quality(run: Mapping[str, Any]) -> None:
    better = 1 - run["wape_model"] / run["wape_naive"] if run["wape_naive"] else None
    verdict = ""
    if better is not None:
        verdict = f", {fmt.share(abs(better), places=0)} {'better' if better >= 0 else 'worse'}"
    st.caption(
        f"Forecast made on data up to **{fmt.day(run['as_of'])}** for {run['skus']:,} SKUs "
        f"({fmt.plain(run['model'])}). Error (WAPE) **{fmt.share(run['wape_model'])}** against "
        f"{fmt.share(run['wape_naive'])} of the seasonal naive{verdict}. "
        f"The 80 % interval held {fmt.share(run['coverage_80'])} of the days.",
        help="WAPE is the sum of absolute errors divided by the sum of units, on days the model "
        "had not seen. The seasonal naive repeats the same weekday of the week before.",
    )


def show_headlines(skus: pl.DataFrame, currency: str) -> None:
    value_minor = int(skus.filter(pl.col("qty") > 0)["value_minor"].sum())
    row = [
        Figure(
            label="Order day passed",
            value=fmt.count(skus.filter(pl.col("urgency") == "late").height),
            definition="SKUs that should be on their way already to arrive before stock runs out.",
        ),
        Figure(
            label="Order this week",
            value=fmt.count(skus.filter(pl.col("urgency") == "now").height),
            definition="SKUs whose last good order day is within seven days of the forecast.",
        ),
        Figure(
            label="Open suggestions",
            value=fmt.count(skus["open_suggestion_id"].count()),
            definition="Suggestions that wait for a buyer's decision.",
        ),
        Figure(
            label="Proposed orders",
            value=fmt.money_headline(value_minor, currency),
            definition="Purchase value of everything the newest forecast proposes to order. "
            f"Exactly {fmt.plain(fmt.money(value_minor, currency))}.",
        ),
    ]
    figure_row(row)


def show_overview(skus: pl.DataFrame, currency: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("By urgency", anchor=False, width="content")
        chosen = st.pills(
            "Urgency",
            list(URGENCY_LABELS),
            selection_mode="multi",
            format_func=URGENCY_LABELS.__getitem__,
            key="urgency",
            bind="query-params",
            label_visibility="collapsed",
        )
    rows = skus.filter(pl.col("urgency").is_in(chosen)) if chosen else skus
    exact = fmt.major_units(rows, ["value_minor"], currency).rename(
        {"value_minor": "value", "cover_days": "days_of_stock"}
    )
    table_with_export(
        exact.with_columns(pl.col("urgency").replace_strict(URGENCY_LABELS)),
        columns=overview_columns([place_of(row) for row in rows.iter_rows(named=True)], currency),
        alt="SKUs by urgency of ordering",
        key="stock_by_urgency",
    )


def overview_columns(places: list[str], currency: str) -> dict[str, Column]:
    return {
        "sku": st.column_config.ButtonColumn(
            "SKU",
            key="sku_open",
            on_click=choose_clicked,
            args=(places,),
            type="tertiary",
            pinned=True,
            help="Shows this SKU below.",
        ),
        "urgency": "Urgency",
        "product_name": st.column_config.TextColumn("Product", width="medium"),
        "available": whole("Available", "On hand less reserved and allocated."),
        "on_order": whole("On order", "Bought, not received yet."),
        "days_of_stock": st.column_config.NumberColumn(
            "Days of stock", format="%.1f", help="Available at the expected demand."
        ),
        "stockout_chance_without": st.column_config.ProgressColumn(
            "Stock-out risk",
            format="percent",
            min_value=0,
            max_value=1,
            help="Chance of running out before the next delivery if nothing is ordered.",
        ),
        "qty": whole("Suggested", "Whole packs, at least the supplier's minimum."),
        "order_by": st.column_config.DateColumn("Order by", format="D MMM YYYY"),
        "value": money_column("Value", currency),
        "on_hand": whole("On hand", "Physically there."),
        "location_id": "Location",
    }


def whole(label: str, help_text: str) -> ColumnConfig:
    return st.column_config.NumberColumn(label, format="localized", help=help_text)


def show_sku(
    publication: Publication, store_id: str, row: Mapping[str, Any], currency: str
) -> None:
    held = (
        f"On hand {fmt.count(row['on_hand'])}, less reserved {fmt.count(row['reserved'])} and "
        f"allocated {fmt.count(row['allocated'])}."
    )
    risk = fmt.share(row["stockout_chance_without"], places=0)
    figures = (
        ("Available", fmt.count(row["available"]), held),
        ("On order", fmt.count(row["on_order"]), "Bought, not received yet."),
        ("Days of stock", fmt.quantity(row["cover_days"]), "Available at the expected demand."),
        (
            "Stock-out risk",
            risk,
            "Chance of running out before the next delivery if nothing is ordered.",
        ),
        ("Suggested order", fmt.count(row["qty"]), "Whole packs, at least the supplier's minimum."),
        ("Order by", fmt.day(row["order_by"]), "Ordered later, the delivery comes too late."),
    )
    figure_row(
        [Figure(label=label, value=value, definition=text) for label, value, text in figures]
    )
    show_outlook(publication, store_id, row)
    show_why(row, currency)


def show_outlook(publication: Publication, store_id: str, row: Mapping[str, Any]) -> None:
    place = {"store_id": store_id, "sku": row["sku"], "location_id": row["location_id"]}
    past = ask(stock.demand_history, publication, **place, days=HISTORY_DAYS)
    future = ask(stock.forecast, publication, **place)
    if past.is_empty() and future.is_empty():
        st.caption("Nothing of this SKU has been sold yet.")
        return
    days = pl.concat(
        [
            past.select("day", sold="units"),
            future.select(
                "day", "p10", "p90", expected="mean", interval=pl.col("p90") - pl.col("p10")
            ),
        ],
        how="diagonal",
    ).with_columns(pl.col("day").dt.strftime(DAY_FORMAT))
    st.echarts_chart(
        charts.demand_outlook(days, first_day=days["day"][past.height] if future.height else None),
        height=360,
        key="outlook",
        alt=f"Units of {row['sku']} sold per day, with the forecast and its 80 % interval",
    )
    show_scores(ask(stock.sku_backtest, publication, **place).row(0, named=True))


def show_scores(scores: Mapping[str, Any]) -> None:
    if not scores["days"]:
        return
    st.caption(
        f"On {scores['days']:,} unseen days of this SKU: error "
        f"{fmt.share(scores['wape_model'])} against {fmt.share(scores['wape_naive'])} of the "
        f"seasonal naive; the interval held {fmt.share(scores['coverage_80'], places=0)}."
    )


def show_why(row: Mapping[str, Any], currency: str) -> None:
    if row["reason"] is None:
        st.caption("No forecast of this SKU yet: the next run includes it once it has sold.")
        return
    st.markdown(f"**Why:** {fmt.plain(row['reason'])}")
    st.caption(
        f"Demand until a delivery of the next order ({fmt.count(row['protection_days'])} days: "
        f"lead time {fmt.count(row['lead_time_days'])}, review {fmt.count(row['review_days'])}) is "
        f"expected at {fmt.quantity(row['demand_mean'])}, at most "
        f"{fmt.quantity(row['demand_p90'])} with 90 % chance; order up to "
        f"{fmt.count(row['order_up_to'])}. {fmt.count(row['qty'])} pieces in "
        f"{fmt.count(row['packs'])} packs from {fmt.plain(row['supplier_id'] or 'no supplier')} "
        f"cost {fmt.plain(fmt.money(row['value_minor'], currency))}."
    )


frame = current_frame()
publication = require_publication(frame)
stores = ask(shops.stocked_stores, publication)
if stores.is_empty():
    st.info(
        "This page fills when stock is set through the shop's API, or when the first forecast "
        "has run.",
        title="No stock and no forecast yet",
        icon=":material/inventory_2:",
    )
    st.stop()

store_id, currency = choose_shop(frame, stores)
runs = ask(stock.newest_run, publication, store_id=store_id)
skus = ask(stock.skus_by_urgency, publication, store_id=store_id)
if runs.is_empty():
    st.info(
        "Stock is shown as it is. The first forecast adds what will sell and what to order.",
        title="No forecast yet",
        icon=":material/query_stats:",
    )
else:
    show_quality(runs.row(0, named=True))
show_headlines(skus, currency)
show_overview(skus, currency)


def name_of_place(place: str) -> str:
    row = by_place[place]
    return " · ".join(
        part for part in (row["sku"], row["product_name"], row["location_id"]) if part
    )


by_place = {place_of(row): row for row in skus.iter_rows(named=True)}
if by_place:
    places = list(by_place)
    linked = st.query_params.get("sku", "")
    st.session_state["sku_listed"] = linked if linked in by_place else places[0]
    chosen_place = st.selectbox(
        "SKU", places, format_func=name_of_place, key="sku_listed", on_change=choose_listed
    )
    chosen_sku = by_place[chosen_place]
    show_sku(publication, store_id, chosen_sku, currency)
    show_decision(frame, chosen_sku)
show_suggestions(ask(stock.suggestions, publication, store_id=store_id, limit=SUGGESTIONS_SHOWN))
