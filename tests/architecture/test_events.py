"""An event that the catalogue does not know is never written."""

import ast
import re
from collections.abc import Iterator

from contracts.events import CATALOGUE
from domain.inventory import MovementKind
from tests.architecture.source import called_name, calls, python_files, text_of, tree_of

WRITERS = ("activities", "analytics", "api", "contracts", "runtime", "store")
# How each factory turns its first argument into an event's name.
FACTORIES = {"order": "order.", "payment": "payment.", "refund": "refund.", "parcel": ""}
LOCAL_FACTORIES = {"activities/replenishment.py": {"_event": "replenishment."}}
FAMILIES = "|".join(sorted({name.partition(".")[0] for name in CATALOGUE}))
EVENT_NAME = re.compile(rf"'((?:{FAMILIES})\.[a-z_]+)'")


def stated(call: ast.Call, prefixes: dict[str, str]) -> Iterator[str]:
    """Yield the event name that a call of a factory or of the event's class states, if any."""
    name = called_name(call)
    first = call.args[0] if call.args else None
    if name in prefixes and isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield prefixes[name] + first.value
    for keyword in call.keywords:
        value = keyword.value
        if (name, keyword.arg) == ("NewEvent", "name") and isinstance(value, ast.Constant):
            yield str(value.value)


def written_names() -> dict[str, str]:
    """Return the names of events in code, each with a file that writes it."""
    return {
        name: file
        for file in python_files(*WRITERS)
        for call in calls(tree_of(file))
        for name in stated(call, FACTORIES | LOCAL_FACTORIES.get(file, {}))
    }


def test_every_event_in_code_is_in_the_catalogue() -> None:
    written = written_names()

    assert len(written) > 20
    assert {name: file for name, file in written.items() if name not in CATALOGUE} == {}


def test_every_stock_movement_has_its_event() -> None:
    assert {f"stock.{kind.value}" for kind in MovementKind} <= CATALOGUE.keys()


def test_every_event_named_in_sql_is_in_the_catalogue() -> None:
    files = [*python_files("analytics"), *python_files("store")]
    named = {(name, file) for file in files for name in EVENT_NAME.findall(text_of(file))}

    assert named
    assert {(name, file) for name, file in named if name not in CATALOGUE} == set()
