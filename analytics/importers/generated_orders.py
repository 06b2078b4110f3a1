"""Packs the units of each day into orders of customers, and decides how every order ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.importers.generated_demand import Demand

UNITS_PER_ORDER = 1.9
_MINUTE = 60
_HOUR = 3_600
_DAY = 86_400
_CUSTOMERS_PER_DAILY_ORDER = 60
# The live shop's payment timer and auto-confirm timer.
_PAYMENT_SECONDS_MAX = 30 * _MINUTE
_AUTO_CONFIRM_SECONDS = 7 * _DAY
_EVENING_SHARE = 0.6
_CONFIRMED_SHARE = 0.3
_CHANNELS = ("web", "app", "marketplace")
_CHANNEL_SHARES = (0.62, 0.28, 0.10)
_REGIONS = ("DE", "FR", "NL", "AT", "IT", "PL", "BE")
_REGION_SHARES = (0.46, 0.14, 0.11, 0.10, 0.08, 0.06, 0.05)


class Outcome(StrEnum):
    """How a generated order ends."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED_UNPAID = "cancelled_unpaid"
    CANCELLED_PAID = "cancelled_paid"
    SENT_BACK = "sent_back"


_OUTCOME_SHARES = {
    Outcome.COMPLETED: 0.875,
    Outcome.EXPIRED: 0.05,
    Outcome.CANCELLED_UNPAID: 0.03,
    Outcome.CANCELLED_PAID: 0.02,
    Outcome.SENT_BACK: 0.025,
}

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Orders and their lines as tables; `order_no` counts the orders of the whole history."""

    orders: pl.DataFrame
    lines: pl.DataFrame


def pack_orders(
    demand: Demand, days: Sequence[date], *, orders_per_day: float, random: np.random.Generator
) -> Packed:
    """Put every unit into an order of its day; no order is empty."""
    per_day = demand.units.sum(axis=1)
    orders_of_day = np.minimum(np.ceil(per_day / UNITS_PER_ORDER).astype(np.int64), per_day)
    lines = _lines(demand.units, per_day, orders_of_day, random)
    order_days = np.repeat(np.arange(len(days)), orders_of_day)
    line_days = order_days[lines["order_no"]]
    orders = _orders(order_days, orders_of_day, orders_per_day=orders_per_day, random=random)
    # One line of an order that is sent back comes home.
    lines_of_order = np.bincount(lines["order_no"], minlength=len(order_days))
    return Packed(
        orders=pl.DataFrame(
            {
                "order_no": np.arange(len(order_days)),
                "day": pl.Series(days, dtype=pl.Date)[order_days],
                **orders,
                "returned_line_no": 1 + random.integers(0, lines_of_order),
            }
        ),
        lines=pl.DataFrame(
            {**lines, "discount_bps": demand.discount_bps[line_days, lines["sku_no"]]}
        ),
    )


def _lines(
    units: _Ints, per_day: _Ints, orders_of_day: _Ints, random: np.random.Generator
) -> dict[str, _Ints]:
    """Deal the shuffled units of each day: one to each order first, the others to any of them."""
    day_no, sku_no = np.nonzero(units)
    counts = units[day_no, sku_no]
    unit_day = np.repeat(day_no, counts)
    unit_sku = np.repeat(sku_no, counts)
    shuffled = np.lexsort((random.random(len(unit_day)), unit_day))
    unit_day, unit_sku = unit_day[shuffled], unit_sku[shuffled]
    place = np.arange(len(unit_day)) - np.repeat(np.cumsum(per_day) - per_day, per_day)
    anywhere = random.integers(0, orders_of_day[unit_day])
    order_of_day = np.where(place < orders_of_day[unit_day], place, anywhere)
    first_order = np.cumsum(orders_of_day) - orders_of_day
    order_no = first_order[unit_day] + order_of_day
    skus = units.shape[1]
    keys, qty = np.unique(order_no * skus + unit_sku, return_counts=True)
    line_order, line_sku = np.divmod(keys, skus)
    first_line = np.searchsorted(line_order, line_order)
    return {
        "order_no": line_order,
        "line_no": np.arange(len(keys)) - first_line + 1,
        "sku_no": line_sku,
        "qty": qty.astype(np.int64),
    }


def _orders(
    order_days: _Ints,
    orders_of_day: _Ints,
    *,
    orders_per_day: float,
    random: np.random.Generator,
) -> dict[str, _Ints | npt.NDArray[np.str_]]:
    count = len(order_days)
    second = _seconds_of_day(count, random)
    by_time = np.lexsort((second, order_days))
    second = second[by_time]
    first_order = np.cumsum(orders_of_day) - orders_of_day
    customers = max(1, round(orders_per_day * _CUSTOMERS_PER_DAILY_ORDER))
    # A few customers come often, most of them seldom.
    customer_no = np.floor(customers * random.random(count) ** 2).astype(np.int64)
    region_of = random.choice(len(_REGIONS), size=customers, p=_REGION_SHARES)
    channel_of = random.choice(len(_CHANNELS), size=count, p=_CHANNEL_SHARES)
    outcome = random.choice(
        [str(outcome) for outcome in _OUTCOME_SHARES],
        size=count,
        p=list(_OUTCOME_SHARES.values()),
    )
    return {
        "number_of_day": np.arange(count) - np.repeat(first_order, orders_of_day) + 1,
        "second_of_day": second,
        "customer_no": customer_no + 1,
        "region": np.array(_REGIONS)[region_of[customer_no]],
        "channel": np.array(_CHANNELS)[channel_of],
        "outcome": outcome,
        **_waits(outcome, random),
    }


def _seconds_of_day(count: int, random: np.random.Generator) -> _Ints:
    """Shoppers come around noon and, more of them, in the evening."""
    in_evening = random.random(count) < _EVENING_SHARE
    hours = np.where(in_evening, random.normal(20.0, 1.8, count), random.normal(12.5, 2.5, count))
    return (np.mod(hours, 24.0) * _HOUR).astype(np.int64)


def _waits(outcome: npt.NDArray[np.str_], random: np.random.Generator) -> dict[str, _Ints]:
    """Return when each step of an order would happen, in seconds after it was submitted."""
    count = len(outcome)
    paid = 20 + np.minimum(random.exponential(4 * _MINUTE, count), 25 * _MINUTE)
    shipped = paid + 4 * _HOUR + np.minimum(random.exponential(14 * _HOUR, count), 40 * _HOUR)
    delivered = shipped + _DAY + np.minimum(random.gamma(2.0, 0.7 * _DAY, count), 8 * _DAY)
    is_confirmed = random.random(count) < _CONFIRMED_SHARE
    confirmed = np.minimum(random.exponential(1.5 * _DAY, count), 6 * _DAY)
    completed = delivered + np.where(is_confirmed, confirmed, _AUTO_CONFIRM_SECONDS)
    given_up = np.minimum(60 + random.exponential(8 * _MINUTE, count), _PAYMENT_SECONDS_MAX - 60)
    regretted = paid + np.minimum(60 + random.exponential(1 * _HOUR, count), 3 * _HOUR)
    closed = np.select(
        [outcome == Outcome.EXPIRED, outcome == Outcome.CANCELLED_UNPAID],
        [np.full(count, float(_PAYMENT_SECONDS_MAX)), given_up],
        default=regretted,
    )
    sent_back = delivered + random.uniform(1 * _DAY, 6 * _DAY, count)
    waits = {
        "paid_after": paid,
        "shipped_after": shipped,
        "delivered_after": delivered,
        "completed_after": completed,
        "closed_after": closed,
        "sent_back_after": sent_back,
    }
    return {
        **{name: wait.astype(np.int64) for name, wait in waits.items()},
        "is_confirmed": is_confirmed.astype(np.int64),
    }
