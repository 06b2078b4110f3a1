"""Every setting, read from the environment (`MALLARD_…`) once per process, by its entry point."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Without any setting: everything embedded, on this machine, with its state under `var/`."""

    model_config = SettingsConfigDict(env_prefix="MALLARD_", env_file=None, frozen=True)

    var_dir: Path = Field(_ROOT / "var", description="Where all state lives.")

    database_url: str | None = Field(
        None, description="PostgreSQL address (postgresql://…); unset: the embedded server."
    )
    temporal_address: str | None = Field(
        None, description="Temporal host:port; unset: the embedded development server."
    )
    temporal_namespace: str = "default"
    temporal_tls: bool = False
    temporal_api_key: SecretStr | None = None

    host: str = "127.0.0.1"
    api_port: int = 8000
    dashboards_port: int = 8501
    sandbox_port: int = 8090
    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    metrics_port: int = Field(0, description="The workers' Prometheus port; 0: no endpoint.")

    store_id: str = "mall"
    currency: str = "EUR"
    time_zone: str = "Europe/Berlin"
    timer_profile: Literal["standard", "demonstration"] = Field(
        "standard", description="Which column of the table of business durations holds."
    )
    answer_timeout_seconds: PositiveFloat = 8.0

    gateway_url: str | None = Field(None, description="Payment gateway; unset: the sandbox.")
    gateway_key: SecretStr | None = None
    gateway_webhook_secret: SecretStr | None = None
    carrier_url: str | None = Field(None, description="Carrier; unset: the sandbox.")
    supplier_url: str | None = Field(None, description="Supplier; unset: the sandbox.")

    refresh_seconds: PositiveFloat = Field(
        1.0, description="Pause between two looks for new events to publish."
    )

    @property
    def api_url(self) -> str:
        return f"http://{self.host}:{self.api_port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{self.host}:{self.sandbox_port}"

    @property
    def dashboards_url(self) -> str:
        return f"http://{self.host}:{self.dashboards_port}"

    @property
    def temporal_ui_url(self) -> str:
        return f"http://{self.host}:{self.temporal_ui_port}"

    @property
    def lake_dir(self) -> Path:
        return self.var_dir / "lake"

    @property
    def warehouse_dir(self) -> Path:
        return self.var_dir / "warehouse"
