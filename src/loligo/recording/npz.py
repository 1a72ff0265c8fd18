"""Recordings as NumPy archives: one ``.npy`` for each variable, the rest as JSON text.

Written by hand rather than by ``numpy.savez`` so that any name can be used and the same
recording gives the same bytes; ``numpy.load`` reads the file all the same. Reading never
unpickles, and every size is checked before memory is taken.
"""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

from loligo.errors import FileError
from loligo.recording.archive import opened
from loligo.recording.contents import (
    TIME,
    Contents,
    Variable,
    as_text,
    attributes,
    damage_reported,
    put_together,
    take_apart,
)
from loligo.recording.stated import known_names

if TYPE_CHECKING:
    import xarray

_META = "loligo"
_PIECE = 1 << 20  # bytes read at a time
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same recording gives the same bytes


def write(rec: xarray.Dataset, part: Path, path: Path) -> None:
    """Write ``rec`` to the file ``part``; ``path`` is the name for messages."""
    contents = take_apart(rec)
    if _META in contents.variables:
        raise FileError(f"{path}: a variable cannot be called {_META!r} in a .npz; rename it")
    meta = {
        "format": 1,
        "attrs": contents.attrs,
        "variables": {
            name: {"dims": v.dims, "attrs": v.attrs, "coord": v.coord}
            for name, v in contents.variables.items()
        },
    }
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, _META, np.array(json.dumps(meta, default=as_text)))
        for name, variable in contents.variables.items():
            _put(archive, name, variable.values)


def _put(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    info = zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH)
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as file:
        npy.write_array(file, values, allow_pickle=False)


def read(path: Path) -> xarray.Dataset:
    """Read the NumPy archive ``path``."""
    with path.open("rb") as file:
        start = file.read(6)
    if start == b"\x93NUMPY":
        raise FileError(f"{path} holds a single array (.npy), not a recording")
    if not start.startswith(b"PK"):
        raise FileError(f"{path} is not a NumPy archive, whatever its name says")
    with damage_reported(path, "a NumPy archive"):
        arrays = _arrays(path)
        meta = arrays.pop(_META, None)
        return put_together(_contents(arrays, meta) if meta is not None else _others(arrays, path))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with opened(path) as archive:
        arrays: dict[str, np.ndarray] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name != member.filename:
                with archive.open(member) as file:
                    arrays[name] = _array(file, member.file_size, name, path)
        return arrays


def _array(file: IO[bytes], size: int, name: str, path: Path) -> np.ndarray:
    """One array, its announced size checked against the bytes there are."""
    version = npy.read_magic(file)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"{name} is in version {version} of the .npy format")
    shape, by_columns, dtype = readers[version](file)
    if dtype.hasobject:
        raise FileError(
            f"{path}: {name} holds Python objects, which could run a program when read; "
            "save plain numbers instead"
        )
    if dtype.kind not in "fiubU":
        raise FileError(f"{path}: {name} holds {dtype} values; only numbers and text can be read")
    bytes_ = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or bytes_ != size - file.tell() or not dtype.itemsize:
        raise ValueError(f"{name} announces {shape} values of {dtype} but holds another number")
    values = np.empty(shape, dtype, order="F" if by_columns else "C")
    flat = values.reshape(-1, order="A").view(np.uint8)
    for at in range(0, flat.size, _PIECE):
        piece = flat[at : at + _PIECE]
        if file.readinto(piece) != piece.size:  # type: ignore[attr-defined]
            raise ValueError(f"{name} is not whole")
    file.read(1)  # at the end the checksum is compared
    if dtype.kind == "U" and (values.reshape(-1).view(f"{dtype.str[0]}u4") > 0x10FFFF).any():
        raise ValueError(f"{name} holds what is no text")
    return values


def _contents(arrays: dict[str, np.ndarray], meta: np.ndarray) -> Contents:
    said: dict[str, Any] = json.loads(str(meta))
    if said.get("format") != 1:
        raise ValueError("it was written by a later version of loligo; update loligo")
    variables = {
        str(name): Variable(
            tuple(map(str, about["dims"])),
            arrays[name],
            attributes(about["attrs"], str(name)),
            bool(about["coord"]),
        )
        for name, about in said["variables"].items()
    }
    return Contents(attributes(said["attrs"], "the recording"), variables)


def _others(arrays: dict[str, np.ndarray], path: Path) -> Contents:
    """An archive that loligo did not write: rows of the same length along ``time``."""
    renamed = known_names(arrays)
    arrays = {renamed.get(name, name): values for name, values in arrays.items()}
    if TIME not in arrays or arrays[TIME].ndim != 1:
        names = ", ".join(arrays) or "none"
        raise FileError(
            f"{path} does not hold a recording: it needs an array 'time' with one row of "
            f"numbers (ms); its arrays are: {names[:200]}"
        )
    length = arrays[TIME].size
    for name, values in arrays.items():
        if values.shape != (length,) or values.dtype.kind not in "fiu":
            raise FileError(
                f"{path}: {name} has the shape {values.shape} and type {values.dtype}, but "
                f"without loligo's own notes every array must be {length} numbers, like 'time'"
            )
    return Contents(
        {},
        {
            name: Variable((TIME,), values.astype(float), {}, name == TIME)
            for name, values in arrays.items()
        },
    )
