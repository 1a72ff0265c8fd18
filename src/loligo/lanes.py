"""Values that vary over lanes, and how several of them share one grid.

A *lane* is one simulated cell. A parameter is one number for all lanes or a
:class:`Labelled` array whose named dimensions say along which axes of a sweep it
varies. :func:`grid` broadcasts many such values against each other by name, as
xarray does, without needing xarray.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType as ReadOnly
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from loligo.errors import UsageError
from loligo.packed import packed, unpacked

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Coordinate: TypeAlias = NDArray[Any]

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What no name has: ends of lines, what moves a terminal's cursor or turns the writing round. Files
lose some of it (a NUL, a carriage return at the end)."""


def _no_labels() -> Mapping[str, Coordinate]:
    return {}


@dataclass(frozen=True, eq=False)
class Labelled:
    """Numbers along named dimensions, immutable and equal by value.

    Parameters
    ----------
    dims : tuple of str
        One name per axis of `values`.
    values : ndarray
        Stored as read-only float64.
    coords : mapping of str to 1-D ndarray, optional
        Labels along a dimension; a dimension may have none.

    Raises
    ------
    UsageError
        If dimensions, values and labels do not fit together.

    Examples
    --------
    >>> g = Labelled(("g_Na",), np.array([60.0, 120.0]), {"g_Na": np.array([60.0, 120.0])})
    >>> g
    <g_Na: 2, 60 … 120>
    >>> (0.5 * g).values
    array([30., 60.])
    """

    dims: tuple[str, ...]
    values: Floats
    coords: Mapping[str, Coordinate] = field(default_factory=_no_labels)

    def __post_init__(self) -> None:
        dims = tuple(self.dims)
        values = _frozen(np.array(self.values, dtype=np.float64, order="C"))
        if len(set(dims)) != len(dims) or len(dims) != values.ndim:
            raise UsageError(
                f"an array of {values.ndim} dimensions needs as many different names, not {dims}"
            )
        for dim in dims:
            _check_name(dim)
        sizes = dict(zip(dims, values.shape, strict=True))
        coords = {dim: _labels(labels) for dim, labels in self.coords.items() if dim in sizes}
        for dim, labels in coords.items():
            if labels.shape != (sizes[dim],):
                raise UsageError(
                    f"dimension {dim!r} has {sizes[dim]} values but labels of shape {labels.shape}"
                )
            if not _same(labels, values):  # otherwise the values themselves are at fault
                _check_finite(dim, labels)
        object.__setattr__(self, "dims", dims)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "coords", ReadOnly(coords))

    @property
    def shape(self) -> tuple[int, ...]:
        """Length along each dimension."""
        return self.values.shape

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Labelled):
            return NotImplemented
        return (
            self.dims == other.dims
            and np.array_equal(self.values, other.values)
            and self.coords.keys() == other.coords.keys()
            and all(_same(self.coords[dim], other.coords[dim]) for dim in self.coords)
        )

    def __hash__(self) -> int:
        # adding 0.0 makes −0.0 and 0.0, which are equal, hash alike
        return hash((self.dims, self.values.shape, (self.values + 0.0).tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Labelled, (self.dims, self.values, dict(self.coords))

    def __repr__(self) -> str:
        sizes = " × ".join(f"{d}: {n}" for d, n in zip(self.dims, self.shape, strict=True))
        if not self.values.size:
            return f"<{sizes}>"
        return f"<{sizes}, {self.values.min():g} … {self.values.max():g}>"

    def __mul__(self, factor: float) -> Labelled:
        return Labelled(self.dims, self.values * float(factor), self.coords)

    __rmul__ = __mul__

    def __neg__(self) -> Labelled:
        return Labelled(self.dims, -self.values, self.coords)

    def with_values(self, values: Floats) -> Labelled:
        """Other numbers of the same shape under the same names and labels."""
        return Labelled(self.dims, values, self.coords)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and text that JSON and TOML keep exactly, very many numbers packed."""
        coords = {dim: packed(labels) for dim, labels in self.coords.items()}
        return {"dims": list(self.dims), "values": packed(self.values), "coords": coords}

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Labelled:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        UsageError
            If the document does not describe a labelled array.
        """
        try:
            dims = tuple(str(dim) for dim in document["dims"])
            values = np.asarray(unpacked(document["values"]), dtype=np.float64)
            coords = {str(d): unpacked(c) for d, c in dict(document.get("coords", {})).items()}
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            why = f"{problem} is missing" if isinstance(problem, KeyError) else f"{problem}"[:200]
            raise UsageError(
                "an array is written as dims (names), values (nested lists of numbers) and "
                f"coords (a list for each dimension), but this one cannot be read: {why}"
            ) from None
        if not values.size:
            raise UsageError("the array is empty; give at least one value")
        return Labelled(dims, values, coords)


Value: TypeAlias = float | Labelled


def to_plain(value: Value) -> float | dict[str, Any]:
    """A value as JSON and TOML keep it: a number, or :meth:`Labelled.to_dict`."""
    return value.to_dict() if isinstance(value, Labelled) else value


def from_plain(document: Any) -> Value:
    """The inverse of :func:`to_plain`.

    Raises
    ------
    UsageError
        If the document is neither a number nor a labelled array.
    """
    if isinstance(document, Mapping):
        return Labelled.from_dict(cast(Mapping[str, Any], document))
    if isinstance(document, bool) or not isinstance(document, int | float):
        raise UsageError(f"{document!r} is neither a number nor an array")
    return float(document)


def with_arrays(document: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """Plain data in which every array, as :func:`to_plain` has it, is what ``change`` makes of it.

    >>> told = {"start": 5, "amplitude": {"dims": ["x"], "values": [1, 2], "coords": {}}}
    >>> with_arrays(told, lambda array: array["values"][-1])
    {'start': 5, 'amplitude': 2}
    """
    if isinstance(document, list):
        return [with_arrays(part, change) for part in cast(list[Any], document)]
    if not isinstance(document, dict):
        return document
    table = cast(dict[str, Any], document)
    if table.get("dims") is not None and "values" in table:
        return change(table)
    return {key: with_arrays(part, change) for key, part in table.items()}


@dataclass(frozen=True, eq=False)
class Grid:
    """Several values broadcast over the union of their dimensions; lanes are numbered in C order,
    the last dimension fastest."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: Mapping[str, Coordinate]
    values: Mapping[str, Value]

    def __reduce__(self) -> tuple[Any, ...]:
        return Grid, (self.dims, self.shape, dict(self.coords), dict(self.values))

    @property
    def size(self) -> int:
        """How many lanes there are; 1 when nothing varies."""
        return math.prod(self.shape)

    def array(self, name: str) -> Floats:
        """The value called `name`, as a read-only view of shape :attr:`shape`."""
        value = self.values[name]
        if not isinstance(value, Labelled):
            return np.broadcast_to(np.float64(value), self.shape)
        order = sorted(range(len(value.dims)), key=lambda axis: self.dims.index(value.dims[axis]))
        own = dict(zip(value.dims, value.shape, strict=True))
        aligned = value.values.transpose(order).reshape([own.get(dim, 1) for dim in self.dims])
        return np.broadcast_to(aligned, self.shape)

    def flat(self, name: str) -> Floats:
        """The value called `name` for every lane: float64 of shape (size,), C order."""
        return np.array(self.array(name), dtype=np.float64, order="C").reshape(-1)

    def lane(self, index: int) -> dict[str, float]:
        """Every value in one lane."""
        where = np.unravel_index(index, self.shape) if self.shape else ()
        return {name: float(self.array(name)[where]) for name in self.values}

    def label(self, index: int) -> dict[str, Any]:
        """Where one lane lies: its label (or its index) along each dimension."""
        where = np.unravel_index(index, self.shape) if self.shape else ()
        position = {dim: int(i) for dim, i in zip(self.dims, where, strict=True)}
        return {
            dim: self.coords[dim][i].item() if dim in self.coords else i
            for dim, i in position.items()
        }


def block_width(lanes: int, vector: int, registers: int) -> int:
    """Lanes in a block: one cell is scalar; many go several registers at a time, which keeps the
    processor busy while one of them waits."""
    if lanes == 1:
        return 1
    width = vector
    while width < lanes and width < registers * vector:
        width *= 2
    return width


def grid(values: Mapping[str, Value]) -> Grid:
    """Broadcast values against each other by the names of their dimensions.

    Dimensions come in the order in which they first appear.

    Parameters
    ----------
    values : mapping of str to float or Labelled

    Raises
    ------
    UsageError
        If two values disagree about the length or the labels of a dimension.

    Examples
    --------
    >>> g = Labelled(("g_Na",), np.array([60.0, 120.0]))
    >>> a = Labelled(("amplitude",), np.array([0.0, 10.0, 20.0]))
    >>> lanes = grid({"g_Na": g, "amplitude": a, "C_m": 1.0})
    >>> lanes.dims, lanes.shape, lanes.size
    (('g_Na', 'amplitude'), (2, 3), 6)
    >>> lanes.flat("amplitude")
    array([ 0., 10., 20.,  0., 10., 20.])
    """
    sizes: dict[str, int] = {}
    coords: dict[str, Coordinate] = {}
    owner: dict[str, str] = {}
    for name, value in values.items():
        if not isinstance(value, Labelled):
            continue
        for dim, length in zip(value.dims, value.shape, strict=True):
            labels = value.coords.get(dim)
            first = owner.setdefault(dim, name)
            if sizes.setdefault(dim, length) != length:
                raise _conflict(dim, first, f"{sizes[dim]} values", name, f"{length}")
            if labels is not None and not _same(coords.setdefault(dim, labels), labels):
                if _reordered(coords[dim], labels):
                    raise UsageError(
                        f"{first} and {name} have the same labels along {dim!r} in another order; "
                        f"put both in one: .sortby({dim!r})"
                    )
                raise _conflict(dim, first, "some labels", name, "others")
    return Grid(tuple(sizes), tuple(sizes.values()), ReadOnly(coords), ReadOnly({**values}))


def distinct(table: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different columns of a table, and which of them each column is.

    Parameters
    ----------
    table : (rows, lanes)

    Returns
    -------
    first
        Where each different column stands first, the columns in order of their values.
    which : (lanes,)
        The place in ``first`` of each column.

    Examples
    --------
    >>> first, which = distinct(np.array([[1.0, 1.0, 0.0, 1.0], [5.0, 7.0, 5.0, 5.0]]))
    >>> first.tolist(), which.tolist()
    ([2, 0, 1], [1, 2, 0, 1])
    """
    # row by row: sorting a million columns as such takes seconds
    which = np.zeros(table.shape[1], dtype=np.int64)
    for row in table:
        if which.max(initial=0) + 1 < which.size and (row != row[0]).any():
            own = np.unique(row, return_inverse=True)[1] + which * which.size
            which = np.unique(own, return_inverse=True)[1] if which.any() else own
    first = np.empty(which.max(initial=-1) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(which.size)[::-1]  # of what is written twice the last stays
    return first, which


def _conflict(dim: str, first: str, one: str, second: str, other: str) -> UsageError:
    first, second = (_spoken(name) for name in (first, second))
    own = re.sub(r"\W.*", "", second)
    return UsageError(
        f"{first} and {second} both vary along {dim!r}, but {first} has {one} there and "
        f"{second} has {other}. Give them dimensions of their own with labelled arrays, "
        f'for example xarray.DataArray(values, dims="{own}_sweep"), or one '
        "dimension with equal labels to vary them together."
    )


def _spoken(name: str) -> str:
    """``stimulus0.amplitude`` as a person would say it."""
    owner, _, which = name.rpartition(".")
    shape = re.fullmatch(r"stimulus(\d+)", owner)
    if shape:
        return f"{which} (of shape {int(shape[1]) + 1} of the stimulus)"
    return f"{which} (of {owner})" if owner else name


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _labels(labels: Any) -> Coordinate:
    """Labels as int64, float64, bool or text, so that a JSON round trip keeps them."""
    array = np.array(labels)
    kinds = {"i": np.int64, "u": np.int64, "f": np.float64, "b": np.bool_}
    if array.dtype.kind in kinds:
        return _frozen(array.astype(kinds[array.dtype.kind]))
    texts = [str(label) for label in cast(list[Any], array.ravel().tolist())]
    for text in texts:
        if CONTROL.search(text):
            raise UsageError(
                f"a label along a dimension cannot be {text!r:.80}: it has an end of a line or a "
                "control character"
            )
    return _frozen(np.array(texts, dtype=str).reshape(array.shape))


def _check_name(dim: str) -> None:
    if not dim or CONTROL.search(dim):
        raise UsageError(
            f"a dimension cannot be called {dim!r:.80}: a name has a letter at least, no end of a "
            "line and no control character"
        )


def _check_finite(dim: str, labels: Coordinate) -> None:
    """Refuse labels that JSON, and so a recording's provenance, cannot hold."""
    bad = labels[~np.isfinite(labels)] if labels.dtype.kind == "f" else labels[:0]
    if bad.size:
        raise UsageError(
            f"the labels of dimension {dim!r} must be finite numbers or text, but one is {bad[0]:g}"
        )


def _reordered(one: Coordinate, other: Coordinate) -> bool:
    if one.dtype.kind != other.dtype.kind or one.dtype.kind == "O":
        return False
    return _same(np.sort(one), np.sort(other))


def _same(one: Coordinate, other: Coordinate) -> bool:
    if one.dtype.kind == "f" and other.dtype.kind == "f":
        return np.array_equal(one, other, equal_nan=True)
    return np.array_equal(one, other)
