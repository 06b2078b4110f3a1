"""Settings are read where a process begins, and nowhere else."""

import ast

from tests.architecture.source import PRODUCT, python_files, tree_of

ENTRIES = ("runtime/", "dashboards/app.py")


def environment_reads(name: str) -> list[str]:
    """Return the places where a file touches the process environment."""
    return [
        f"{name}:{node.lineno}"
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    ]


def settings_imports(name: str) -> list[str]:
    """Return the places where a file imports the settings."""
    return [
        f"{name}:{node.lineno}"
        for node in ast.walk(tree_of(name))
        if (isinstance(node, ast.ImportFrom) and node.module == "config.settings")
        or (isinstance(node, ast.Import) and any(a.name == "config.settings" for a in node.names))
    ]


def inner_files() -> list[str]:
    return [name for name in python_files(*PRODUCT) if not name.startswith(ENTRIES)]


def test_only_entries_read_the_environment() -> None:
    assert [place for name in inner_files() for place in environment_reads(name)] == []


def test_only_entries_import_the_settings() -> None:
    assert [place for name in inner_files() for place in settings_imports(name)] == []
