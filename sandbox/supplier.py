"""The supplier: confirms purchase orders and delivers them after their lead time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.responses import answer, bearer, fail_before, is_key, plain_error, read_object
from sandbox.state import from_json, to_json
from sandbox.world import World

_REQUIRED = ("po_id", "supplier_id", "sku", "location_id", "qty", "lead_time_days")
_LEAD_TIME_DAYS_MAX = 365


class Supplier:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        orders = "/supplier/v1/purchase_orders"
        return [
            Route(orders, self._order, methods=["POST"]),
            Route(f"{orders}/{{po_id}}", self._look_up, methods=["GET"]),
        ]

    async def _order(self, request: Request) -> Response:
        body = await read_object(request)
        if self._is_stranger(request):
            return _unauthorised()
        happening = self._world.faults.take(
            "supplier.order", {name: str(body[name]) for name in ("po_id", "sku") if name in body}
        )
        if await fail_before(happening):
            return _internal_error()
        problem = _problem_of(body)
        if problem is not None:
            return problem
        with self._world.state.transaction():
            known = self._find(body["po_id"])
            if known is None:
                return answer(201, self._accept(body), happening)
        if any(known[name] != body[name] for name in ("sku", "qty", "location_id")):
            return plain_error(409, "po_id_reused", "this po_id was used for another order")
        return answer(200, known, happening)

    async def _look_up(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _unauthorised()
        po_id = request.path_params["po_id"]
        happening = self._world.faults.take("supplier.look_up", {"po_id": po_id})
        if await fail_before(happening):
            return _internal_error()
        known = self._find(po_id)
        if known is None:
            return plain_error(404, "purchase_order_unknown", "no such purchase order")
        return answer(200, known, happening)

    def _accept(self, body: Mapping[str, Any]) -> dict[str, Any]:
        config, now = self._world.config, self._world.now()
        lead_time_days = int(body["lead_time_days"])
        delivered_at = now + lead_time_days * config.supplier_day_seconds * config.time_scale
        accepted_on = datetime.fromtimestamp(now, UTC).date()
        order = {
            **{name: body[name] for name in _REQUIRED},
            "supplier_ref": f"SO-{self._world.state.secret_for(str(body['po_id']))[:10].upper()}",
            "expected_on": (accepted_on + timedelta(days=lead_time_days)).isoformat(),
        }
        self._world.state.run(
            "insert into purchase_orders values (?, ?, ?, ?)",
            (body["po_id"], now, delivered_at, to_json(order)),
        )
        self._world.webhooks.add(
            "supplier",
            subject=str(body["po_id"]),
            traits={"po_id": str(body["po_id"]), "sku": str(body["sku"])},
            document={
                "event_id": f"{order['supplier_ref']}-delivered",
                "type": "delivered",
                "po_id": body["po_id"],
                "supplier_ref": order["supplier_ref"],
                "sku": body["sku"],
                "location_id": body["location_id"],
                "qty": body["qty"],
                "delivered_at": _iso(delivered_at),
            },
            due_at=delivered_at,
        )
        return {**order, "status": "confirmed", "delivered_at": None}

    def _find(self, po_id: str) -> dict[str, Any] | None:
        row = self._world.state.row("select * from purchase_orders where po_id = ?", (po_id,))
        if row is None:
            return None
        is_delivered = row["delivered_at"] <= self._world.now()
        return {
            **from_json(row["document"]),
            "status": "delivered" if is_delivered else "confirmed",
            "delivered_at": _iso(row["delivered_at"]) if is_delivered else None,
        }

    def _is_stranger(self, request: Request) -> bool:
        return not is_key(bearer(request), self._world.config.supplier_api_key)


def _problem_of(body: Mapping[str, Any]) -> JSONResponse | None:
    missing = [name for name in _REQUIRED if name not in body]
    if missing:
        return plain_error(422, "field_missing", f"missing: {', '.join(missing)}")
    if not isinstance(body["qty"], int) or body["qty"] < 1:
        return plain_error(422, "qty_invalid", "qty is a whole number from 1")
    days = body["lead_time_days"]
    if not isinstance(days, int) or not 0 <= days <= _LEAD_TIME_DAYS_MAX:
        return plain_error(422, "lead_time_invalid", "lead_time_days is a whole number to 365")
    return None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _unauthorised() -> JSONResponse:
    return plain_error(401, "unauthorised", "the API key is not known")


def _internal_error() -> JSONResponse:
    return plain_error(500, "internal", "an error occurred on the server")
