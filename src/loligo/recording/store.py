"""Recordings in stores: Zarr's folders, of which values are read when they are used."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loligo.errors import FileError, UsageError, callers_level
from loligo.recording.contents import fault

if TYPE_CHECKING:
    import xarray

SUFFIX = ".zarr"
UNFINISHED = "unfinished"
"""An attribute of a store that is not whole yet: what to do."""


def check_zarr() -> None:
    """Say what is missing, before the work."""
    try:
        import zarr  # noqa: F401
    except ImportError:
        raise UsageError('a store needs Zarr; pip install "loligo[sweep]"') from None


def read(path: Path) -> xarray.Dataset:
    """A store as a recording, opened lazily.

    Raises
    ------
    FileError
        It is none.
    """
    check_zarr()
    if not (path / "zarr.json").is_file():
        what = "there is no" if not path.exists() else "no store in Zarr's format 3 is in"
        raise FileError(f"{what} {path}")
    try:
        rec = _opened(path)
    except Exception as error:  # whatever a damaged description makes Zarr raise
        raise FileError(
            f"{path} is damaged ({type(error).__name__}: {error}); call loligo.sweep again, and it "
            "is put right"
        ) from None
    if UNFINISHED in rec.attrs:
        warnings.warn(
            f"{path} is not whole yet: lanes that were not computed have NaN, and a spike_count of "
            "-1",
            stacklevel=callers_level(),
        )
    return rec


def check_recording(path: Path, rec: xarray.Dataset) -> xarray.Dataset:
    """The recording, if it is one and not a summary of one."""
    wrong = fault(rec)
    if wrong:
        raise FileError(f"{path} does not hold a recording: {wrong}")
    return rec


def _opened(path: Path) -> xarray.Dataset:
    import xarray as xr

    whole = "consolidated_metadata" in (path / "zarr.json").read_text(encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Zarr, about what others may not read
        rec = xr.open_zarr(path, consolidated=whole, chunks=None, zarr_format=3)
    for name, variable in rec.variables.items():
        variable.attrs.update(_rows(variable))
        if variable.dtype.kind == "T":  # NumPy's newer text, which little else knows
            plain = variable.copy(data=np.array(variable.values.tolist(), dtype=str))
            coordinate = name in rec.coords
            rec = rec.assign_coords({name: plain}) if coordinate else rec.assign({name: plain})
    return rec


def _rows(variable: xarray.Variable) -> dict[str, np.ndarray]:
    """Its attributes that are rows of numbers, which a store has as lists: of its own kind, as
    NetCDF has them."""
    rows = {str(n): np.array(v) for n, v in variable.attrs.items() if isinstance(v, list)}
    kind = variable.dtype
    return {
        name: row.astype(kind) if row.dtype.kind == kind.kind else row
        for name, row in rows.items() if row.dtype.kind in "fi"
    }  # fmt: skip
