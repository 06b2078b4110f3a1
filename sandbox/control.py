"""The levers behind the outside world: faults, effects and what is still to be told."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FaultScriptError
from sandbox.responses import plain_error, read_object
from sandbox.world import World

_PAGE_MAX = 1000


class Control:
    """Without keys: whoever reaches these levers owns the sandbox."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/health", self._health, methods=["GET"]),
            Route("/sandbox/faults", self._add_fault, methods=["POST"]),
            Route("/sandbox/faults", self._list_faults, methods=["GET"]),
            Route("/sandbox/faults", self._clear_faults, methods=["DELETE"]),
            Route("/sandbox/effects", self._effects, methods=["GET"]),
            Route("/sandbox/webhooks", self._webhooks, methods=["GET"]),
        ]

    async def _health(self, _: Request) -> Response:
        return JSONResponse(
            {"status": "ok", "pending_webhooks": self._world.webhooks.pending_count()}
        )

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault_id = self._world.faults.add(await read_object(request))
        except FaultScriptError as error:
            return plain_error(422, "fault_impossible", str(error))
        return JSONResponse({"fault_id": fault_id}, status_code=201)

    async def _list_faults(self, _: Request) -> Response:
        return JSONResponse({"faults": self._world.faults.all()})

    async def _clear_faults(self, _: Request) -> Response:
        self._world.faults.clear()
        return Response(status_code=204)

    async def _effects(self, request: Request) -> Response:
        """List all money that moved, oldest first; the next page starts after `next_after`."""
        after, limit = _page_of(request)
        rows = self._world.state.rows(
            "select * from effects where effect_no > ? order by effect_no limit ?", (after, limit)
        )
        effects = [dict(row) for row in rows]
        is_full = len(effects) == limit
        return JSONResponse(
            {"effects": effects, "next_after": effects[-1]["effect_no"] if is_full else None}
        )

    async def _webhooks(self, request: Request) -> Response:
        after, limit = _page_of(request)
        found = self._world.webhooks.all(after=after, limit=limit)
        is_full = len(found) == limit
        return JSONResponse(
            {"webhooks": found, "next_after": found[-1]["webhook_id"] if is_full else None}
        )


def _page_of(request: Request) -> tuple[int, int]:
    query = request.query_params
    after, limit = query.get("after", "0"), query.get("limit", str(_PAGE_MAX))
    if not after.isdecimal() or not limit.isdecimal():
        return 0, _PAGE_MAX
    return int(after), min(max(int(limit), 1), _PAGE_MAX)
