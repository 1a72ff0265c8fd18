"""What experiments on membranes share: the membrane, what is varied, what excites."""

from __future__ import annotations

from typing import Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.found import numbers
from loligo.lanes import Labelled
from loligo.model import Axon, Membrane
from loligo.model.course import refuse_courses
from loligo.units import read
from loligo.words import decimal, say

Array = np.ndarray


def membrane_of(membrane: Any, experiment: str) -> Membrane:
    """The membrane that was given: one, not an array of them.

    Raises
    ------
    UsageError
        If it is an axon or something else, or its parameters vary.
    """
    if isinstance(membrane, Axon):
        raise UsageError(
            f"{experiment} is made on a membrane, and this is an axon; take that of a region: "
            "axon.regions[0].membrane"
        )
    if not isinstance(membrane, Membrane):
        named = membrane if isinstance(membrane, str) else "hodgkin-huxley-1952"
        raise UsageError(
            f'{experiment} takes a membrane, such as lo.load("{named:.60}"), not {membrane!r:.60}'
        )
    refuse_courses(membrane.courses, experiment)
    for name, parameter in membrane.parameters.items():
        if isinstance(parameter.value, Labelled):
            raise UsageError(
                f"{experiment} is made on one membrane, and {name} of this one varies "
                f"({parameter.value!r}); make it once for each of its values"
            )
    return membrane


def varied(values: Any, otherwise: Array, unit: str, name: str, **bounds: float) -> Labelled:
    """The row of numbers along which an experiment goes, increasing, as lanes.

    Parameters
    ----------
    otherwise
        If none were given.
    **bounds
        ``above=``, ``at_least=`` or ``below=``.

    Raises
    ------
    UsageError
        If it is empty, not increasing, or holds what is no number.
    UnitError
        If its unit is another, or a number is out of bounds.
    """
    row = numbers(otherwise if values is None else values, unit, name, **bounds)
    if np.unique(row).size < row.size:
        each, times = np.unique(row, return_counts=True)
        twice = each[times > 1][0]
        raise UsageError(f"{name}: give every value once; {twice:g} comes twice: np.unique(...)")
    falls = np.flatnonzero(np.diff(row) < 0)
    if falls.size:
        raise UsageError(
            f"{name}: give the values in increasing order, and a range from its lower end to its "
            f"upper; after {row[falls[0]]:g} comes {row[falls[0] + 1]:g}: sorted(...)"
        )
    return lanes_of(name, row)


def between(row: Array) -> str:
    """``0 to 20``: from where to where numbers go, in words; ``10`` of a single one."""
    return (
        say("{first:.4g} to {last:.4g}", first=row[0], last=row[-1])
        if row.size > 1
        else decimal(f"{row[0]:.4g}")
    )


def lanes_of(name: str, row: Array) -> Labelled:
    """A row of numbers as lanes, labelled by themselves."""
    return Labelled((name,), row, {name: row})


def one(value: Any, unit: str, name: str, **bounds: float) -> float:
    """A single number in a unit.

    Raises
    ------
    UsageError
        If it is an array, or out of bounds.
    """
    found: Any = read(value, unit, name, **bounds)  # type: ignore[arg-type]
    if isinstance(found, Labelled):
        raise UsageError(f"{name} is one number in this experiment, not {found!r}")
    return float(found)
