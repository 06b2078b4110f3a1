"""Pieces that several pages draw: freshness, the choice of a shop, tables with their export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ButtonColumnResult, ColumnConfig

from analytics.warehouse import published
from dashboards import format as fmt
from dashboards.frame import Frame

# A reader waits at most this long for a new version; looking costs one small file read.
_LOOK_EVERY = timedelta(seconds=5)
_STALE_AFTER = timedelta(minutes=15)
# Two of them, with their gap, fit on a window of 390 px.
PHONE_COLUMN_PX = 150
NO_VALUE = "\N{EN DASH}"

BadgeColor: TypeAlias = Literal["red", "orange", "blue", "green", "violet", "gray"]
Column: TypeAlias = ColumnConfig | ButtonColumnResult | str
STATUS_COLORS: dict[str, BadgeColor] = {
    "submitted": "gray",
    "action_required": "red",
    "awaiting_payment": "orange",
    "paid": "blue",
    "shipped": "blue",
    "delivered": "violet",
    "completed": "green",
    "cancelled": "gray",
    "expired": "gray",
    "failed": "red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with its definition; `delta` is what st.metric takes, `note` is neutral text."""

    label: str
    value: str
    definition: str
    delta: str | int | None = None
    is_less_better: bool = False
    note: str | None = None


def figure_row(figures: Sequence[Figure]) -> None:
    """Draw figures side by side on a desk and two by two on a phone."""
    with st.grid(len(figures), min_column_width=PHONE_COLUMN_PX, gap="small"):
        for figure in figures:
            colour: Literal["off", "inverse", "normal"] = "normal"
            if figure.note is not None:
                colour = "off"
            elif figure.is_less_better:
                colour = "inverse"
            st.metric(
                figure.label,
                figure.value,
                figure.delta if figure.note is None else figure.note,
                delta_color=colour,
                delta_arrow="auto" if figure.note is None else "off",
                help=figure.definition,
                border=True,
                height="stretch",
            )


@st.fragment(run_every=_LOOK_EVERY)
def freshness(frame: Frame) -> None:
    """Say how old the shown version is, and turn the page over when a newer one is out."""
    shown = frame.publication
    newest = published(frame.settings.warehouse_dir)
    if newest is None:
        st.badge("Nothing published yet", icon=":material/hourglass_empty:", color="gray")
        return
    if shown is None or newest.version != shown.version:
        st.rerun()
    age = frame.clock() - newest.published_at
    is_stale = age > _STALE_AFTER
    st.badge(
        f"{fmt.duration(age)} old · version {newest.version}",
        icon=":material/history:" if is_stale else ":material/check_circle:",
        color="orange" if is_stale else "green",
        help=f"Published {fmt.moment(newest.published_at)} UTC from {newest.events:,} events. "
        "Every figure on the page is of this version; the page follows new ones by itself.",
    )


def choose_shop(frame: Frame, shops: pl.DataFrame) -> tuple[str, str]:
    """Let the reader choose a store and one of its currencies; both stand in the URL."""
    stores = shops["store_id"].unique(maintain_order=True).to_list()
    preferred = frame.settings.store_id
    store_id: str = st.selectbox(
        "Store",
        stores,
        index=stores.index(preferred) if preferred in stores else 0,
        key="store",
        bind="query-params",
        width=220,
    )
    currencies = shops.filter(pl.col("store_id") == store_id)["currency"].to_list()
    if len(currencies) == 1:
        return store_id, currencies[0]
    currency = st.segmented_control(
        "Currency",
        currencies,
        default=currencies[0],
        required=True,
        key="currency",
        bind="query-params",
        help="Amounts in different currencies are never added.",
    )
    return store_id, currency or currencies[0]


def table_with_export(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Column],
    alt: str,
    key: str,
    height: int | Literal["auto", "content"] = "auto",
) -> None:
    """Show the named columns and offer exactly them, in their order, as a CSV file."""
    shown = frame.select(columns.keys())
    st.dataframe(
        shown,
        column_config=dict(columns),
        hide_index=True,
        alt=alt,
        key=f"{key}_table",
        placeholder=NO_VALUE,
        height=height,
    )
    st.download_button(
        "Download CSV",
        shown.write_csv,
        file_name=f"{key.replace('_', '-')}.csv",
        mime="text/csv",
        key=f"{key}_csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help="The rows and columns of this table, amounts in whole currency units.",
    )


def money_column(label: str, currency: str, *, help_text: str | None = None) -> ColumnConfig:
    return st.column_config.NumberColumn(
        f"{label} ({currency})" if currency else label,
        format=f"%,.{fmt.exponent(currency)}f",
        help=help_text,
    )


def status_column() -> ColumnConfig:
    """Show a one-element list of statuses as a coloured badge."""
    return st.column_config.MultiselectColumn(
        "Status",
        options=list(STATUS_COLORS),
        color=list(STATUS_COLORS.values()),
        format_func=fmt.sentence,
    )
