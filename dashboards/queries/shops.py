"""Which stores there are, in which currencies, and which days they cover."""

import polars as pl

from analytics.warehouse import Publication
from dashboards.queries.fetch import fetch

_SHOPS = """
select
    store_id,
    currency,
    count(*) as orders,
    min(business_date) as first_day,
    max(business_date) as last_day
from marts.orders
group by store_id, currency
order by orders desc, store_id, currency
"""


def shops(publication: Publication) -> pl.DataFrame:
    """One row per store and currency with an order, the busiest first."""
    return fetch(publication, _SHOPS)


_STOCKED_STORES = """
with
stores as (
    select store_id from marts.stock_levels
    union
    select store_id from marts.forecast_runs
),
orders_by_currency as (
    select store_id, currency, count(*) as orders
    from marts.orders
    group by store_id, currency
),
main_currency as (
    select store_id, arg_max(currency, orders) as currency, sum(orders) as orders
    from orders_by_currency
    group by store_id
)
select stores.store_id, coalesce(main_currency.currency, '') as currency
from stores
left join main_currency on stores.store_id = main_currency.store_id
order by coalesce(main_currency.orders, 0) desc, stores.store_id
"""


def stocked_stores(publication: Publication) -> pl.DataFrame:
    """One row per store with stock or a forecast; currency is the one it sells most in."""
    return fetch(publication, _STOCKED_STORES)
