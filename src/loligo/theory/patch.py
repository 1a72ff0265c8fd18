"""A patch of membrane at chosen states: everything that follows from them, and how it moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.engine.numpy.kernel import NumpyKernel, evaluate
from loligo.errors import UsageError
from loligo.lanes import Floats, Grid, Integers, Labelled, Value, grid
from loligo.model import Axon, Membrane
from loligo.program.arithmetic import Block
from loligo.program.lower import lowered, slopes
from loligo.run.cells import numbers_of
from loligo.run.recipes import plain
from loligo.run.steady import Kept, Lanes
from loligo.system.outline import STIMULUS, Outline, outline_of

if TYPE_CHECKING:
    import xarray


_OWN = ("mode", "equilibrium")  # dimensions of what is found


@dataclass(frozen=True, eq=False)
class Patch:
    """A membrane in lanes.

    Attributes
    ----------
    lanes
        Its numbers, and what else was given, over the lanes.
    """

    membrane: Membrane
    outline: Outline
    lanes: Grid

    @classmethod
    def of(cls, model: Any, call: str, **given: Value) -> Patch:
        """A membrane, with numbers that may vary as its own may.

        Raises
        ------
        UsageError
            If it is an axon, or no model.
        """
        if isinstance(model, Axon):
            raise UsageError(
                f"lo.{call} is asked of a membrane, and an axon has one in each of its regions: "
                "give axon.regions[0].membrane"
            )
        if not isinstance(model, Membrane):
            hint = f'; lo.load("{model}") gives it' if isinstance(model, str) else ""
            raise UsageError(f"lo.{call} takes a Membrane, not {model!r:.80}{hint}")
        outline = outline_of(model)
        lanes = grid({**numbers_of(outline), **given})
        for dim in lanes.dims:
            if dim in (*outline.records, *_OWN) and dim not in given:
                raise UsageError(
                    f"an array over lanes cannot have the dimension {dim!r}: what is found has "
                    f"one or a variable of that name; rename it, for example "
                    f".rename({{{dim!r}: 'case'}})"
                )
        if not lanes.size:
            raise UsageError(f"lo.{call}: an array along {lanes.dims[0]!r} is empty")
        return cls(model, outline, lanes)

    @cached_property
    def numbers(self) -> dict[str, Floats]:
        """Every number of the membrane's in every lane."""
        return {name: self.lanes.flat(name) for name in numbers_of(self.outline)}

    @property
    def kernel(self) -> NumpyKernel:
        """Its equations by NumPy."""
        return self._written.kernel

    @cached_property
    def _written(self) -> _Written:
        return _written(_Structure(json.dumps(self.outline.key), self.outline))

    def at(self, states: Floats, lane: Integers | slice = slice(None)) -> dict[str, Floats]:
        """States, and all that follows from them, in the order of a recording: name -> a row.

        Parameters
        ----------
        states : (states, rows)
        lane : (rows,)
            Of which lane each is.
        """
        known = {name: row[lane] for name, row in self.numbers.items()}
        known |= dict(zip(self.outline.states, states, strict=True))
        found = {**known, **evaluate(self._written.observed, known)}
        names = [name for name in self.outline.records if name != STIMULUS]
        return {name: np.broadcast_to(found[name], states.shape[1:]) for name in names}

    def jacobian(self, states: Floats, lane: Integers | slice = slice(None)) -> Floats:
        """(rows, states, states): how each state's rate changes with each state, per ms."""
        names = self.outline.states
        known = {name: row[lane] for name, row in self.numbers.items()}
        known |= {**dict(zip(names, states, strict=True)), STIMULUS: np.zeros(states.shape[1])}
        found = np.zeros((states.shape[1], len(names), len(names)))
        for name, slope in evaluate(self._written.slopes, known).items():
            row, _, column = name.partition("/")
            found[:, names.index(row), names.index(column)] = slope
        return found

    def conductance(self, jacobian: Floats, states: Floats, kept: Lanes) -> Floats:
        """(rows,): the slope of the steady current against V, mS/cm2; the states' slopes follow
        from the equations that keep them steady."""
        matrix, right = jacobian.copy(), -jacobian[:, :, 0].T.copy()
        keep = Kept.of(self.outline.states, kept)
        if keep:
            keep.ask(matrix, right, states)
        with np.errstate(all="ignore"):
            moved = solved(matrix[:, 1:, 1:], right[1:].T)
            rate = jacobian[:, 0, 0] + (jacobian[:, 0, 1:] * moved).sum(axis=1)
        return (0.0 - rate) * kept["C_m"]

    def variable(self, values: Any, *more: str, **about: Any) -> tuple[Any, ...]:
        """Values of all lanes in one row, as a variable over the lanes' dimensions."""
        array = np.asarray(values)
        laid = array.reshape((*self.lanes.shape, *array.shape[1:]))
        return (*self.lanes.dims, *more), laid, about

    def dataset(self, variables: Mapping[str, Any], given: Mapping[str, Any], **attrs: Any) -> Any:
        """A dataset over the lanes.

        Parameters
        ----------
        given
            Number that was given besides the model's -> its attributes.
        """
        import xarray as xr

        import loligo

        about = {n: {"units": p.unit, "long_name": p.meaning or n}
                 for n, p in self.membrane.parameters.items()} | {**given}  # fmt: skip
        coords: dict[str, Any] = {}
        for name, value in self.lanes.values.items():
            if name in about and isinstance(value, Labelled) and value.dims:
                coords[name] = (value.dims, value.values, about[name])
            elif name in given:
                coords[name] = ((), float(value), about[name])  # type: ignore[arg-type]
        for dim, labels in self.lanes.coords.items():
            coords.setdefault(dim, (dim, np.array(labels)))
        document = json.dumps(self.membrane.to_dict(), ensure_ascii=False)
        told = {"membrane": document, "loligo_version": loligo.__version__}
        made: xarray.Dataset = xr.Dataset(dict(variables), coords, {**attrs, **told})
        return made


@dataclass(frozen=True)
class _Structure:
    """Equations apart from numbers, told by their key."""

    key: str
    outline: Outline = field(compare=False)


@dataclass(frozen=True, eq=False)
class _Written:
    """What is written once for all membranes of a structure."""

    kernel: NumpyKernel
    observed: Block
    slopes: Block


@lru_cache(maxsize=8)
def _written(of: _Structure) -> _Written:
    system = of.outline.build()
    kernel = NumpyKernel(plain(of.outline).write())
    return _Written(kernel, lowered(system.observables), slopes(system))


def solved(matrix: Floats, right: Floats) -> Floats:
    """Of (rows, n, n) and (rows, n); NaN where the matrix is singular."""
    found = np.full(right.shape, np.nan)
    for k, (one, side) in enumerate(zip(matrix, right, strict=True)):
        try:
            found[k] = np.linalg.solve(one, side)
        except np.linalg.LinAlgError:
            continue
    return found
