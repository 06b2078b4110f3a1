"""Tracked text is the same on every machine: no folder, no package index of any of them."""

import re

from tests.architecture.source import text_of, tracked_files

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users|mnt|opt|srv)/|\b[A-Z]:\\\\?Users")
PACKAGE_INDEX = re.compile(
    r"pypi\.|pythonhosted\.|--index-url|--extra-index-url|--find-links|registry\.npmjs",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"\w+://")
TEXT_ENDINGS = (
    *(".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".json", ".sh", ".lock", ".txt", ".ini"),
    *("Makefile", ".gitignore", "LICENSE", ".ci/run", ".css"),
)
ITSELF = "tests/architecture/test_texts.py"


def texts() -> dict[str, str]:
    return {
        name: text_of(name)
        for name in tracked_files()
        if name.endswith(TEXT_ENDINGS) and name != ITSELF
    }


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_text_names_a_folder_of_one_machine() -> None:
    assert found(MACHINE_PATH) == []


def test_no_text_names_a_package_index() -> None:
    assert found(PACKAGE_INDEX) == []


def test_the_lock_pins_by_hash_and_names_no_address() -> None:
    lock = text_of("requirements.lock")
    pins = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", lock, re.MULTILINE)

    assert ADDRESS.findall(lock) == []
    assert len(pins) == len(re.findall(r"==.*\\\n\s+--hash=sha256:", lock)) > 50
