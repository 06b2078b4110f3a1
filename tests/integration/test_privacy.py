"""Personal data and secrets stay where they belong: not in events, answers or logs."""

import logging
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload

from config.settings import Settings
from runtime.temporal import payload_codec
from tests.support.mall import GOOD_CARD, open_quick_mall
from tests.support.postgres import TestDatabases

PERSONAL = ("ann@shop.example", "Ann Example", "1 Long Lane", "10115")


async def test_no_event_answer_or_log_tells_who_bought(
    databases: TestDatabases,
    temporal_address: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="api")
    async with open_quick_mall(
        databases.create(), temporal_address=temporal_address, folder=tmp_path
    ) as mall:
        placed = await mall.place("private", payment_method=GOOD_CARD)
        await mall.until(placed["order_id"], "completed")
        events = await mall.pool.fetchval(
            "select string_agg(outbox::text || payload::text, ' ') from outbox"
        )
        answer = (await mall.api.client.get(f"/v1/orders/{placed['order_id']}")).text
        contact = await mall.pool.fetchval("select contact::text from order_contacts")

    assert all(word in contact for word in PERSONAL)
    for text in (events, answer, caplog.text):
        assert not [word for word in PERSONAL if word in text]
        assert placed["payment"]["client_secret"] not in text


async def test_workflow_payloads_leave_the_process_sealed(tmp_path: Path) -> None:
    codec = payload_codec(Settings(var_dir=tmp_path))

    [sealed] = await codec.encode([Payload(data=b'{"email":"ann@shop.example"}')])

    assert b"ann@shop.example" not in sealed.SerializeToString()


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    payload_codec(Settings(var_dir=tmp_path))

    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()]

    assert modes == [0o600]
