"""The Temporal client: one converter, one codec, the same everywhere."""

import dataclasses

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import GrpcCompression

from config.settings import Settings
from runtime import keys
from runtime.codec import EncryptionCodec

_CODEC_KEY = "payloads-1"


def temporal_address(settings: Settings) -> str:
    return settings.temporal_address or f"{settings.host}:{settings.temporal_port}"


def payload_codec(settings: Settings) -> EncryptionCodec:
    key = bytes.fromhex(keys.secret(settings.var_dir, _CODEC_KEY))
    return EncryptionCodec({_CODEC_KEY: key}, newest=_CODEC_KEY)


def data_converter(settings: Settings) -> DataConverter:
    """Return the converter of plain frozen dataclasses, encrypted."""
    return dataclasses.replace(pydantic_data_converter, payload_codec=payload_codec(settings))


async def connect(settings: Settings, *, metrics_port: int = 0, lazy: bool = False) -> Client:
    """Connect to the Temporal Service, or with `lazy` on first use.

    Raises:
        RuntimeError: it does not answer now.
    """
    runtime = None
    if metrics_port:
        runtime = Runtime(
            telemetry=TelemetryConfig(
                metrics=PrometheusConfig(bind_address=f"{settings.host}:{metrics_port}")
            )
        )
    api_key = settings.temporal_api_key
    return await Client.connect(
        temporal_address(settings),
        namespace=settings.temporal_namespace,
        tls=settings.temporal_tls,
        api_key=None if api_key is None else api_key.get_secret_value(),
        data_converter=data_converter(settings),
        grpc_compression=GrpcCompression.NONE,
        runtime=runtime,
        lazy=lazy,
    )
