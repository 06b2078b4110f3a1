"""Entry of the dashboards: reads the settings, draws the frame, runs the chosen page."""

import os
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from analytics.warehouse import WarehouseUnavailableError, published
from dashboards.components import freshness
from dashboards.frame import open_frame, read_settings

_MARK = Path(__file__).with_name("assets") / "mallard.svg"


def _now() -> datetime:
    return datetime.now(UTC)


st.set_page_config(page_title="Mallard", page_icon=str(_MARK), layout="wide")
st.logo(str(_MARK), size="large")
frame = open_frame(read_settings(os.environ), _now)
page = st.navigation(
    [
        st.Page(
            "app_pages/sales.py",
            title="Sales",
            icon=":material/monitoring:",
            help="What was sold, compared with the period before, by country and product.",
            default=True,
        ),
        st.Page(
            "app_pages/orders.py",
            title="Orders",
            icon=":material/receipt_long:",
            help="Where orders stand now, which are stuck and why, and the life of each one.",
        ),
        st.Page(
            "app_pages/stock_and_forecast.py",
            title="Stock and forecast",
            icon=":material/inventory_2:",
            help="What is in stock, what will sell, and what to order until when.",
        ),
    ],
    position="top",
)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title(page.title, anchor=False, width="content")
    freshness(frame)
try:
    page.run()
except WarehouseUnavailableError as error:
    # A version may be removed while a page still reads it: then the newer one is the answer.
    if published(frame.settings.warehouse_dir) != frame.publication:
        st.rerun()
    st.error(str(error), title="The published warehouse cannot be read", icon=":material/error:")
