"""Suggested purchase orders on the screen: the list, and the buyer's decision on one."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards import format as fmt
from dashboards.back_office import Answer, Decision, api_client, decide
from dashboards.components import table_with_export
from dashboards.frame import Frame

_UNNAMED_BUYER = "back office"


def show_decision(frame: Frame, sku: Mapping[str, Any]) -> None:
    """Let the buyer decide the SKU's open suggestion; the shop's API does the deciding."""
    suggestion_id = sku["open_suggestion_id"]
    if not suggestion_id:
        return
    answers: dict[str, Answer] = st.session_state.setdefault("decision_answers", {})
    with st.container(border=True, key="decision"):
        st.markdown(f"**Decide suggestion** {fmt.plain(suggestion_id)}")
        answer = answers.get(suggestion_id)
        if answer and answer.is_accepted:
            st.success(
                f"{answer.text}. The tables follow with the next version of the warehouse.",
                icon=":material/check_circle:",
            )
            return
        if answer:
            st.error(answer.text, icon=":material/error:")
        _decision_form(frame, suggestion_id, suggested=max(1, int(sku["qty"] or 1)))


def _decision_form(frame: Frame, suggestion_id: str, *, suggested: int) -> None:
    with (
        st.form(f"decision_{suggestion_id}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.number_input(
            "Quantity",
            min_value=1,
            value=suggested,
            key=f"qty_{suggestion_id}",
            width=140,
            help="Change it to order another quantity than suggested.",
        )
        st.text_input(
            "Your name",
            key="buyer",
            persist_state="session",
            placeholder="Buyer",
            max_chars=80,
            width=160,
            help="Stands in the history of the suggestion.",
        )
        st.text_input(
            "Reason",
            key=f"reason_{suggestion_id}",
            placeholder="Optional",
            max_chars=200,
            width=240,
        )
        _decision_buttons(frame, suggestion_id, suggested=suggested)
    if not frame.settings.api_url:
        st.caption("Deciding needs the shop's API; set MALLARD_API_URL for these pages.")


def _decision_buttons(frame: Frame, suggestion_id: str, *, suggested: int) -> None:
    for decision, icon in (("approve", "check"), ("reject", "close")):
        st.form_submit_button(
            decision.capitalize(),
            key=f"{decision}_{suggestion_id}",
            icon=f":material/{icon}:",
            type="primary" if decision == "approve" else "secondary",
            disabled=not frame.settings.api_url,
            on_click=_send,
            args=(frame, suggestion_id, decision, suggested),
        )


def _send(frame: Frame, suggestion_id: str, decision: str, suggested: int) -> None:
    qty = int(st.session_state[f"qty_{suggestion_id}"])
    wanted = Decision(
        suggestion_id=suggestion_id,
        decision=decision,
        by=str(st.session_state["buyer"] or "").strip() or _UNNAMED_BUYER,
        qty=qty if decision == "approve" and qty != suggested else None,
        reason=str(st.session_state[f"reason_{suggestion_id}"] or "").strip(),
    )
    with api_client(frame.settings.api_url) as client:
        st.session_state["decision_answers"][suggestion_id] = decide(client, wanted)


def show_suggestions(rows: pl.DataFrame) -> None:
    st.subheader(
        f"Suggestions · {rows.filter(pl.col('status') == 'open').height} open", anchor=False
    )
    if rows.is_empty():
        st.caption("Nothing has been suggested yet.")
        return
    table_with_export(
        rows,
        columns={
            "suggestion_id": "Suggestion",
            "sku": "SKU",
            "product_name": "Product",
            "status": "Status",
            "qty": st.column_config.NumberColumn("Quantity", format="localized"),
            "order_by": st.column_config.DateColumn("Order by", format="D MMM YYYY"),
            "need_by": st.column_config.DateColumn("Needed by", format="D MMM YYYY"),
            "reason": st.column_config.TextColumn("Why", width="large"),
            "decided_by": "Decided by",
            "po_id": "Purchase order",
        },
        alt="Suggested orders, open ones first",
        key="suggestions",
    )
