"""Queries of the stock page: urgency of every SKU, one SKU's past and future, suggestions.

All read the newest forecast run of the store; without a run the stock columns still stand.
"""

import polars as pl

from analytics.warehouse import Publication
from dashboards.queries.fetch import fetch

_RUN = """
    newest_run as (
        select *
        from marts.forecast_runs
        where store_id = $store_id
        order by created_at desc, run_id desc
        limit 1
    )
"""


_NEWEST_RUN = f"""
with {_RUN} select * from newest_run
"""  # noqa: S608


def newest_run(publication: Publication, *, store_id: str) -> pl.DataFrame:
    """The store's newest forecast run with its scores: one row, or none."""
    return fetch(publication, _NEWEST_RUN, store_id=store_id)


_SKUS_BY_URGENCY = f"""
with {_RUN},
proposals as (
    select replenishment_proposals.*, newest_run.as_of
    from marts.replenishment_proposals
    inner join newest_run on replenishment_proposals.run_id = newest_run.run_id
),
stock as (select * from marts.stock_levels where store_id = $store_id),
places as (
    select sku, location_id from stock
    union
    select sku, location_id from proposals
),
open_suggestions as (
    select sku, location_id, max(suggestion_id) as suggestion_id
    from marts.replenishment_suggestions
    where store_id = $store_id and status = 'open'
    group by sku, location_id
),
judged as (
    select
        places.sku,
        places.location_id,
        coalesce(products.name, '') as product_name,
        case
            when proposals.sku is null then 'unknown'
            when coalesce(proposals.qty, 0) <= 0 then 'covered'
            when proposals.order_by < proposals.as_of then 'late'
            when proposals.order_by <= proposals.as_of + 7 then 'now'
            else 'later'
        end as urgency,
        coalesce(stock.on_hand, proposals.on_hand) as on_hand,
        coalesce(stock.available, proposals.available) as available,
        coalesce(stock.reserved, 0) as reserved,
        coalesce(stock.allocated, 0) as allocated,
        coalesce(stock.on_order, proposals.on_order) as on_order,
        stock.last_movement_at,
        proposals.supplier_id,
        proposals.qty,
        proposals.packs,
        proposals.order_by,
        proposals.need_by,
        proposals.reason,
        proposals.lead_time_days,
        proposals.review_days,
        proposals.protection_days,
        proposals.demand_mean,
        proposals.demand_p50,
        proposals.demand_p90,
        proposals.order_up_to,
        proposals.cover_days,
        proposals.stockout_chance_without,
        proposals.unit_cost_minor,
        proposals.value_minor,
        open_suggestions.suggestion_id as open_suggestion_id
    from places
    left join stock
        on places.sku = stock.sku and places.location_id = stock.location_id
    left join proposals
        on places.sku = proposals.sku and places.location_id = proposals.location_id
    left join marts.products
        on places.sku = products.sku and products.store_id = $store_id
    left join open_suggestions
        on places.sku = open_suggestions.sku
        and places.location_id = open_suggestions.location_id
)
select *
from judged
order by
    list_position(['late', 'now', 'later', 'covered', 'unknown'], urgency),
    order_by nulls last,
    stockout_chance_without desc nulls last,
    sku,
    location_id
"""  # noqa: S608


def skus_by_urgency(publication: Publication, *, store_id: str) -> pl.DataFrame:
    """One row per SKU and location with stock or a proposal, the most urgent first.

    `urgency`: 'late' (order day passed), 'now' (within a week), 'later', 'covered' (nothing to
    order), 'unknown' (no forecast); days count from the forecast's last day of data.
    """
    return fetch(publication, _SKUS_BY_URGENCY, store_id=store_id)


_DEMAND_HISTORY = """
with sku_demand as (
    select demand_date as day, cast(units as double) as units
    from marts.daily_demand
    where store_id = $store_id and sku = $sku and location_id = $location_id
)

select day, units
from sku_demand
where day > (select max(day) from sku_demand) - $days::integer
order by day
"""


def demand_history(
    publication: Publication, *, store_id: str, sku: str, location_id: str, days: int
) -> pl.DataFrame:
    """Units sold on each of the SKU's last days, gapless, oldest first."""
    return fetch(
        publication,
        _DEMAND_HISTORY,
        store_id=store_id,
        sku=sku,
        location_id=location_id,
        days=days,
    )


_FORECAST = f"""
with {_RUN}
select forecasts.forecast_date as day, mean, p10, p50, p90
from marts.forecasts
inner join newest_run on forecasts.run_id = newest_run.run_id
where forecasts.sku = $sku and forecasts.location_id = $location_id
order by forecasts.forecast_date
"""  # noqa: S608


def forecast(
    publication: Publication, *, store_id: str, sku: str, location_id: str
) -> pl.DataFrame:
    """The newest run's expectation per day with its 80 % interval, oldest first."""
    return fetch(publication, _FORECAST, store_id=store_id, sku=sku, location_id=location_id)


_SKU_BACKTEST = f"""
with {_RUN}
select
    count(*) as days,
    cast(sum(abs(predicted - units)) / nullif(sum(units), 0) as double) as wape_model,
    cast(sum(abs(naive - units)) / nullif(sum(units), 0) as double) as wape_naive,
    cast(avg(case when units between p10 and p90 then 1 else 0 end) as double)
    as coverage_80
from marts.forecast_backtests
inner join newest_run on forecast_backtests.run_id = newest_run.run_id
where sku = $sku and location_id = $location_id
"""  # noqa: S608


def sku_backtest(
    publication: Publication, *, store_id: str, sku: str, location_id: str
) -> pl.DataFrame:
    """How the newest run did on days it had not seen, for one SKU: one row.

    Errors are null when the SKU sold nothing on those days.
    """
    return fetch(publication, _SKU_BACKTEST, store_id=store_id, sku=sku, location_id=location_id)


_SUGGESTIONS = """
select
    replenishment_suggestions.suggestion_id,
    replenishment_suggestions.sku,
    replenishment_suggestions.location_id,
    coalesce(products.name, '') as product_name,
    replenishment_suggestions.qty,
    replenishment_suggestions.order_by,
    replenishment_suggestions.need_by,
    coalesce(replenishment_suggestions.reason, '') as reason,
    replenishment_suggestions.status,
    coalesce(replenishment_suggestions.decided_by, '') as decided_by,
    replenishment_suggestions.suggested_at,
    replenishment_suggestions.decided_at,
    coalesce(replenishment_suggestions.po_id, '') as po_id
from marts.replenishment_suggestions
left join marts.products
    on replenishment_suggestions.sku = products.sku
    and products.store_id = $store_id
where replenishment_suggestions.store_id = $store_id
order by
    replenishment_suggestions.status <> 'open',
    case when replenishment_suggestions.status = 'open'
        then replenishment_suggestions.order_by end,
    replenishment_suggestions.decided_at desc nulls last,
    replenishment_suggestions.suggestion_id
limit $row_count
"""


def suggestions(publication: Publication, *, store_id: str, limit: int) -> pl.DataFrame:
    """Suggestions, open ones first by the day to order, then the latest decided."""
    return fetch(publication, _SUGGESTIONS, store_id=store_id, row_count=limit)
