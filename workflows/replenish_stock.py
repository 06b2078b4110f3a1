"""ReplenishStock: propose, wait for the buyer, order, and take the goods into stock.

One open workflow per SKU and location: a proposal that comes meanwhile revises the open one.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.replenishment import ReplenishmentActivities
    from contracts.replenishment import (
        CloseSuggestion,
        DecideSuggestion,
        Decision,
        DecisionAnswer,
        Delivery,
        OpenSuggestion,
        Proposal,
        ReceiveGoods,
        ReplenishmentInput,
        ReplenishmentOutcome,
        SuggestionStatus,
        SuggestionStep,
    )
    from workflows.inbox import Inbox, Wish
    from workflows.steps import run_step


@workflow.defn(name="ReplenishStock")
class ReplenishStockWorkflow:
    @workflow.init
    def __init__(self, request: ReplenishmentInput) -> None:
        self._request = request
        self._suggestion_id = request.suggestion_id
        self._status: SuggestionStatus | None = None
        self._proposal: Proposal | None = request.proposal
        self._decision: Wish[Decision, DecisionAnswer] = Wish()
        self._deliveries: Inbox[Delivery] = Inbox()

    @workflow.run
    async def run(self, request: ReplenishmentInput) -> ReplenishmentOutcome:  # noqa: ARG002 - read at init
        await self._await_decision()
        if self._status is SuggestionStatus.APPROVED:
            await self._order()
        if self._status is SuggestionStatus.ORDERED:
            await self._await_goods()
        self._decision.refuse(f"suggestion is {self._status}")
        await workflow.wait_condition(workflow.all_handlers_finished)
        assert self._status is not None
        return ReplenishmentOutcome(suggestion_id=self._suggestion_id, status=self._status)

    @workflow.signal
    def proposed(self, proposal: Proposal) -> None:
        """A newer plan: it revises a suggestion nobody has answered yet."""
        self._proposal = proposal

    @workflow.signal
    def goods_delivered(self, delivery: Delivery) -> None:
        self._deliveries.put(delivery)

    @workflow.update
    async def decide(self, decision: Decision) -> DecisionAnswer:
        return await self._decision.ask(decision)

    @decide.validator
    def _may_decide(self, decision: Decision) -> None:
        if self._status is not SuggestionStatus.OPEN or self._decision.request is not None:
            raise ApplicationError(f"suggestion is {self._status}", type="SuggestionNotOpen")
        if decision.qty is not None and decision.qty <= 0:
            raise ApplicationError("a quantity is at least 1", type="SuggestionNotOpen")

    async def _await_decision(self) -> None:
        """Keep one suggestion open, at its newest proposal, until it is answered or too old."""
        until = workflow.now() + timedelta(seconds=self._request.answer_seconds)
        while self._status in {None, SuggestionStatus.OPEN}:
            if self._proposal is not None:
                proposal, self._proposal = self._proposal, None
                opened = await run_step(
                    ReplenishmentActivities.open_suggestion,
                    OpenSuggestion(
                        suggestion_id=self._suggestion_id, proposal=proposal, at=workflow.now()
                    ),
                )
                self._suggestion_id, self._status = opened.suggestion_id, opened.status
            elif self._decision.request is not None:
                await self._decide(self._decision.request)
            elif workflow.now() >= until:
                await self._close("nobody answered in time")
            else:
                with suppress(asyncio.TimeoutError):
                    await workflow.wait_condition(
                        lambda: self._proposal is not None or self._decision.request is not None,
                        timeout=until - workflow.now(),
                    )

    async def _decide(self, decision: Decision) -> None:
        answer = await run_step(
            ReplenishmentActivities.decide_suggestion,
            DecideSuggestion(
                suggestion_id=self._suggestion_id,
                decision=decision,
                at=workflow.now(),
            ),
        )
        self._status = answer.status
        self._decision.answer(answer)

    async def _await_goods(self) -> None:
        """Goods may come in parts; the wait ends with the last part or with the watch."""
        until = workflow.now() + timedelta(seconds=self._request.delivery_seconds)
        while self._status is SuggestionStatus.ORDERED and workflow.now() < until:
            if self._deliveries:
                receipt = await run_step(
                    ReplenishmentActivities.receive_goods,
                    ReceiveGoods(delivery=self._deliveries.take(), at=workflow.now()),
                )
                if receipt.is_complete:
                    self._status = SuggestionStatus.RECEIVED
                continue
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: bool(self._deliveries), timeout=until - workflow.now()
                )
        if self._status is SuggestionStatus.ORDERED:
            await self._close("not delivered in time")

    async def _order(self) -> None:
        placed = await run_step(ReplenishmentActivities.place_purchase_order, self._step())
        if placed.refusal:
            await self._close(placed.refusal)
        else:
            self._status = SuggestionStatus.ORDERED

    async def _close(self, reason: str) -> None:
        """End without goods, so that the next plan may suggest again."""
        await run_step(
            ReplenishmentActivities.close_suggestion,
            CloseSuggestion(suggestion_id=self._suggestion_id, reason=reason, at=workflow.now()),
        )
        self._status = SuggestionStatus.EXPIRED

    def _step(self) -> SuggestionStep:
        return SuggestionStep(suggestion_id=self._suggestion_id, at=workflow.now())
