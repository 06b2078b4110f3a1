"""Recorded histories still replay: a change that breaks one needs workflow.patched()."""

import base64
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from runtime.worker import ORDER_WORKFLOWS, sandboxed_runner

HISTORIES = sorted(Path(__file__).with_name("histories").glob("*.json"))


def history_of(name: str, text: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, text)


@pytest.fixture
def replayer() -> Replayer:
    return Replayer(
        workflows=ORDER_WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandboxed_runner(),
    )


def test_every_way_a_workflow_can_end_is_recorded() -> None:
    assert [path.stem for path in HISTORIES] == [
        "order_cancelled_paid",
        "order_cancelled_unpaid",
        "order_capture_too_slow",
        "order_completed",
        "order_declined_then_paid",
        "order_expired",
        "order_label_at_second_try",
        "order_late_money_refunded",
        "order_late_money_revives",
        "order_short",
        "replenish_received",
        "replenish_rejected",
        "replenish_unanswered",
    ]


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(replayer: Replayer, path: Path) -> None:
    await replayer.replay_workflow(history_of(path.stem, path.read_text()))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_history_with_another_step_is_refused(replayer: Replayer, path: Path) -> None:
    """Guards the test above: without the SDK's flags in a history, replay accepts anything."""
    tampered = with_another_last_step(path.read_text())

    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history_of("tampered", tampered))


def with_another_last_step(text: str) -> str:
    """Return a history whose last recorded step bears another name."""
    history = json.loads(text)
    marker = [
        event["markerRecordedEventAttributes"]
        for event in history["events"]
        if event["eventType"] == "EVENT_TYPE_MARKER_RECORDED"
    ][-1]
    payload = marker["details"]["data"]["payloads"][0]
    step = json.loads(base64.b64decode(payload["data"]))
    step["activity_type"] = "some_other_step"
    payload["data"] = base64.b64encode(json.dumps(step).encode()).decode()
    return json.dumps(history)
