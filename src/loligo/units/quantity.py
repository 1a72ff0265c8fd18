"""Reading whatever a person wrote as a quantity: text, numbers, pint, arrays."""

from __future__ import annotations

import numbers
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UnitError, UsageError
from loligo.lanes import Floats, Labelled, Value
from loligo.units.bounds import within
from loligo.units.unit import (
    LONGEST_TEXT,
    DimensionError,
    called,
    convert,
    dimension,
    line,
    plain_text,
)

if TYPE_CHECKING:
    import xarray

_RESERVED_DIMENSIONS = frozenset(
    ("t", "time", "spike", "I_stim", "I_clamp", "Q_clamp", "status", "edge", "event")
)
_COULOMB = re.compile(r"[\d. ]C$")
_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d{1,3}(?![\d.]))?")


def read(
    value: Any,
    unit: str,
    name: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    finite: bool = True,
) -> Value:
    """A person's quantity as a float, or as labelled floats, in `unit`.

    Parameters
    ----------
    value : number, str, pint quantity, sequence, ndarray, DataArray, Series or Labelled
        A plain number is taken to be in `unit` already. A plain sequence becomes a
        dimension called `name`, labelled by its own values; a DataArray keeps its
        dimensions and labels, and is converted if ``attrs["units"]`` is set; a Series of pandas
        is a dimension by the name of its index, with its labels, or by its own name.
    unit : str
        The unit wanted.
    name : str
        The parameter, for the messages and for the dimension of a plain sequence.
    above, at_least, below : float, optional
        Bounds in `unit`: value > above, value >= at_least, value < below.
    finite : bool
        Whether infinity is refused. NaN always is.

    Raises
    ------
    UnitError
        If the unit is unknown or measures something else (:class:`DimensionError`).
    UsageError
        If the value is not a number or lies outside the bounds.

    Examples
    --------
    >>> read("10 cm", "um", "length")
    100000.0
    >>> read([1, 2, 3], "mV", "E_Na")
    <E_Na: 3, 1 … 3>
    """
    result = _read_any(value, unit, name)
    within(result, unit, name, (above, at_least, below), finite)
    return result


def _read_any(value: Any, unit: str, name: str) -> Value:
    return next(reader for suits, reader in _READERS if suits(value))(value, unit, name)


def read_either(
    value: Any, units: Sequence[str], name: str, reading: Callable[[Any, str, str], Any] = read
) -> tuple[Any, str]:
    """Like :func:`read` where several kinds of quantity will do; and which one it was.

    A plain number is taken to be in the first unit.

    Examples
    --------
    >>> read_either("2 pA", ["uA/cm2", "nA"], "amplitude")
    (0.002, 'nA')
    """
    for unit in units:
        try:
            return reading(value, unit, name), unit
        except DimensionError as problem:
            message = str(problem)
    others = " or ".join(f"{called(unit)} in {unit}" for unit in units[:-1])
    last = f"{called(units[-1])} in {units[-1]}"
    found, _, _ = message.partition(f"{last} is wanted")
    examples = " or ".join(repr(_example(unit)) for unit in units)
    raise DimensionError(f"{found}{others} or {last} is wanted; write {examples}")


def read_samples(value: Any, unit: str, name: str) -> Labelled:
    """Samples along time: like :func:`read`, but the dimension "time" is welcome.

    A plain sequence gets the one dimension "time"; so does a DataArray of one
    dimension, whatever it is called there. A single number is refused.
    """
    if isinstance(value, Labelled):
        result: Value = value
    else:
        result = (_labelled if is_dataarray(value) else _read_any)(value, unit, name)
    if not isinstance(result, Labelled) or not result.dims:
        raise UsageError(f"{name} must be a sequence of samples, but is the single number {value}")
    if len(result.dims) == 1:
        result = Labelled(("time",), _not_empty(result.values, name), {})
    within(result, unit, name, (None, None, None), finite=True)
    return result


def has_unit(value: Any) -> bool:
    """Whether a quantity says its own unit; a plain number or array does not."""
    if isinstance(value, str):
        number = _NUMBER.match(plain_text(value))
        return number is None or bool(plain_text(value)[number.end() :])
    if is_dataarray(value):
        return "units" in value.attrs or is_pint(value.data)
    return is_pint(value)


def _wrong(
    given: str, kind: str, unit: str, name: str, number: str = "", own: str = ""
) -> DimensionError:
    hint = ' (C is the coulomb; degrees Celsius are "degC")' if _COULOMB.search(given) else ""
    example = f"a plain number or {_example(unit)!r}"
    return DimensionError(
        f"{name}: {given!r} is {kind}, but {called(unit)} in {unit} is wanted; "
        f"write {example}{hint or _whole_cell(number, own, unit)}"
    )


def _whole_cell(number: str, given: str, wanted: str) -> str:
    """What to do where a quantity per area is wanted and that of the whole cell is given."""
    if not given or dimension(f"({given})/um2") != dimension(wanted):
        return ""
    return (
        ", the whole cell's divided by the membrane's area: over 1000 um2 that is "
        f'"{float(number) / 1000:g} {given}/um2"'
    )


def _example(unit: str) -> str:
    return "6.3 degC" if unit == "degC" else "0.5" if unit == "1" else f"10 {unit}"


# ---- the ways to write a quantity -------------------------------------------------


def _read_text(text: str, unit: str, name: str) -> float:
    plain = plain_text(text)
    shown = text if len(text) <= 60 else text[:57] + "..."
    if len(plain) > LONGEST_TEXT:
        raise UnitError(f"{name}: {shown!r}: {len(text):,} characters are too long for a quantity")
    number = _NUMBER.match(plain)
    if number is None:
        raise UnitError(
            f"{name}: {shown!r} does not begin with a number; write for example {_example(unit)!r}"
        )
    given = plain[number.end() :].strip()
    if given.startswith(","):
        raise UnitError(f"{name}: {shown!r}: write the decimal point as '.', not ','")
    slope, shift = Fraction(1), Fraction(0)
    if given:
        try:
            slope, shift = line(given, unit)
        except DimensionError:
            raise _wrong(shown, called(given), unit, name, number[0], given) from None
        except UnitError as problem:
            raise UnitError(
                f"{name}: {shown!r}: {problem}. Wanted is {unit}, for example {_example(unit)!r}"
            ) from None
    try:
        return float(Fraction(number[0]) * slope + shift)
    except OverflowError:
        raise UsageError(f"{name}: {shown!r} is too large for a number") from None


def _read_number(number: Any, unit: str, name: str) -> float:
    try:
        return float(number)
    except (OverflowError, ValueError, TypeError):
        raise _not_a_number(number, unit, name) from None


def _read_labelled(value: Labelled, unit: str, name: str) -> Value:
    _refuse_dimensions(value, name)
    _not_empty(value.values, name)
    return value if value.dims else float(value.values)


def _refuse_dimensions(value: Labelled, name: str) -> None:
    for dim in value.dims:
        if dim in _RESERVED_DIMENSIONS or dim.startswith("spike_"):
            raise UsageError(
                f"{name}: an array over lanes cannot have the dimension {dim!r}, which the "
                f'recording uses; rename it, for example .rename({{"{dim}": "case"}})'
            )


def _read_pint(quantity: Any, unit: str, name: str) -> Value:
    # pint writes powers as **2 and a pure number as ""
    spelling = re.sub(r"(?<=[A-Za-z])(?=-?\d)", "**", "" if unit == "1" else unit)
    spelling = re.sub(r"sqrt\((\w+)\)", r"\1**0.5", spelling)
    try:
        magnitude = quantity.to(spelling).magnitude
    except Exception:
        given = f"{quantity}" if np.ndim(quantity.magnitude) == 0 else f"[...] {quantity.units}"
        raise _wrong(given, f"of the unit {quantity.units}", unit, name) from None
    return read(magnitude, unit, name)


def _read_dataarray(array: xarray.DataArray, unit: str, name: str) -> Value:
    labelled = _labelled(array, unit, name)
    return _read_labelled(labelled, unit, name)


def _labelled(array: xarray.DataArray, unit: str, name: str) -> Labelled:
    values: Any = array.data
    given = array.attrs.get("units")
    if is_pint(values):
        magnitude = _read_pint(values, unit, name)
        values, given = magnitude.values if isinstance(magnitude, Labelled) else magnitude, None
    floats = _floats(values, unit, name)
    if given is not None:
        floats = _convert_array(floats, str(given), unit, name)
    dims = tuple(str(dim) for dim in array.dims)
    coords = {str(dim): np.asarray(array.coords[dim]) for dim in array.dims if dim in array.coords}
    return Labelled(dims, _not_empty(floats, name), coords)


def _convert_array(floats: Floats, given: str, unit: str, name: str) -> Floats:
    try:
        return convert(floats, given, unit)
    except DimensionError:
        raise _wrong(f"[...] {given}", called(given), unit, name) from None
    except UnitError as problem:
        raise UnitError(f'{name}: the array\'s attrs["units"]: {problem}') from None


def _is_series(value: Any) -> bool:
    module: Any = sys.modules.get("pandas")
    return module is not None and isinstance(value, module.Series)


def _read_series(series: Any, unit: str, name: str) -> Value:
    """A column of pandas: along its index, if that has a name, else along its own values."""
    floats = _floats(series.to_numpy(), unit, name)
    along = series.index.name
    if along is not None:
        found = Labelled(
            (str(along),), _not_empty(floats, name), {str(along): np.asarray(series.index)}
        )
        return _read_labelled(found, unit, name)
    dim = name if series.name is None else str(series.name)
    return _read_labelled(Labelled((dim,), _not_empty(floats, name), {dim: floats}), unit, name)


def _read_array(array: Any, unit: str, name: str) -> Value:
    floats = _floats(array, unit, name)
    if floats.ndim == 0:
        return float(floats)
    if floats.ndim > 1:
        raise UsageError(
            f"{name}: an array of {floats.ndim} dimensions needs names for them; give "
            f'xarray.DataArray(values, dims=["a", "b"]) instead'
        )
    return Labelled((name,), _not_empty(floats, name), {name: floats})


def _floats(array: Any, unit: str, name: str) -> Floats:
    """Anything like an array as float64; text, truth values and complex numbers refused."""
    foreign = isinstance(array, np.ndarray) and type(array) is not np.ndarray
    if foreign or isinstance(array, Mapping | Set | Iterator) or array is None:
        raise _not_a_number(array, unit, name)
    try:
        raw: np.ndarray[Any, Any] = np.asarray(array)
    except Exception:
        raise UsageError(f"{name}: the rows of this array differ in length or kind") from None
    if raw.dtype.kind in "OSUT":
        _check_elements(raw, unit, name)
    elif raw.dtype.kind not in "iuf":
        raise _not_a_number(array, unit, name)
    try:
        return raw.astype(np.float64)
    except (OverflowError, ValueError, TypeError):
        raise _not_a_number(array, unit, name) from None


def _check_elements(raw: np.ndarray[Any, Any], unit: str, name: str) -> None:
    for element in raw.flat:
        if isinstance(element, str | bytes):
            raise UsageError(
                f"{name}: the array holds text ({str(element)!r}); give numbers in {unit}, or a "
                f'DataArray with attrs={{"units": ...}}'
            )
        if not _is_number(element):
            raise _not_a_number(element, unit, name)


def _not_empty(floats: Floats, name: str) -> Floats:
    if not floats.size:
        raise UsageError(f"{name}: the array is empty; give at least one value")
    return floats


def _not_a_number(value: Any, unit: str, name: str) -> UsageError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    example = "" if unit == "1" else f", or text such as {_example(unit)!r}"
    wanted = "a plain number" if unit == "1" else f"a number in {unit}"
    return UsageError(
        f"{name}: {shown} ({type(value).__name__}) is not a number; give {wanted}{example}"
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real | Decimal) and not isinstance(value, bool | np.bool_)


def _is_labelled(value: Any) -> bool:
    return isinstance(value, Labelled)


def is_pint(value: Any) -> bool:
    return hasattr(value, "to") and hasattr(value, "magnitude")


def is_dataarray(value: Any) -> bool:
    # an xarray object can only exist if xarray has been imported: do not import it to ask
    module: Any = sys.modules.get("xarray")
    return module is not None and isinstance(value, module.DataArray)


def _is_single(value: Any) -> bool:
    return isinstance(value, bool | np.bool_ | complex | np.complexfloating | bytes)


def _refuse(value: Any, unit: str, name: str) -> Value:
    raise _not_a_number(value, unit, name)


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str, str], Value]], ...] = (
    (_is_text, _read_text),
    (_is_labelled, _read_labelled),
    (_is_number, _read_number),
    (_is_single, _refuse),
    (is_dataarray, _read_dataarray),
    (is_pint, _read_pint),
    (_is_series, _read_series),
    (lambda value: True, _read_array),
)
