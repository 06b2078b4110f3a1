"""Functions, files and parameter lists stay small enough to read."""

from tests.architecture.source import Function, functions, python_files, text_of, tree_of

FUNCTION_LINES_MAX = 40
FILE_LINES_MAX = 400
POSITIONAL_MAX = 5

# What may be longer, and why: {"path:function": "reason"}.
ALLOWED: dict[str, str] = {}


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def positional_of(function: Function) -> int:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len([name for name in names if name not in {"self", "cls"}])


def named(name: str) -> list[tuple[str, Function]]:
    return [(f"{name}:{function.name}", function) for function in functions(tree_of(name))]


def test_functions_fit_on_a_screen() -> None:
    long = {
        place: lines_of(function)
        for name in python_files()
        for place, function in named(name)
        if lines_of(function) > FUNCTION_LINES_MAX and place not in ALLOWED
    }

    assert long == {}


def test_files_are_short() -> None:
    long = {name: text_of(name).count("\n") for name in python_files()}

    assert {name: lines for name, lines in long.items() if lines > FILE_LINES_MAX} == {}


def test_parameters_beyond_the_fifth_are_named() -> None:
    crowded = {
        place: positional_of(function)
        for name in python_files()
        for place, function in named(name)
        if positional_of(function) > POSITIONAL_MAX
    }

    assert crowded == {}


def test_every_exception_is_still_needed() -> None:
    long = {
        place
        for name in python_files()
        for place, function in named(name)
        if lines_of(function) > FUNCTION_LINES_MAX
    }

    assert set(ALLOWED) - long == set()
