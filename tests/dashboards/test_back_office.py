"""Decisions travel to the shop's API once, and come back in words."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dashboards.back_office import Answer, Decision, api_client, decide

APPROVAL = Decision(suggestion_id="S-1", decision="approve", by="Ana", qty=24)


class ShopStandIn(ThreadingHTTPServer):
    """A real HTTP server that answers every decision with one prepared document."""

    def __init__(self, status: int, document: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.document = document
        self.received: list[tuple[str, str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: ShopStandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Idempotency-Key"], json.loads(body)))
        answer = self.server.document.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests print nothing."""


@contextmanager
def shop_answering(status: int, document: str) -> Iterator[ShopStandIn]:
    server = ShopStandIn(status, document)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(server: ShopStandIn, decision: Decision) -> Answer:
    with api_client(server.url) as client:
        return decide(client, decision)


def test_an_approval_arrives_whole_and_is_answered_in_words() -> None:
    with shop_answering(200, '{"status": "approved", "po_id": "PO-S-1"}') as server:
        answer = ask(server, APPROVAL)

    assert answer == Answer(is_accepted=True, text="Approved, purchase order PO-S-1")
    path, _, body = server.received[0]
    assert path == "/v1/replenishment/suggestions/S-1/decision"
    assert body == {"decision": "approve", "by": "Ana", "qty": 24}


def test_the_same_decision_carries_the_same_key_and_another_one_another() -> None:
    other = replace(APPROVAL, qty=36)

    assert APPROVAL.idempotency_key() == replace(APPROVAL).idempotency_key()
    assert APPROVAL.idempotency_key() != other.idempotency_key()
    assert 8 <= len(APPROVAL.idempotency_key()) <= 200


@pytest.mark.parametrize(
    ("status", "document", "text"),
    [
        (409, '{"title": "Not possible now", "detail": "already rejected"}',
         "Not possible now: already rejected"),
        (422, '{"title": "Invalid", "errors": [{"field": "qty", "message": "at least 1"}]}',
         "Invalid: qty at least 1"),
        (502, "<html>", "The shop's API answered 502."),
    ],
)  # fmt: skip
def test_a_refusal_is_shown_in_the_shops_own_words(status: int, document: str, text: str) -> None:
    with shop_answering(status, document) as server:
        answer = ask(server, APPROVAL)

    assert answer == Answer(is_accepted=False, text=text)


def test_silence_is_no_answer_and_says_that_repeating_is_safe() -> None:
    with shop_answering(200, "{}") as server:
        gone = server.url

    with api_client(gone) as client:
        answer = decide(client, APPROVAL)

    assert not answer.is_accepted
    assert "did not answer" in answer.text


def test_an_identifier_cannot_leave_its_place_in_the_path() -> None:
    with shop_answering(200, "{}") as server:
        ask(server, replace(APPROVAL, suggestion_id="../S/1"))

    assert server.received[0][0] == "/v1/replenishment/suggestions/..%2FS%2F1/decision"
