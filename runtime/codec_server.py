"""Lets the embedded Temporal Web UI show payloads: decoding, for this machine's browser only."""

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payloads

from config.settings import Settings
from runtime.temporal import payload_codec


def codec_app(settings: Settings) -> Starlette:
    """Return the application; only pages of the embedded Web UI may call it."""
    codec = payload_codec(settings)

    async def decode(request: Request) -> Response:
        try:
            payloads = json_format.Parse(await request.body(), Payloads())
        except json_format.ParseError as error:
            return Response(f"these are not payloads: {error}"[:300], status_code=400)
        decoded = Payloads(payloads=await codec.decode(payloads.payloads))
        return Response(json_format.MessageToJson(decoded), media_type="application/json")

    return Starlette(
        routes=[Route("/decode", decode, methods=["POST"])],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=[settings.temporal_ui_url],
                allow_methods=["POST"],
                allow_headers=["content-type", "x-namespace"],
            )
        ],
    )
