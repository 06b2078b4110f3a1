"""Warehouse steps: export and refresh, forecast, hand proposals to their workflows."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.errors import never_retry
from activities.event_export import EventExport
from activities.heartbeat import in_thread
from analytics.forecasting.demand import NoDemandError
from analytics.forecasting.run import ForecastRun, run_forecast
from analytics.lake import EventLake
from analytics.pipeline import RefreshReport, WarehousePipeline
from analytics.warehouse import published
from contracts import ids, queues
from contracts.replenishment import Proposal, ReplenishmentInput
from contracts.warehouse import (
    PROPOSALS_MAX,
    PROPOSED_SIGNAL,
    REPLENISH_WORKFLOW,
    ForecastRequest,
    ForecastSummary,
    KeepFresh,
    ProposeStock,
    RefreshSummary,
)
from domain.timers import SupplyTimers

_PROPOSALS = "replenishment_proposals"


class WarehouseActivities:
    """The only user of the build file in this process; one refresh runs at a time."""

    def __init__(
        self, *, export: EventExport, pipeline: WarehousePipeline, now: Callable[[], datetime]
    ) -> None:
        self._export = export
        self._pipeline = pipeline
        self._now = now
        self._one_at_a_time = asyncio.Lock()

    @activity.defn
    async def refresh_warehouse(self) -> RefreshSummary:
        """Export what is settled, load it, build and test what it touches, publish."""
        return await self._refresh()

    @activity.defn
    async def keep_fresh(self, turn: KeepFresh) -> int:
        """Refresh whenever there are new events, for one turn; returns how often it published."""
        loop = asyncio.get_running_loop()
        until = loop.time() + turn.turn_seconds
        published_times = 0
        while loop.time() < until and not activity.is_worker_shutdown():
            activity.heartbeat(published_times)
            summary = await self._refresh()
            if summary.models_built:
                published_times += 1
            else:
                await asyncio.sleep(turn.pause_seconds)
        return published_times

    async def _refresh(self) -> RefreshSummary:
        async with self._one_at_a_time:
            exported = await self._export.export()
            report = await in_thread(lambda: self._pipeline.refresh(self._now()))
        return _summary(report, exported)


class PlanningActivities:
    """Forecasts and what follows from them."""

    def __init__(
        self,
        *,
        client: Client,
        lake: EventLake,
        warehouse_dir: Path,
        code_version: str,
        timers: SupplyTimers,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._lake = lake
        self._warehouse_dir = warehouse_dir
        self._code_version = code_version
        self._timers = timers
        self._now = now

    @activity.defn
    async def forecast_demand(self, request: ForecastRequest) -> ForecastSummary:
        """Forecast one store's demand from the published warehouse and propose orders."""
        publication = published(self._warehouse_dir)
        if publication is None:
            raise never_retry(
                NoDemandError("there is no published warehouse yet: refresh it first"),
                "NothingPublished",
            )
        try:
            run = await in_thread(
                lambda: run_forecast(
                    publication.file,
                    lake=self._lake,
                    as_of=request.as_of,
                    created_at=self._now(),
                    run_id=request.run_id,
                    seed=request.seed,
                    code_version=self._code_version,
                    store_ids=[request.store_id],
                )
            )
        except NoDemandError as error:
            raise never_retry(error, "NoDemand") from error
        return ForecastSummary(
            run_id=request.run_id,
            skus=run.skus_forecast,
            wape_model=run.wape_model,
            wape_naive=run.wape_naive,
            proposals=_proposals(run),
        )

    @activity.defn
    async def propose_stock(self, step: ProposeStock) -> int:
        """Hand every proposal to the one workflow of its SKU and place, starting it if need be."""
        for proposal in step.proposals:
            activity.heartbeat()
            suggestion_id = f"{proposal.run_id}-{proposal.sku}-{proposal.location_id}"
            await self._client.start_workflow(
                REPLENISH_WORKFLOW,
                ReplenishmentInput(
                    suggestion_id=suggestion_id,
                    proposal=proposal,
                    answer_seconds=self._timers.answer,
                    delivery_seconds=self._timers.delivery,
                ),
                id=ids.replenishment_workflow_id(proposal.sku, proposal.location_id),
                task_queue=queues.ORDERS,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=PROPOSED_SIGNAL,
                start_signal_args=[proposal],
            )
        return len(step.proposals)


def _summary(report: RefreshReport, exported: int) -> RefreshSummary:
    return RefreshSummary(
        exported_events=exported,
        loaded_events=report.loaded_events,
        quarantined=report.quarantined,
        models_built=report.models_built,
        tests_passed=report.tests_passed,
        failed_tests=tuple(test.name for test in report.failed_tests),
        published_version=report.published_version,
        seconds=sum(report.seconds.values()),
    )


def _proposals(run: ForecastRun) -> tuple[Proposal, ...]:
    """Return what is to be ordered, most urgent first, up to what one plan may carry."""
    [file] = [file for file in run.tables if file.parent.name == _PROPOSALS]
    wanted = (
        pl.read_parquet(file).filter(pl.col("qty") > 0).sort("order_by", "sku").head(PROPOSALS_MAX)
    )
    return tuple(
        Proposal(
            sku=row["sku"],
            location_id=row["location_id"],
            qty=row["qty"],
            order_by=row["order_by"],
            need_by=row["need_by"],
            reason=row["reason"],
            run_id=run.run_id,
        )
        for row in wanted.iter_rows(named=True)
    )
