"""Whatever crosses a process boundary is frozen, and survives the payload converter unchanged."""

import importlib
import inspect
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.contrib.pydantic import pydantic_data_converter

from contracts.webhooks import CallbackReaders
from tests.architecture.source import python_files

# Functions handed over inside one process; it is never serialised.
NOT_A_MESSAGE = {CallbackReaders}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
# Amounts and counts are at most what the database's bigint holds; durations are real numbers.
st.register_type_strategy(int, st.integers(-(2**62), 2**62))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


def messages() -> list[type]:
    """Return every dataclass that a module of `contracts` defines."""
    names = [
        name.removesuffix(".py").replace("/", ".")
        for name in python_files("contracts")
        if not name.endswith("__init__.py")
    ]
    return [
        found
        for name in names
        for _, found in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if found.__module__ == name and is_dataclass(found)
    ]


def instances(message: type) -> st.SearchStrategy[Any]:
    """Build instances from the type hints; what is `Any` in a payload is JSON."""
    is_json = {"payload": st.dictionaries(st.text(max_size=8), json_values, max_size=4)}
    named = {field.name for field in fields(message)}
    return st.builds(message, **{name: made for name, made in is_json.items() if name in named})


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.__name__)
def test_a_message_is_frozen_slotted_and_built_by_name(message: type) -> None:
    parameters = vars(message)["__dataclass_params__"]

    assert parameters.frozen
    assert "__slots__" in vars(message)
    assert all(field.kw_only for field in fields(message))


@pytest.mark.parametrize(
    "message",
    [message for message in messages() if message not in NOT_A_MESSAGE],
    ids=lambda message: message.__name__,
)
@settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_message_survives_the_payload_converter(message: type, data: st.DataObject) -> None:
    sent = data.draw(instances(message))
    converter = pydantic_data_converter.payload_converter

    [received] = converter.from_payloads(converter.to_payloads([sent]), [message])

    assert received == sent
