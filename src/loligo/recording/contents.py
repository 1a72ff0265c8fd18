"""What a recording consists of, whatever the file; and what makes a dataset one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import FileError, UsageError, nearest
from loligo.memory import available, spell
from loligo.recording.spikes import COUNT, EVENT, SPIKE, TIMES

if TYPE_CHECKING:
    import xarray

TIME = "time"

Attributes = dict[str, Any]  # text, numbers and rows of numbers


@dataclass(frozen=True, eq=False)
class Variable:
    """One named array of a recording."""

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: Attributes = field(default_factory=dict)
    coord: bool = False


@dataclass(frozen=True, eq=False)
class Contents:
    """A recording as plain arrays, text and numbers."""

    attrs: Attributes
    variables: Mapping[str, Variable]

    @property
    def sizes(self) -> dict[str, int]:
        """Length of every dimension."""
        return {
            dim: n
            for v in self.variables.values()
            for dim, n in zip(v.dims, v.values.shape, strict=True)
        }


def take_apart(rec: xarray.Dataset) -> Contents:
    """The plain contents of a dataset; raises UsageError for what no file can hold."""
    return Contents(
        attributes(rec.attrs, "the recording"),
        {
            _name(name): Variable(
                tuple(_name(dim) for dim in v.dims),
                _plain(np.asarray(v.values), str(name)),
                attributes(v.attrs, str(name)),
                name in rec.coords,
            )
            for name, v in rec.variables.items()
        },
    )


def put_together(contents: Contents) -> xarray.Dataset:
    """The dataset with these contents."""
    import xarray as xr

    items = contents.variables.items()
    return xr.Dataset(
        {name: (v.dims, v.values, v.attrs) for name, v in items if not v.coord},
        {name: (v.dims, v.values, v.attrs) for name, v in items if v.coord},
        contents.attrs,
    )


def attributes(attrs: Mapping[Any, Any], of: str) -> Attributes:
    """Attributes as text, Python numbers and rows of numbers; nothing else survives in every
    format."""
    return {_name(name): _attribute(name, value, of) for name, value in attrs.items()}


def _name(name: Hashable) -> str:
    """A name that every file keeps."""
    text = str(name)
    odd = [char for char in text if unicodedata.category(char) in ("Cc", "Zl", "Zp")]
    if odd:
        raise UsageError(
            f"the name {text!r:.80} holds {odd[0]!r}, which is no letter and which not every file "
            "keeps; rename it"
        )
    return text


def _attribute(name: Hashable, value: Any, of: str) -> str | int | float | np.ndarray:
    if isinstance(value, Mapping) and value.keys() == {"dtype", "values"}:
        value = np.array(value["values"], np.dtype(str(value["dtype"])))
    if isinstance(value, np.generic | np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiu":
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(
            f"attribute {name!r} of {of} is a {type(value).__name__}; "
            "only text and numbers can be saved: change or remove it"
        )
    if isinstance(value, str) and "\0" in value:
        raise UsageError(
            f"attribute {name!r} of {of} holds a zero character, which no file keeps; change it"
        )
    return str(value) if isinstance(value, str) else value


def as_text(value: Any) -> Any:
    """Of what JSON does not know: a row of numbers, as :func:`attributes` reads it."""
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "values": value.tolist()}
    raise TypeError(f"{type(value).__name__} in the notes of a recording")


def _plain(values: np.ndarray, name: str) -> np.ndarray:
    """Floats, integers, truth values or text, in this machine's byte order."""
    if values.dtype.kind in "OT" and all(isinstance(item, str) for item in values.ravel()):
        values = values.astype(object).astype(str)  # pandas' texts do not become NumPy's at once
    if values.dtype.kind == "U" and any("\0" in text for text in values.ravel().tolist()):
        raise UsageError(f"a text of {name} holds a zero character, which no file keeps; change it")
    if values.dtype.kind not in "fiubU" or (values.dtype.kind == "f" and values.itemsize > 8):
        raise UsageError(
            f"{name} holds {values.dtype} values; only numbers and text can be saved: "
            "convert or drop it (a stacked dimension: unstack it first)"
        )
    return values.astype(values.dtype.newbyteorder("="), copy=False)


# What is wrong with a dataset, taken as a recording --------------------------------


def fault(rec: xarray.Dataset) -> str | None:
    """Why a dataset cannot be a recording, in words, or None."""
    for check in _CHECKS:
        wrong = check(rec)
        if wrong:
            return wrong
    return None


def _something_recorded(rec: xarray.Dataset) -> str | None:
    if COUNT in rec or TIMES in rec or any(TIME in v.dims for v in rec.data_vars.values()):
        return None
    if isinstance(rec.attrs.get("experiment"), str) and rec.data_vars:
        return None
    found = ", ".join(map(str, rec.variables)) or "nothing"
    return (
        "it needs a 'time' and at least one quantity along it (such as V), "
        f"or 'spike_count' and 'spike_time'; it has {found}"
    )


def _dimensions_are_labelled(rec: xarray.Dataset) -> str | None:
    for dim in rec.dims:
        if dim in rec.variables and rec.variables[dim].dims != (dim,):
            return f"{dim!r} is a dimension, but what is called so does not lie along it"
    return None


def _time_runs(rec: xarray.Dataset) -> str | None:
    if TIME not in rec.dims and TIME not in rec.variables:
        return None
    if TIME not in rec.variables:
        return "there is a dimension 'time' but no variable of that name that says when"
    time = rec.variables[TIME]
    if time.dims != (TIME,) or time.dtype.kind not in "fiu":
        return "'time' must be one row of numbers"
    known = np.isfinite(time.values)
    if not known.all():
        return f"'time' is not a number at sample {_first(~known)}"
    falls = time.values[1:] <= time.values[:-1]  # no differences: a long row may hardly fit
    if falls.any():
        return f"'time' must increase; it does not after sample {_first(falls)}"
    return _in_unit(time, TIME, "ms")


def _v_is_numbers(rec: xarray.Dataset) -> str | None:
    kind = rec.variables["V"].dtype.kind if "V" in rec.variables else "f"
    return None if kind in "fiu" else f"'V' holds {rec.variables['V'].dtype} values, not numbers"


def _units_fit(rec: xarray.Dataset) -> str | None:
    expected = {"V": "mV", TIMES: "ms", "spike_peak": "mV", "spike_trough": "mV"}
    for name, unit in expected.items():
        wrong = _in_unit(rec.variables[name], name, unit) if name in rec.variables else None
        if wrong:
            return wrong
    return None


def _in_unit(variable: xarray.Variable, name: str, unit: str) -> str | None:
    said = variable.attrs.get("units", unit)
    return None if said == unit else f"'{name}' is in {said}; it must be in {unit}"


def _spikes_fit(rec: xarray.Dataset) -> str | None:
    count, when = rec.variables.get(COUNT), rec.variables.get(TIMES)
    if when is not None and when.dtype.kind not in "fiu":
        return f"'{TIMES}' holds {when.dtype} values, not numbers"
    if count is not None and (count.dtype.kind not in "fiu" or TIME in count.dims):
        return f"'{COUNT}' must be one whole number for each cell"
    return None if when is None or EVENT not in when.dims else _rows_fit(rec, count, when)


def _rows_fit(
    rec: xarray.Dataset, count: xarray.Variable | None, when: xarray.Variable
) -> str | None:
    """Where the spikes of all cells lie in one row, the counts must tell them apart."""
    if count is None:
        return f"'{COUNT}' is missing; where '{TIMES}' lies along '{EVENT}' they belong together"
    if count.dtype.kind not in "iu" or (count.values < -1).any():
        return f"'{COUNT}' must be one whole number for each cell"
    if when.dims != (EVENT,) or when.dtype.kind != "f" or not np.isfinite(when.values).all():
        return f"'{TIMES}' must be one row of finite numbers along '{EVENT}'"
    counted = np.maximum(count.values.ravel(), 0)
    # as a float: a sum of whole numbers that somebody else chose could wrap around
    if counted.sum(dtype=np.float64) != when.size:
        return (
            f"'{COUNT}' promises {counted.sum(dtype=np.float64):.10g} spikes but '{TIMES}' has "
            f"{when.size}; if some cells were selected after the run, select them of the whole "
            f"recording as lo.open gives it, or drop {COUNT} and {TIMES}"
        )
    if rec.sizes.get(SPIKE, when.size) < counted.max(initial=0):
        return f"'{COUNT}' promises more spikes of a cell than there are places along '{SPIKE}'"
    return None


def _first(mask: np.ndarray) -> int:
    return int(np.argmax(mask))


_CHECKS: tuple[Callable[[xarray.Dataset], str | None], ...] = (
    _something_recorded,
    _dimensions_are_labelled,
    _time_runs,
    _v_is_numbers,
    _units_fit,
    _spikes_fit,
)


# Reading what others wrote ------------------------------------------------------------


def check_readable(path: Path) -> None:
    """Refuse what is not there, not a file, not ours to read, empty or too large."""
    try:
        if path.is_dir():
            raise FileError(f"cannot read {path}: it is a folder")
        if path.exists() and not path.is_file():  # a pipe would wait for its writer for ever
            raise FileError(f"cannot read {path}: it is not an ordinary file")
        with path.open("rb"):
            size = path.stat().st_size
    except FileNotFoundError as error:
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, beside) or f" in {path.parent.resolve()}"
        raise FileError(f"cannot read {path}: there is no such file{hint}") from error
    except PermissionError as error:
        raise FileError(f"cannot read {path}: no permission; ask its owner") from error
    except FileError:
        raise
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}: {error}") from error
    if size == 0:
        raise FileError(f"{path} is empty: the program that wrote it did not finish")
    fits_in_memory(size, path)


@contextmanager
def damage_reported(path: Path, what: str) -> Iterator[None]:
    """Whatever goes wrong while reading an untrusted file becomes one FileError.

    A reader meets bytes that nobody foresaw; which exception the parser below it ends
    with says nothing to a person, so all of them mean "damaged".
    """
    try:
        yield
    except FileError:
        raise
    except MemoryError as error:
        raise too_large(path, None) from error
    except Exception as error:
        raise FileError(
            f"{path} cannot be read as {what}: it is damaged, cut short, or something else "
            f"({type(error).__name__}: {str(error)[:200]})"
        ) from error


def fits_in_memory(size: int, path: Path) -> None:
    """Refuse, before reading, what needs more memory than there is."""
    free = available()
    if free is not None and size > free:
        raise too_large(path, size)


def too_large(path: Path, size: int | None) -> FileError:
    """The error for a file that does not fit."""
    needs = f"needs {spell(size)} of memory" if size else "needs more memory than there is"
    return FileError(f"{path} is too large: it {needs}; open it part by part with xarray instead")
