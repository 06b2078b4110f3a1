"""Pricing and sourcing of lines that nobody has ordered yet."""

from collections.abc import Mapping
from datetime import datetime

from api import shapes
from api.bodies.orders import QuoteBody, QuoteInput, QuoteLineBody, TotalsBody
from api.dependencies import ApiDependencies
from api.faults import RequestFaultsError, unknown_sku
from domain.inventory import Balances, WantedLine, source_lines
from domain.pricing import LineToPrice, PricedLine, PricedOrder, price_order
from store.catalogue import CatalogueRepository, SkuOffer
from store.orders import line_id


async def quote(
    dependencies: ApiDependencies, body: QuoteInput, *, at: datetime, expires_at: datetime
) -> QuoteBody:
    """Price and source lines as an order would be now. Raises RequestFaultsError."""
    skus = [line.sku for line in body.lines]
    offers = await CatalogueRepository(dependencies.pool).offers(skus, at=at)
    faults = [unknown_sku(index, sku) for index, sku in enumerate(skus) if sku not in offers]
    if faults:
        raise RequestFaultsError(faults)
    locations, balances = await dependencies.merchandise.balances(skus)
    sourcing = source_lines(_wanted(body), balances=balances, locations=locations)
    priced = price_order(_to_price(body, offers), dependencies.price_rules)
    return QuoteBody(
        lines=[
            _line(wanted, offer=offers[wanted.sku], priced=line, balances=balances)
            for wanted, line in zip(_wanted(body), priced.lines, strict=True)
        ],
        totals=_totals(priced, currency=dependencies.context.currency),
        short_lines=shapes.short_lines(sourcing.short_lines),
        expires_at=expires_at,
    )


def _wanted(body: QuoteInput) -> list[WantedLine]:
    return [
        WantedLine(line_id=line_id(number), sku=line.sku, qty=line.qty)
        for number, line in enumerate(body.lines, start=1)
    ]


def _to_price(body: QuoteInput, offers: Mapping[str, SkuOffer]) -> list[LineToPrice]:
    return [
        LineToPrice(
            line_id=wanted.line_id,
            unit_price_minor=offers[wanted.sku].price_minor,
            qty=wanted.qty,
        )
        for wanted in _wanted(body)
    ]


def _line(
    wanted: WantedLine, *, offer: SkuOffer, priced: PricedLine, balances: Balances
) -> QuoteLineBody:
    return QuoteLineBody(
        sku=wanted.sku,
        qty=wanted.qty,
        unit_price_minor=offer.price_minor,
        goods_minor=priced.goods_minor,
        discount_minor=priced.discount_minor,
        freight_minor=priced.freight_minor,
        tax_minor=priced.tax_minor,
        payable_minor=priced.payable_minor,
        available=sum(
            balance.available for (sku, _), balance in balances.items() if sku == wanted.sku
        ),
    )


def _totals(priced: PricedOrder, *, currency: str) -> TotalsBody:
    return TotalsBody(
        goods_minor=priced.goods_minor,
        discount_minor=priced.discount_minor,
        freight_minor=priced.freight_minor,
        tax_minor=priced.tax_minor,
        total_minor=priced.total_minor,
        currency=currency,
    )
