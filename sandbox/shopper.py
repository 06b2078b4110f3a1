"""One shopper: looks around, fills a cart, orders, and pays or does not."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sandbox.shop_calls import Reply, ShopCalls, Tally

_GOOD_CARD = "pm_card_visa"
_EMPTY_CARD = "pm_card_chargeDeclinedInsufficientFunds"
_LOOKERS_MAX = 2
_LINES_MAX = 3
_NEARNESS = 20
_ASKS_MAX = 20
_ASK_SECONDS = 0.5
_NOT_READY = 202
_UNPAID = frozenset({"awaiting_payment", "action_required", "cancelled", "expired", "failed"})
_COUNTRIES = ("DE", "DE", "DE", "DE", "FR", "FR", "NL", "AT", "IT", "ES")
_CITIES = {
    "DE": ("Leipzig", "04109"),
    "FR": ("Lyon", "69002"),
    "NL": ("Utrecht", "3511"),
    "AT": ("Graz", "8010"),
    "IT": ("Torino", "10121"),
    "ES": ("Valencia", "46002"),
}


class Journey(StrEnum):
    BUY_NOW = "buy_now"
    PAY_LATER = "pay_later"
    PAY_AT_GATEWAY = "pay_at_gateway"
    DECLINE_THEN_RETRY = "decline_then_retry"
    CANCEL = "cancel"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    sku: str
    name: str
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    api_url: str
    gateway_url: str
    publishable_key: str


class Shopper:
    """Everything it does follows from its generator, except how long others take to answer."""

    def __init__(
        self,
        name: str,
        *,
        generator: random.Random,
        calls: ShopCalls,
        places: Places,
        tally: Tally,
        now: Callable[[], datetime],
        think_seconds: float,
    ) -> None:
        self._name = name
        self._random = generator
        self._calls = calls
        self._places = places
        self._tally = tally
        self._now = now
        self._think_seconds = think_seconds

    async def shop(self, journey: Journey, offers: Sequence[Offer]) -> None:
        cart = self._fill_cart(offers)
        await self._report_session(offers, cart)
        await self._think()
        order = await self._order(journey, cart)
        if order is None:
            return
        if order.get("status") == "action_required":
            self._tally.add("orders_short")
            await self._cancel(str(order["order_id"]), "not everything is there")
            return
        await self._settle(journey, order)

    def _fill_cart(self, offers: Sequence[Offer]) -> list[tuple[Offer, int]]:
        # Earlier offers stand nearer to the door, yet none so near that it empties at once.
        weights = [1 / (place + _NEARNESS) for place in range(len(offers))]
        chosen = self._random.choices(offers, weights, k=self._random.randint(1, _LINES_MAX))
        unique = {offer.sku: offer for offer in chosen}
        return [(offer, self._random.choice((1, 1, 1, 2))) for offer in unique.values()]

    async def _order(
        self, journey: Journey, cart: Sequence[tuple[Offer, int]]
    ) -> Mapping[str, Any] | None:
        country = self._random.choice(_COUNTRIES)
        city, postcode = _CITIES[country]
        customer = self._random.randrange(5_000)
        document: dict[str, Any] = {
            "channel": "web",
            "customer": {
                "customer_ref": f"c-{customer}",
                "email": f"customer{customer}@shop.example",
            },
            "address": {
                "name": f"Customer {customer}",
                "line1": f"Market Street {1 + customer % 120}",
                "city": city,
                "postcode": postcode,
                "country": country,
            },
            "lines": [{"sku": offer.sku, "qty": qty} for offer, qty in cart],
            "session_id": self._session,
        }
        if journey is Journey.BUY_NOW:
            document["payment_method"] = _GOOD_CARD
        reply = await self._ask_until_answered(document)
        if not reply.is_ok or "order_id" not in reply.body:
            return None
        self._tally.add("orders_placed")
        self._tally.order_ids.append(str(reply.body["order_id"]))
        return reply.body if reply.status != _NOT_READY else None

    async def _ask_until_answered(self, document: Mapping[str, Any]) -> Reply:
        """Place an order; a slow shop is asked again under the same key."""
        reply = await self._calls.post(self._at("/v1/orders"), document, key=self._name)
        for _ in range(_ASKS_MAX):
            if reply.status != _NOT_READY:
                break
            await asyncio.sleep(_ASK_SECONDS)
            reply = await self._calls.post(self._at("/v1/orders"), document, key=self._name)
        return reply

    async def _settle(self, journey: Journey, order: Mapping[str, Any]) -> None:
        order_id = str(order["order_id"])
        if journey is Journey.BUY_NOW:
            self._count_payment(is_paid=order.get("status") not in _UNPAID)
        elif journey is Journey.ABANDON:
            self._tally.add("orders_unpaid")
        elif journey is Journey.PAY_AT_GATEWAY:
            await self._think()
            await self._pay_at_gateway(order)
        elif journey is Journey.CANCEL:
            if self._random.random() < 0.5:  # noqa: PLR2004 - a coin: paid or not
                await self._pay(order_id, _GOOD_CARD, attempt=1)
            await self._think()
            await self._cancel(order_id, "changed my mind")
        else:
            await self._think()
            is_declining = journey is Journey.DECLINE_THEN_RETRY
            if is_declining and not await self._pay(order_id, _EMPTY_CARD, attempt=1):
                await self._think()
            await self._pay(order_id, _GOOD_CARD, attempt=2)

    async def _pay(self, order_id: str, card: str, *, attempt: int) -> bool:
        reply = await self._calls.post(
            self._at(f"/v1/orders/{order_id}/pay"),
            {"payment_method": card},
            key=f"{self._name}/pay/{attempt}",
        )
        is_paid = reply.is_ok and reply.body.get("status") not in _UNPAID
        if card == _EMPTY_CARD:
            self._tally.add("payments_declined", int(not is_paid))
        else:
            self._count_payment(is_paid=is_paid)
        return is_paid

    async def _pay_at_gateway(self, order: Mapping[str, Any]) -> None:
        payment = order.get("payment") or {}
        gateway_ref, secret = payment.get("gateway_ref"), payment.get("client_secret")
        if not gateway_ref or not secret:
            await self._pay(str(order["order_id"]), _GOOD_CARD, attempt=1)
            return
        reply = await self._calls.post_form(
            f"{self._places.gateway_url}/v1/payment_intents/{gateway_ref}/confirm",
            {"client_secret": secret, "payment_method": _GOOD_CARD},
            bearer=self._places.publishable_key,
        )
        self._count_payment(is_paid=reply.is_ok)

    async def _cancel(self, order_id: str, reason: str) -> None:
        reply = await self._calls.post(
            self._at(f"/v1/orders/{order_id}/cancellation"),
            {"reason": reason},
            key=f"{self._name}/cancel",
        )
        self._tally.add("orders_cancelled", int(reply.is_ok))

    def _count_payment(self, *, is_paid: bool) -> None:
        self._tally.add("orders_paid" if is_paid else "orders_unpaid")

    async def _report_session(
        self, offers: Sequence[Offer], cart: Sequence[tuple[Offer, int]]
    ) -> None:
        """Tell what was looked at, together with a few who looked and left."""
        events = [
            event
            for looker in range(self._random.randint(0, _LOOKERS_MAX))
            for event in self._looking(f"{self._session}-look-{looker}", offers)
        ]
        events += self._looking(self._session, [offer for offer, _ in cart])
        cart_id = f"{self._session}-cart"
        for offer, qty in cart:
            events.append(
                (
                    "cart.item_added",
                    self._session,
                    {
                        "cart_id": cart_id,
                        "sku": offer.sku,
                        "qty": qty,
                        "unit_price_minor": offer.price_minor,
                    },
                )
            )
        value_minor = sum(offer.price_minor * qty for offer, qty in cart)
        events.append(
            ("checkout.started", self._session, {"cart_id": cart_id, "value_minor": value_minor})
        )
        await self._send(events)

    def _looking(
        self, session: str, offers: Sequence[Offer]
    ) -> list[tuple[str, str, dict[str, Any]]]:
        self._tally.add("sessions")
        seen = self._random.sample(offers, min(len(offers), self._random.randint(1, 4)))
        query = seen[0].name.split(" ")[-1].lower()
        return [
            ("session.started", session, {"visitor_id": f"v-{session}"}),
            ("page.viewed", session, {"page_type": "home"}),
            ("search.performed", session, {"query": query, "result_count": len(seen)}),
            *(("product.viewed", session, {"sku": offer.sku}) for offer in seen),
        ]

    async def _send(self, events: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        last_at = self._now()
        document = {
            "events": [
                {
                    "event_name": name,
                    "session_id": session,
                    "occurred_at": (
                        last_at - timedelta(milliseconds=200 * (len(events) - place))
                    ).isoformat(),
                    "payload": {"session_id": session, **payload},
                }
                for place, (name, session, payload) in enumerate(events)
            ]
        }
        reply = await self._calls.post(self._at("/v1/events"), document, key=f"{self._name}/events")
        self._tally.add("events_sent", int(reply.body.get("accepted", 0)) if reply.is_ok else 0)

    async def _think(self) -> None:
        await asyncio.sleep(self._random.uniform(0.0, self._think_seconds))

    @property
    def _session(self) -> str:
        return f"s-{self._name}"

    def _at(self, path: str) -> str:
        return f"{self._places.api_url}{path}"
