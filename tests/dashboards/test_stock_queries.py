"""SKUs stand in the order in which somebody has to act, each with its past and its future."""

from datetime import timedelta

import polars as pl

from analytics.warehouse import Publication
from dashboards.queries import shops, stock
from tests.dashboards.marts import CATALOGUE

FIRST_SKU = CATALOGUE[0][0]
NEW_SKU = CATALOGUE[-1][0]
PLACE = {"store_id": "pond", "sku": FIRST_SKU, "location_id": "main"}


def test_the_most_urgent_sku_comes_first(publication: Publication) -> None:
    skus = stock.skus_by_urgency(publication, store_id="pond")

    assert skus["urgency"].to_list() == [
        *("late", "now", "now", "now", "later", "later"),
        *("covered", "covered", "covered", "unknown"),
    ]
    assert skus["sku"][0] == FIRST_SKU
    ordering = skus.filter(pl.col("qty") > 0)["order_by"]
    assert ordering.is_sorted()


def test_a_new_sku_has_stock_and_no_forecast(publication: Publication) -> None:
    skus = stock.skus_by_urgency(publication, store_id="pond")

    new = skus.row(by_predicate=pl.col("sku") == NEW_SKU, named=True)

    assert (new["urgency"], new["qty"], new["on_hand"]) == ("unknown", None, 87)
    assert stock.forecast(publication, **{**PLACE, "sku": NEW_SKU}).is_empty()


def test_the_forecast_follows_the_history_day_by_day(publication: Publication) -> None:
    past = stock.demand_history(publication, **PLACE, days=30)
    future = stock.forecast(publication, **PLACE)

    days = [*past["day"], *future["day"]]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert future.filter(
        (pl.col("p10") > pl.col("mean")) | (pl.col("mean") > pl.col("p90"))
    ).is_empty()


def test_a_backtest_is_scored_by_sku(publication: Publication) -> None:
    scores = stock.sku_backtest(publication, **PLACE).row(0, named=True)

    assert scores["days"] == 14
    assert (round(scores["wape_model"], 6), round(scores["wape_naive"], 6)) == (0.2, 0.6)
    assert scores["coverage_80"] == 1.0


def test_open_suggestions_come_first_and_mark_their_sku(publication: Publication) -> None:
    rows = stock.suggestions(publication, store_id="pond", limit=10)
    skus = stock.skus_by_urgency(publication, store_id="pond")

    assert rows["status"].unique().to_list() == ["open"]
    assert rows["order_by"].is_sorted()
    assert set(skus["open_suggestion_id"].drop_nulls()) == set(rows["suggestion_id"])


def test_only_stores_with_stock_or_forecast_are_offered(publication: Publication) -> None:
    assert shops.stocked_stores(publication).rows() == [("pond", "EUR")]
