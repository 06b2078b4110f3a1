"""What every page stands on: where the data is, which version of it, who may be asked to act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st

from analytics.warehouse import Publication, published

_KEY = "frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSettings:
    """Where to read and whom to ask; an empty address means that pages only show."""

    warehouse_dir: Path
    api_url: str
    store_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One run of a page: its settings, the version it shows, and the clock for ages."""

    settings: DashboardSettings
    publication: Publication | None
    clock: Callable[[], datetime]


def read_settings(environment: Mapping[str, str]) -> DashboardSettings:
    return DashboardSettings(
        warehouse_dir=Path(environment.get("MALLARD_WAREHOUSE_DIR") or "var/warehouse"),
        api_url=environment.get("MALLARD_API_URL", "").rstrip("/"),
        store_id=environment.get("MALLARD_STORE_ID", ""),
    )


def open_frame(settings: DashboardSettings, clock: Callable[[], datetime]) -> Frame:
    """Fix the version for this run, so that every figure on the page is of the same moment."""
    frame = Frame(settings=settings, publication=published(settings.warehouse_dir), clock=clock)
    st.session_state[_KEY] = frame
    return frame


def current_frame() -> Frame:
    frame: Frame = st.session_state[_KEY]
    return frame


def require_publication(frame: Frame) -> Publication:
    """Return the version to show, or end the page with what to do until there is one."""
    if frame.publication is None:
        st.info(
            "The pages fill by themselves as soon as the first version of the warehouse is "
            "published. `mallard demo` fills a shop and publishes it; "
            "`mallard warehouse refresh` publishes what has happened so far.",
            title="No warehouse yet",
            icon=":material/database:",
        )
        st.stop()
    return frame.publication
