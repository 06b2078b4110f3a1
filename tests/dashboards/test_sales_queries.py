"""Sales figures add up, whatever they are cut by, and currencies stay apart."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from analytics.warehouse import Publication, read_only
from dashboards.queries import sales, shops
from tests.dashboards.marts import LAST_DAY

SCOPE = sales.SalesScope(
    store_id="pond", currency="EUR", first=LAST_DAY - timedelta(days=27), last=LAST_DAY
)


def direct_net_minor(publication: Publication, scope: sales.SalesScope, *, days_back: int) -> int:
    with read_only(publication) as connection:
        row = connection.execute(
            """
            select cast(coalesce(sum(net_minor), 0) as bigint) from marts.daily_sales
            where store_id = ? and currency = ? and business_date between ? and ?
            """,
            [
                scope.store_id,
                scope.currency,
                scope.first - timedelta(days=days_back),
                scope.last - timedelta(days=days_back),
            ],
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_totals_equal_the_mart_in_both_periods(publication: Publication) -> None:
    now, before = sales.totals(publication, SCOPE).rows(named=True)

    assert now["net_minor"] == direct_net_minor(publication, SCOPE, days_back=0)
    assert before["net_minor"] == direct_net_minor(publication, SCOPE, days_back=28)
    assert (now["is_before"], before["is_before"]) == (False, True)


@pytest.mark.parametrize("grain", sales.GRAINS)
def test_the_trend_adds_up_to_the_totals(publication: Publication, grain: str) -> None:
    now, before = sales.totals(publication, SCOPE).rows(named=True)

    trend = sales.trend(publication, SCOPE, grain=grain)

    assert trend["net_minor"].sum() == now["net_minor"]
    assert trend["net_before_minor"].sum() == before["net_minor"]
    assert trend["orders"].sum() == now["orders"]
    assert trend["units_before"].sum() == before["units"]


def test_a_day_without_sales_is_a_row_of_zeros(publication: Publication) -> None:
    scope = replace(SCOPE, regions=("Ireland",))

    trend = sales.trend(publication, scope, grain="day")

    assert trend.height == SCOPE.days
    assert trend.filter(pl.col("net_minor") == 0).height > 0


@pytest.mark.parametrize("by", sales.DIMENSIONS)
def test_every_breakdown_adds_up_to_the_totals(publication: Publication, by: str) -> None:
    now, before = sales.totals(publication, SCOPE).rows(named=True)

    rows = sales.breakdown(publication, SCOPE, by=by)

    assert rows["net_minor"].sum() == now["net_minor"]
    assert rows["net_before_minor"].sum() == before["net_minor"]
    assert rows["units"].sum() == now["units"]
    assert rows["name"].n_unique() == rows.height


def test_filters_cut_to_their_row_of_the_breakdown(publication: Publication) -> None:
    by_country = sales.breakdown(publication, SCOPE, by="country")
    france = by_country.row(by_predicate=pl.col("name") == "France", named=True)

    now = sales.totals(publication, replace(SCOPE, regions=("France",))).row(0, named=True)

    assert (now["net_minor"], now["orders"]) == (france["net_minor"], france["orders"])


def test_country_and_category_narrow_each_other(publication: Publication) -> None:
    both = replace(SCOPE, regions=("France", "Germany"), categories=("Garden/Seeds",))

    rows = sales.breakdown(publication, both, by="product")

    assert set(rows["name"]) == {"SEED-POPPY", "SEED-DILL"}
    assert rows["net_minor"].sum() < sales.totals(publication, SCOPE)["net_minor"][0]


def test_currencies_are_never_added(publication: Publication) -> None:
    dollars = replace(SCOPE, currency="USD")

    euros_net = sales.totals(publication, SCOPE)["net_minor"][0]
    dollars_net = sales.totals(publication, dollars)["net_minor"][0]

    assert euros_net == direct_net_minor(publication, SCOPE, days_back=0)
    assert dollars_net == direct_net_minor(publication, dollars, days_back=0)
    assert 0 < dollars_net < euros_net


def test_a_scope_without_sales_is_zero_not_missing(publication: Publication) -> None:
    nowhere = replace(SCOPE, store_id="nowhere")

    assert sales.totals(publication, nowhere)["net_minor"].to_list() == [0, 0]
    assert sales.breakdown(publication, nowhere, by="country").is_empty()


def test_an_unknown_grain_or_dimension_is_refused(publication: Publication) -> None:
    with pytest.raises(ValueError, match="grain 'hour'"):
        sales.trend(publication, SCOPE, grain="hour")
    with pytest.raises(ValueError, match="dimension 'colour'"):
        sales.breakdown(publication, SCOPE, by="colour")


def test_the_busiest_shop_comes_first(publication: Publication) -> None:
    rows = shops.shops(publication)

    assert rows.select("store_id", "currency").rows() == [
        ("pond", "EUR"),
        ("heritage", "GBP"),
        ("pond", "USD"),
    ]
    assert rows["last_day"].unique().to_list() == [LAST_DAY]
