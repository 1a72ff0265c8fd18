"""Recordings as NetCDF 3 files, through SciPy's reader and writer.

NetCDF 3 knows neither 64-bit integers nor two dimensions of length zero. Integers that
do not fit are stored as text, empty variables as a note; both come back as they were.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import FileError, UsageError
from loligo.recording.contents import (
    Attributes,
    Contents,
    Variable,
    as_text,
    attributes,
    damage_reported,
    put_together,
    take_apart,
)
from loligo.recording.spikes import EVENT

if TYPE_CHECKING:
    import xarray

# Attributes of our own: the dtype of a variable that NetCDF 3 has no type for, and the
# variables without a single value.
_DTYPE = "loligo_dtype"
_EMPTY = "loligo_empty"

# Bytes in a variable that every reader of the 64-bit-offset format accepts.
_LARGEST = 2**31 - 4
_INT32 = np.iinfo(np.int32)


def write(rec: xarray.Dataset, part: Path, path: Path) -> None:
    """Write ``rec`` to the file ``part``; ``path`` is the name for messages."""
    contents = take_apart(rec)
    _check_size(contents, path)
    _check_attributes(contents)
    # Empty spike times alone are stored as such: that there are none, every tool should see.
    empty = {
        n: v for n, v in contents.variables.items() if v.values.size == 0 and v.dims != (EVENT,)
    }
    dataset = put_together(
        Contents(
            contents.attrs,
            {n: _storable(v) for n, v in contents.variables.items() if n not in empty},
        )
    )
    if empty:
        dataset.attrs[_EMPTY] = json.dumps(
            {n: _described(v) for n, v in empty.items()}, default=as_text
        )
    for variable in dataset.variables.values():
        variable.encoding["_FillValue"] = None
    try:
        dataset.to_netcdf(part, engine="scipy", format="NETCDF3_64BIT")
    except UnicodeEncodeError:
        raise  # the same for every format
    except (ValueError, TypeError) as error:
        raise FileError(
            f"{path}: NetCDF cannot hold this recording ({error}); save it as .npz"
        ) from error


def read(path: Path) -> xarray.Dataset:
    """Read the NetCDF 3 file ``path``."""
    import xarray as xr

    _check_kind(path)
    with damage_reported(path, "NetCDF"):
        dataset = xr.load_dataset(
            path,
            engine="scipy",
            decode_times=False,
            mask_and_scale=False,
            backend_kwargs={"mmap": False},  # a mapped file that shrinks kills the reader
        )
        note = dataset.attrs.pop(_EMPTY, "{}")
        empty = {n: _from_description(d) for n, d in json.loads(note).items()}
        contents = take_apart(dataset)
        stored = {n: _restored(v) for n, v in contents.variables.items()}
        return put_together(Contents(contents.attrs, {**stored, **empty}))


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


def _restored(variable: Variable) -> Variable:
    attrs = dict(variable.attrs)
    if _DTYPE not in attrs:
        return variable
    dtype = np.dtype(str(attrs.pop(_DTYPE)))
    if dtype.kind not in "biuf":  # text of a length that somebody else chose would fill the memory
        raise ValueError(f"no such type of numbers: {dtype}")
    return Variable(variable.dims, variable.values.astype(dtype), attrs, variable.coord)


def _described(v: Variable) -> dict[str, object]:
    return {
        "dims": v.dims,
        "shape": v.values.shape,
        "dtype": str(v.values.dtype),
        "attrs": v.attrs,
        "coord": v.coord,
    }


def _from_description(d: dict[str, object]) -> Variable:
    dims, shape = list(d["dims"]), [int(n) for n in list(d["shape"])]  # type: ignore[call-overload]
    if 0 not in shape or min(shape) < 0:
        raise ValueError(f"the shape {shape} is not empty")
    values = np.empty(shape, np.dtype(str(d["dtype"])))
    attrs: Attributes = attributes(dict(d["attrs"]), "it")  # type: ignore[call-overload]
    return Variable(tuple(map(str, dims)), values, attrs, bool(d["coord"]))


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
            if isinstance(value, int) and not _INT32.min <= value <= _INT32.max:
                raise UsageError(
                    f"attribute {name!r} of {owner} is too large a whole number for NetCDF; "
                    "make it text, or save as .npz"
                )


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"\x89HDF"):
        raise FileError(
            f"{path} is NetCDF 4 (HDF5), and loligo reads NetCDF 3; "
            f"convert it: nccopy -k nc6 {path.name} new.nc"
        )
    if start.startswith(b"CDF\x05"):
        raise FileError(
            f"{path} is NetCDF with 64-bit data (CDF-5), and loligo reads NetCDF 3; "
            f"convert it: nccopy -k nc6 {path.name} new.nc"
        )
    if not start.startswith((b"CDF\x01", b"CDF\x02")):
        raise FileError(f"{path} is not a NetCDF file, whatever its name says")
