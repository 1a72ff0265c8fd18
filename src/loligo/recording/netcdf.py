"""Recordings as NetCDF 3 files, which everybody reads.

NetCDF 3 knows neither 64-bit integers nor two dimensions of length zero. Integers that
do not fit are stored as text, empty variables as a note; both come back as they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import FileError, UsageError
from loligo.recording import classic
from loligo.recording.contents import (
    Attributes,
    Contents,
    Variable,
    as_text,
    attributes,
    damage_reported,
    fits_in_memory,
    put_together,
    take_apart,
)
from loligo.recording.spikes import EVENT

if TYPE_CHECKING:
    import xarray

# Attributes of our own: the dtype of a variable that NetCDF 3 has no type for, the variables
# without a single value, and the coordinates whose names cannot stand in a list of words.
_DTYPE, _EMPTY, _PLACED = "loligo_dtype", "loligo_empty", "loligo_coordinates"
# The CF conventions', of coordinates and of packed values; and how text is spelled.
_COORDINATES, _ENCODING = "coordinates", "_Encoding"
_SCALE, _OFFSET, _MISSING = "scale_factor", "add_offset", ("_FillValue", "missing_value")
_RESERVED = (_COORDINATES, _ENCODING, _SCALE, _OFFSET, *_MISSING, _DTYPE)

# Bytes in a variable that every reader of the 64-bit-offset format accepts.
_LARGEST = 2**31 - 4
_INT32 = np.iinfo(np.int32)
_MOST_CHARACTERS = 10_000  # of one text among others; each takes as much as the longest


def write(rec: xarray.Dataset, part: Path, path: Path) -> None:
    """Write ``rec`` to the file ``part``; ``path`` is the name for messages."""
    contents = take_apart(rec)
    _check_size(contents, path)
    _check_attributes(contents)
    # Empty spike times alone are stored as such: that there are none, every tool should see.
    empty = {
        n: v for n, v in contents.variables.items() if v.values.size == 0 and v.dims != (EVENT,)
    }
    stored = {n: _storable(v) for n, v in contents.variables.items() if n not in empty}
    whole: dict[str, Any] = dict(contents.attrs)
    if empty:
        described = {n: _described(v) for n, v in empty.items()}
        whole[_EMPTY] = json.dumps(described, default=as_text)
    arrays, attrs = _with_coordinates(stored, whole)
    sizes = {d: n for a in arrays.values() for d, n in zip(a.dims, a.values.shape, strict=True)}
    for name in (*sizes, *arrays, *attrs, *(name for a in arrays.values() for name in a.attrs)):
        _check_name(name, path)
    with part.open("wb") as file:
        classic.write(file, sizes, attrs, arrays)


def read(path: Path) -> xarray.Dataset:
    """Read the NetCDF 3 file ``path``."""
    _check_kind(path)
    fits_in_memory(path.stat().st_size, path)
    with damage_reported(path, "NetCDF"):
        raw, arrays = classic.read(path)
        attrs = {name: _attribute(value) for name, value in raw.items()}
        note = attrs.pop(_EMPTY, "{}")
        empty = {n: _from_description(d) for n, d in json.loads(note).items()}
        marked = set(json.loads(attrs.pop(_PLACED, "[]")))
        marked.update(str(attrs.pop(_COORDINATES, "")).split())
        variables: dict[str, Variable] = {}
        while arrays:  # one by one, so that hardly any is there twice
            name, array = next(iter(arrays.items()))
            del arrays[name]
            variables[name], named = _plain(array)
            marked.update(named)
        variables = {
            n: Variable(v.dims, v.values, v.attrs, v.dims == (n,) or n in marked)
            for n, v in variables.items()
        }
        whole = Contents(attributes(attrs, "the recording"), {**variables, **empty})
        return put_together(whole)


# Into the types that there are ------------------------------------------------------------


def _storable(variable: Variable) -> Variable:
    """The same numbers in a type that NetCDF 3 has."""
    values, attrs = variable.values, dict(variable.attrs)
    if values.dtype.kind == "b" or values.dtype in (np.uint8, np.uint16, np.float16):
        attrs[_DTYPE] = str(values.dtype)
        values = values.astype(np.float32 if values.dtype == np.float16 else np.int32)
    elif values.dtype.kind in "iu" and values.dtype.itemsize > 2:
        attrs[_DTYPE] = str(values.dtype)
        fits = values.size == 0 or (values.min() >= _INT32.min and values.max() <= _INT32.max)
        values = values.astype(np.int32) if fits else values.astype(str)
    elif values.dtype.kind == "f" and values.dtype.itemsize > 8:
        raise UsageError(f"NetCDF has no type for {values.dtype}; convert to float64 first")
    return Variable(variable.dims, values, attrs, variable.coord)


def _with_coordinates(
    variables: Mapping[str, Variable], attrs: Attributes
) -> tuple[dict[str, classic.Array], dict[str, classic.Value]]:
    """What goes into the file; which variables are coordinates is said as CF has it."""
    beside = [n for n, v in variables.items() if v.coord and v.dims != (n,)]
    words = sorted(name for name in beside if len(name.split()) == 1)
    arrays: dict[str, classic.Array] = {}
    said: set[str] = set()
    # quantities before coordinates, as xarray has them
    for name in sorted(variables, key=lambda name: variables[name].coord):
        variable, told = variables[name], {}
        if name not in beside and name not in variable.dims:
            along = set(variable.dims)
            of_it = [word for word in words if set(variables[word].dims) <= along]
            told = {_COORDINATES: " ".join(of_it)} if of_it else {}
            said.update(of_it)
        arrays[name] = _array(variable, told)
    unsaid = [word for word in words if word not in said]
    if unsaid:
        attrs = {**attrs, _COORDINATES: " ".join(unsaid)}
    if len(words) < len(beside):
        attrs = {**attrs, _PLACED: json.dumps(sorted(set(beside) - set(words)))}
    return arrays, {name: _stored(value) for name, value in attrs.items()}


def _array(variable: Variable, told: Mapping[str, str]) -> classic.Array:
    values, dims = variable.values, variable.dims
    attrs = {name: _stored(value) for name, value in {**variable.attrs, **told}.items()}
    if values.dtype.kind == "U":
        coded = np.char.encode(values, "utf-8") if values.size else np.empty(values.shape, "S1")
        width = max(coded.dtype.itemsize, 1)
        values = np.ascontiguousarray(coded.astype(f"S{width}")).reshape(values.shape)
        values = np.frombuffer(values.tobytes(), "S1").reshape(*values.shape, width)
        dims = (*dims, f"string{width}")
        attrs[_ENCODING] = b"utf-8"
    return classic.Array(dims, values, attrs)


def _stored(value: Any) -> classic.Value:
    if isinstance(value, str):
        return value.encode("utf-8")
    numbers = np.atleast_1d(np.asarray(value))
    small = numbers.dtype.kind in "iu" and numbers.dtype not in (np.int8, np.int16, np.int32)
    return numbers.astype(np.int32) if small else numbers


# Out of them ------------------------------------------------------------------------------


def _attribute(value: classic.Value) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _plain(array: classic.Array) -> tuple[Variable, list[str]]:
    """A variable of a file, and the coordinates that it names."""
    attrs = {name: _attribute(value) for name, value in array.attrs.items()}
    named = str(attrs.pop(_COORDINATES, "")).split()
    values, dims = array.values, array.dims
    if values.dtype.kind == "S":
        attrs.pop(_ENCODING, None)
        values, dims = _texts(values), dims[:-1]
    if _DTYPE in attrs:
        dtype = np.dtype(str(attrs.pop(_DTYPE)))
        if dtype.kind not in "biuf" or dtype.itemsize > 16:
            raise ValueError(f"no such type of numbers: {dtype}")
        values = values.astype(dtype, copy=False)
    elif values.dtype.kind in "iuf":
        values = _unpacked(values, attrs)
    return Variable(dims, values, attributes(attrs, "a variable")), named


def _texts(characters: np.ndarray) -> np.ndarray:
    """Rows of single characters as text."""
    if not characters.ndim:
        return np.array(characters.item().decode("utf-8", "replace"))
    *shape, width = characters.shape
    if width > _MOST_CHARACTERS and characters.size > width:
        raise ValueError(f"a row of texts of {width} characters")
    rows = np.frombuffer(characters.tobytes(), f"S{max(width, 1)}") if characters.size else []
    texts = [row.decode("utf-8", "replace") for row in rows]
    return np.array(texts, dtype=str).reshape(shape) if texts else np.zeros(shape, "U1")


def _unpacked(values: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    """Numbers that another program packed into few bits (CF conventions, section 8.1)."""
    missing = [float(np.ravel(attrs.pop(name))[0]) for name in _MISSING if _number(attrs, name)]
    scale = float(np.ravel(attrs.pop(_SCALE))[0]) if _number(attrs, _SCALE) else 1.0
    offset = float(np.ravel(attrs.pop(_OFFSET))[0]) if _number(attrs, _OFFSET) else 0.0
    gone = np.isin(values, missing) if missing else np.zeros((), bool)
    if scale == 1.0 and offset == 0.0 and not gone.any():
        return values
    plain = values.astype(np.float64) * scale + offset
    return np.where(gone, np.nan, plain) if gone.any() else plain


def _number(attrs: Mapping[str, Any], name: str) -> bool:
    value = attrs.get(name)
    return isinstance(value, np.ndarray) and value.size > 0


def _described(v: Variable) -> dict[str, object]:
    return {
        "dims": v.dims,
        "shape": v.values.shape,
        "dtype": str(v.values.dtype),
        "attrs": v.attrs,
        "coord": v.coord,
    }


def _from_description(d: Mapping[str, Any]) -> Variable:
    dims, shape = list(d["dims"]), [int(n) for n in list(d["shape"])]
    if 0 not in shape or min(shape) < 0 or max(shape) > _INT32.max:
        raise ValueError(f"the shape {shape} is not empty")
    values = np.empty(shape, np.dtype(str(d["dtype"])))
    attrs = attributes(dict(d["attrs"]), "it")
    return Variable(tuple(map(str, dims)), values, attrs, bool(d["coord"]))


# What it cannot hold ----------------------------------------------------------------------


def _check_size(contents: Contents, path: Path) -> None:
    for name, variable in contents.variables.items():
        if variable.values.nbytes > _LARGEST:
            raise FileError(
                f"{path}: {name} takes {variable.values.nbytes / 1e9:.1f} GB, and NetCDF 3 holds "
                "at most 2.1 GB in one variable; save as .npz, or record less"
            )


def _check_attributes(contents: Contents) -> None:
    owners = {"the recording": contents.attrs}
    owners |= {name: v.attrs for name, v in contents.variables.items()}
    for owner, attrs in owners.items():
        for name, value in attrs.items():
            if name in _RESERVED:
                raise UsageError(
                    f"attribute {name!r} of {owner} means something else in NetCDF; rename or "
                    "remove it, or save as .npz"
                )
            if not isinstance(value, str) and not _fits(np.asarray(value)):
                raise UsageError(
                    f"attribute {name!r} of {owner} is too large a whole number for NetCDF; "
                    "make it text, or save as .npz"
                )


def _fits(numbers: np.ndarray) -> bool:
    if numbers.dtype.kind == "O":  # more than 64 bits
        return False
    return numbers.dtype.kind == "f" or bool(
        ((numbers >= _INT32.min) & (numbers <= _INT32.max)).all()
    )


def _check_name(name: str, path: Path) -> None:
    """As the format has it: no slash and no control character, and no blank at the end."""
    if not name or "/" in name or name != name.strip() or not name.isprintable():
        raise FileError(
            f"{path}: NetCDF cannot hold this recording ({name!r} is no name for it); save it as "
            ".npz"
        )


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
    for sign, what in _OTHERS.items():
        if start.startswith(sign):
            raise FileError(
                f"{path} is {what}, and loligo reads NetCDF 3; "
                f"convert it: nccopy -k nc6 {path.name} new.nc"
            )
    if not start.startswith((b"CDF\x01", b"CDF\x02")):
        raise FileError(f"{path} is not a NetCDF file, whatever its name says")


_OTHERS = {
    b"\x89HDF": "NetCDF 4 (HDF5)",
    b"CDF\x05": "NetCDF with 64-bit data (CDF-5)",
}
