"""The interface as a page: Swagger UI from the wheel, nothing from the network."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

_ASSETS = Path(str(files("fastapi_offline"))) / "static"
# The page runs its own scripts only; the library writes style attributes.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mallard API</title>
<link rel="icon" href="/docs/assets/favicon.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null,
});
"""


def install_docs(app: FastAPI) -> None:
    """Add the page, its script and its assets; none of them is part of the interface."""
    app.router.routes.append(Route("/docs", _page))
    app.router.routes.append(Route("/docs/start.js", _start))
    app.mount("/docs/assets", StaticFiles(directory=_ASSETS))


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


async def _start(_: Request) -> Response:
    return Response(_START, media_type="text/javascript")
