"""Queries of the sales page: one store and one currency at a time, whole business days.

Money comes from `marts.daily_sales`. Orders are counted from the sold sale lines, so that a
count stays right when a category is chosen; an order has one business date, so days add up.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from analytics.warehouse import Publication
from dashboards.queries.fetch import fetch

GRAINS = ("day", "week", "month")
DIMENSIONS = ("country", "category", "product")

# The chosen rows of both periods. `compared_date` lays the earlier period over the later one.
_SELECTED = """
scope as (
    select
        $store_id::varchar as store_id,
        $currency::varchar as currency,
        $first::date as first_day,
        $last::date as last_day,
        $days::integer as days,
        $regions::varchar[] as regions,
        $categories::varchar[] as categories
),
sales as (
    select
        daily_sales.*,
        daily_sales.business_date < scope.first_day as is_before,
        daily_sales.business_date
        + case when daily_sales.business_date < scope.first_day then scope.days else 0 end
        as compared_date
    from marts.daily_sales
    inner join scope
        on
            daily_sales.store_id = scope.store_id
            and daily_sales.currency = scope.currency
            and daily_sales.business_date between scope.first_day - scope.days and scope.last_day
    where
        (len(scope.regions) = 0 or list_contains(scope.regions, daily_sales.region))
        and (len(scope.categories) = 0 or list_contains(scope.categories, daily_sales.category))
),
sold_lines as (
    select
        order_lines.order_id,
        order_lines.region,
        order_lines.category,
        order_lines.sku,
        order_lines.business_date < scope.first_day as is_before,
        order_lines.business_date
        + case when order_lines.business_date < scope.first_day then scope.days else 0 end
        as compared_date
    from marts.order_lines
    inner join scope
        on
            order_lines.store_id = scope.store_id
            and order_lines.currency = scope.currency
            and order_lines.business_date between scope.first_day - scope.days and scope.last_day
    where
        order_lines.is_sold
        and order_lines.line_kind = 'sale'
        and (len(scope.regions) = 0 or list_contains(scope.regions, order_lines.region))
        and (len(scope.categories) = 0 or list_contains(scope.categories, order_lines.category))
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesScope:
    """What the page is looking at. Empty regions or categories mean all of them."""

    store_id: str
    currency: str
    first: date
    last: date
    regions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def first_before(self) -> date:
        return self.first - timedelta(days=self.days)

    def parameters(self) -> dict[str, Any]:
        return {
            "store_id": self.store_id,
            "currency": self.currency,
            "first": self.first,
            "last": self.last,
            "days": self.days,
            "regions": list(self.regions),
            "categories": list(self.categories),
        }


_CHOICES = """
select
    case when grouping(region) = 0 then 'region' else 'category' end as dimension,
    case when grouping(region) = 0 then region else category end as value,
    cast(sum(net_minor) as bigint) as net_minor
from marts.daily_sales
where store_id = $store_id and currency = $currency
group by grouping sets ((region), (category))
order by dimension, net_minor desc, value
"""


def choices(publication: Publication, *, store_id: str, currency: str) -> pl.DataFrame:
    """Every region and category of a store: dimension, value, most sold first."""
    return fetch(publication, _CHOICES, store_id=store_id, currency=currency).filter(
        pl.col("value").is_not_null()
    )


_TOTALS = f"""
with {_SELECTED},
both_periods as (select unnest([false, true]) as is_before),
summed as (
    select
        is_before,
        sum(net_minor) as net_minor,
        sum(sale_minor) as sale_minor,
        sum(return_minor) as return_minor,
        sum(units_sold) as units
    from sales
    group by is_before
),
counted as (
    select is_before, count(distinct order_id) as orders
    from sold_lines
    group by is_before
)
select
    both_periods.is_before,
    cast(coalesce(summed.net_minor, 0) as bigint) as net_minor,
    cast(coalesce(summed.sale_minor, 0) as bigint) as sale_minor,
    cast(coalesce(summed.return_minor, 0) as bigint) as return_minor,
    cast(coalesce(summed.units, 0) as bigint) as units,
    coalesce(counted.orders, 0) as orders
from both_periods
left join summed on both_periods.is_before = summed.is_before
left join counted on both_periods.is_before = counted.is_before
order by both_periods.is_before
"""  # noqa: S608


def totals(publication: Publication, scope: SalesScope) -> pl.DataFrame:
    """Two rows, the period (is_before false) and the one of the same length before it."""
    return fetch(publication, _TOTALS, **scope.parameters())


_TREND = f"""
with {_SELECTED},
days_of_period as (
    select unnest(generate_series(first_day::timestamp, last_day::timestamp, interval 1 day)) as day
    from scope
),
buckets as (
    select distinct cast(date_trunc($grain, day) as date) as bucket from days_of_period
),
summed as (
    select
        cast(date_trunc($grain, compared_date) as date) as bucket,
        sum(net_minor) filter (where not is_before) as net_minor,
        sum(net_minor) filter (where is_before) as net_before_minor,
        sum(units_sold) filter (where not is_before) as units,
        sum(units_sold) filter (where is_before) as units_before
    from sales
    group by 1
),
counted as (
    select
        cast(date_trunc($grain, compared_date) as date) as bucket,
        count(distinct order_id) filter (where not is_before) as orders,
        count(distinct order_id) filter (where is_before) as orders_before
    from sold_lines
    group by 1
)
select
    buckets.bucket,
    cast(coalesce(summed.net_minor, 0) as bigint) as net_minor,
    cast(coalesce(summed.net_before_minor, 0) as bigint) as net_before_minor,
    coalesce(counted.orders, 0) as orders,
    coalesce(counted.orders_before, 0) as orders_before,
    cast(coalesce(summed.units, 0) as bigint) as units,
    cast(coalesce(summed.units_before, 0) as bigint) as units_before
from buckets
left join summed on buckets.bucket = summed.bucket
left join counted on buckets.bucket = counted.bucket
order by buckets.bucket
"""  # noqa: S608


def trend(publication: Publication, scope: SalesScope, *, grain: str) -> pl.DataFrame:
    """One row per day, week or month of the period, gapless, oldest first.

    A day of the period before stands in the bucket of the day it is compared with, so each
    column adds up to the total of its period.
    """
    if grain not in GRAINS:
        raise ValueError(f"grain {grain!r} is not one of {', '.join(GRAINS)}")
    return fetch(publication, _TREND, grain=grain, **scope.parameters())


_NAME = """
case $by
    when 'country' then coalesce(region, 'unknown')
    when 'category' then coalesce(category, 'unknown')
    else sku
end
"""

_BREAKDOWN = f"""
with {_SELECTED},
summed as (
    select
        {_NAME} as name,
        sum(net_minor) filter (where not is_before) as net_minor,
        sum(net_minor) filter (where is_before) as net_before_minor,
        sum(return_minor) filter (where not is_before) as return_minor,
        sum(units_sold) filter (where not is_before) as units
    from sales
    group by 1
),
counted as (
    select
        {_NAME} as name,
        count(distinct order_id) filter (where not is_before) as orders
    from sold_lines
    group by 1
)
select
    summed.name,
    coalesce(products.name, '') as product_name,
    cast(coalesce(summed.net_minor, 0) as bigint) as net_minor,
    cast(coalesce(summed.net_before_minor, 0) as bigint) as net_before_minor,
    coalesce(counted.orders, 0) as orders,
    cast(coalesce(summed.units, 0) as bigint) as units,
    cast(coalesce(summed.return_minor, 0) as bigint) as return_minor
from summed
left join counted on summed.name = counted.name
left join marts.products
    on
        summed.name = products.sku
        and products.store_id = $store_id
        and $by = 'product'
order by net_minor desc, summed.name
"""  # noqa: S608


def breakdown(publication: Publication, scope: SalesScope, *, by: str) -> pl.DataFrame:
    """One row per country, category or product sold in either period, most sold first.

    An order with two categories counts for both, so the order column may add up to more than
    the total; money and units never do.
    """
    if by not in DIMENSIONS:
        raise ValueError(f"dimension {by!r} is not one of {', '.join(DIMENSIONS)}")
    return fetch(publication, _BREAKDOWN, by=by, **scope.parameters())
