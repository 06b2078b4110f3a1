"""Placing an order: validate, price and reserve in one transaction, then open its payment."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity

from activities.context import origin
from activities.orders.shared import moves_of, order_totals, totals_of
from activities.payments.paying import PayingActivities
from activities.payments.records import PROVIDER, payment_answer
from contracts import ids
from contracts.events import Actor, ActorType, NewEvent
from contracts.order_events import OrderEvents
from contracts.orders import OrderAnswer, OrderRequest, PaymentOutcome, PlacedOrder, PlaceOrder
from domain.faults import Fault
from domain.inventory import MovementKind, Sourcing, WantedLine, source_lines
from domain.ledger import OrderParts
from domain.orders import OrderStatus
from domain.pricing import ROUNDING_RULE, LineToPrice, PricedOrder, PriceRules, price_order
from domain.timers import OrderTimers
from store.catalogue import SkuOffer
from store.orders import HeldLine, NewOrder, OrderRecord, line_id
from store.payments import NewPayment
from store.stock import Balances, Cause, shortfall
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An order priced and sourced, about to be written."""

    request: OrderRequest
    offers: dict[str, SkuOffer]
    priced: PricedOrder
    sourcing: Sourcing
    locations: list[str]
    balances: Balances
    timers: OrderTimers
    currency: str
    at: datetime

    @property
    def parts(self) -> OrderParts:
        return OrderParts(
            goods_minor=self.priced.goods_minor,
            discount_minor=self.priced.discount_minor,
            freight_minor=self.priced.freight_minor,
            tax_minor=self.priced.tax_minor,
        )

    @property
    def events(self) -> OrderEvents:
        return OrderEvents(
            self.request.order_id,
            channel=self.request.channel,
            at=self.at,
            actor=Actor(type=ActorType.CUSTOMER, id=self.request.customer_ref),
        )

    @property
    def cause(self) -> Cause:
        return Cause(
            type="order",
            id=self.request.order_id,
            key=f"{self.request.order_id}/0",
            at=self.at,
            correlation_id=self.request.order_id,
            channel=self.request.channel,
        )


class PlacingActivities:
    """May run more than once: an order that is there already is answered, not placed again."""

    def __init__(
        self,
        *,
        units_of_work: UnitOfWorkFactory,
        paying: PayingActivities,
        price_rules: PriceRules,
        timers: Mapping[str, OrderTimers],
    ) -> None:
        self._units_of_work = units_of_work
        self._paying = paying
        self._price_rules = price_rules
        self._timers = timers

    @activity.defn
    async def place_order(self, step: PlaceOrder) -> PlacedOrder:
        """Take an order, or say what is wrong with it or short; then ask the gateway how to pay."""
        placed = await self._write(step)
        if placed.answer.status is not OrderStatus.AWAITING_PAYMENT:
            return placed
        payment = await self._paying.open_payment(
            step.request.order_id, payment_method=step.request.payment_method, at=step.placed_at
        )
        return replace(
            placed,
            answer=replace(placed.answer, payment=payment.answer),
            is_authorised=payment.outcome is PaymentOutcome.AUTHORISED,
        )

    async def _write(self, step: PlaceOrder) -> PlacedOrder:
        request = step.request
        timers = self._timers[request.order_type]
        async with self._units_of_work.begin(origin()) as uow:
            existing = await uow.orders.find(request.order_id)
            if existing is not None:
                return await _repeat(uow, existing, timers)
            draft_or_answer = await self._draft(uow, request, timers, at=step.placed_at)
            if isinstance(draft_or_answer, OrderAnswer):
                return PlacedOrder(answer=draft_or_answer, timers=timers)
            if draft_or_answer.sourcing.short_lines:
                return await _write_short(uow, draft_or_answer)
            return await _write_reserved(uow, draft_or_answer)

    async def _draft(
        self, uow: UnitOfWork, request: OrderRequest, timers: OrderTimers, *, at: datetime
    ) -> _Draft | OrderAnswer:
        """Price and source a request; an answer instead means that it cannot be taken."""
        skus = [line.sku for line in request.lines]
        offers = await uow.catalogue.offers(skus, at=at)
        faults = _unknown_skus(request, offers)
        if faults:
            return OrderAnswer(order_id=request.order_id, status=None, faults=faults)
        balances = await uow.stock.lock(skus)
        locations = await uow.stock.locations()
        draft = _Draft(
            request=request,
            offers=offers,
            priced=_price(request, offers, self._price_rules),
            sourcing=source_lines(_wanted(request), balances=balances, locations=locations),
            locations=locations,
            balances=balances,
            timers=timers,
            currency=self._units_of_work.context.currency,
            at=at,
        )
        return _refuse_other_total(draft) or draft


def _unknown_skus(request: OrderRequest, offers: dict[str, SkuOffer]) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            code="unknown-sku",
            field=f"lines.{index}.sku",
            message=f"SKU {line.sku!r} is not in the catalogue",
        )
        for index, line in enumerate(request.lines)
        if line.sku not in offers
    )


def _refuse_other_total(draft: _Draft) -> OrderAnswer | None:
    expected = draft.request.expected_total_minor
    if expected is None or expected == draft.priced.total_minor:
        return None
    return OrderAnswer(
        order_id=draft.request.order_id,
        status=None,
        totals=order_totals(draft.parts, currency=draft.currency),
        faults=(
            Fault(
                code="total-changed",
                field="expected_total_minor",
                message=f"the total is {draft.priced.total_minor}, not {expected}",
            ),
        ),
    )


def _wanted(request: OrderRequest) -> list[WantedLine]:
    return [
        WantedLine(line_id=line_id(number), sku=line.sku, qty=line.qty)
        for number, line in enumerate(request.lines, start=1)
    ]


def _price(request: OrderRequest, offers: dict[str, SkuOffer], rules: PriceRules) -> PricedOrder:
    return price_order(
        [
            LineToPrice(
                line_id=line_id(number),
                unit_price_minor=offers[line.sku].price_minor,
                qty=line.qty,
            )
            for number, line in enumerate(request.lines, start=1)
        ],
        rules,
    )


async def _repeat(uow: UnitOfWork, order: OrderRecord, timers: OrderTimers) -> PlacedOrder:
    """Answer a placing that was done before with the order as it is now."""
    payment = None
    if order.status is not OrderStatus.ACTION_REQUIRED:
        payment = payment_answer(await uow.payments.latest(order.order_id))
    return PlacedOrder(
        answer=OrderAnswer(
            order_id=order.order_id,
            status=order.status,
            totals=totals_of(order),
            reservation_expires_at=order.due_at,
            payment=payment,
            short_lines=order.short_lines,
        ),
        timers=timers,
        due_at=order.due_at,
    )


async def _write_short(uow: UnitOfWork, draft: _Draft) -> PlacedOrder:
    """Keep an order that cannot be served: nothing is held, the customer decides."""
    due_at = draft.at + timedelta(seconds=draft.timers.customer_action)
    short_lines = draft.sourcing.short_lines
    await uow.orders.add(_new_order(draft, status=OrderStatus.ACTION_REQUIRED, due_at=due_at))
    uow.outbox.add(
        *_submitted(draft),
        draft.events.order(
            "action_required",
            kind="short",
            due_at=due_at.isoformat(),
            short_lines=[
                {"sku": line.sku, "wanted": line.wanted, "available": line.available}
                for line in short_lines
            ],
        ),
        *(
            shortfall(
                sku=line.sku,
                location_id=draft.locations[0] if draft.locations else "",
                wanted=line.wanted,
                available=line.available,
                cause=draft.cause,
            )
            for line in short_lines
        ),
    )
    answer = _answer(draft, OrderStatus.ACTION_REQUIRED)
    return PlacedOrder(
        answer=replace(answer, short_lines=short_lines), timers=draft.timers, due_at=due_at
    )


async def _write_reserved(uow: UnitOfWork, draft: _Draft) -> PlacedOrder:
    """Keep an order with its stock held and its payment opened on our side."""
    due_at = draft.at + timedelta(seconds=draft.timers.payment)
    order_id, total = draft.request.order_id, draft.priced.total_minor
    payment_id = ids.payment_id(order_id, 1)
    await uow.orders.add(_new_order(draft, status=OrderStatus.AWAITING_PAYMENT, due_at=due_at))
    uow.outbox.add(*_submitted(draft))
    await uow.stock.move(
        moves_of(MovementKind.RESERVED, _held(draft)),
        balances=draft.balances,
        cause=draft.cause,
    )
    await uow.payments.add(
        NewPayment(
            payment_id=payment_id,
            order_id=order_id,
            attempt_no=1,
            provider=PROVIDER,
            method="card",
            amount_minor=total,
        ),
        at=draft.at,
    )
    uow.outbox.add(*_payment_opened(draft, payment_id, due_at=due_at))
    answer = replace(_answer(draft, OrderStatus.AWAITING_PAYMENT), reservation_expires_at=due_at)
    return PlacedOrder(answer=answer, timers=draft.timers, due_at=due_at)


def _held(draft: _Draft) -> list[HeldLine]:
    return [
        HeldLine(
            line_id=line.line_id,
            sku=line.sku,
            qty=line.qty,
            location_id=draft.sourcing.location_of_line[line.line_id],
        )
        for line in _wanted(draft.request)
    ]


def _new_order(draft: _Draft, *, status: OrderStatus, due_at: datetime) -> NewOrder:
    return NewOrder(
        request=draft.request,
        priced=draft.priced,
        offers=draft.offers,
        location_of_line=dict(draft.sourcing.location_of_line),
        short_lines=draft.sourcing.short_lines,
        status=status,
        currency=draft.currency,
        due_at=due_at,
        at=draft.at,
    )


def _answer(draft: _Draft, status: OrderStatus) -> OrderAnswer:
    return OrderAnswer(
        order_id=draft.request.order_id,
        status=status,
        totals=order_totals(draft.parts, currency=draft.currency),
    )


def _payment_opened(draft: _Draft, payment_id: str, *, due_at: datetime) -> list[NewEvent]:
    due, total = due_at.isoformat(), draft.priced.total_minor
    return [
        draft.events.order("confirmed", reservation_expires_at=due),
        draft.events.payment(
            "initiated",
            payment_id,
            method="card",
            provider=PROVIDER,
            amount_minor=total,
            attempt_no=1,
            expires_at=due,
        ),
        draft.events.order("payment_awaited", due_at=due, amount_minor=total),
    ]


def _submitted(draft: _Draft) -> list[NewEvent]:
    request, priced = draft.request, draft.priced
    return [
        draft.events.order(
            "submitted",
            order_type=request.order_type,
            origin="api",
            customer_ref=request.customer_ref,
            region=request.contact.country,
            session_id=request.session_id,
            lines=_snapshots(draft),
        ),
        draft.events.order(
            "priced",
            rounding_rule=ROUNDING_RULE,
            goods_minor=priced.goods_minor,
            discount_minor=priced.discount_minor,
            freight_minor=priced.freight_minor,
            tax_minor=priced.tax_minor,
            total_minor=priced.total_minor,
            lines=[asdict(line) for line in priced.lines],
        ),
    ]


def _snapshots(draft: _Draft) -> list[dict[str, Any]]:
    """Return what was agreed, line by line: later changes of the catalogue do not touch it."""
    return [
        {
            "line_id": line_id(number),
            "sku": line.sku,
            "product_name": draft.offers[line.sku].name,
            "category": draft.offers[line.sku].category_path,
            "qty": line.qty,
            "list_price_minor": draft.offers[line.sku].price_minor,
            "unit_price_minor": draft.offers[line.sku].price_minor,
            "unit_cost_minor": draft.offers[line.sku].cost_minor,
        }
        for number, line in enumerate(draft.request.lines, start=1)
    ]
