"""Cached answers: a question to one published version never changes its answer."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import polars as pl
import streamlit as st

from analytics.warehouse import Publication

_Asked = ParamSpec("_Asked")


def ask(
    question: Callable[Concatenate[Publication, _Asked], pl.DataFrame],
    publication: Publication,
    *args: _Asked.args,
    **kwargs: _Asked.kwargs,
) -> pl.DataFrame:
    """Return the question's answer for this version; a new version is asked again."""
    name = f"{question.__module__}.{question.__qualname__}"
    return _answer(question, publication, name, str(publication.file), (args, kwargs))


# Arguments with a leading underscore are no part of the key; the file's name carries the version.
@st.cache_data(max_entries=256, show_spinner=False)
def _answer(
    _question: Callable[..., pl.DataFrame],
    _publication: Publication,
    name: str,  # noqa: ARG001
    file: str,  # noqa: ARG001
    asked: tuple[tuple[Any, ...], dict[str, Any]],
) -> pl.DataFrame:
    args, kwargs = asked
    return _question(_publication, *args, **kwargs)
