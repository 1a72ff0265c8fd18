"""A program that need not be written yet: what it depends on, and how it is made.

An engine that has met the key before has the kernel already, and SymPy is never asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from loligo.program.program import Program
from loligo.program.scheme import AnyScheme


class NotSmoothError(Exception):
    """An operation that has no power series, such as a conditional on a state."""


@dataclass(frozen=True)
class Recipe:
    """How a program is made.

    Attributes
    ----------
    scheme
        Which loop its kernel is for.
    key
        Everything that the program depends on, JSON-able.
    write
        Makes it; NotSmoothError where the solver's scheme cannot be written for the System.
    precision
        Of its states: "float64" or "float32".
    portable
        Whether its kernel has the same bits on every machine.
    """

    scheme: AnyScheme
    key: Mapping[str, Any]
    write: Callable[[], Program]
    precision: str = "float64"
    portable: bool = False
