"""Event streams for tests: whole lives of orders, numbered, balanced, as the outbox writes them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from analytics.lake import EVENT_SCHEMA
from contracts import events as catalogue
from contracts import ids

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

SHOP = catalogue.StoreContext(store_id="shop", currency="EUR", time_zone="Europe/Berlin")

Row = dict[str, Any]


@dataclass(slots=True)
class EventLog:
    """Appends events with the next number of their stream; the catalogue checks each payload."""

    store: catalogue.StoreContext = SHOP
    rows: list[Row] = field(default_factory=list)
    _last_seq: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(
        self,
        name: str,
        stream_id: str,
        at: datetime,
        payload: Mapping[str, Any],
        *,
        correlation_id: str = "",
    ) -> Row:
        stream = catalogue.check_payload(name, payload).stream.value
        self._last_seq[stream, stream_id] += 1
        seq = self._last_seq[stream, stream_id]
        row = {
            "event_id": str(catalogue.event_id(stream, stream_id, seq)),
            "event_name": name,
            "event_version": 1,
            "stream_type": stream,
            "stream_id": stream_id,
            "stream_seq": seq,
            "occurred_at": at,
            "recorded_at": at,
            "business_date": self.store.business_date(at),
            "store_id": self.store.store_id,
            "channel": "" if stream == "stock" else "web",
            "currency": self.store.currency,
            "workflow_id": "",
            "run_id": "",
            "correlation_id": correlation_id,
            "causation_id": "",
            "actor_type": "system",
            "actor_id": "",
            "is_test": False,
            "payload": json.dumps(payload),
        }
        self.rows.append(row)
        return row

    def take(self) -> list[Row]:
        """Return the events since the last call."""
        taken, self.rows = self.rows, []
        return taken


def event_table(rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=EVENT_SCHEMA)


_EFFECTS = {
    "received": (1, 0, 0),
    "returned": (1, 0, 0),
    "adjusted": (1, 0, 0),
    "reserved": (0, 1, 0),
    "released": (0, -1, 0),
    "allocated": (0, -1, 1),
    "deallocated": (0, 0, -1),
    "shipped": (-1, 0, -1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    sku: str
    qty: int
    price_minor: int
    discount_minor: int = 0


@dataclass(slots=True)
class Shop:
    """A shop that sells from one location. Each method appends the events of one business step."""

    log: EventLog = field(default_factory=EventLog)
    location_id: str = "depot"
    freight_minor: int = 490
    _moves: int = 0
    _balances: dict[str, tuple[int, int, int]] = field(
        default_factory=lambda: defaultdict(lambda: (0, 0, 0))
    )

    def product(self, sku: str, at: datetime = START, *, price_minor: int = 1000) -> None:
        variant = {
            "sku": sku,
            "name": f"Product {sku}",
            "price_minor": price_minor,
            "cost_minor": price_minor // 2,
            "supplier_id": "sup-1",
            "lead_time_days": 5,
            "moq": 10,
            "case_pack": 5,
            "weight_g": 300,
        }
        payload = {
            "product_id": f"p-{sku}",
            "name": f"Product {sku}",
            "category_path": "Home/Kitchen",
            "brand": "Ente",
            "skus": [variant],
        }
        self.log.add("product.created", f"p-{sku}", at, payload)

    def move(
        self, kind: str, sku: str, qty: int, at: datetime = START, *, order_id: str = ""
    ) -> Row:
        before = self._balances[sku]
        after = tuple(
            balance + sign * qty for balance, sign in zip(before, _EFFECTS[kind], strict=True)
        )
        self._balances[sku] = (after[0], after[1], after[2])
        self._moves += 1
        cause = order_id or f"{kind}-{self._moves}"
        payload = {
            "movement_id": str(
                ids.movement_id(f"{cause}/{self._moves}", kind, sku, self.location_id)
            ),
            "sku": sku,
            "location_id": self.location_id,
            "qty": qty,
            "cause_type": "order" if order_id else "count",
            "cause_id": cause,
            "on_hand": after[0],
            "reserved": after[1],
            "allocated": after[2],
        }
        stream_id = ids.stock_stream_id(sku, self.location_id)
        return self.log.add(f"stock.{kind}", stream_id, at, payload, correlation_id=order_id)

    def submit(self, order_id: str, lines: Sequence[Line], at: datetime) -> "OrderLife":
        """Submit, price, reserve, and ask for payment."""
        life = OrderLife(shop=self, order_id=order_id, lines=tuple(lines))
        life.open(at)
        return life


@dataclass(slots=True, kw_only=True)
class OrderLife:
    """One live order. The methods follow its life; each takes the time at which it happens."""

    shop: Shop
    order_id: str
    lines: tuple[Line, ...]

    @property
    def payment_id(self) -> str:
        return ids.payment_id(self.order_id, 1)

    @property
    def parcel_id(self) -> str:
        return ids.parcel_id(self.order_id, 1)

    @property
    def parts(self) -> dict[str, int]:
        goods = sum(line.qty * line.price_minor for line in self.lines)
        discount = sum(line.discount_minor for line in self.lines)
        freight = self.shop.freight_minor
        tax = (goods - discount + freight) // 5
        return {
            "goods_minor": goods,
            "discount_minor": discount,
            "freight_minor": freight,
            "tax_minor": tax,
        }

    @property
    def total_minor(self) -> int:
        parts = self.parts
        return (
            parts["goods_minor"]
            - parts["discount_minor"]
            + parts["freight_minor"]
            + parts["tax_minor"]
        )

    def open(self, at: datetime) -> None:
        self._order(
            "submitted",
            at,
            order_type="normal",
            origin="api",
            customer_ref=f"customer-{self.order_id}",
            region="DE",
            lines=[
                {
                    "line_id": str(number),
                    "sku": line.sku,
                    "product_name": f"Product {line.sku}",
                    "category": "Home/Kitchen",
                    "qty": line.qty,
                    "list_price_minor": line.price_minor,
                    "unit_price_minor": line.price_minor,
                    "unit_cost_minor": line.price_minor // 2,
                }
                for number, line in enumerate(self.lines, start=1)
            ],
        )
        self._order(
            "priced", at, **self.parts, lines=self._priced_lines(), total_minor=self.total_minor
        )
        self._move_all("reserved", at)
        due_at = (at + 30 * MINUTE).isoformat()
        self._order("confirmed", at, reservation_expires_at=due_at)
        self._payment(
            "initiated",
            at,
            method="card",
            provider="stripe",
            amount_minor=self.total_minor,
            attempt_no=1,
            expires_at=due_at,
        )
        self._order("payment_awaited", at, due_at=due_at, amount_minor=self.total_minor)

    def pay(self, at: datetime) -> "OrderLife":
        self._payment("authorised", at, amount_minor=self.total_minor)
        self.capture(at)
        self._move_all("allocated", at)
        self._order(
            "paid",
            at,
            payment_id=self.payment_id,
            amount_minor=self.total_minor,
            tender="card",
            seconds_to_pay=60,
        )
        parcel_lines = [
            {"line_id": str(number), "sku": line.sku, "qty": line.qty}
            for number, line in enumerate(self.lines, start=1)
        ]
        parcel = {"location_id": self.shop.location_id, "lines": parcel_lines}
        self._order("sourced", at, parcels=[{"parcel_id": self.parcel_id, **parcel}])
        self._parcel("parcel.planned", at, **parcel)
        return self

    def capture(self, at: datetime) -> None:
        self._payment(
            "captured", at, amount_minor=self.total_minor, gateway_ref="pi_1", fee_minor=35
        )
        self._post("capture", at, sign=1)

    def ship(self, at: datetime) -> "OrderLife":
        self._parcel(
            "label.bought", at, carrier="duckpost", service="std", tracking_no="T1", cost_minor=400
        )
        self._move_all("shipped", at)
        self._parcel("parcel.handed_over", at, scanned_at=at.isoformat())
        self._order("shipped", at)
        return self

    def deliver(self, at: datetime) -> "OrderLife":
        self._parcel("parcel.delivered", at, scanned_at=at.isoformat())
        self._order("delivered", at, confirm_due_at=(at + 7 * DAY).isoformat())
        return self

    def complete(self, at: datetime) -> "OrderLife":
        self._order("completed", at, mode="auto")
        return self

    def expire(self, at: datetime) -> "OrderLife":
        self._move_all("released", at)
        self._payment("expired", at)
        self._order("expired", at)
        return self

    def cancel(self, at: datetime, *, was_paid: bool) -> "OrderLife":
        stage = "paid" if was_paid else "awaiting_payment"
        self._order("cancel_requested", at, by="customer", reason="changed my mind", stage=stage)
        self._move_all("deallocated" if was_paid else "released", at)
        if was_paid:
            self._parcel("parcel.cancelled", at)
        else:
            self._payment("voided", at)
        due = self.total_minor if was_paid else 0
        self._order("cancelled", at, stage=stage, reason="changed my mind", refund_due_minor=due)
        if was_paid:
            self.refund(at)
        return self

    def refund(self, at: datetime, *, amount_minor: int | None = None) -> "OrderLife":
        amount = self.total_minor if amount_minor is None else amount_minor
        refund_id = ids.refund_id(self.payment_id, 1)
        fields = {"refund_id": refund_id, "payment_id": self.payment_id, "amount_minor": amount}
        self._add("refund.owed", refund_id, at, **fields, parts=[])
        self._add("refund.succeeded", refund_id, at + MINUTE, **fields, gateway_ref="re_1")
        self._post("refund", at + MINUTE, sign=-1)
        return self

    def _priced_lines(self) -> list[dict[str, Any]]:
        parts = self.parts
        lines = []
        for number, line in enumerate(self.lines, start=1):
            goods = line.qty * line.price_minor
            is_first = number == 1
            freight = parts["freight_minor"] if is_first else 0
            tax = parts["tax_minor"] if is_first else 0
            lines.append(
                {
                    "line_id": str(number),
                    "goods_minor": goods,
                    "discount_minor": line.discount_minor,
                    "freight_minor": freight,
                    "tax_minor": tax,
                    "payable_minor": goods - line.discount_minor + freight + tax,
                }
            )
        return lines

    def _post(self, kind: str, at: datetime, *, sign: int) -> None:
        parts = self.parts
        amounts = {
            "gateway_receivable": self.total_minor - 35,
            "gateway_fees": 35,
            "sales_goods": -parts["goods_minor"],
            "sales_discounts": parts["discount_minor"],
            "sales_freight": -parts["freight_minor"],
            "tax_payable": -parts["tax_minor"],
        }
        entries = [
            {"account": name, "amount_minor": sign * minor} for name, minor in amounts.items()
        ]
        self._add(
            "ledger.posted",
            self.order_id,
            at,
            transfer_id=f"{self.payment_id}:{kind}",
            kind=kind,
            entries=entries,
        )

    def _move_all(self, kind: str, at: datetime) -> None:
        for line in self.lines:
            self.shop.move(kind, line.sku, line.qty, at, order_id=self.order_id)

    def _order(self, name: str, at: datetime, **payload: Any) -> None:
        self._add(f"order.{name}", self.order_id, at, **payload)

    def _payment(self, name: str, at: datetime, **payload: Any) -> None:
        self._add(f"payment.{name}", self.payment_id, at, payment_id=self.payment_id, **payload)

    def _parcel(self, name: str, at: datetime, **payload: Any) -> None:
        self._add(name, self.parcel_id, at, parcel_id=self.parcel_id, **payload)

    def _add(self, name: str, stream_id: str, at: datetime, **payload: Any) -> None:
        self.shop.log.add(
            name,
            stream_id,
            at,
            {"order_id": self.order_id, **payload},
            correlation_id=self.order_id,
        )
