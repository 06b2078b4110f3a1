"""One order on the screen: where it stands, what happened when, its lines and its money."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from analytics.warehouse import Publication
from dashboards import format as fmt
from dashboards import stuck
from dashboards.answers import ask
from dashboards.components import STATUS_COLORS, Figure, figure_row, money_column
from dashboards.queries import one_order, orders

_ICONS = {
    "order": ":material/receipt_long:",
    "payment": ":material/credit_card:",
    "parcel": ":material/package_2:",
    "ledger": ":material/account_balance:",
    "stock": ":material/inventory_2:",
}


def show_order(publication: Publication, order_id: str) -> None:
    """Draw the order, or say that this version does not know it."""
    st.button(
        "All orders",
        key="all_orders",
        on_click=_close,
        icon=":material/arrow_back:",
        type="tertiary",
    )
    found = ask(one_order.order, publication, order_id=order_id)
    if found.is_empty():
        st.warning(
            "The number may be mistyped, or the order is newer than the published warehouse.",
            title=f"No order {fmt.plain(order_id)}",
            icon=":material/search_off:",
        )
        return
    order = found.row(0, named=True)
    order_id, currency = str(order["order_id"]), str(order["currency"])
    _show_head(order, currency)
    _show_trouble(publication, order)
    _show_timeline(ask(one_order.timeline, publication, order_id=order_id), currency)
    _show_lines(ask(one_order.lines, publication, order_id=order_id), currency)
    _show_ledger(ask(one_order.ledger, publication, order_id=order_id), currency)


def _close() -> None:
    st.query_params.pop("order", None)


def _show_head(order: Mapping[str, Any], currency: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Order {order['order_id']}", anchor=False, width="content")
        st.badge(fmt.sentence(order["status"]), color=STATUS_COLORS.get(order["status"], "gray"))
        if order["waiting_for"]:
            st.badge(f"waiting for {order['waiting_for']}", color="gray")
    facts = [order["store_id"], order["channel"], order["document_kind"], order["region"]]
    until = f" · due {fmt.moment(order['due_at'])} UTC" if order["due_at"] else ""
    st.caption(" · ".join(fmt.plain(fact) for fact in facts if fact) + until)
    amounts = (
        ("Total", "total_minor", "Goods less discount, plus freight and tax."),
        ("Captured", "captured_minor", "Money received for this order."),
        ("Refunded", "refunded_minor", "Money given back."),
        ("Net", "net_minor", "Captured less refunded; for imported orders the document's sum."),
    )
    figure_row(
        [
            Figure(label=label, value=fmt.money(order[name], currency), definition=definition)
            for label, name, definition in amounts
        ]
    )


def _show_trouble(publication: Publication, order: Mapping[str, Any]) -> None:
    late = ask(
        orders.stuck_orders,
        publication,
        store_id=order["store_id"],
        currency=order["currency"],
        as_of=publication.published_at,
    ).filter(pl.col("order_id") == order["order_id"])
    for row in late.iter_rows(named=True):
        why = stuck.reason(row["status"], cause=row["cause"], late_seconds=row["late_seconds"])
        st.warning(
            f"Next action: {stuck.next_action(row['status'])}.",
            title=f"{why}.",
            icon=":material/warning:",
        )


def _show_timeline(steps: pl.DataFrame, currency: str) -> None:
    st.subheader("Timeline", anchor=False, help="Everything the warehouse dates, in UTC.")
    table: dict[str, list[str]] = {"When": [], "After": [], "Step": [], "Detail": []}
    before: datetime | None = None
    for row in steps.iter_rows(named=True):
        at: datetime = row["happened_at"]
        is_same_day = before is not None and before.date() == at.date()
        waited = at - before if before is not None else timedelta(0)
        amount = "" if row["amount_minor"] is None else fmt.money(row["amount_minor"], currency)
        table["When"].append(f"{at:%H:%M:%S}" if is_same_day else fmt.moment(at))
        table["After"].append(fmt.duration(waited) if waited >= timedelta(seconds=1) else "")
        table["Step"].append(f"{_ICONS[row['kind']]} {fmt.sentence(row['step'])}")
        table["Detail"].append(fmt.plain(" · ".join(filter(None, (row["detail"], amount)))))
        before = at
    st.table(
        table,
        border="horizontal",
        hide_index=True,
        alt="What happened to the order, oldest first",
    )


def _show_lines(lines: pl.DataFrame, currency: str) -> None:
    st.subheader("Lines", anchor=False)
    money = [name for name in lines.columns if name.endswith("_minor")]
    st.dataframe(
        fmt.major_units(lines, money, currency),
        column_config={
            "sku": st.column_config.TextColumn("SKU", pinned=True),
            "product_name": "Product",
            "line_kind": "Kind",
            "qty": st.column_config.NumberColumn("Quantity", format="localized"),
            **{
                name: money_column(fmt.sentence(name.removesuffix("_minor")), currency)
                for name in money
            },
            "is_sold": st.column_config.CheckboxColumn("Sold", help="Paid for, or imported."),
        },
        hide_index=True,
        alt="Lines of the order",
        key="order_lines_table",
    )


def _show_ledger(entries: pl.DataFrame, currency: str) -> None:
    if entries.is_empty():
        return
    st.subheader(
        "Ledger",
        anchor=False,
        help="Double entry: debits positive, credits negative, every transfer sums to zero.",
    )
    st.dataframe(
        fmt.major_units(entries, ["amount_minor"], currency),
        column_config={
            "posted_at": st.column_config.DatetimeColumn(
                "Posted (UTC)", format="D MMM YYYY, HH:mm:ss"
            ),
            "kind": "Kind",
            "account": "Account",
            "amount_minor": money_column("Amount", currency),
            "transfer_id": "Transfer",
        },
        hide_index=True,
        alt="Ledger entries of the order",
        key="order_ledger_table",
    )
