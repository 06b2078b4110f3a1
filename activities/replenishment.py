"""Supply steps: one open suggestion per SKU and place, a purchase order, goods into stock."""

from datetime import datetime

from temporalio import activity

from activities.context import origin
from activities.errors import retry_later
from activities.orders.shared import actor_of
from contracts import ids
from contracts.events import SYSTEM, Actor, NewEvent
from contracts.replenishment import (
    CloseSuggestion,
    DecideSuggestion,
    DecisionAnswer,
    OpenedSuggestion,
    OpenSuggestion,
    PlacedPurchase,
    Proposal,
    ReceiptResult,
    ReceiveGoods,
    SuggestionStatus,
    SuggestionStep,
)
from domain.inventory import MovementKind
from providers.suppliers import (
    PurchaseOrderRefusedError,
    PurchaseOrderRequest,
    PurchaseOrderStatus,
    Supplier,
    SupplierOutcomeUnknownError,
)
from store.catalogue import SupplyTerms
from store.replenishment import NewPurchase, PurchaseRecord, SuggestionRecord
from store.stock import Cause, Move
from store.unit_of_work import UnitOfWork, UnitOfWorkFactory

_ACTIVE = frozenset({SuggestionStatus.OPEN, SuggestionStatus.APPROVED, SuggestionStatus.ORDERED})


class ReplenishmentActivities:
    """May run more than once; a suggestion opens once, an order goes out once, goods come in once."""

    def __init__(self, *, units_of_work: UnitOfWorkFactory, supplier: Supplier) -> None:
        self._units_of_work = units_of_work
        self._supplier = supplier

    @activity.defn
    async def open_suggestion(self, step: OpenSuggestion) -> OpenedSuggestion:
        """Open a suggestion, or write a newer proposal over the one that is open already."""
        proposal = step.proposal
        async with self._units_of_work.begin(origin()) as uow:
            active = await uow.replenishment.find_active(proposal.sku, proposal.location_id)
            if active is None:
                await uow.replenishment.add(step.suggestion_id, proposal, at=step.at)
                uow.outbox.add(_suggested(step))
                return OpenedSuggestion(
                    suggestion_id=step.suggestion_id, status=SuggestionStatus.OPEN
                )
            if active.status is SuggestionStatus.OPEN:
                await uow.replenishment.revise(active.suggestion_id, proposal, at=step.at)
                if active.qty != proposal.qty:
                    uow.outbox.add(
                        _event(
                            "superseded",
                            active.suggestion_id,
                            at=step.at,
                            qty=proposal.qty,
                            run_id=proposal.run_id,
                        )
                    )
            return OpenedSuggestion(suggestion_id=active.suggestion_id, status=active.status)

    @activity.defn
    async def decide_suggestion(self, step: DecideSuggestion) -> DecisionAnswer:
        """Write the buyer's answer down."""
        decision = step.decision
        async with self._units_of_work.begin(origin()) as uow:
            suggestion = await uow.replenishment.lock(step.suggestion_id)
            qty = decision.qty or suggestion.qty
            if suggestion.status is not SuggestionStatus.OPEN:
                return _answer(suggestion, suggestion.status, suggestion.qty)
            status = (
                SuggestionStatus.APPROVED if decision.is_approved else SuggestionStatus.REJECTED
            )
            await uow.replenishment.set_status(
                step.suggestion_id,
                status,
                at=step.at,
                qty=qty,
                by=decision.by,
                reason=decision.reason,
            )
            actor = actor_of(decision.by)
            changes: dict[str, dict[str, object]]
            if status is SuggestionStatus.REJECTED:
                changes = {"rejected": {"by": decision.by, "reason": decision.reason}}
            else:
                changes = {"approved": {"by": decision.by, "qty": qty}}
                if qty != suggestion.qty:
                    changes["adjusted"] = {
                        "by": decision.by,
                        "qty": qty,
                        "reason": decision.reason,
                    }
            uow.outbox.add(
                *(
                    _event(name, step.suggestion_id, at=step.at, actor=actor, **payload)
                    for name, payload in changes.items()
                )
            )
            return _answer(suggestion, status, qty)

    @activity.defn
    async def close_suggestion(self, step: CloseSuggestion) -> None:
        """End a suggestion nobody answered, refused by its supplier, or never delivered."""
        async with self._units_of_work.begin(origin()) as uow:
            suggestion = await uow.replenishment.lock(step.suggestion_id)
            if suggestion.status not in _ACTIVE:
                return
            po_id = await uow.replenishment.cancel_purchase(step.suggestion_id)
            if po_id is not None:
                uow.outbox.add(_cancelled(po_id, step))
            await uow.replenishment.set_status(
                step.suggestion_id, SuggestionStatus.EXPIRED, at=step.at, reason=step.reason
            )
            uow.outbox.add(_event("expired", step.suggestion_id, at=step.at, reason=step.reason))

    @activity.defn
    async def place_purchase_order(self, step: SuggestionStep) -> PlacedPurchase:
        """Order an approved suggestion from its supplier, under the suggestion's own number."""
        async with self._units_of_work.begin(origin()) as uow:
            suggestion = await uow.replenishment.lock(step.suggestion_id)
            terms = await uow.catalogue.supply_terms(suggestion.sku)
        try:
            placed = await self._order(suggestion, terms)
        except PurchaseOrderRefusedError as error:
            return PlacedPurchase(
                po_id=ids.purchase_order_id(step.suggestion_id), refusal=str(error)
            )
        purchase = NewPurchase(
            po_id=placed.po_id,
            suggestion_id=step.suggestion_id,
            supplier_id=terms.supplier_id,
            sku=suggestion.sku,
            location_id=suggestion.location_id,
            qty=suggestion.qty,
            unit_cost_minor=terms.cost_minor,
            supplier_ref=placed.supplier_ref,
            expected_on=placed.expected_on,
        )
        async with self._units_of_work.begin(origin()) as uow:
            if await uow.replenishment.add_purchase(purchase, at=step.at):
                await uow.replenishment.set_status(
                    step.suggestion_id, SuggestionStatus.ORDERED, at=step.at
                )
                uow.outbox.add(_ordered(purchase, at=step.at))
        return PlacedPurchase(po_id=placed.po_id, expected_on=placed.expected_on)

    @activity.defn
    async def receive_goods(self, step: ReceiveGoods) -> ReceiptResult:
        """Take delivered goods into stock, once per delivery."""
        delivery = step.delivery
        async with self._units_of_work.begin(origin()) as uow:
            purchase = await uow.replenishment.lock_purchase(delivery.po_id)
            received = purchase.received_qty
            if await _take_in(uow, purchase, step):
                received += delivery.qty
                await uow.replenishment.set_received(delivery.po_id, received, at=step.at)
                uow.outbox.add(_received(purchase, step))
            is_complete = received >= purchase.qty
            if is_complete:
                await uow.replenishment.set_status(
                    purchase.suggestion_id, SuggestionStatus.RECEIVED, at=step.at
                )
            return ReceiptResult(is_complete=is_complete, received_qty=received)

    async def _order(self, suggestion: SuggestionRecord, terms: SupplyTerms) -> PurchaseOrderStatus:
        try:
            return await self._supplier.place_order(
                PurchaseOrderRequest(
                    po_id=ids.purchase_order_id(suggestion.suggestion_id),
                    supplier_id=terms.supplier_id,
                    sku=suggestion.sku,
                    location_id=suggestion.location_id,
                    qty=suggestion.qty,
                    unit_cost_minor=terms.cost_minor,
                    currency=self._units_of_work.context.currency,
                    lead_time_days=terms.lead_time_days,
                )
            )
        except SupplierOutcomeUnknownError as error:
            raise retry_later(error, "SupplierUnreachable") from error


async def _take_in(uow: UnitOfWork, purchase: PurchaseRecord, step: ReceiveGoods) -> bool:
    """Move a delivery into stock. Returns False if it was moved before."""
    await uow.stock.open_level(purchase.sku, purchase.location_id)
    balances = await uow.stock.lock([purchase.sku])
    after = await uow.stock.move(
        [
            Move(
                kind=MovementKind.RECEIVED,
                sku=purchase.sku,
                location_id=purchase.location_id,
                qty=step.delivery.qty,
            )
        ],
        balances=balances,
        cause=Cause(
            type="purchase",
            id=purchase.po_id,
            key=f"{purchase.po_id}/{step.delivery.event_id}",
            at=step.at,
        ),
    )
    return after != balances


def _cancelled(po_id: str, step: CloseSuggestion) -> NewEvent:
    return NewEvent(
        name="purchase.cancelled",
        stream_id=po_id,
        occurred_at=step.at,
        payload={"po_id": po_id, "reason": step.reason},
    )


def _received(purchase: PurchaseRecord, step: ReceiveGoods) -> NewEvent:
    return NewEvent(
        name="purchase.received",
        stream_id=purchase.po_id,
        occurred_at=step.at,
        payload={
            "po_id": purchase.po_id,
            "sku": purchase.sku,
            "location_id": purchase.location_id,
            "qty": step.delivery.qty,
            "lead_time_days": (step.at - purchase.ordered_at).days,
        },
    )


def _answer(suggestion: SuggestionRecord, status: SuggestionStatus, qty: int) -> DecisionAnswer:
    return DecisionAnswer(
        suggestion_id=suggestion.suggestion_id,
        status=status,
        qty=qty,
        po_id=(
            ids.purchase_order_id(suggestion.suggestion_id)
            if status is SuggestionStatus.APPROVED
            else ""
        ),
    )


def _event(
    name: str, suggestion_id: str, *, at: datetime, actor: Actor = SYSTEM, **payload: object
) -> NewEvent:
    return NewEvent(
        name=f"replenishment.{name}",
        stream_id=suggestion_id,
        occurred_at=at,
        actor=actor,
        payload={"suggestion_id": suggestion_id, **payload},
    )


def _suggested(step: OpenSuggestion) -> NewEvent:
    proposal: Proposal = step.proposal
    return _event(
        "suggested",
        step.suggestion_id,
        at=step.at,
        sku=proposal.sku,
        location_id=proposal.location_id,
        qty=proposal.qty,
        order_by=proposal.order_by.isoformat(),
        need_by=proposal.need_by.isoformat(),
        reason=proposal.reason,
        run_id=proposal.run_id,
    )


def _ordered(purchase: NewPurchase, *, at: datetime) -> NewEvent:
    return NewEvent(
        name="purchase.ordered",
        stream_id=purchase.po_id,
        occurred_at=at,
        payload={
            "po_id": purchase.po_id,
            "suggestion_id": purchase.suggestion_id,
            "supplier_id": purchase.supplier_id,
            "sku": purchase.sku,
            "location_id": purchase.location_id,
            "qty": purchase.qty,
            "unit_cost_minor": purchase.unit_cost_minor,
            "expected_on": purchase.expected_on.isoformat(),
        },
    )
