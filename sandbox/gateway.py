"""The payment gateway's HTTP interface, in Stripe's wire format."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.gateway_calls import Call, GatewayDoor, refused, search_terms
from sandbox.gateway_desk import GatewayDesk, RefusalError, Settled
from sandbox.gateway_objects import Intent, Refund, load_refund, wire_intent, wire_refund
from sandbox.responses import is_key, read_object
from sandbox.state import from_json
from sandbox.world import World

_LIST_MAX = 100


class Gateway:
    def __init__(self, world: World, desk: GatewayDesk) -> None:
        self._world = world
        self._desk = desk
        self._door = GatewayDoor(world)

    def routes(self) -> list[Route]:
        intents = "/v1/payment_intents"
        one = f"{intents}/{{intent_id}}"
        return [
            Route(intents, self._door.changing("gateway.create", self._create), methods=["POST"]),
            Route(intents, self._door.reading(self._list), methods=["GET"]),
            Route(f"{intents}/search", self._door.reading(self._search), methods=["GET"]),
            Route(one, self._door.reading(self._retrieve), methods=["GET"]),
            Route(
                f"{one}/confirm",
                self._door.changing("gateway.confirm", self._confirm),
                methods=["POST"],
            ),
            Route(
                f"{one}/capture",
                self._door.changing("gateway.capture", self._capture),
                methods=["POST"],
            ),
            Route(
                f"{one}/cancel",
                self._door.changing("gateway.cancel", self._cancel),
                methods=["POST"],
            ),
            Route(
                "/v1/refunds", self._door.changing("gateway.refund", self._refund), methods=["POST"]
            ),
            Route("/v1/refunds", self._door.reading(self._list_refunds), methods=["GET"]),
            Route("/v1/refunds/{refund_id}", self._door.reading(self._retrieve_refund)),
            Route("/sandbox/authentications/{intent_id}", self._authenticate, methods=["POST"]),
        ]

    def _create(self, _: Request, call: Call) -> tuple[int, dict[str, Any]]:
        amount = call.whole_number("amount")
        if amount is None or amount <= 0:
            raise RefusalError(
                "Amount must be a positive integer.",
                code="parameter_invalid_integer",
                param="amount",
            )
        capture_method = call.text("capture_method") or "automatic"
        if capture_method not in {"automatic", "manual"}:
            raise RefusalError(f"Invalid capture_method: {capture_method}", param="capture_method")
        intent = self._desk.create(
            amount=amount,
            currency=call.required("currency"),
            capture_method=capture_method,
            metadata=call.metadata,
        )
        if call.text("confirm") != "true":
            return 200, self._wire(intent, call)
        return self._settled(
            self._desk.confirm(
                intent, payment_method=call.text("payment_method"), happening=call.happening
            ),
            call,
        )

    def _confirm(self, request: Request, call: Call) -> tuple[int, dict[str, Any]]:
        intent = self._intent_for(request, call)
        return self._settled(
            self._desk.confirm(
                intent, payment_method=call.text("payment_method"), happening=call.happening
            ),
            call,
        )

    def _capture(self, request: Request, call: Call) -> tuple[int, dict[str, Any]]:
        return self._settled(
            self._desk.capture(
                self._desk.intent(request.path_params["intent_id"]),
                amount=call.whole_number("amount_to_capture"),
                happening=call.happening,
            ),
            call,
        )

    def _cancel(self, request: Request, call: Call) -> tuple[int, dict[str, Any]]:
        cancelled = self._desk.cancel(
            self._desk.intent(request.path_params["intent_id"]),
            reason=call.text("cancellation_reason"),
            happening=call.happening,
        )
        return 200, self._wire(cancelled, call)

    def _refund(self, _: Request, call: Call) -> tuple[int, dict[str, Any]]:
        refund = self._desk.refund(
            self._desk.intent(call.required("payment_intent")),
            amount=call.whole_number("amount"),
            metadata=call.metadata,
            happening=call.happening,
        )
        return 200, wire_refund(refund)

    def _retrieve(self, request: Request, call: Call) -> dict[str, Any]:
        return self._wire(self._intent_for(request, call), call)

    def _list(self, _: Request, call: Call) -> dict[str, Any]:
        limit = min(max(call.whole_number("limit") or 10, 1), _LIST_MAX)
        rows = self._world.state.rows(
            "select document from payment_intents where rowid < coalesce("
            "(select rowid from payment_intents where intent_id = ?), 9223372036854775807)"
            " order by rowid desc limit ?",
            (call.text("starting_after"), limit + 1),
        )
        found = [self._wire(Intent(**from_json(row["document"])), call) for row in rows[:limit]]
        return _page(found, url="/v1/payment_intents", has_more=len(rows) > limit)

    def _search(self, _: Request, call: Call) -> dict[str, Any]:
        query = call.required("query")
        wanted = search_terms(query)
        if not wanted:
            raise RefusalError(f"Cannot search for: {query}", param="query")
        rows = self._world.state.rows(
            "select document from payment_intents"
            " where (? is null or payment_id = ?) and (? is null or order_id = ?)"
            " order by rowid desc limit ?",
            (
                *(2 * (wanted.get("payment_id"),)),
                *(2 * (wanted.get("order_id"),)),
                _LIST_MAX,
            ),
        )
        found = [self._wire(Intent(**from_json(row["document"])), call) for row in rows]
        return {
            **_page(found, url="/v1/payment_intents/search", has_more=False),
            "object": "search_result",
            "next_page": None,
        }

    def _list_refunds(self, _: Request, call: Call) -> dict[str, Any]:
        rows = self._world.state.rows(
            "select document from refunds where intent_id = ? order by rowid desc limit ?",
            (call.required("payment_intent"), _LIST_MAX),
        )
        found = [wire_refund(Refund(**from_json(row["document"]))) for row in rows]
        return _page(found, url="/v1/refunds", has_more=False)

    def _retrieve_refund(self, request: Request, _: Call) -> dict[str, Any]:
        refund_id = request.path_params["refund_id"]
        refund = load_refund(self._world.state, refund_id)
        if refund is None:
            raise RefusalError(
                f"No such refund: '{refund_id}'", code="resource_missing", status=404
            )
        return wire_refund(refund)

    async def _authenticate(self, request: Request) -> Response:
        body = await read_object(request)
        try:
            with self._world.state.transaction():
                settled = self._desk.authenticate(
                    self._desk.intent(request.path_params["intent_id"]),
                    is_approved=body.get("approve") is True,
                )
        except RefusalError as refusal:
            return JSONResponse(refused(refusal, base_url=""), status_code=refusal.status)
        return JSONResponse({"status": settled.intent.status})

    def _intent_for(self, request: Request, call: Call) -> Intent:
        """Find the intent; a browser must show that it knows the intent's secret."""
        intent = self._desk.intent(request.path_params["intent_id"])
        if call.is_public and not is_key(call.text("client_secret") or "", intent.client_secret):
            raise RefusalError(
                "The client_secret provided does not match the client_secret of this intent.",
                code="payment_intent_invalid_parameter",
                param="client_secret",
                status=401,
            )
        return intent

    def _settled(self, settled: Settled, call: Call) -> tuple[int, dict[str, Any]]:
        wire = self._wire(settled.intent, call)
        if settled.card_error is None:
            return 200, wire
        return 402, {"error": {**settled.card_error, "payment_intent": wire}}

    def _wire(self, intent: Intent, call: Call) -> dict[str, Any]:
        wire = wire_intent(intent, base_url=call.base_url, expand=call.expand)
        if call.is_public:
            del wire["metadata"]
        return wire


def _page(found: list[dict[str, Any]], *, url: str, has_more: bool) -> dict[str, Any]:
    return {"object": "list", "url": url, "has_more": has_more, "data": found}
