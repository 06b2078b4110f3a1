"""Acts on the shop through its HTTP API, the only way a page may change anything."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A buyer's answer to one suggestion. Without a quantity the suggested one stands."""

    suggestion_id: str
    decision: str
    by: str
    qty: int | None = None
    reason: str = ""

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"decision": self.decision, "by": self.by}
        if self.qty is not None:
            body["qty"] = self.qty
        if self.reason:
            body["reason"] = self.reason
        return body

    def idempotency_key(self) -> str:
        """Return the same key for the same decision, so that a second click has no effect."""
        said = json.dumps({"suggestion_id": self.suggestion_id, **self.body()}, sort_keys=True)
        return f"decision-{hashlib.sha256(said.encode()).hexdigest()[:40]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the shop said: whether it accepted, and the words to show."""

    is_accepted: bool
    text: str


def decide(client: httpx2.Client, decision: Decision) -> Answer:
    """Send a decision and put the answer, the refusal or the failure into words."""
    try:
        response = client.post(
            f"/v1/replenishment/suggestions/{quote(decision.suggestion_id, safe='')}/decision",
            json=decision.body(),
            headers={"Idempotency-Key": decision.idempotency_key()},
        )
    except httpx2.HTTPError as error:
        return Answer(
            is_accepted=False,
            text=f"The shop's API did not answer ({type(error).__name__}). Nothing is lost: "
            "deciding again sends the same decision once.",
        )
    if response.is_success:
        return Answer(is_accepted=True, text=_accepted(response))
    return Answer(is_accepted=False, text=_problem(response))


def api_client(api_url: str) -> httpx2.Client:
    return httpx2.Client(base_url=api_url, timeout=_TIMEOUT_S)


def _accepted(response: httpx2.Response) -> str:
    document = _document(response)
    status = str(document.get("status") or "accepted").capitalize()
    purchase_order = document.get("po_id")
    return f"{status}, purchase order {purchase_order}" if purchase_order else status


def _problem(response: httpx2.Response) -> str:
    """Return the problem document's own words; they are written for people."""
    document = _document(response)
    words = [str(document[name]) for name in ("title", "detail") if document.get(name)]
    faults = document.get("errors")
    if isinstance(faults, list):
        words += [
            f"{fault.get('field', '')} {fault.get('message', '')}".strip() for fault in faults
        ]
    return ": ".join(words) or f"The shop's API answered {response.status_code}."


def _document(response: httpx2.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
