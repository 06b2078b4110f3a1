"""The generated mall."""

from itertools import pairwise

import pytest

from sandbox.catalogue import Product, Sku, generate_catalogue


@pytest.fixture(scope="module")
def mall() -> list[Product]:
    return generate_catalogue(7, 120)


@pytest.fixture(scope="module")
def skus(mall: list[Product]) -> list[Sku]:
    return [sku for product in mall for sku in product.skus]


def test_the_same_seed_gives_the_same_mall_and_another_seed_another() -> None:
    assert generate_catalogue(7, 30) == generate_catalogue(7, 30)
    assert generate_catalogue(7, 30) != generate_catalogue(8, 30)


def test_a_larger_mall_begins_with_the_smaller_one(mall: list[Product]) -> None:
    assert mall[:30] == generate_catalogue(7, 30)


def test_every_identifier_is_used_once(mall: list[Product], skus: list[Sku]) -> None:
    assert len({product.product_id for product in mall}) == len(mall)
    assert len({sku.sku for sku in skus}) == len(skus)


def test_every_sku_earns_money_after_tax(skus: list[Sku]) -> None:
    assert all(0 < sku.cost_minor < sku.price_minor * 100 // 119 for sku in skus)


def test_orders_fit_cases_and_lead_times_fit_two_weeks(skus: list[Sku]) -> None:
    assert all(sku.moq % sku.case_pack == 0 for sku in skus)
    assert all(2 <= sku.lead_time_days <= 14 for sku in skus)


def test_demand_stays_within_its_bounds(skus: list[Sku]) -> None:
    traits = [sku.demand for sku in skus]

    assert all(0.05 <= trait.base_daily_units <= 6 for trait in traits)
    assert all(abs(sum(trait.weekday_weights) - 7) < 0.001 for trait in traits)
    assert all(0 <= trait.season_amplitude < 1 for trait in traits)


def test_a_mall_has_every_kind_of_demand(skus: list[Sku]) -> None:
    traits = [sku.demand for sku in skus]

    assert {trait.is_intermittent for trait in traits} == {True, False}
    assert any(trait.launch_offset_days > 0 for trait in traits)
    assert any(trait.season_amplitude > 0.6 for trait in traits)


def test_bigger_variants_cost_more_and_sizes_of_clothes_cost_the_same(mall: list[Product]) -> None:
    kitchen = [product for product in mall if product.category_path == "Home/Kitchen"]
    knitwear = [product for product in mall if product.category_path == "Fashion/Knitwear"]

    assert all(
        small.price_minor < large.price_minor
        for product in kitchen
        for small, large in pairwise(product.skus)
    )
    assert all(len({sku.price_minor for sku in product.skus}) == 1 for product in knitwear)


def test_the_document_has_what_a_shop_takes_and_no_more(mall: list[Product]) -> None:
    document = mall[0].document()

    assert set(document) == {"product_id", "name", "brand", "category_path", "skus"}
    assert set(document["skus"][0]) == {
        "sku",
        "name",
        "price_minor",
        "cost_minor",
        "supplier_id",
        "lead_time_days",
        "moq",
        "case_pack",
        "weight_g",
    }
