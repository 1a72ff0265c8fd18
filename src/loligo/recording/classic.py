"""The classic NetCDF format, read and written array by array, in no more memory than the arrays.

Nothing that a file says of itself is believed before it has been compared with the bytes there
are. Source: "The NetCDF Classic Format Specification", NetCDF Users Guide, appendix (Unidata).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

# type -> (its number in the file, as NumPy reads it)
_TYPES = {"b": (1, ">i1"), "c": (2, "S1"), "h": (3, ">i2"), "i": (4, ">i4"), "f": (5, ">f4"),
          "d": (6, ">f8")}  # fmt: skip
_BY_NUMBER = {number: np.dtype(dtype) for number, dtype in _TYPES.values()}
_BY_DTYPE = {np.dtype(dtype).newbyteorder("="): number for number, dtype in _TYPES.values()}
_DIMENSION, _VARIABLE, _ATTRIBUTE = 10, 11, 12
_MOST_DIMENSIONS = 64  # of one array; NumPy's own limit
_PIECE = 1 << 19  # values turned round at a time

Value = bytes | np.ndarray


@dataclass(frozen=True, eq=False)
class Array:
    """One variable of a file: numbers, or single characters (``S1``)."""

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: Mapping[str, Value] = field(default_factory=dict)


def write(
    file: BinaryIO,
    sizes: Mapping[str, int],
    attrs: Mapping[str, Value],
    arrays: Mapping[str, Array],
) -> None:
    """A whole file with 64-bit offsets.

    At most one dimension may have the length 0, and stand only first: to the format it is the
    unlimited one, of which there is nothing.
    """
    # the large before the small, so that only the last may lie beyond old readers' reach
    order = sorted(arrays, key=lambda name: arrays[name].values.shape, reverse=True)
    numbers = {dim: i for i, dim in enumerate(sizes)}
    dims = b"".join(_name(dim) + _int(size) for dim, size in sizes.items())
    head = b"CDF\x02" + _int(0) + _list(_DIMENSION, len(sizes), dims) + _attributes(attrs)
    tags = [_tag(name, arrays[name], numbers) for name in order]
    begin = len(head) + 8 + sum(len(tag) + 8 for tag in tags)
    placed: list[bytes] = []
    for name, tag in zip(order, tags, strict=True):
        placed.append(tag + struct.pack(">q", begin))
        begin += _padded(arrays[name].values.nbytes)
    file.write(head + _list(_VARIABLE, len(placed), b"".join(placed)))
    for name in order:
        values = arrays[name].values
        for piece in _pieces(values):
            file.write(piece.astype(piece.dtype.newbyteorder(">"), copy=False).tobytes())
        file.write(bytes(_padded(values.nbytes) - values.nbytes))


def _pieces(values: np.ndarray) -> Iterator[np.ndarray]:
    """All values in their order, some at a time, whatever their layout in memory."""
    if values.ndim <= 1 or values.flags.c_contiguous:
        flat = values.reshape(-1)
        yield from (flat[at : at + _PIECE] for at in range(0, flat.size, _PIECE))
    else:
        for part in values:
            yield from _pieces(part)


def _tag(name: str, array: Array, numbers: Mapping[str, int]) -> bytes:
    number = _BY_DTYPE[array.values.dtype.newbyteorder("=")]
    dims = b"".join(_int(numbers[dim]) for dim in array.dims)
    shape = array.values.shape[1:] if 0 in array.values.shape else array.values.shape
    size = min(_padded(math.prod(shape) * array.values.itemsize), 2**32 - 1)
    return (
        _name(name) + _int(len(array.dims)) + dims + _attributes(array.attrs) + _int(number)
        + struct.pack(">I", size)
    )  # fmt: skip


def _attributes(attrs: Mapping[str, Value]) -> bytes:
    return _list(_ATTRIBUTE, len(attrs), b"".join(_name(n) + _value(v) for n, v in attrs.items()))


def _value(value: Value) -> bytes:
    if isinstance(value, bytes):
        return _int(_TYPES["c"][0]) + _text(value)
    data = value.astype(value.dtype.newbyteorder(">")).tobytes()
    number = _BY_DTYPE[value.dtype.newbyteorder("=")]
    return _int(number) + _int(value.size) + data.ljust(_padded(len(data)), b"\0")


def _name(name: str) -> bytes:
    return _text(name.encode("utf-8"))


def _text(text: bytes) -> bytes:
    return _int(len(text)) + text.ljust(_padded(len(text)), b"\0")


def _list(kind: int, count: int, content: bytes) -> bytes:
    return _int(kind) + _int(count) + content if count else bytes(8)


def _int(number: int) -> bytes:
    return struct.pack(">i", number)


def _padded(size: int) -> int:
    return size + -size % 4


# Reading -----------------------------------------------------------------------------


def read(path: Path) -> tuple[dict[str, Value], dict[str, Array]]:
    """The attributes and the variables of a file.

    Raises
    ------
    ValueError, struct.error
        If the file is not whole, or promises more than it has.
    """
    with path.open("rb") as file:
        header = _Header(file, path.stat().st_size)
        attrs, places = header.whole()
        # only now, when all of them together are known to be no more than the file
        arrays = {
            place.name: Array(place.dims, np.empty(place.shape, place.dtype), place.attrs)
            for place in places
        }
        if len(arrays) < len(places):
            raise ValueError("two variables have the same name")
        for place in places:
            if not place.unlimited:
                file.seek(place.begin)
                _fill(file, _bytes(arrays[place.name].values))
        _read_records(file, header, [place for place in places if place.unlimited], arrays)
    return attrs, {name: _native(array) for name, array in arrays.items()}


@dataclass(frozen=True, eq=False)
class _Place:
    """Where the values of a variable lie, as the header has it."""

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    attrs: Mapping[str, Value]
    dtype: np.dtype
    begin: int
    unlimited: bool

    @property
    def row(self) -> int:
        """Bytes of one record, or of all where there are none."""
        return math.prod(self.shape[1:] if self.unlimited else self.shape) * self.dtype.itemsize


class _Header:
    """Reads a header; every number in it is compared with what is left of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size
        self.wide = file.read(4) == b"CDF\x02"
        self.records = self.int()
        self.pitch = 0  # bytes from one record to the next

    def whole(self) -> tuple[dict[str, Value], list[_Place]]:
        names = [(self.name(), self.int()) for _ in range(self.count(_DIMENSION))]
        if len({name for name, _ in names}) < len(names):
            raise ValueError("two dimensions have the same name")
        attrs = self.attributes()
        places = [self.place(names) for _ in range(self.count(_VARIABLE))]
        self._check(places)
        return attrs, places

    def _check(self, places: list[_Place]) -> None:
        """All variables together must fit into the file: they lie side by side."""
        recorded = [place for place in places if place.unlimited]
        one = len(recorded) == 1  # a single one is not padded
        self.pitch = sum(place.row if one else _padded(place.row) for place in recorded)
        rest = sum(place.row for place in places if not place.unlimited)
        if self.records and recorded and not self.pitch:
            raise ValueError("its records hold nothing")
        if (self.records * self.pitch if recorded else 0) + rest > self.size:
            raise ValueError(f"it promises more values than its {self.size} bytes can hold")

    def place(self, names: list[tuple[str, int]]) -> _Place:
        name, rank = self.name(), self.int()
        if rank > _MOST_DIMENSIONS:
            raise ValueError(f"{name} has {rank} dimensions")
        dims = [names[self.int()] for _ in range(rank)]
        unlimited = bool(dims) and dims[0][1] == 0
        if any(size == 0 for _, size in dims[1:]):
            raise ValueError(f"{name} has no length along one of its dimensions")
        shape = tuple(self.records if size == 0 else size for _, size in dims)
        attrs, dtype = self.attributes(), self.dtype()
        self.bytes(4)  # its size, which the rest says too
        begin = struct.unpack(">q" if self.wide else ">i", self.bytes(8 if self.wide else 4))[0]
        if begin < 0:
            raise ValueError(f"{name} begins before the file does")
        return _Place(name, tuple(dim for dim, _ in dims), shape, attrs, dtype, begin, unlimited)

    def attributes(self) -> dict[str, Value]:
        return {self.name(): self.value() for _ in range(self.count(_ATTRIBUTE))}

    def value(self) -> Value:
        dtype, count = self.dtype(), self.int()
        data = self.padded(count * dtype.itemsize)
        if dtype.kind == "S":
            return data.rstrip(b"\0")
        return np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))

    def dtype(self) -> np.dtype:
        number = self.int()
        if number not in _BY_NUMBER:
            raise ValueError(f"there is no type {number} of values")
        return _BY_NUMBER[number]

    def count(self, kind: int) -> int:
        """How many entries a list has; each takes eight bytes at the least."""
        found, count = self.int(), self.int()
        if found not in (0, kind) or (found == 0 and count):
            raise ValueError(f"{found} where a list should begin")
        if 8 * count > self.size:
            raise ValueError(f"a list of {count} entries")
        return count

    def name(self) -> str:
        raw = self.padded(self.int())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")  # as SciPy writes it

    def padded(self, size: int) -> bytes:
        data = self.bytes(size)
        self.bytes(-size % 4)
        return data

    def int(self) -> int:
        number = struct.unpack(">i", self.bytes(4))[0]
        if number < 0:
            raise ValueError(f"the negative length {number}")
        return number

    def bytes(self, size: int) -> bytes:
        if size > self.size - self.file.tell():
            raise ValueError("the header is longer than the file")
        return self.file.read(size)


def _read_records(
    file: BinaryIO, header: _Header, places: list[_Place], arrays: Mapping[str, Array]
) -> None:
    """What lies along the unlimited dimension: a row of each variable, and then the next rows."""
    if not header.records or not places:
        return
    first = min(place.begin for place in places)
    file.seek(first)
    many = max(1, _PIECE // header.pitch)
    for at in range(0, header.records, many):
        rows = np.empty((min(many, header.records - at), header.pitch), np.uint8)
        _fill(file, rows.reshape(-1))
        for place in places:
            start = place.begin - first
            if start + place.row > header.pitch:
                raise ValueError(f"{place.name} does not lie in the records")
            into = _bytes(arrays[place.name].values).reshape(header.records, place.row)
            into[at : at + len(rows)] = rows[:, start : start + place.row]


def _fill(file: BinaryIO, into: np.ndarray) -> None:
    if file.readinto(into) != into.nbytes:  # type: ignore[attr-defined]
        raise ValueError("it ends in the middle of its values")


def _bytes(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1).view(np.uint8)


def _native(array: Array) -> Array:
    values = array.values
    if values.dtype.kind == "S" or values.dtype.isnative:
        return array
    turned = values.byteswap(inplace=True).view(values.dtype.newbyteorder("="))
    return Array(array.dims, turned, array.attrs)
