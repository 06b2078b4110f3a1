"""A fault is one thing wrong with a request: a code, the field it concerns, what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    code: str
    field: str
    message: str
