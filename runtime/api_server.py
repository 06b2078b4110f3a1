"""The API's process."""

import uvicorn

from api.app import create_app
from api.dependencies import ApiDependencies
from config.settings import Settings
from runtime import keys
from runtime.bootstrap import open_operations
from runtime.callbacks import callback_readers
from runtime.clock import utc_now
from runtime.codec_server import codec_app
from runtime.temporal import connect


async def serve_api(settings: Settings) -> None:
    """Serve the HTTP API until a signal comes."""
    client = await connect(settings, lazy=True)
    async with open_operations(settings) as operations:
        app = create_app(
            ApiDependencies(
                pool=operations.pool,
                context=operations.context,
                units_of_work=operations.units_of_work,
                temporal=client,
                callbacks=callback_readers(operations.providers),
                order_number_secret=bytes.fromhex(keys.secret(settings.var_dir, "order-numbers")),
                now=utc_now,
                answer_timeout_seconds=settings.answer_timeout_seconds,
                price_rules=operations.price_rules,
            )
        )
        if settings.temporal_address is None:
            app.mount("/codec", codec_app(settings))
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.api_port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        await uvicorn.Server(config).serve()
