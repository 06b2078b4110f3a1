"""The commands a workflow's code issues change only on purpose: running orders replay them."""

import ast
import json
import os
from pathlib import Path
from typing import Any

from tests.architecture.source import Function, called_name, calls, python_files, tree_of

COMMITTED = Path(__file__).parents[1] / "workflows" / "fingerprints.json"
COMMANDS = {
    "run_step",
    "sleep",
    "wait_condition",
    "start_timer",
    "continue_as_new",
    "patched",
    "deprecate_patch",
    "upsert_search_attributes",
    "upsert_memo",
    "cancel",
    *(
        f"{verb}_{kind}{method}"
        for verb in ("execute", "start")
        for kind in ("activity", "local_activity", "child_workflow")
        for method in ("", "_method", "_class")
    ),
}
EXPLANATION = f"""
The sequence of commands of a workflow has changed. A run that is open now recorded the old
sequence and would fail to replay the new one. Put the new commands behind
`if workflow.patched("<what changed>"):`, keep the old ones in the `else`, and when no run that
started before is open, remove them again. Then write the sequence down anew:

    MALLARD_WRITE_FINGERPRINTS=1 pytest {Path(__file__).name}
"""


def command_of(call: ast.Call) -> str | None:
    """Return a call's command with what it executes, a call of the workflow's own, or None."""
    name = called_name(call)
    if name in COMMANDS:
        said = [ast.unparse(argument) for argument in call.args[:1] if name != "wait_condition"]
        timed = ["timeout" for keyword in call.keywords if keyword.arg == "timeout"]
        return " ".join([name, *said, *timed])
    if ast.unparse(call.func).startswith("self."):
        return ast.unparse(call.func)
    return None


def commands_of(function: Function, emitting: set[str]) -> list[str]:
    """Return the commands of a function; of its own methods only those that command in turn."""
    found = [command_of(call) for call in calls(function)]
    return [
        command
        for command in found
        if command
        and (not command.startswith("self.") or command[5:] in emitting or command.endswith(".ask"))
    ]


def fingerprint(owner: ast.ClassDef) -> dict[str, list[str]]:
    """Return the commands of a class, method by method in the order of the source."""
    methods = [node for node in owner.body if isinstance(node, Function)]
    emitting: set[str] = set()
    while True:
        found = {method.name: commands_of(method, emitting) for method in methods}
        grown = emitting | {name for name, commands in found.items() if commands}
        if grown == emitting:
            return {name: commands for name, commands in found.items() if commands}
        emitting = grown


def workflow_fingerprints() -> dict[str, dict[str, list[str]]]:
    """Return every workflow and every helper of workflows that issues commands."""
    prints: dict[str, dict[str, list[str]]] = {}
    for name in python_files("workflows"):
        module = name.removesuffix(".py").replace("/", ".")
        loose = [node for node in tree_of(name).body if isinstance(node, Function)]
        prints[module] = {node.name: commands_of(node, set()) for node in loose}
        for node in tree_of(name).body:
            if isinstance(node, ast.ClassDef):
                prints[f"{module}.{node.name}"] = fingerprint(node)
    return {name: found for name, found in prints.items() if any(found.values())}


def test_commands_change_only_on_purpose() -> None:
    now = workflow_fingerprints()
    if os.environ.get("MALLARD_WRITE_FINGERPRINTS"):
        COMMITTED.write_text(json.dumps(now, indent=2) + "\n")
    committed: dict[str, Any] = json.loads(COMMITTED.read_text())

    assert now == committed, EXPLANATION


def test_a_swapped_pair_of_steps_is_another_fingerprint() -> None:
    steps = "async def run(self):\n    await run_step(A.one)\n    await run_step(A.two)\n"
    swapped = steps.replace("one", "x").replace("two", "one").replace("x", "two")

    before, after = (
        commands_of(function, set())
        for text in (steps, swapped)
        for function in ast.parse(text).body
        if isinstance(function, Function)
    )

    assert before == ["run_step A.one", "run_step A.two"]
    assert after == ["run_step A.two", "run_step A.one"]
