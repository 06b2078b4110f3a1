"""Orders and quotes on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from api.fields import (
    AmountMinor,
    AskedBy,
    Channel,
    Country,
    CustomerRef,
    Email,
    Identifier,
    Input,
    Output,
    PaymentMethod,
    Quantity,
    SessionId,
    Text,
)
from api.problems import Problem
from domain.orders import LINES_MAX, OrderStatus, WaitingFor
from domain.payments import PaymentStatus, RefundStatus
from domain.shipments import ParcelStatus


class CustomerInput(Input):
    customer_ref: CustomerRef = Field(description="The shop's reference; no personal data.")
    email: Email


class AddressInput(Input):
    name: Text
    line1: Text
    city: Text
    postcode: Annotated[Text, Field(max_length=20)]
    country: Country


class OrderLineInput(Input):
    sku: Identifier
    qty: Quantity


def _bounded(lines: list[OrderLineInput]) -> list[OrderLineInput]:
    # After the lines themselves were read, so that a long order tells about its lines too.
    if len(lines) > LINES_MAX:
        raise PydanticCustomError(
            "too-many-lines", f"an order has {LINES_MAX} lines at most, not {len(lines)}"
        )
    return lines


Lines = Annotated[
    list[OrderLineInput],
    Field(min_length=1, json_schema_extra={"maxItems": LINES_MAX}),
    AfterValidator(_bounded),
]


class OrderInput(Input):
    channel: Channel
    customer: CustomerInput
    address: AddressInput
    lines: Lines
    expected_total_minor: AmountMinor | None = Field(
        default=None, description="Refuse the order if its total is another one by now."
    )
    payment_method: PaymentMethod | None = Field(
        default=None, description="Pay at once with this method of the gateway."
    )
    session_id: SessionId | None = None


class QuoteInput(Input):
    lines: Lines


class PayInput(Input):
    payment_method: PaymentMethod


class CancellationInput(Input):
    reason: Text
    by: AskedBy = "customer"


class ReceiptConfirmationInput(Input):
    by: AskedBy = "customer"


class TotalsBody(Output):
    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int
    total_minor: int
    currency: str


class TotalChangedProblem(Problem):
    """The order costs something else than the caller expects; nothing was ordered."""

    totals: TotalsBody


class ShortLineBody(Output):
    sku: str
    wanted: int
    available: int


class PaymentAnswerBody(Output):
    payment_id: str
    status: PaymentStatus
    gateway_ref: str | None
    client_secret: str | None = Field(description="For the buyer's own client only.")
    decline_code: str | None


class OrderAnswerBody(Output):
    order_id: str
    status: OrderStatus
    totals: TotalsBody | None
    reservation_expires_at: datetime | None
    payment: PaymentAnswerBody | None
    short_lines: list[ShortLineBody]


class AcceptedBody(Output):
    """The order is taken; the same key asked again gets its answer."""

    order_id: str
    status: Literal["accepted"]
    retry_after_seconds: int


class QuoteLineBody(Output):
    sku: str
    qty: int
    unit_price_minor: int
    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int
    payable_minor: int
    available: int


class QuoteBody(Output):
    lines: list[QuoteLineBody]
    totals: TotalsBody
    short_lines: list[ShortLineBody]
    expires_at: datetime


class PayBody(Output):
    order_id: str
    status: OrderStatus
    payment: PaymentAnswerBody | None


class CancellationBody(Output):
    order_id: str
    status: OrderStatus = Field(description="Where the order ended up: it may have shipped first.")
    refund_minor: int


class ReceiptConfirmationBody(Output):
    order_id: str
    status: OrderStatus


class OrderSummaryBody(Output):
    order_id: str
    channel: str
    customer_ref: str
    region: str
    status: OrderStatus
    waiting_for: WaitingFor | None
    currency: str
    total_minor: int
    submitted_at: datetime
    paid_at: datetime | None
    due_at: datetime | None


class OrderLineBody(Output):
    line_id: str
    sku: str
    product_name: str
    category: str
    qty: int
    unit_price_minor: int
    goods_minor: int
    discount_minor: int
    freight_minor: int
    tax_minor: int
    payable_minor: int
    location_id: str | None


class PaymentBody(Output):
    payment_id: str
    attempt_no: int
    provider: str
    method: str
    status: PaymentStatus
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    gateway_ref: str
    decline_code: str
    created_at: datetime
    updated_at: datetime


class RefundBody(Output):
    refund_id: str
    payment_id: str
    status: RefundStatus
    amount_minor: int
    reason: str
    created_at: datetime
    updated_at: datetime


class ParcelBody(Output):
    parcel_id: str
    location_id: str
    status: ParcelStatus
    lines: list[dict[str, Any]]
    carrier: str
    service: str
    tracking_no: str
    created_at: datetime
    updated_at: datetime


class TimelineEntryBody(Output):
    event_id: str
    event_name: str
    stream_type: str
    stream_id: str
    stream_seq: int
    occurred_at: datetime
    actor_type: str
    actor_id: str
    payload: dict[str, Any]


class OrderBody(OrderSummaryBody):
    """An order as it is now; who ordered is not told beyond the shop's own reference."""

    totals: TotalsBody
    reason: str
    short_lines: list[ShortLineBody]
    lines: list[OrderLineBody]
    payments: list[PaymentBody]
    refunds: list[RefundBody]
    parcels: list[ParcelBody]
    timeline: list[TimelineEntryBody]
