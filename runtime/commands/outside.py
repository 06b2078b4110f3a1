"""The simulated outside, configured with the keys the product was given."""

from config.settings import Settings
from runtime import keys
from runtime.bootstrap import gateway_secret_key
from sandbox.app import SandboxConfig, serve

_SEED = 20_261_122
PUBLISHABLE_KEY = "pk_test_storefront"


def sandbox_config(settings: Settings) -> SandboxConfig:
    """Return a sandbox that trusts this product's keys and calls its webhooks."""

    def key(name: str) -> str:
        return keys.secret(settings.var_dir, name)

    hooks = f"{settings.api_url}/v1/webhooks"
    return SandboxConfig(
        state_file=settings.var_dir / "sandbox.db",
        gateway_secret_key=gateway_secret_key(settings),
        gateway_webhook_secret=key("gateway-webhook"),
        gateway_webhook_url=f"{hooks}/gateway",
        carrier_api_key=key("carrier-api"),
        carrier_webhook_secret=key("carrier-webhook"),
        carrier_webhook_url=f"{hooks}/carrier",
        supplier_api_key=key("supplier-api"),
        supplier_webhook_secret=key("supplier-webhook"),
        supplier_webhook_url=f"{hooks}/supplier",
        seed=_SEED,
    )


def serve_sandbox(settings: Settings) -> None:
    """Serve the outside world until interrupted."""
    serve(sandbox_config(settings), host=settings.host, port=settings.sandbox_port)
