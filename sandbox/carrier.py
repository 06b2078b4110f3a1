"""The carrier: sells labels, takes parcels over, carries them and reports every scan."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault, FaultKind
from sandbox.responses import answer, bearer, fail_before, is_key, plain_error, read_object
from sandbox.state import from_json, to_json
from sandbox.world import World

_REQUIRED = ("parcel_id", "order_id", "service", "weight_g", "address")
# A postcode this carrier does not serve, so that a refusal can be met on purpose.
_UNSERVED_POSTCODE = "00000"
_COST_BASE_MINOR = {"standard": 390, "express": 790}
_COST_MINOR_PER_KG = 60
_JOURNEY = (
    ("picked_up", "Parcel collected from the sender", "Sender"),
    ("in_transit", "Parcel sorted in the parcel centre", "Parcel centre"),
    ("out_for_delivery", "Parcel loaded onto the delivery vehicle", "Delivery depot"),
    ("delivered", "Parcel handed to the recipient", "Recipient"),
)


class Carrier:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/carrier/v1/labels", self._buy, methods=["POST"]),
            Route("/carrier/v1/labels/{tracking_no}/void", self._void, methods=["POST"]),
            Route("/carrier/v1/track/{tracking_no}", self._track, methods=["GET"]),
        ]

    async def _buy(self, request: Request) -> Response:
        body = await read_object(request)
        if self._is_stranger(request):
            return _unauthorised()
        happening = self._world.faults.take(
            "carrier.label",
            {name: str(body[name]) for name in ("parcel_id", "order_id") if name in body},
        )
        if await fail_before(happening):
            return _internal_error()
        known = self._label_of_parcel(str(body.get("parcel_id", "")))
        problem = _problem_of(body) if known is None else _conflict_of(known, body)
        if problem is not None:
            return problem
        if known is not None:
            return answer(200, known, happening)
        with self._world.state.transaction():
            sold = self._sell(body)
        return answer(201, sold, happening)

    async def _void(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _unauthorised()
        label = self._label(request.path_params["tracking_no"])
        happening = self._take("carrier.void", label)
        if await fail_before(happening):
            return _internal_error()
        if label is None:
            return _unknown_label()
        if label["voided_at"] is None:
            if self._scans(label["tracking_no"]):
                return plain_error(409, "already_handed_over", "the parcel is on its way")
            label = self._withdraw(label)
        return answer(200, label, happening)

    async def _track(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _unauthorised()
        label = self._label(request.path_params["tracking_no"])
        happening = self._take("carrier.track", label)
        if await fail_before(happening):
            return _internal_error()
        if label is None:
            return _unknown_label()
        scans = self._scans(label["tracking_no"])
        status = scans[-1]["code"] if scans else "announced"
        if label["voided_at"] is not None:
            status = "voided"
        return answer(200, {**label, "status": status, "scans": scans}, happening)

    def _sell(self, body: Mapping[str, Any]) -> dict[str, Any]:
        state, now = self._world.state, self._world.now()
        service = body["service"]
        label = {
            "tracking_no": f"SBX{state.secret_for(str(body['parcel_id']))[:12].upper()}",
            "parcel_id": body["parcel_id"],
            "order_id": body["order_id"],
            "carrier": "sandbox",
            "service": service,
            "cost_minor": _COST_BASE_MINOR[service]
            + _COST_MINOR_PER_KG * (int(body["weight_g"]) // 1000),
            "currency": "EUR",
            "created_at": _iso(now),
            "voided_at": None,
        }
        state.run(
            "insert into labels (tracking_no, parcel_id, order_id, created_at, document)"
            " values (?, ?, ?, ?, ?)",
            (label["tracking_no"], label["parcel_id"], label["order_id"], now, to_json(label)),
        )
        scanned_at = now
        for step, delay in enumerate(self._world.config.scan_delays_seconds):
            scanned_at += delay * self._world.config.time_scale
            self._plan_scan(label, step=step, scanned_at=scanned_at)
        return label

    def _plan_scan(self, label: Mapping[str, Any], *, step: int, scanned_at: float) -> None:
        code, text, place = _JOURNEY[step]
        scan = {
            "event_id": f"{label['tracking_no']}-{step + 1}",
            "tracking_no": label["tracking_no"],
            "parcel_id": label["parcel_id"],
            "order_id": label["order_id"],
            "code": code,
            "text": text,
            "scanned_at": _iso(scanned_at),
            "place": place,
        }
        self._world.state.run(
            "insert into scans (event_id, tracking_no, scanned_at, document) values (?, ?, ?, ?)",
            (scan["event_id"], label["tracking_no"], scanned_at, to_json(scan)),
        )
        self._world.webhooks.add(
            "carrier",
            subject=label["tracking_no"],
            traits={
                name: scan[name]
                for name in ("parcel_id", "order_id", "tracking_no", "code", "event_id")
            },
            document=scan,
            due_at=scanned_at,
        )

    def _withdraw(self, label: Mapping[str, Any]) -> dict[str, Any]:
        state, now = self._world.state, self._world.now()
        voided = {**label, "voided_at": _iso(now)}
        with state.transaction():
            state.run(
                "update labels set voided_at = ?, document = ? where tracking_no = ?",
                (now, to_json(voided), label["tracking_no"]),
            )
            state.run("delete from scans where tracking_no = ?", (label["tracking_no"],))
            self._world.webhooks.withdraw(label["tracking_no"])
        return voided

    def _scans(self, tracking_no: str) -> list[dict[str, Any]]:
        rows = self._world.state.rows(
            "select document from scans where tracking_no = ? and scanned_at <= ?"
            " order by scanned_at",
            (tracking_no, self._world.now()),
        )
        return [from_json(row["document"]) for row in rows]

    def _label(self, tracking_no: str) -> dict[str, Any] | None:
        row = self._world.state.row(
            "select document from labels where tracking_no = ?", (tracking_no,)
        )
        return None if row is None else from_json(row["document"])

    def _label_of_parcel(self, parcel_id: str) -> dict[str, Any] | None:
        row = self._world.state.row("select document from labels where parcel_id = ?", (parcel_id,))
        return None if row is None else from_json(row["document"])

    def _take(self, target: str, label: Mapping[str, Any] | None) -> dict[FaultKind, Fault]:
        names = ("parcel_id", "order_id", "tracking_no")
        traits = {name: str(label[name]) for name in names} if label else {}
        return self._world.faults.take(target, traits)

    def _is_stranger(self, request: Request) -> bool:
        return not is_key(bearer(request), self._world.config.carrier_api_key)


def _problem_of(body: Mapping[str, Any]) -> JSONResponse | None:
    missing = [name for name in _REQUIRED if name not in body]
    if missing:
        return plain_error(422, "field_missing", f"missing: {', '.join(missing)}")
    if body["service"] not in _COST_BASE_MINOR:
        return plain_error(422, "service_unknown", f"no such service: {body['service']}")
    if not isinstance(body["weight_g"], int) or body["weight_g"] < 0:
        return plain_error(422, "weight_invalid", "weight_g is a whole number from 0")
    address = body["address"]
    if not isinstance(address, dict) or address.get("postcode") == _UNSERVED_POSTCODE:
        return plain_error(422, "address_unserviceable", "this address cannot be served")
    return None


def _conflict_of(known: Mapping[str, Any], body: Mapping[str, Any]) -> JSONResponse | None:
    if known["voided_at"] is not None:
        # The parcel's label was given back: a late repeat must not sell a second one.
        return plain_error(409, "label_voided", "the label of this parcel was voided")
    if known["order_id"] != body.get("order_id"):
        return plain_error(409, "parcel_id_reused", "this parcel belongs to another order")
    return None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _unknown_label() -> JSONResponse:
    return plain_error(404, "label_unknown", "no such tracking number")


def _unauthorised() -> JSONResponse:
    return plain_error(401, "unauthorised", "the API key is not known")


def _internal_error() -> JSONResponse:
    return plain_error(500, "internal", "an error occurred on the server")
