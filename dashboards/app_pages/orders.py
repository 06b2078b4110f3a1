"""Orders page: where orders stand now, which are stuck and why, and one order's whole life."""

from datetime import datetime

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ButtonColumnResult

from analytics.warehouse import Publication
from dashboards import format as fmt
from dashboards import stuck
from dashboards.answers import ask
from dashboards.components import (
    Figure,
    choose_shop,
    figure_row,
    money_column,
    status_column,
    table_with_export,
)
from dashboards.frame import current_frame, require_publication
from dashboards.one_order import show_order
from dashboards.queries import orders, shops

PAGE_SIZE = 20
WHEN = "D MMM YYYY, HH:mm:ss"
STATUS_LABELS = {
    state: fmt.sentence(state) for state in (*orders.OPEN_STATES, *orders.CLOSED_STATES)
}
STATE_HELP = {
    "submitted": "Being validated, priced and reserved; takes seconds.",
    "action_required": "Stock is short: the customer has to accept less, wait or cancel.",
    "awaiting_payment": "Stock is reserved until the payment deadline.",
    "paid": "Money captured; the parcel is being prepared for the carrier.",
    "shipped": "With the carrier.",
    "delivered": "Waiting for the customer's confirmation or the timer that replaces it.",
}


def open_order(clicked: str) -> None:
    click = st.session_state[clicked]
    if click:
        st.query_params["order"] = click.label


def find_order() -> None:
    wanted = st.session_state["find_order"].strip()
    if wanted:
        st.query_params["order"] = wanted


def show_open_states(states: pl.DataFrame, as_of: datetime) -> None:
    by_state = states.group_by("status").agg(pl.col("orders").sum(), pl.col("oldest_since").min())
    counted = {row["status"]: row for row in by_state.iter_rows(named=True)}
    row = []
    for state in orders.OPEN_STATES:
        found = counted.get(state)
        oldest = fmt.duration(as_of - found["oldest_since"]) if found else None
        row.append(
            Figure(
                label=fmt.sentence(state),
                value=fmt.count(found["orders"] if found else 0),
                definition=STATE_HELP[state],
                note=f"oldest {oldest}" if oldest else None,
            )
        )
    figure_row(row)


def show_waiting_and_closed(states: pl.DataFrame, closed: pl.DataFrame, currency: str) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Who has to act**")
        if states.is_empty():
            st.caption("Nobody: no order is open.")
        else:
            show_waiting(states, currency)
    with right:
        st.markdown("**Closed**")
        show_closed(closed)


def show_waiting(states: pl.DataFrame, currency: str) -> None:
    waiting = (
        states.group_by("waiting_for")
        .agg(pl.col("orders", "total_minor").sum(), pl.col("oldest_since").min())
        .sort("orders", "waiting_for", descending=[True, False])
    )
    st.dataframe(
        fmt.major_units(waiting, ["total_minor"], currency),
        column_config={
            "waiting_for": "Waiting for",
            "orders": st.column_config.NumberColumn("Orders", format="localized"),
            "total_minor": money_column("Value", currency),
            "oldest_since": st.column_config.DatetimeColumn("Since (UTC)", format=WHEN),
        },
        hide_index=True,
        alt="Open orders by what they wait for",
        key="waiting_table",
    )


def show_closed(closed: pl.DataFrame) -> None:
    st.dataframe(
        closed.with_columns(
            pl.col("status").replace_strict(STATUS_LABELS, default=pl.col("status"))
        ),
        column_config={
            "status": "Outcome",
            "orders": st.column_config.NumberColumn("Orders", format="localized"),
            "last_day_orders": st.column_config.NumberColumn(
                "Last 24 hours", format="localized", help="Counted back from publication."
            ),
        },
        hide_index=True,
        alt="Closed orders by outcome",
        key="closed_table",
    )


def show_stuck(late: pl.DataFrame, currency: str) -> None:
    st.subheader(
        f"Stuck orders · {late.height}",
        anchor=False,
        help=stuck.definition(orders.DUE_GRACE, orders.LONGEST_STAY),
    )
    if late.is_empty():
        st.success("Every open order is within its time.", icon=":material/check_circle:")
        return
    explained = fmt.major_units(late, ["total_minor"], currency).with_columns(
        reason=pl.Series(
            [
                stuck.reason(row["status"], cause=row["cause"], late_seconds=row["late_seconds"])
                for row in late.iter_rows(named=True)
            ]
        ),
        next_action=pl.Series([stuck.next_action(status) for status in late["status"]]),
        status=pl.concat_list("status"),
    )
    st.dataframe(
        explained,
        column_order=["order_id", "reason", "next_action", "status", "total_minor", "since"],
        column_config={
            "order_id": order_button("stuck_open"),
            "status": status_column(),
            "reason": st.column_config.TextColumn("Why", width=300),
            "next_action": st.column_config.TextColumn("Next action", width=300),
            "total_minor": money_column("Value", currency),
            "since": st.column_config.DatetimeColumn("Since (UTC)", format=WHEN),
        },
        hide_index=True,
        height="auto" if late.height < PAGE_SIZE else 400,
        alt="Stuck orders with the reason and the next action, the latest first",
        key="stuck_table",
    )


def order_button(key: str) -> ButtonColumnResult:
    return st.column_config.ButtonColumn(
        "Order",
        key=key,
        on_click=open_order,
        args=(key,),
        type="tertiary",
        pinned=True,
        help="Opens the life of this order.",
    )


def older(cursor: str) -> None:
    trail = st.session_state.setdefault("orders_trail", [])
    trail.append(st.query_params.get("after", ""))
    st.query_params["after"] = cursor


def newer() -> None:
    trail = st.session_state.setdefault("orders_trail", [])
    before = trail.pop() if trail else ""
    if before:
        st.query_params["after"] = before
    else:
        st.query_params.pop("after", None)


def back_to_newest() -> None:
    st.query_params.pop("after", None)


def read_cursor() -> orders.Cursor | None:
    at, _, order_id = st.query_params.get("after", "").partition("~")
    try:
        return orders.Cursor(submitted_at=datetime.fromisoformat(at), order_id=order_id)
    except ValueError:
        return None


def show_latest(publication: Publication, store_id: str, currency: str) -> None:
    st.subheader("Latest orders", anchor=False)
    states = st.pills(
        "States",
        [*orders.OPEN_STATES, *orders.CLOSED_STATES],
        selection_mode="multi",
        format_func=fmt.sentence,
        key="state",
        bind="query-params",
        label_visibility="collapsed",
        on_change=back_to_newest,
    )
    cursor = read_cursor()
    rows = ask(
        orders.latest_orders,
        publication,
        store_id=store_id,
        currency=currency,
        states=tuple(states),
        after=cursor,
        limit=PAGE_SIZE + 1,
    )
    page = rows.head(PAGE_SIZE)
    if page.is_empty():
        st.caption("No order matches.")
    else:
        show_page(page, currency)
    with st.container(horizontal=True):
        st.button("Newer", key="newer", on_click=newer, disabled=cursor is None,
                  icon=":material/chevron_left:")  # fmt: skip
        last = page.row(-1, named=True) if not page.is_empty() else None
        st.button(
            "Older",
            key="older",
            on_click=older,
            args=(f"{last['submitted_at'].isoformat()}~{last['order_id']}" if last else "",),
            disabled=rows.height <= PAGE_SIZE,
            icon=":material/chevron_right:",
            icon_position="right",
        )


def show_page(page: pl.DataFrame, currency: str) -> None:
    table_with_export(
        fmt.major_units(page, ["total_minor", "net_minor"], currency)
        .rename({"total_minor": "total", "net_minor": "net"})
        .with_columns(pl.col("status").replace_strict(STATUS_LABELS, default=pl.col("status"))),
        columns={
            "order_id": order_button("latest_open"),
            "submitted_at": st.column_config.DatetimeColumn("Submitted (UTC)", format=WHEN),
            "status": "Status",
            "waiting_for": "Waiting for",
            "document_kind": "Kind",
            "region": "Country",
            "units": st.column_config.NumberColumn("Units", format="localized"),
            "total": money_column("Total", currency),
            "net": money_column("Net", currency, help_text="Captured less refunded."),
        },
        alt="Latest orders, newest first",
        key="latest_orders",
        height="content",
    )


frame = current_frame()
publication = require_publication(frame)
known_shops = ask(shops.shops, publication)
if known_shops.is_empty():
    st.info(
        "This page fills with the first order. `POST /v1/orders` places one; the "
        "demonstration's shoppers place many.",
        title="No orders yet",
        icon=":material/receipt_long:",
    )
    st.stop()

wanted = st.query_params.get("order", "")
if wanted:
    show_order(publication, wanted)
    st.stop()

as_of = publication.published_at
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    store_id, currency = choose_shop(frame, known_shops)
    st.text_input(
        "Find an order",
        key="find_order",
        type="search",
        placeholder="Order number",
        on_change=find_order,
        width=240,
    )
shop = {"store_id": store_id, "currency": currency}
open_states = ask(orders.open_states, publication, **shop)
st.subheader(f"Open orders · {fmt.count(int(open_states['orders'].sum()))}", anchor=False)
show_open_states(open_states, as_of.replace(tzinfo=None))
show_waiting_and_closed(
    open_states, ask(orders.closed_states, publication, **shop, as_of=as_of), currency
)
show_stuck(ask(orders.stuck_orders, publication, **shop, as_of=as_of), currency)
show_latest(publication, store_id, currency)
