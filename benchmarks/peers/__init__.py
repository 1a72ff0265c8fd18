"""The peers: one module each, all with the same face.

A module holds ``PEER``, a :class:`Peer`; nothing but its own ``make`` imports the package that
it is about. Adding a peer is a module and its name in ``NAMES``.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.squid import Result

NAMES = ("loligo", "heyoka", "jax", "diffrax", "neuron", "arbor", "brian2", "scipy")

CELL, ENSEMBLE = "cell", "ensemble"
Options = Mapping[str, Any]
Run = Callable[[], Result]


@dataclass(frozen=True)
class Family:
    """One solver of a peer, with the range of the one knob that trades cost for accuracy.

    Attributes
    ----------
    title
        As the tables name it.
    knob
        "tolerance" or "dt" (ms).
    values
        Kind of work -> the knob's values, from cheap to accurate; a kind that is missing is not
        done.
    options
        What else ``make`` is told.
    axes
        Further options that change the speed and hardly the result: name -> what is tried, the
        default first. The fastest is found before anything is measured, and used throughout.
    judged
        Of an ensemble, accuracy is taken from every so-manieth of the cells that others are
        judged by: for slow solvers.
    stride
        Of an ensemble, the clock runs over every so-manieth cell, and the seconds are multiplied:
        for solvers whose cells do not know each other.
    share
        The clock runs over this part of the time, for steps of fixed cost.
    """

    title: str
    knob: str
    values: Mapping[str, tuple[float, ...]]
    options: Options = field(default_factory=dict)
    axes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    judged: int = 1
    stride: int = 1
    share: float = 1.0


@dataclass(frozen=True)
class Peer:
    """Somebody who can integrate the squid axon.

    Attributes
    ----------
    title, package
        Its name, and what is imported (and installed by pip) under another.
    differs
        What is *not* equal in the comparison.
    families
        Its solvers.
    make
        ``make(work, **options)`` prepares (compiles, allocates) and returns the run.
    first
        The options of the run that a cold start is measured with.
    parallel
        Whether it can be told to use several cores.
    caches
        Whether it keeps what it compiled for the next process.
    needs
        Says what else is missing, or nothing.
    """

    title: str
    package: str
    differs: str
    families: tuple[Family, ...]
    make: Callable[..., Run]
    first: Options
    parallel: bool = True
    caches: bool = False
    needs: Callable[[], str] = str

    def missing(self) -> str:
        """Why it cannot take part, or nothing."""
        if importlib.util.find_spec(self.package) is None:
            return f"{self.package} is not installed"
        return self.needs()

    def version(self) -> str:
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:  # on the path, not installed
            return importlib.import_module(self.package).__version__


def peer(name: str) -> Peer:
    return importlib.import_module(f"benchmarks.peers.{name}").PEER


def every(values: tuple[float, ...]) -> dict[str, tuple[float, ...]]:
    """The same values for every kind of work."""
    return {CELL: values, ENSEMBLE: values}
