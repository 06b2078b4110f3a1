"""The parts every stall of the outside world shares, and how they are configured."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.faults import FaultBook
from sandbox.state import State
from sandbox.webhooks import WebhookQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """Where the outside world keeps its state, whom it trusts and whom it tells.

    Delays are seconds at `time_scale` 1. A day of a supplier's lead time lasts
    `supplier_day_seconds`. An empty webhook address means nobody is told.
    """

    state_file: Path
    gateway_secret_key: str
    gateway_webhook_secret: str
    gateway_webhook_url: str
    carrier_api_key: str
    carrier_webhook_secret: str
    carrier_webhook_url: str
    supplier_api_key: str
    supplier_webhook_secret: str
    supplier_webhook_url: str
    seed: int
    time_scale: float = 1.0
    scan_delays_seconds: tuple[float, float, float, float] = (2.0, 2.0, 2.0, 2.0)
    supplier_day_seconds: float = 2.0
    webhook_attempts_max: int = 40
    webhook_backoff_seconds: float = 0.25
    webhook_backoff_seconds_max: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    config: SandboxConfig
    state: State
    faults: FaultBook
    webhooks: WebhookQueue
    now: Callable[[], float]


def build_world(config: SandboxConfig, *, now: Callable[[], float]) -> World:
    """Connect the parts; the state file opens when the world starts."""
    state = State(config.state_file, seed=config.seed)
    return World(
        config=config,
        state=state,
        faults=FaultBook(state, random.Random(config.seed)),  # noqa: S311 - repeatable, not secret
        webhooks=WebhookQueue(state),
        now=now,
    )
