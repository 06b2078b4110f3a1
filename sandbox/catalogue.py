"""A plausible mall, generated: products, their SKUs, and how each is bought over the year."""

import random
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.catalogue_words import BRANDS, QUALITIES, SHELVES, Shelf

_CASE_PACKS = (1, 2, 4, 6, 12, 24)
_SUPPLIERS = 12
_LEAD_TIME_DAYS = (2, 14)
_UNITS_DAILY = (0.05, 6.0)
# Of all products: every fifth is bought rarely, every eighth appeared during the history.
_INTERMITTENT_SHARE = 0.2
_INTERMITTENT_UNITS_DAILY_MAX = 0.4
_LAUNCHED_SHARE = 0.125
_LAUNCH_OFFSET_DAYS = (60, 540)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTraits:
    """How a SKU is bought: what a history generator needs, and nothing it would have to guess.

    Expected units on a day are `base_daily_units`, times the weekday's weight (from Monday on),
    times 1 + amplitude * cos(2 pi (day of year - peak day) / 365), times (1 + trend) ** years.
    A promotion multiplies them by `promo_lift`. Before `launch_offset_days` days into the history
    nothing is sold. An intermittent SKU sells on few days, then several units at once.
    """

    base_daily_units: float
    weekday_weights: tuple[float, ...]
    season_amplitude: float
    season_peak_day: int
    trend_per_year: float
    promo_lift: float
    is_intermittent: bool
    launch_offset_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    sku: str
    name: str
    price_minor: int
    cost_minor: int
    supplier_id: str
    lead_time_days: int
    moq: int
    case_pack: int
    weight_g: int
    demand: DemandTraits


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    product_id: str
    name: str
    brand: str
    category_path: str
    skus: tuple[Sku, ...]

    def document(self) -> dict[str, Any]:
        """Return the product as a shop takes it: without how it will be bought."""
        skus = [asdict(sku) for sku in self.skus]
        for sku in skus:
            del sku["demand"]
        return {
            "product_id": self.product_id,
            "name": self.name,
            "brand": self.brand,
            "category_path": self.category_path,
            "skus": skus,
        }


def generate_catalogue(seed: int, products: int) -> list[Product]:
    """Generate a mall. The first n products of a seed do not depend on how many follow."""
    return [_product(random.Random(f"{seed}/{number}"), number) for number in range(products)]  # noqa: S311 - repeatable, not secret


def _product(generator: random.Random, number: int) -> Product:
    # Shelves take turns, so that even a small mall has every department.
    shelf = SHELVES[number % len(SHELVES)]
    brand = generator.choice(BRANDS)
    thing = generator.choice(shelf.things)
    price_minor = _price(generator, shelf)
    # Dear things sell less; popularity itself is skewed, as in every shop.
    popularity = generator.lognormvariate(0.0, 0.8) * (3_000 / price_minor) ** 0.5
    name = f"{brand} {generator.choice(QUALITIES)} {thing}"
    launch = _launch_offset_days(generator)
    supplier = generator.randrange(_SUPPLIERS)
    skus = tuple(
        _sku(
            generator,
            shelf,
            code=f"{number + 1:04d}-{place + 1}",
            name=f"{name} {variant}".rstrip(),
            price_minor=price_minor + shelf.variant_step_minor * place,
            supplier=supplier,
            units_daily=popularity * generator.uniform(0.5, 1.5),
            launch_offset_days=launch,
        )
        for place, variant in enumerate(shelf.variants)
    )
    return Product(
        product_id=f"P{number + 1:04d}",
        name=name,
        brand=brand,
        category_path=shelf.path,
        skus=skus,
    )


def _sku(
    generator: random.Random,
    shelf: Shelf,
    *,
    code: str,
    name: str,
    price_minor: int,
    supplier: int,
    units_daily: float,
    launch_offset_days: int,
) -> Sku:
    case_pack = generator.choice(_CASE_PACKS)
    margin_percent = generator.randint(*shelf.margin_percent)
    return Sku(
        sku=f"SKU-{code}",
        name=name,
        price_minor=price_minor,
        # Cost before tax at 19 %: what is left of the price after tax and margin, rounded down.
        cost_minor=max(price_minor * 100 * (100 - margin_percent) // (119 * 100), 1),
        supplier_id=f"SUP-{supplier + 1:02d}",
        lead_time_days=_lead_time_days(generator, supplier),
        moq=case_pack * generator.choice((1, 1, 2, 4)),
        case_pack=case_pack,
        weight_g=generator.randint(*shelf.weight_g) // 10 * 10,
        demand=_demand(
            generator, shelf, units_daily=units_daily, launch_offset_days=launch_offset_days
        ),
    )


def _demand(
    generator: random.Random, shelf: Shelf, *, units_daily: float, launch_offset_days: int
) -> DemandTraits:
    is_intermittent = generator.random() < _INTERMITTENT_SHARE
    least, most = _UNITS_DAILY
    if is_intermittent:
        units_daily, most = units_daily / 10, _INTERMITTENT_UNITS_DAILY_MAX
    return DemandTraits(
        base_daily_units=round(min(max(units_daily, least), most), 3),
        weekday_weights=_weekday_weights(generator, shelf.weekend),
        season_amplitude=round(min(max(shelf.season * generator.uniform(0.8, 1.2), 0.0), 0.95), 3),
        season_peak_day=(shelf.peak_day + generator.randint(-10, 10)) % 365,
        trend_per_year=round(generator.uniform(-0.2, 0.35), 3),
        promo_lift=round(generator.uniform(1.2, 3.0), 2),
        is_intermittent=is_intermittent,
        launch_offset_days=launch_offset_days,
    )


def _weekday_weights(generator: random.Random, weekend: float) -> tuple[float, ...]:
    """Return seven weights from Monday on, whose mean is 1."""
    levels = (1.0, 1.0, 1.0, 1.0, 1.0, weekend, weekend)
    raw = [generator.uniform(0.9, 1.1) * level for level in levels]
    return tuple(round(7 * weight / sum(raw), 4) for weight in raw)


def _price(generator: random.Random, shelf: Shelf) -> int:
    least, most = shelf.price_minor
    # Low prices are more common than high ones; shop prices end in 90.
    price = least + (most - least) * generator.random() ** 2
    return int(price) // 100 * 100 + 90


def _lead_time_days(generator: random.Random, supplier: int) -> int:
    least, most = _LEAD_TIME_DAYS
    usual = least + supplier * (most - least) // (_SUPPLIERS - 1)
    return min(max(usual + generator.randint(-1, 1), least), most)


def _launch_offset_days(generator: random.Random) -> int:
    is_launched_later = generator.random() < _LAUNCHED_SHARE
    return generator.randint(*_LAUNCH_OFFSET_DAYS) if is_launched_later else 0
