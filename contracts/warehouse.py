"""What crosses the boundary between the warehouse's workflows, its activities and the CLI."""

from dataclasses import dataclass
from datetime import date

from contracts.events import StoreContext
from contracts.replenishment import Proposal

KEEP_FRESH_WORKFLOW_ID = "warehouse/keep-fresh"
PLAN_SCHEDULE_ID = "warehouse/plan-nightly"
REPLENISH_WORKFLOW = "ReplenishStock"
PROPOSED_SIGNAL = "proposed"
PROPOSALS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFresh:
    """How long one turn of watching lasts, and the pause between two looks; seconds."""

    turn_seconds: float
    pause_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSummary:
    exported_events: int
    loaded_events: int
    quarantined: int
    models_built: int
    tests_passed: int
    failed_tests: tuple[str, ...]
    published_version: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Plan for one store, as of its last complete business day."""

    store: StoreContext
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRequest:
    run_id: str
    store_id: str
    as_of: date
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSummary:
    run_id: str
    skus: int
    wape_model: float | None
    wape_naive: float | None
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeStock:
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOutcome:
    run_id: str
    skus: int
    wape_model: float | None
    wape_naive: float | None
    proposals: int
