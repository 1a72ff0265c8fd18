"""The runs whose kernels a person is likely to need first: of every model, as people ask for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from loligo.engine.llvm.cache import KERNELS, directory, mark
from loligo.errors import FileError, LoligoError, UsageError
from loligo.model import Membrane
from loligo.model.library import load, models
from loligo.ready import alive, alone, done
from loligo.simulation import simulate
from loligo.solvers import Exponential, Solver
from loligo.stimulus import Pulse

_MANY = [0.0] * 64  # lanes of a sweep: as many as suit any vector
# how it is run: with one cell first of all, for that is where one begins
_RUNS: Sequence[tuple[str, Any, Solver | None]] = (
    ("one cell", 0.0, None),
    ("a sweep", _MANY, None),
    ("one cell, in fixed steps", 0.0, Exponential()),
)


class Warmed(NamedTuple):
    """A kernel that is there now.

    Attributes
    ----------
    model, run
        Of which model, and for what.
    done, of
        How many are, and how many there will be.
    """

    model: str
    run: str
    done: int
    of: int


def warm(names: Sequence[str] = ()) -> Iterator[Warmed]:
    """Make the kernels of some models, or of the whole library, and tell of each.

    Of the whole library nothing comes if somebody else is at it, or did it before
    (:func:`is_done`).

    Raises
    ------
    UsageError
        There is nowhere to keep them.
    FileError
        They cannot be written there, or no more of them: the disk is full.
    """
    folder = directory()
    if folder is None:
        raise UsageError(
            "there is nowhere to keep kernels: LOLIGO_CACHE is off, or its folder cannot be used"
        )
    chosen = [load(name) for name in names or models()]
    if not names and is_done():
        return
    with alone(folder) as free:
        if not (free or names):
            return
        KERNELS.unkept = ""
        for k, (model, (run, amplitude, solver)) in enumerate(_asked(chosen)):
            _once(model, amplitude, solver)
            if free:
                alive(folder)
            KERNELS.clear()  # they are for others
            if KERNELS.unkept:
                raise FileError(f"kernels cannot be kept: {KERNELS.unkept}")
            yield Warmed(model.name, run, k + 1, len(chosen) * len(_RUNS))
        if not names:
            done(folder, mark())


def is_done() -> bool:
    """Whether the whole library's kernels are there, for what is here now."""
    folder = directory()
    return folder is not None and (folder / mark()).exists()


def _asked(chosen: Sequence[Membrane]) -> Iterator[tuple[Membrane, tuple[str, Any, Solver | None]]]:
    for each in _RUNS:
        yield from ((model, each) for model in chosen)


def _once(model: Membrane, amplitude: Any, solver: Solver | None) -> None:
    """As short a run as there is; what becomes of it is no matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pulse = Pulse(0.01, 0.01, amplitude)
            simulate(model, pulse, 0.05, solver=solver, initial=-65, progress=False)
        except LoligoError:
            return
