"""Why an order is stuck and what somebody should do about it, in words."""

from datetime import timedelta

from dashboards import format as fmt

# Per state: what did not happen, and the next action.
_WORDS = {
    "submitted": (
        "validation and pricing did not finish",
        "Look at the order's workflow: a step keeps failing",
    ),
    "action_required": (
        "the customer has not answered the shortage",
        "Contact the customer, or cancel the order",
    ),
    "awaiting_payment": (
        "no payment arrived and the order did not expire",
        "Ask the gateway for the payment, then look at the order's workflow",
    ),
    "paid": (
        "the parcel was not handed to the carrier",
        "Check the warehouse's pick list and the label",
    ),
    "shipped": (
        "the carrier reports no delivery",
        "Open a trace with the carrier",
    ),
    "delivered": (
        "receipt was neither confirmed nor closed by the timer",
        "Look at the order's workflow: its timer did not fire",
    ),
}
_UNKNOWN = ("nothing has happened", "Look at the order's workflow")


def reason(status: str, *, cause: str, late_seconds: int) -> str:
    late = fmt.duration(timedelta(seconds=late_seconds))
    what = _WORDS.get(status, _UNKNOWN)[0]
    if cause == "overdue":
        return f"{what[0].upper()}{what[1:]}; due {late} ago"
    return f"{what[0].upper()}{what[1:]}; {late} longer than usual"


def next_action(status: str) -> str:
    return _WORDS.get(status, _UNKNOWN)[1]
