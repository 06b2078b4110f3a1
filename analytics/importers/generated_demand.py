"""How many units of each product a plausible shop sells on each day, and at which promotion.

Seasons, weekdays, trends, promotions and launches multiply into a rate; chance draws the units.
Same seed, same units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

_YEAR_DAYS = 365.25
_PROMOTION_DAYS = 7
_PROMOTION_DISCOUNTS_BPS = (1_000, 1_500, 2_000, 2_500)
_PROMOTIONS_PER_YEAR = 4
_SALE_WEEK_SHARE = 0.5
_SALE_WEEK_DISCOUNT_BPS = 2_000
_SALE_WEEK_DAYS = frozenset((11, day) for day in range(23, 30))
_ADVENT_LIFT = 1.35
_ADVENT_DAYS = frozenset((12, day) for day in range(1, 21))
_LAUNCH_RAMP_DAYS = 20.0
_INTERMITTENT_UNITS = 4
_SHOP_DAY_NOISE = 0.08
_PRODUCT_DAY_SHAPE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySku:
    """A product as the generated history sells it.

    `base_daily_units` are shares: the wanted number of orders sets the level of the whole shop.
    `weekly_profile` starts on Monday; the season peaks `season_phase_days` into the year; the
    trend is growth per year (-0.5 fades away); a sensitivity of 3 turns 20 % off into 1.8 times
    the units; intermittent demand comes rarely, several units at a time.
    """

    sku: str
    product_id: str
    product_name: str
    category: str
    price_minor: int
    cost_minor: int
    weight_g: int = 0
    base_daily_units: float = 1.0
    weekly_profile: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.1, 1.2, 0.9)
    season_amplitude: float = 0.0
    season_phase_days: int = 0
    trend_per_year: float = 0.0
    promo_sensitivity: float = 3.0
    is_intermittent: bool = False
    launch_offset_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Units and discounts per day (rows) and product (columns)."""

    units: npt.NDArray[np.int64]
    discount_bps: npt.NDArray[np.int64]


def draw_demand(
    catalogue: Sequence[HistorySku],
    days: Sequence[date],
    *,
    units_per_day: float,
    random: np.random.Generator,
) -> Demand:
    """Draw the units of every day; on average all products together sell `units_per_day`."""
    discount_bps = _promotions(catalogue, days, random)
    rate = _rates(catalogue, days) * np.exp(
        _column(catalogue, "promo_sensitivity") * discount_bps / 10_000
    )
    rate *= units_per_day / rate.sum(axis=1).mean()
    rate *= random.lognormal(0.0, _SHOP_DAY_NOISE, size=(len(days), 1))
    rate *= random.gamma(_PRODUCT_DAY_SHAPE, 1 / _PRODUCT_DAY_SHAPE, size=rate.shape)
    steady = random.poisson(rate)
    chance = np.minimum(rate / _INTERMITTENT_UNITS, 1.0)
    lumps = 1 + random.poisson(_INTERMITTENT_UNITS - 1, size=rate.shape)
    lumpy = np.where(random.random(rate.shape) < chance, lumps, 0)
    is_intermittent = np.array([sku.is_intermittent for sku in catalogue])
    units = np.where(is_intermittent, lumpy, steady).astype(np.int64)
    return Demand(units=units, discount_bps=discount_bps)


def _rates(catalogue: Sequence[HistorySku], days: Sequence[date]) -> npt.NDArray[np.float64]:
    elapsed = np.arange(len(days), dtype=np.float64)[:, None]
    year_day = np.array([day.timetuple().tm_yday for day in days], dtype=np.float64)[:, None]
    weekdays = np.array([day.weekday() for day in days])
    profiles = np.array([sku.weekly_profile for sku in catalogue], dtype=np.float64)
    angle = 2 * np.pi * (year_day - _column(catalogue, "season_phase_days")) / _YEAR_DAYS
    since_launch = elapsed - _column(catalogue, "launch_offset_days")
    launched = np.where(
        since_launch < 0, 0.0, 1 - np.exp(-(np.maximum(since_launch, 0) + 1) / _LAUNCH_RAMP_DAYS)
    )
    # What was sold all along has no launch to recover from.
    launched = np.where(_column(catalogue, "launch_offset_days") <= 0, 1.0, launched)
    advent = np.array([_ADVENT_LIFT if (d.month, d.day) in _ADVENT_DAYS else 1.0 for d in days])
    rates: npt.NDArray[np.float64] = (
        _column(catalogue, "base_daily_units")
        * (profiles / profiles.mean(axis=1, keepdims=True)).T[weekdays]
        * np.exp(_column(catalogue, "season_amplitude") * np.cos(angle))
        * np.maximum(1 + _column(catalogue, "trend_per_year"), 0.01) ** (elapsed / _YEAR_DAYS)
        * launched
        * advent[:, None]
    )
    return rates


def _promotions(
    catalogue: Sequence[HistorySku], days: Sequence[date], random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Give each product some weeks of its own at a discount, and half of all the sale week."""
    discount_bps = np.zeros((len(days), len(catalogue)), dtype=np.int64)
    promotions = max(1, round(_PROMOTIONS_PER_YEAR * len(days) / _YEAR_DAYS))
    starts = random.integers(0, len(days), size=(promotions, len(catalogue)))
    offers = random.choice(_PROMOTION_DISCOUNTS_BPS, size=starts.shape)
    columns = np.arange(len(catalogue))
    for start, offer in zip(starts, offers, strict=True):
        for day in range(_PROMOTION_DAYS):
            discount_bps[np.minimum(start + day, len(days) - 1), columns] = offer
    in_sale_week = np.array([(day.month, day.day) in _SALE_WEEK_DAYS for day in days])
    in_sale = random.random(len(catalogue)) < _SALE_WEEK_SHARE
    discount_bps[np.ix_(in_sale_week, in_sale)] = _SALE_WEEK_DISCOUNT_BPS
    return discount_bps


def _column(catalogue: Sequence[HistorySku], field: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(sku, field) for sku in catalogue], dtype=np.float64)


def days_between(first_day: date, last_day: date) -> list[date]:
    return [first_day + timedelta(days=day) for day in range((last_day - first_day).days + 1)]
