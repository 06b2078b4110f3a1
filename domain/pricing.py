"""What an order costs: goods, discount, freight and tax, per line and in total."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.money import apportion, tax_minor

ROUNDING_RULE = "tax half up per line; freight by largest remainder"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRules:
    """The store's freight and tax rules; money in minor units, rate in basis points."""

    freight_minor: int = 490
    free_freight_from_minor: int = 4_900
    tax_rate_bps: int = 1_900


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToPrice:
    line_id: str
    unit_price_minor: int
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    line_id: str
    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int
    payable_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedOrder:
    lines: tuple[PricedLine, ...]
    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int
    total_minor: int


def price_order(lines: Sequence[LineToPrice], rules: PriceRules) -> PricedOrder:
    """Price an order of at least one line. Lines add up to the order in every part."""
    goods = [line.unit_price_minor * line.qty for line in lines]
    freight = 0 if sum(goods) >= rules.free_freight_from_minor else rules.freight_minor
    shares = apportion(freight, goods)
    priced = tuple(
        _price_line(line, goods_minor=value, freight_minor=share, rate_bps=rules.tax_rate_bps)
        for line, value, share in zip(lines, goods, shares, strict=True)
    )
    return PricedOrder(
        lines=priced,
        goods_minor=sum(goods),
        discount_minor=sum(line.discount_minor for line in priced),
        freight_minor=freight,
        tax_minor=sum(line.tax_minor for line in priced),
        total_minor=sum(line.payable_minor for line in priced),
    )


def _price_line(
    line: LineToPrice, *, goods_minor: int, freight_minor: int, rate_bps: int
) -> PricedLine:
    tax = tax_minor(goods_minor + freight_minor, rate_bps)
    return PricedLine(
        line_id=line.line_id,
        goods_minor=goods_minor,
        discount_minor=0,
        freight_minor=freight_minor,
        tax_minor=tax,
        payable_minor=goods_minor + freight_minor + tax,
    )
