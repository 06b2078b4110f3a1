"""Why an order is stuck and what somebody should do about it, in words."""

from collections.abc import Mapping
from datetime import timedelta

from dashboards import format as fmt

# Per state: what did not happen, and the next action.
_WORDS = {
    "submitted": (
        "validation or pricing hangs",
        "Open the order's workflow: a step fails",
    ),
    "action_required": (
        "no answer to the shortage",
        "Contact the customer, or cancel the order",
    ),
    "awaiting_payment": (
        "neither paid nor expired",
        "Ask the gateway, then open the order's workflow",
    ),
    "paid": (
        "not handed to the carrier",
        "Check the pick list and the label",
    ),
    "shipped": (
        "no delivery reported",
        "Open a trace with the carrier",
    ),
    "delivered": (
        "neither confirmed nor closed",
        "Open the order's workflow: its timer is late",
    ),
}
_UNKNOWN = ("nothing happens", "Open the order's workflow")


def definition(grace: timedelta, longest_stay: Mapping[str, timedelta]) -> str:
    stays = ", ".join(
        f"{fmt.sentence(state).lower()} {fmt.duration(stay)}"
        for state, stay in longest_stay.items()
    )
    return (
        f"An open order is stuck when its deadline passed more than {fmt.duration(grace)} ago, "
        f"or when it stays in a state longer than: {stays}."
    )


def reason(status: str, *, cause: str, late_seconds: int) -> str:
    late = fmt.duration(timedelta(seconds=late_seconds))
    what = _WORDS.get(status, _UNKNOWN)[0]
    if cause == "overdue":
        return f"{what[0].upper()}{what[1:]}; due {late} ago"
    return f"{what[0].upper()}{what[1:]}; {late} over its time"


def next_action(status: str) -> str:
    return _WORDS.get(status, _UNKNOWN)[1]
