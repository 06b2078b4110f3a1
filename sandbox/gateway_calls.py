"""The gateway's front door: who asks, what goes wrong, and one effect per idempotency key."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Fault, FaultKind
from sandbox.gateway_desk import RefusalError
from sandbox.gateway_objects import load_intent, wire_intent
from sandbox.responses import answer, bearer, fail_before, is_key
from sandbox.world import World

_SEARCH_TERM = re.compile(r"metadata\[['\"](payment_id|order_id)['\"]\]:['\"]([^'\"]*)['\"]")
_KEY_REUSED = (
    "Keys for idempotent requests can only be used with the same parameters they were first"
    " used with. Try using a key other than '{key}' if you meant to execute a different request."
)
Happening = Mapping[FaultKind, Fault]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: its form or query, who asks, and what is to go wrong."""

    form: Mapping[str, str]
    base_url: str
    is_public: bool
    happening: Happening

    def text(self, name: str) -> str | None:
        return self.form.get(name) or None

    def whole_number(self, name: str) -> int | None:
        text = self.form.get(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise RefusalError(
                f"Invalid integer: {text}", code="parameter_invalid_integer", param=name
            ) from error

    def required(self, name: str) -> str:
        text = self.text(name)
        if text is None:
            raise RefusalError(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
        return text

    @property
    def metadata(self) -> dict[str, str]:
        return metadata_of(self.form)

    @property
    def expand(self) -> frozenset[str]:
        """The paths to show in full; a path includes those it leads through."""
        paths = [
            text.removeprefix("data.").split(".")
            for name, text in self.form.items()
            if name.startswith("expand[")
        ]
        return frozenset(
            ".".join(path[:length]) for path in paths for length in range(1, len(path) + 1)
        )


Look = Callable[[Request, Call], dict[str, Any]]
Change = Callable[[Request, Call], tuple[int, dict[str, Any]]]


class GatewayDoor:
    def __init__(self, world: World) -> None:
        self._world = world

    def reading(self, act: Look) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            form = dict(request.query_params)
            if self._is_stranger(request):
                return _unauthorised()
            happening = self._happening("gateway.look_up", request, form)
            if await fail_before(happening):
                return _internal_error()
            call = self._call(request, form, happening)
            try:
                body = act(request, call)
            except RefusalError as refusal:
                return JSONResponse(
                    refused(refusal, base_url=call.base_url), status_code=refusal.status
                )
            return answer(200, body, happening)

        return endpoint

    def changing(self, target: str, act: Change) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
            if self._is_stranger(request):
                return _unauthorised()
            happening = self._happening(target, request, form)
            if await fail_before(happening):
                return _internal_error()
            call = self._call(request, form, happening)
            status, body, is_replay = self._once(request, call, act)
            response = answer(status, body, happening)
            if is_replay:
                response.headers["Idempotent-Replayed"] = "true"
            return response

        return endpoint

    def _happening(self, target: str, request: Request, form: Mapping[str, str]) -> Happening:
        traits = {**metadata_of(form), **search_terms(form.get("query", ""))}
        intent_id = request.path_params.get("intent_id") or form.get("payment_intent")
        if intent_id:
            intent = load_intent(self._world.state, intent_id)
            traits |= {"gateway_ref": intent_id} if intent is None else intent.traits
        happening = self._world.faults.take(target, traits)
        if target == "gateway.create" and form.get("confirm") == "true":
            return {**self._world.faults.take("gateway.confirm", traits), **happening}
        return happening

    def _call(self, request: Request, form: Mapping[str, str], happening: Happening) -> Call:
        return Call(
            form=form,
            base_url=str(request.base_url).rstrip("/"),
            is_public=bearer(request).startswith("pk_"),
            happening=happening,
        )

    def _is_stranger(self, request: Request) -> bool:
        """Browsers may confirm and read an intent; all else needs the secret key."""
        key, intent_id = bearer(request), request.path_params.get("intent_id")
        if is_key(key, self._world.config.gateway_secret_key):
            return False
        is_browsers_call = request.url.path.endswith((f"/{intent_id}/confirm", f"/{intent_id}"))
        return not (key.startswith("pk_") and intent_id and is_browsers_call)

    def _once(self, request: Request, call: Call, act: Change) -> tuple[int, str, bool]:
        """Do a call's work once per idempotency key. Effect and answer are kept together."""
        answers = KeyedAnswers(self._world, request, call)
        kept = answers.find()
        if kept is not None:
            return kept
        try:
            with self._world.state.transaction():
                status, body = act(request, call)
                text = json.dumps(body)
                answers.keep(status, text)
        except RefusalError as refusal:
            text = json.dumps(refused(refusal, base_url=call.base_url))
            if refusal.is_kept:
                answers.keep(refusal.status, text)
            return refusal.status, text, False
        return status, text, False


class KeyedAnswers:
    """The first answer to a key, repeated to every later call that has the same parameters."""

    def __init__(self, world: World, request: Request, call: Call) -> None:
        self._world = world
        self._key = request.headers.get("idempotency-key", "")
        self._scope = hashlib.sha256(bearer(request).encode()).hexdigest()[:16]
        parameters = json.dumps([request.url.path, sorted(call.form.items())])
        self._fingerprint = hashlib.sha256(parameters.encode()).hexdigest()

    def find(self) -> tuple[int, str, bool] | None:
        stored = self._world.state.row(
            "select * from idempotent_answers where scope = ? and key = ?",
            (self._scope, self._key),
        )
        if not self._key or stored is None:
            return None
        if stored["fingerprint"] != self._fingerprint:
            message = _KEY_REUSED.format(key=self._key)
            refusal = RefusalError(message, kind="idempotency_error")
            return refusal.status, json.dumps(refused(refusal, base_url="")), False
        return stored["status"], stored["body"], True

    def keep(self, status: int, text: str) -> None:
        if self._key:
            self._world.state.run(
                "insert into idempotent_answers values (?, ?, ?, ?, ?, ?)",
                (self._scope, self._key, self._fingerprint, status, text, self._world.now()),
            )


def metadata_of(form: Mapping[str, str]) -> dict[str, str]:
    return {
        name[len("metadata[") : -1]: text
        for name, text in form.items()
        if name.startswith("metadata[")
    }


def search_terms(query: str) -> dict[str, str]:
    """Return the metadata a search asks for; empty if any part of it is not understood."""
    terms = [_SEARCH_TERM.fullmatch(part.strip()) for part in query.split(" AND ")]
    understood = {term[1]: term[2] for term in terms if term is not None}
    return understood if len(understood) == len(terms) else {}


def refused(refusal: RefusalError, *, base_url: str) -> dict[str, Any]:
    error: dict[str, Any] = {"type": refusal.kind, "message": str(refusal)}
    if refusal.code is not None:
        error["code"] = refusal.code
    if refusal.param is not None:
        error["param"] = refusal.param
    if refusal.intent is not None:
        error["payment_intent"] = wire_intent(
            refusal.intent, base_url=base_url, expand=frozenset({"latest_charge"})
        )
    return {"error": error}


def _unauthorised() -> Response:
    refusal = RefusalError("Invalid API Key provided.", status=401)
    return JSONResponse(refused(refusal, base_url=""), status_code=refusal.status)


def _internal_error() -> Response:
    return JSONResponse(
        {"error": {"type": "api_error", "message": "An error occurred on the server."}},
        status_code=500,
    )
