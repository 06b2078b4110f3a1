"""What the documents tell people to type exists."""

import re
from collections.abc import Iterator

import pytest
import typer.main
from typer.core import TyperGroup

from runtime.cli import app
from tests.architecture.source import ROOT, text_of, tracked_files

DOCUMENTS = [name for name in tracked_files() if name.endswith(".md")]
# Commands stand in code: a fenced block or a span.
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
MALLARD = re.compile(r"(?:^|[\s/(])mallard[ ]([a-z][^\n#]*)", re.MULTILINE)
MAKE = re.compile(r"(?:^|\s)make[ ]([a-z]\w*)", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")


def code_of(name: str) -> str:
    return "\n".join(block or span for block, span in CODE.findall(text_of(name)))


def alternatives(typed: str) -> Iterator[list[str]]:
    """Yield the words of each command: `warehouse refresh | rebuild` are two."""
    first, *others = [part.split() for part in typed.split("|")]
    yield first
    for other in others:
        yield [*first[:-1], *other]


def unknown_in(words: list[str]) -> str | None:
    """Return what the command line does not know of a command, or None."""
    command = typer.main.get_command(app)
    for place, word in enumerate(words):
        if isinstance(command, TyperGroup):
            if word not in command.commands:
                return f"{' '.join(words[:place])} has no command {word!r}"
            command = command.commands[word]
        elif word.startswith("--") and word not in {
            option for parameter in command.params for option in parameter.opts
        }:
            return f"{command.name} has no option {word!r}"
    return f"{' '.join(words)} is not a whole command" if isinstance(command, TyperGroup) else None


def commands() -> list[tuple[str, list[str]]]:
    return [
        (name, words)
        for name in DOCUMENTS
        for typed in MALLARD.findall(code_of(name))
        for words in alternatives(typed)
    ]


def test_documented_commands_exist() -> None:
    found = [(name, unknown_in(words)) for name, words in commands()]

    assert len(found) > 10
    assert [(name, fault) for name, fault in found if fault] == []


def test_a_command_nobody_wrote_is_noticed() -> None:
    assert unknown_in(["warehouse", "paint"]) == "warehouse has no command 'paint'"
    assert unknown_in(["demo", "--twice"]) == "demo has no option '--twice'"
    assert unknown_in(["warehouse"]) == "warehouse is not a whole command"


def test_documented_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]\w*):", text_of("Makefile"), re.MULTILINE))
    named = {target for name in DOCUMENTS for target in MAKE.findall(code_of(name))}

    assert named
    assert named - targets == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent

    assert [link for link in LINK.findall(text_of(name)) if not (folder / link).exists()] == []
