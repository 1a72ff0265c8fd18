"""A recording as one table: which rows there are, which columns, and what stands where.

A row for each sample; where there are several cells, those of one cell after those of another, in
long form, with a column for each dimension of the lanes and for every number that goes with them.
What is told of spikes stands in columns of its own: the first spike of a cell in its first row,
the second in the second, and so on. Without samples a cell has as many rows as spikes, and one at
the least.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from loligo.recording.contents import TIME, Contents, Variable
from loligo.recording.spikes import COUNT, EVENT

_MOST_FIXED = 16  # columns of one variable, one for each place of a dimension that has no rows
_CHUNK = 30_000  # cells turned into text at a time


@dataclass(frozen=True)
class Column:
    """A column: of a variable, or the numbers of a dimension that has no labels."""

    label: str
    name: str
    fixed: tuple[tuple[str, int], ...] = ()


class Layout:
    """Which column and which rows hold what.

    Attributes
    ----------
    variables
        Of the recording; they may still be empty.
    lanes
        The dimensions in whose order cells follow each other.
    axis
        The dimension along the rows of one cell, if there is one.
    columns
        From left to right.
    rows
        How many there are, without that of the labels; where there is no axis, each cell has
        ``least``, or as many as spikes.
    """

    def __init__(
        self,
        contents: Contents,
        lanes: tuple[str, ...],
        axis: str | None,
        columns: Iterable[Column] = (),
        least: int = 1,
    ) -> None:
        sizes, self.variables = contents.sizes, contents.variables
        self.lanes, self.axis, self.columns = lanes, axis, tuple(columns)
        self.shape = tuple(sizes[dim] for dim in lanes)
        self.samples = sizes[axis] if axis else least
        self._count, self._first = self._spikes()
        of_spikes = any(map(self.of_spikes, self.columns))
        length = np.maximum(self._count if of_spikes else 0, self.samples)
        length = np.broadcast_to(length, self._count.shape)
        # as floats first: whole numbers that somebody else chose could wrap around
        if length.sum(dtype=np.float64) > 2.0**53:
            raise ValueError("a table of more rows than there can be")
        told = bool(lanes) or axis is not None or (of_spikes and self._count.any())
        self.rows = int(length.sum()) if told else 0
        self._start = np.cumsum(length) - length

    @classmethod
    def of(cls, contents: Contents) -> Layout:
        """The table that suits a recording."""
        lanes, axis = _rows_over(contents.variables)
        plan = cls(contents, lanes, axis)
        return cls(contents, lanes, axis, plan._planned(contents.sizes))

    def _spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each cell, in the order of the rows: how many spikes, and where they begin."""
        count = self.variables.get(COUNT)
        if count is None or set(count.dims) != set(self.lanes):
            none = np.zeros(math.prod(self.shape), np.int64)
            return none, none
        order = [count.dims.index(dim) for dim in self.lanes]
        each = np.maximum(count.values, 0).astype(np.int64)
        first = (np.cumsum(each) - each.ravel()).reshape(each.shape)
        return each.transpose(order).ravel(), first.transpose(order).ravel()

    # ---- columns

    def _planned(self, sizes: Mapping[str, int]) -> Iterator[Column]:
        """Lanes and what goes with them, the axis, what was recorded, results, spikes."""
        own = {*self.lanes, self.axis}
        for dim in self.lanes:
            yield Column(self._label(dim), dim)
        of_lanes = [n for n, v in self.variables.items() if v.dims and set(v.dims) <= {*self.lanes}]
        beside = [name for name in of_lanes if name not in self.lanes]
        yield from (Column(self._label(n), n) for n in beside if self.variables[n].coord)
        along = [n for n, v in self.variables.items() if self.axis in v.dims]
        for name in sorted(along, key=lambda name: name != self.axis):
            others = [dim for dim in self.variables[name].dims if dim not in own]
            if math.prod(sizes[dim] for dim in others) <= _MOST_FIXED:
                yield from self._placed(name, others, sizes)
        yield from (Column(self._label(n), n) for n in beside if not self.variables[n].coord)
        if self._count.sum() == sizes.get(EVENT, 0):
            yield from (
                Column(self._label(n), n) for n, v in self.variables.items() if v.dims == (EVENT,)
            )

    def _placed(self, name: str, others: list[str], sizes: Mapping[str, int]) -> Iterator[Column]:
        """One column, or one for each place along the dimensions that have no rows."""
        for at in itertools.product(*(range(sizes[dim]) for dim in others)):
            fixed = tuple(zip(others, at, strict=True))
            where = ", ".join(f"{dim}={_texts(self.labels(dim)[[i]])[0]}" for dim, i in fixed)
            yield Column(self._label(name, f"[{where}]" if where else ""), name, fixed)

    def _label(self, name: str, where: str = "") -> str:
        variable = self.variables.get(name)
        unit = str(variable.attrs.get("units", "1")) if variable is not None else "1"
        return name + where + ("" if unit in ("", "1") else f" ({unit})")

    def labels(self, dim: str) -> np.ndarray:
        """The labels along a dimension, or the numbers of its places."""
        variable = self.variables.get(dim)
        if variable is not None and variable.dims == (dim,):
            return variable.values
        return np.arange(max(self._size(dim), 0))

    def _size(self, dim: str) -> int:
        return next(v.values.shape[v.dims.index(dim)] for v in self.variables.values()
                    if dim in v.dims)  # fmt: skip

    def _dims(self, column: Column) -> tuple[str, ...]:
        variable = self.variables.get(column.name)
        return (column.name,) if variable is None else variable.dims

    def of_spikes(self, column: Column) -> bool:
        """Whether a column tells of spikes, and so only of the first rows of a cell."""
        return self._dims(column) == (EVENT,)

    def kind(self, column: Column) -> str:
        """Of what kind the values of a column are, as NumPy's types have it."""
        variable = self.variables.get(column.name)
        return "i" if variable is None else variable.values.dtype.kind

    def told(self, name: str) -> bool:
        """Whether the columns hold every value of a variable."""
        mine = [column for column in self.columns if column.name == name]
        variable = self.variables[name]
        if not mine or not variable.values.size or not self.rows:
            return False
        return variable.dims == (EVENT,) or self.axis in variable.dims or self.samples > 0

    # ---- rows

    def chunks(self) -> Iterator[tuple[np.ndarray, list[list[str]]]]:
        """Some rows at a time: their numbers, and the text of every column."""
        many = max(1, _CHUNK // max(len(self.columns), 1))
        for at in range(0, self.rows, many):
            rows = np.arange(at, min(at + many, self.rows))
            yield rows, [self._column(column, rows) for column in self.columns]

    def _column(self, column: Column, rows: np.ndarray) -> list[str]:
        there, index = self.places(column, rows)
        variable = self.variables.get(column.name)
        if variable is None:
            return _texts(np.asarray(index[0]))
        if there.all():
            return _texts(variable.values[index])
        texts = np.full(rows.size, "", object)
        texts[there] = _texts(variable.values[index])
        return texts.tolist()

    def places(
        self, column: Column, rows: np.ndarray
    ) -> tuple[np.ndarray, tuple[np.ndarray | int, ...]]:
        """In which of these rows a column holds something, and which elements of its variable."""
        lane = np.searchsorted(self._start, rows, side="right") - 1
        step = rows - self._start[lane]
        dims = self._dims(column)
        there = np.ones(rows.size, bool)
        if dims == (EVENT,):
            there = step < self._count[lane]
            return there, ((self._first[lane] + step)[there],)
        if self.axis in dims:
            there = step < self.samples
        along = self._cells(lane) | ({self.axis: step} if self.axis else {})
        fixed = dict(column.fixed)
        return there, tuple(fixed[dim] if dim in fixed else along[dim][there] for dim in dims)

    def _cells(self, lane: np.ndarray) -> dict[str, np.ndarray]:
        """Where along each dimension of the lanes."""
        if not self.lanes:
            return {}
        return dict(zip(self.lanes, np.unravel_index(lane, self.shape), strict=True))

    def firsts(self, column: Column, rows: np.ndarray) -> np.ndarray:
        """In which of these rows, of those that :meth:`places` has, an element stands for the
        first time: what belongs to several cells stands in the rows of all."""
        there, _ = self.places(column, rows)
        lane = np.searchsorted(self._start, rows, side="right") - 1
        dims = self._dims(column)
        new = np.ones(rows.size, bool)
        if dims != (EVENT,):
            if self.axis not in dims:
                new &= rows == self._start[lane]
            for dim, at in self._cells(lane).items():
                if dim not in dims:
                    new &= at == 0
        return new[there]


def _rows_over(variables: Mapping[str, Variable]) -> tuple[tuple[str, ...], str | None]:
    """The dimensions of the lanes, and the one along the rows of each."""
    data = {n: v for n, v in variables.items() if not v.coord}
    sampled = {n: v for n, v in data.items() if TIME in v.dims}
    if sampled:
        main = max(sampled, key=lambda name: (sampled[name].values.size, name == "V"))
        return tuple(dim for dim in sampled[main].dims if dim != TIME), TIME
    if COUNT in data and EVENT not in data[COUNT].dims:
        return data[COUNT].dims, None
    largest = max(data.values(), key=lambda v: v.values.size, default=None)
    return (largest.dims if largest is not None else ()), None


def _texts(values: np.ndarray) -> list[str]:
    """Numbers with as many digits as bring back every bit; nothing for what is no number."""
    items = values.tolist()
    if values.dtype.kind == "U":
        return items
    if values.dtype.kind == "f":
        return ["" if item != item else repr(item) for item in items]
    return [repr(item) for item in items]
