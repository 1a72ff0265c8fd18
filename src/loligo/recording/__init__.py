"""Recordings on disk: NetCDF, NPZ, CSV and Excel, all of which open again exactly as saved."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from loligo.errors import FileError, UsageError, nearest
from loligo.files import named, replacing
from loligo.recording.contents import check_readable, damage_reported, fault
from loligo.recording.door import welcome, with_known_names
from loligo.recording.spikes import in_lanes, in_one_row
from loligo.recording.store import SUFFIX, check_recording, read
from loligo.recording.tree import flattened, is_tree, unflattened

if TYPE_CHECKING:
    import xarray

__all__ = ["open", "save"]

# suffix -> (the module that reads and writes it, what a person calls it)
_FORMATS = {
    ".nc": ("netcdf", "NetCDF"),
    ".npz": ("npz", "NumPy archive"),
    ".csv": ("table", "text table"),
    ".xlsx": ("xlsx", "Excel workbook"),
}
_WRITTEN = {suffix: module for suffix, (module, _) in _FORMATS.items()}
# and tables of others, which loligo only reads
_READ = _WRITTEN | {".tsv": "table", ".txt": "table", ".dat": "table"}


def save(rec: xarray.Dataset | xarray.DataTree, path: str | os.PathLike[str]) -> Path:
    """Write a recording to a file; the suffix decides the format.

    - ``.nc``: NetCDF 3, for MATLAB, R, Julia, Panoply and every other tool that reads it;
    - ``.npz``: a NumPy archive, the fastest and without a limit on size;
    - ``.csv``: a table to look at, for spreadsheets and ``pandas.read_csv``: a line of names
      with their units, and one row per sample. Several cells are in long form, with a column
      for each dimension of the lanes; the first spike of a cell stands in its first row, the
      second in the second, and so on. What the columns do not say is in the last one.
    - ``.xlsx``: the same table as an Excel workbook; what it does not say is in a sheet of its
      own.

    Names, dimensions, coordinates, attributes (the provenance among them), spikes and
    every bit of every number come back with :func:`open`. The file appears whole or not
    at all, see :func:`loligo.files.replacing`. Spikes lie in it without what pads them, all
    in one row along ``event``, lane by lane (C order), ``spike_count`` of each: what the CF
    conventions call contiguous ragged arrays.

    Parameters
    ----------
    rec : xarray.Dataset or xarray.DataTree
        What :func:`loligo.simulate` returned, or an experiment; a tree's tables lie in the file
        with its node before every name, ``special.V``.
    path : path
        Where to write. The folder must exist; a file that is there is replaced.

    Returns
    -------
    pathlib.Path
        The path written.

    Raises
    ------
    FileError
        Unknown suffix, a folder that does not exist, no permission, no space, or more
        numbers than the format holds.
    UsageError
        ``rec`` is not a recording.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Pulse(1, 1, 20), 5)
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = lo.save(rec, f"{folder}/shock.nc")
    ...     lo.open(path).identical(rec)
    True
    """
    path = named(path)
    module = _format(path, _WRITTEN)
    rec = _given(rec)
    wrong = fault(rec)
    if wrong:
        raise UsageError(f"this dataset is not a recording, and was not saved: {wrong}")
    try:
        with replacing(path) as part:
            module.write(in_one_row(rec), part, path)
    except UnicodeEncodeError as error:
        raise UsageError(
            f"a text in the recording cannot be written as UTF-8 ({error}); change it"
        ) from error
    return path


def _given(rec: object) -> xarray.Dataset:
    import xarray as xr

    if is_tree(rec):
        rec = flattened(rec)  # type: ignore[arg-type]
    if not isinstance(rec, xr.Dataset):
        hint = "; save the whole recording, not one variable" if hasattr(rec, "dims") else ""
        raise UsageError(f"only a recording can be saved, not a {type(rec).__name__}{hint}")
    return welcome(rec)


def open(path: str | os.PathLike[str]) -> xarray.Dataset:
    """Read a recording that :func:`save` wrote, or another's file of the same structure.

    A file that was not made by loligo opens when it has a time, increasing, and at least one
    quantity along it (a voltage for :func:`loligo.spike_times`). Columns and variables are
    found by their names (``time``, ``t``, ``V``, ``Vm``, …) and units, and converted: time is in
    ms where nothing else is stated, V in mV. Columns of a table may be separated by commas,
    semicolons, tabs or blanks, and decimals by commas. A table of loligo's that a spreadsheet
    saved again opens, and a warning names the columns that lost digits. Nothing in a file is
    ever executed. Files of earlier versions open as recordings of this one.

    Parameters
    ----------
    path : path
        A ``.nc`` (NetCDF 3), ``.npz``, ``.csv`` (also ``.tsv``, ``.txt``, ``.dat``) or ``.xlsx``
        file; or a ``.zarr`` folder of :func:`loligo.sweep`.

    Returns
    -------
    xarray.Dataset
        The recording, wholly in memory; of a folder lazily, read when it is used. Where a diagram
        was saved, :func:`loligo.experiments.bifurcation`'s, its xarray.DataTree.

    Raises
    ------
    FileError
        There is no such file, it is damaged or cut short, it is something else, it does
        not fit in memory, or it lacks what makes a recording; the message says which.

    Examples
    --------
    >>> import loligo as lo
    >>> lo.open("shock.nc").spike_time  # doctest: +SKIP
    """
    path = named(path)
    if path.suffix.lower() == SUFFIX:
        return check_recording(path, read(path))
    module = _format(path, _READ)
    check_readable(path)
    with damage_reported(path, "a recording"):
        rec = _in_our_words(module.read(path), path)
        wrong = fault(rec)
        if wrong:
            raise FileError(f"{path} does not hold a recording: {wrong}")
        # nearly always a dataset; whoever saved a tree knows that it is one
        return cast("xarray.Dataset", unflattened(in_lanes(rec)))


def _in_our_words(rec: xarray.Dataset, path: Path) -> xarray.Dataset:
    """With our names and in our units, whatever the file has for them."""
    try:
        return welcome(with_known_names(rec))
    except UsageError as error:
        raise FileError(f"{path} does not hold a recording: {error}") from None


def _format(path: Path, modules: Mapping[str, str]):
    """The module that reads or writes files of a suffix."""
    suffix = path.suffix.lower()
    if suffix not in modules:
        known = ", ".join(f"{key} ({name})" for key, (_, name) in _FORMATS.items())
        what = f"unknown suffix {path.suffix!r}" if suffix else "no suffix"
        raise FileError(f"{path}: {what}; recordings are {known}{nearest(suffix, _FORMATS)}")
    return importlib.import_module(f"loligo.recording.{modules[suffix]}")
