"""From forecast and stock to order proposals: one row per stocked SKU and location."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from analytics.forecasting.demand import KEYS, DemandPanel, Floats, read_frame
from analytics.forecasting.forecaster import DemandForecaster, Distribution
from analytics.forecasting.settings import ForecastSettings
from analytics.warehouse import read_only
from domain.replenishment import (
    DemandOutlook,
    OrderDecision,
    StockPosition,
    SupplyTerms,
    decide_order,
)

PROTECTION_DAYS_MAX = 120
_STEP_DAYS = 7
_DIGITS = 3
_SUPPLY_SQL = """
select
    stock_levels.sku, stock_levels.location_id,
    coalesce(stock_levels.on_hand, 0)::bigint as on_hand,
    coalesce(stock_levels.available, 0)::bigint as available,
    coalesce(stock_levels.on_order, 0)::bigint as on_order,
    products.supplier_id, products.lead_time_days::bigint as lead_time_days,
    greatest(coalesce(products.moq, 1), 1)::bigint as moq,
    greatest(coalesce(products.case_pack, 1), 1)::bigint as case_pack,
    products.cost_minor::bigint as cost_minor
from marts.stock_levels
left join marts.products
    on stock_levels.sku = products.sku and stock_levels.store_id = products.store_id
where stock_levels.store_id = $store_id
order by stock_levels.sku, stock_levels.location_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SumOutlooks:
    """Distributions of the demand of the next days, at any number of days up to the longest."""

    lengths_days: tuple[int, ...]
    sums: Distribution

    def at(self, row: int, days: int) -> DemandOutlook:
        """Return one series' outlook, interpolated between the neighbouring lengths."""
        columns = [self.sums.mean[row], *self.sums.quantiles[row].T]
        mean, *units = (float(np.interp(days, self.lengths_days, column)) for column in columns)
        return DemandOutlook(
            days=days,
            mean=round(mean, _DIGITS),
            levels=self.sums.levels,
            units=tuple(round(value, _DIGITS) for value in units),
        )

    def demand_at(self, row: int, service_target: float) -> list[tuple[int, float]]:
        """Return (days, units not exceeded at the target) for one series."""
        return [
            (days, self.at(row, days).at(service_target)) for days in self.lengths_days if days > 0
        ]


def read_supply(publication_file: Path, *, store_id: str) -> pl.DataFrame:
    """Read what a store has, awaits and may buy, one row per stocked SKU and location."""
    with read_only(publication_file) as connection:
        return read_frame(connection, _SUPPLY_SQL, {"store_id": store_id})


def sum_days_max(supply: pl.DataFrame, settings: ForecastSettings) -> int:
    """Return the longest interval to forecast: the longest protection and two weeks to look on."""
    longest = supply["lead_time_days"].fill_null(settings.lead_time_days).max()
    lead = int(longest) if isinstance(longest, int) else settings.lead_time_days
    return min(lead + settings.review_days, PROTECTION_DAYS_MAX) + 2 * _STEP_DAYS


def sum_outlooks(forecaster: DemandForecaster, panel: DemandPanel, *, days_max: int) -> SumOutlooks:
    """Forecast the sums of weekly growing intervals; a longer one never needs less."""
    lengths = tuple(sorted({1, *range(_STEP_DAYS, days_max, _STEP_DAYS), days_max}))
    sums = forecaster.predict_sums(panel, lengths)

    def rising(values: Floats) -> Floats:
        nothing = np.zeros_like(values[:, :1])
        rising_values = np.maximum.accumulate(values, axis=1)
        return np.concatenate([nothing, rising_values], axis=1)

    return SumOutlooks(
        lengths_days=(0, *lengths),
        sums=Distribution(
            mean=rising(sums.mean), quantiles=rising(sums.quantiles), levels=sums.levels
        ),
    )


def propose(
    panel: DemandPanel,
    outlooks: SumOutlooks,
    *,
    supply: pl.DataFrame,
    settings: ForecastSettings,
    today: date,
) -> list[dict[str, Any]]:
    """Return one proposal per row of the supply, also where nothing has to be ordered."""
    keys = panel.series.select(KEYS).iter_rows()
    rows = {(sku, location): row for row, (sku, location) in enumerate(keys)}
    return [
        _proposal(stocked, outlooks, rows[stocked["sku"], stocked["location_id"]], settings, today)
        for stocked in supply.iter_rows(named=True)
    ]


def _proposal(
    stocked: Mapping[str, Any],
    outlooks: SumOutlooks,
    row: int,
    settings: ForecastSettings,
    today: date,
) -> dict[str, Any]:
    lead_time = stocked["lead_time_days"]
    lead_time = settings.lead_time_days if lead_time is None else lead_time
    terms = SupplyTerms(
        lead_time_days=min(lead_time, PROTECTION_DAYS_MAX - settings.review_days),
        review_days=settings.review_days,
        moq=stocked["moq"],
        case_pack=stocked["case_pack"],
    )
    outlook = outlooks.at(row, terms.protection_days)
    decision = decide_order(
        outlook,
        position=StockPosition(available=stocked["available"], on_order=stocked["on_order"]),
        terms=terms,
        service_target=settings.service_target,
        today=today,
        demand_at_target=outlooks.demand_at(row, settings.service_target),
    )
    return _row(stocked, terms, outlook, decision)


def _row(
    stocked: Mapping[str, Any], terms: SupplyTerms, outlook: DemandOutlook, decision: OrderDecision
) -> dict[str, Any]:
    cost = stocked["cost_minor"]
    return {
        "sku": stocked["sku"],
        "location_id": stocked["location_id"],
        "supplier_id": stocked["supplier_id"],
        "qty": decision.qty,
        "packs": decision.packs,
        "order_by": decision.order_by,
        "need_by": decision.need_by,
        "reason": decision.reason,
        "on_hand": stocked["on_hand"],
        "available": stocked["available"],
        "on_order": stocked["on_order"],
        "lead_time_days": terms.lead_time_days,
        "review_days": terms.review_days,
        "protection_days": terms.protection_days,
        "demand_mean": outlook.mean,
        "demand_p50": outlook.at(0.5),
        "demand_p90": outlook.at(0.9),
        "order_up_to": decision.order_up_to,
        "cover_days": decision.cover_days,
        "stockout_chance_without": round(decision.stockout_chance_without, 4),
        "unit_cost_minor": cost,
        "value_minor": None if cost is None else cost * decision.qty,
    }
