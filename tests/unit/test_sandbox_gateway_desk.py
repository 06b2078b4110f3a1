"""The gateway's money rules, under any order of calls."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.faults import Fault, FaultKind
from sandbox.gateway_desk import GatewayDesk, RefusalError
from sandbox.gateway_objects import fee_minor
from sandbox.world import SandboxConfig, World, build_world

AMOUNT_MINOR = 1000
METHODS = (
    None,
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_authenticationRequired",
)
amounts = st.none() | st.integers(-1, AMOUNT_MINOR + 1)
steps = st.one_of(
    st.tuples(st.just("confirm"), st.sampled_from(METHODS)),
    st.tuples(st.just("authenticate"), st.booleans()),
    st.tuples(st.just("capture"), amounts),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("refund"), amounts),
    st.tuples(st.just("land late"), st.none()),
)


def open_world(file: Path = Path(":memory:")) -> World:
    config = SandboxConfig(
        state_file=file,
        gateway_secret_key="sk",
        gateway_webhook_secret="whsec",
        gateway_webhook_url="",
        carrier_api_key="",
        carrier_webhook_secret="",
        carrier_webhook_url="",
        supplier_api_key="",
        supplier_webhook_secret="",
        supplier_webhook_url="",
        seed=7,
    )
    world = build_world(config, now=lambda: 1_000_000.0)
    world.state.open(now=1_000_000.0)
    return world


def take(desk: GatewayDesk, intent_id: str, step: str, value: object) -> None:
    intent = desk.intent(intent_id)
    happening = desk_faults(step)
    if step == "confirm":
        assert value is None or isinstance(value, str)
        desk.confirm(intent, payment_method=value, happening={})
    elif step == "authenticate":
        desk.authenticate(intent, is_approved=bool(value))
    elif step == "capture":
        assert value is None or isinstance(value, int)
        desk.capture(intent, amount=value, happening={})
    elif step in {"cancel", "land late"}:
        desk.cancel(intent, reason=None, happening=happening)
        desk.capture_late()
    else:
        assert value is None or isinstance(value, int)
        desk.refund(intent, amount=value, metadata={}, happening={})


def desk_faults(step: str) -> dict[FaultKind, Fault]:
    if step == "land late":
        return {
            FaultKind.CAPTURED_AFTER_CANCEL: Fault(
                kind=FaultKind.CAPTURED_AFTER_CANCEL, seconds=0.0
            )
        }
    return {}


@given(method=st.sampled_from(["manual", "automatic"]), steps=st.lists(steps, max_size=12))
@settings(max_examples=150, deadline=None)
def test_no_order_of_calls_takes_or_returns_too_much(
    method: str, steps: list[tuple[str, object]]
) -> None:
    world = open_world()
    desk = GatewayDesk(world)
    intent = desk.create(
        amount=AMOUNT_MINOR, currency="eur", capture_method=method, metadata={"order_id": "O1"}
    )
    for step, value in steps:
        with contextlib.suppress(RefusalError), world.state.transaction():
            take(desk, intent.id, step, value)

    known = desk.intent(intent.id)
    effects = world.state.rows("select kind, amount_minor from effects")
    captures = [row["amount_minor"] for row in effects if row["kind"] == "capture"]
    refunds = [row["amount_minor"] for row in effects if row["kind"] == "refund"]
    world.state.close()
    assert len(captures) <= 1
    assert sum(captures) == known.amount_received <= AMOUNT_MINOR
    assert sum(refunds) == known.amount_refunded <= known.amount_received


@pytest.mark.parametrize(
    ("amount_minor", "expected_minor"), [(0, 0), (1, 26), (1000, 40), (1001, 41)]
)
def test_the_fee_is_rounded_up(amount_minor: int, expected_minor: int) -> None:
    assert fee_minor(amount_minor) == expected_minor


def create_and_break(world: World) -> None:
    with world.state.transaction():
        GatewayDesk(world).create(amount=1, currency="eur", capture_method="manual", metadata={})
        raise RuntimeError


def test_a_failed_transaction_leaves_nothing_behind() -> None:
    world = open_world()
    with pytest.raises(RuntimeError):
        create_and_break(world)

    assert world.state.rows("select * from payment_intents") == []
    world.state.close()


def test_numbers_are_not_repeated_after_a_restart(tmp_path: Path) -> None:
    first = open_world(tmp_path / "sandbox.db")
    before = first.state.new_id("pi")
    first.state.close()
    second = open_world(tmp_path / "sandbox.db")
    after = second.state.new_id("pi")
    second.state.close()

    assert before != after
