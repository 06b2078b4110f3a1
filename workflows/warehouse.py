"""Warehouse workflows: keep the published file fresh, and plan replenishment from it."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.warehouse import PlanningActivities, WarehouseActivities
    from contracts.warehouse import (
        ForecastRequest,
        KeepFresh,
        PlanOutcome,
        PlanRequest,
        ProposeStock,
        RefreshSummary,
    )
    from workflows import policies


@workflow.defn(name="KeepWarehouseFresh")
class KeepWarehouseFreshWorkflow:
    """Runs as long as the product does, turn after turn."""

    @workflow.run
    async def run(self, turn: KeepFresh) -> None:
        while not workflow.info().is_continue_as_new_suggested():
            await workflow.execute_activity_method(
                WarehouseActivities.keep_fresh, turn, **policies.KEEP_FRESH
            )
        workflow.continue_as_new(turn)


@workflow.defn(name="RefreshWarehouse")
class RefreshWarehouseWorkflow:
    """One refresh now, for somebody who waits for it."""

    @workflow.run
    async def run(self) -> RefreshSummary:
        return await workflow.execute_activity_method(
            WarehouseActivities.refresh_warehouse, **policies.ONE_REFRESH
        )


@workflow.defn(name="PlanReplenishment")
class PlanReplenishmentWorkflow:
    """Fresh figures, a forecast, and one open suggestion per SKU that needs stock."""

    @workflow.run
    async def run(self, request: PlanRequest) -> PlanOutcome:
        await workflow.execute_activity_method(
            WarehouseActivities.refresh_warehouse, **policies.ONE_REFRESH
        )
        now = workflow.now()
        forecast = await workflow.execute_activity_method(
            PlanningActivities.forecast_demand,
            ForecastRequest(
                run_id=f"plan-{now:%Y%m%d-%H%M%S}",
                store_id=request.store.store_id,
                as_of=request.store.business_date(now) - timedelta(days=1),
                seed=request.seed,
            ),
            **policies.LONG_WORK,
        )
        proposed = await workflow.execute_activity_method(
            PlanningActivities.propose_stock,
            ProposeStock(proposals=forecast.proposals),
            **policies.LONG_WORK,
        )
        await workflow.execute_activity_method(
            WarehouseActivities.refresh_warehouse, **policies.ONE_REFRESH
        )
        return PlanOutcome(
            run_id=forecast.run_id,
            skus=forecast.skus,
            wape_model=forecast.wape_model,
            wape_naive=forecast.wape_naive,
            proposals=proposed,
        )
