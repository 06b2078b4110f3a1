"""The repository as text: its tracked files, parsed once."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "activities",
    "analytics",
    "api",
    "config",
    "contracts",
    "dashboards",
    "domain",
    "providers",
    "runtime",
    "sandbox",
    "store",
    "workflows",
)
_GENERATED = {"var", "build", "target", "logs"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked_files() -> tuple[str, ...]:
    """Return the paths of the repository's files; of an unpacked archive, all that is not made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else _walked()
    return tuple(sorted(name for name in names if name and (ROOT / name).is_file()))


def python_files(*packages: str) -> list[str]:
    """Return the Python files of some top-level folders, or all of them."""
    return [
        name
        for name in tracked_files()
        if name.endswith(".py") and (not packages or name.split("/")[0] in packages)
    ]


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text()


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(text_of(name), filename=name)


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(tree: ast.AST) -> list[ast.Call]:
    """Return every call, in the order in which the source states them."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def called_name(call: ast.Call) -> str:
    """Return the last name of what is called: `c` of `a.b.c()`."""
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _walked() -> list[str]:
    return [
        name.as_posix()
        for name in (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        if not any(
            part.startswith(".") or part in _GENERATED or part.endswith((".egg-info", "cache__"))
            for part in name.parts
        )
    ]
