"""Numbers drawn from ranges, so that few lanes say much of many parameters."""

from __future__ import annotations

import inspect
import numbers
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.many.lanes import Column, checked, in_lanes, put, unit_of
from loligo.units import convert, parse, read

_MOST = 1 << 30  # what Sobol's numbers of 30 bits tell apart
_AMOUNT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_WHO = "lo.design"
_CALL = 'lo.design(None, {"g_Na": (60, 180), "amplitude": (0, 20)}, 1000)'


def _by_scipy(kind: str, count: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    from scipy.stats import qmc

    engine: Any = getattr(qmc, kind)
    # SciPy before 1.15 calls it by its old name
    called = "rng" if "rng" in inspect.signature(engine).parameters else "seed"
    with warnings.catch_warnings():  # that a power of 2 would be balanced: the docstring says it
        warnings.filterwarnings("ignore", message=".*balance properties", category=UserWarning)
        return engine(columns, **{called: generator}).random(count)


def _uniform(count: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    return generator.random((count, columns))


METHODS: Mapping[str, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    "sobol": partial(_by_scipy, "Sobol"),
    "halton": partial(_by_scipy, "Halton"),
    "latin hypercube": partial(_by_scipy, "LatinHypercube"),
    "uniform": _uniform,
}
"""How the lanes of a design are drawn: (lanes, parameters) numbers from 0 to 1."""


def design(
    model: Any,
    ranges: Mapping[str, Any],
    count: int,
    *,
    method: str = "sobol",
    seed: int = 0,
) -> Any:
    """Many cells of a model, whose parameters are drawn together from ranges, a lane each.

    The lanes fill the space of all parameters evenly, which a grid of as many cannot: of 10
    parameters a grid of 1,024 cells has two values each, a design has 1,024 of each. What comes
    back goes where the model goes, to :func:`loligo.simulate`, ``lo.sweep`` or an experiment,
    and the recording has every drawn parameter as a coordinate along ``lane``.

    Parameters
    ----------
    model : Membrane, Axon or None
        Whose parameters are drawn. With None the numbers themselves come back, to be put wherever
        a number goes: into stimuli, initial states, several models.
    ranges : mapping of str to range
        Parameter -> ``(low, high)``, numbers or quantities (``("0.1 S/cm2", "0.2 S/cm2")``);
        ``(low, high, "log")``, even in the logarithm; or a distribution of ``scipy.stats``, such
        as ``scipy.stats.norm(120, 10)`` (anything with its ``ppf``).
    count : int
        How many lanes.
    method : str
        ``"sobol"`` (scrambled; best of powers of 2), ``"halton"``, ``"latin hypercube"`` or
        ``"uniform"`` (independent random numbers), all of SciPy's ``stats.qmc`` and NumPy. Of all
        but the Latin hypercube, fewer lanes of the same seed are the first of more.
    seed : int
        Another gives another design; the same gives the same.

    Returns
    -------
    Membrane or Axon
        The model with arrays along ``lane`` for its parameters; without a model an
        ``xarray.Dataset`` of these.

    Raises
    ------
    UsageError
        A name is not one of the model's (the nearest are offered), a range is none, the method is
        unknown.
    UnitError
        A range is in a unit of something else.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> cells = lo.design(squid, {"g_Na": (60, 180), "g_K": (30, 60, "log")}, 8, seed=1)
    >>> rec = lo.simulate(cells, lo.Step(5, 10), 50)
    >>> rec.spike_count.dims, rec.g_K.dims
    (('lane',), ('lane',))

    Numbers of a stimulus are drawn together with those of the model:

    >>> lanes = lo.design(None, {"g_Na": (60, 180), "amplitude": (5, 20)}, 4)
    >>> rec = lo.simulate(squid.replace(g_Na=lanes.g_Na), lo.Pulse(5, 40, lanes.amplitude), 50)
    >>> rec.spike_count.sizes["lane"]
    4
    """
    model = checked(model, _WHO)
    spans = _spans(ranges, model)
    draw = _method(method)
    if isinstance(count, bool) or not isinstance(count, numbers.Integral) or count < 1:
        raise UsageError(f"{_WHO}: count is how many lanes, a whole number, not {count!r:.40}")
    if count > _MOST:
        raise UsageError(f"{_WHO}: {int(count):,} lanes are more than the {_MOST:,} that there are")
    generator = np.random.default_rng(_seed(seed))
    shares = draw(int(count), len(spans), generator)
    columns = {
        name: Column(span.values(shares[:, k], name), span.unit)
        for k, (name, span) in enumerate(spans.items())
    }
    lanes = in_lanes(columns)
    return lanes if model is None else put(model, lanes, _WHO)


def _method(method: Any) -> Callable[[int, int, np.random.Generator], np.ndarray]:
    if method not in METHODS:
        raise UsageError(
            f"{_WHO}: method is {method!r:.40}{nearest(str(method), METHODS)}; it is one of "
            f"{', '.join(METHODS)}"
        )
    return METHODS[method]


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or seed < 0:
        raise UsageError(f"{_WHO}: seed is a whole number from 0, not {seed!r:.40}")
    return int(seed)


@dataclass(frozen=True)
class _Span:
    """From where to where a number is drawn, and how.

    Attributes
    ----------
    inverse
        Shares from 0 to 1 -> numbers.
    unit
        "" of plain numbers.
    """

    inverse: Callable[[np.ndarray], Any]
    unit: str

    def values(self, shares: np.ndarray, name: str) -> np.ndarray:
        """The numbers at these shares of the range."""
        values = np.asarray(self.inverse(shares), dtype=float)
        if values.shape != shares.shape or not np.isfinite(values).all():
            raise UsageError(
                f"{_WHO}: the distribution of {name} gives no finite number for each lane"
            )
        return values


def _spans(ranges: Any, model: Any) -> dict[str, _Span]:
    if not isinstance(ranges, Mapping) or not ranges:
        raise UsageError(
            f'{_WHO}: ranges are parameters and from where to where, as in {{"g_Na": (60, 180)}}, '
            f"not {ranges!r:.60}"
        )
    return {
        str(name): _span(str(name), given, None if model is None else unit_of(model, name, _CALL))
        for name, given in ranges.items()
    }


def _span(name: str, given: Any, unit: str | None) -> _Span:
    if callable(getattr(given, "ppf", None)):
        return _Span(given.ppf, "")
    ends = tuple(given) if isinstance(given, tuple | list) else ()
    if not (len(ends) == 2 or (len(ends) == 3 and ends[2] == "log")):
        raise UsageError(
            f"{_WHO}: {name} is drawn from (low, high), from (low, high, 'log') or from a "
            f"distribution of scipy.stats, not from {given!r:.60}"
        )
    (low, own), (high, other) = (_end(end, unit, name) for end in ends[:2])
    if other != own:
        high = convert(high, other or own, own or other) if own and other else high
    if not low < high:
        raise UsageError(f"{_WHO}: the range of {name} must rise, and {low:g} to {high:g} does not")
    if len(ends) == 2:
        return _Span(lambda share: low + (high - low) * share, own or other)
    if low <= 0:
        raise UsageError(
            f"{_WHO}: a logarithmic range is above 0, and that of {name} begins at {low:g}"
        )
    first, last = np.log(low), np.log(high)
    return _Span(lambda share: np.exp(first + (last - first) * share), own or other)


def _end(end: Any, unit: str | None, name: str) -> tuple[float, str]:
    """An end of a range and its unit: that of the parameter, or as it was written."""
    found = _AMOUNT.fullmatch(end) if isinstance(end, str) and unit is None else None
    if found and found[2]:
        parse(found[2])
        return float(found[1]), found[2]
    value = read(end, unit or "1", name)
    if not isinstance(value, float):
        raise UsageError(f"{_WHO}: an end of the range of {name} is one number, not {end!r:.60}")
    return value, unit or ""
