"""The composition root: the only place that knows which class stands behind which port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from config.settings import Settings
from contracts.events import StoreContext
from domain.pricing import PriceRules
from domain.timers import TIMERS, TimerProfile, TimerTable
from providers.carriers import Carrier
from providers.payments import PaymentGateway
from providers.sandbox_carrier import SandboxCarrier
from providers.sandbox_supplier import SandboxSupplier
from providers.stripe_payments import StripePayments
from providers.suppliers import Supplier
from runtime import keys
from store.database import open_pool
from store.unit_of_work import UnitOfWorkFactory

_PROVIDER_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """The outside, as adapters."""

    gateway: PaymentGateway
    carrier: Carrier
    supplier: Supplier

    async def aclose(self) -> None:
        await self.gateway.aclose()
        await self.carrier.aclose()
        await self.supplier.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """What the API and the order worker share: the database and the outside."""

    settings: Settings
    context: StoreContext
    price_rules: PriceRules
    timers: TimerTable
    pool: Any
    units_of_work: UnitOfWorkFactory
    providers: Providers


def store_context(settings: Settings) -> StoreContext:
    return StoreContext(
        store_id=settings.store_id, currency=settings.currency, time_zone=settings.time_zone
    )


def database_url(settings: Settings) -> str:
    """Return the database's address; the embedded server leaves its own under `var/`."""
    if settings.database_url is not None:
        return settings.database_url
    return (settings.var_dir / "postgres" / "url").read_text().strip()


def build_providers(settings: Settings) -> Providers:
    """Build the adapters. Unset addresses mean the sandbox, whose keys are made under `var/`."""
    gateway_key, webhook_secret = settings.gateway_key, settings.gateway_webhook_secret
    return Providers(
        gateway=StripePayments(
            base_url=settings.gateway_url or settings.sandbox_url,
            secret_key=(
                gateway_secret_key(settings)
                if gateway_key is None
                else gateway_key.get_secret_value()
            ),
            webhook_secret=(
                keys.secret(settings.var_dir, "gateway-webhook")
                if webhook_secret is None
                else webhook_secret.get_secret_value()
            ),
            timeout_seconds=_PROVIDER_TIMEOUT_SECONDS,
        ),
        carrier=SandboxCarrier(
            base_url=settings.carrier_url or settings.sandbox_url,
            api_key=keys.secret(settings.var_dir, "carrier-api"),
            webhook_secret=keys.secret(settings.var_dir, "carrier-webhook"),
            timeout_seconds=_PROVIDER_TIMEOUT_SECONDS,
        ),
        supplier=SandboxSupplier(
            base_url=settings.supplier_url or settings.sandbox_url,
            api_key=keys.secret(settings.var_dir, "supplier-api"),
            webhook_secret=keys.secret(settings.var_dir, "supplier-webhook"),
            timeout_seconds=_PROVIDER_TIMEOUT_SECONDS,
        ),
    )


def gateway_secret_key(settings: Settings) -> str:
    return f"sk_test_{keys.secret(settings.var_dir, 'gateway-api')}"


@asynccontextmanager
async def open_operations(
    settings: Settings, *, url: str | None = None
) -> AsyncIterator[Operations]:
    """Open the database pool and the providers, and close them afterwards."""
    pool = await open_pool(url or database_url(settings))
    providers = build_providers(settings)
    context = store_context(settings)
    try:
        yield Operations(
            settings=settings,
            context=context,
            price_rules=PriceRules(),
            timers=TIMERS[TimerProfile(settings.timer_profile)],
            pool=pool,
            units_of_work=UnitOfWorkFactory(pool, context=context),
            providers=providers,
        )
    finally:
        await providers.aclose()
        await pool.close()
