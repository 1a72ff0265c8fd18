"""What experiments on membranes share: the membrane, what is varied, clamps and their currents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import Trace, root
from loligo.errors import UsageError, nearest
from loligo.experiments.found import numbers
from loligo.experiments.runs import run
from loligo.lanes import Labelled
from loligo.model import Axon, Membrane
from loligo.stimulus import VoltageClamp
from loligo.units import read

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

HOLDING = -65.0  # mV
ONSET = 1.0  # ms of holding that are shown before a step
_SAMPLES = 2000  # of a step
_REFINED = 8  # times
PRECISION = 1e-7  # of the largest peak


def membrane_of(membrane: Any, experiment: str) -> Membrane:
    """The membrane that was given: one, not an array of them.

    Raises
    ------
    UsageError
        If it is an axon or something else, or its parameters vary.
    """
    if isinstance(membrane, Axon):
        raise UsageError(
            f"{experiment} is made on a membrane, and this is an axon; take that of a region: "
            "axon.regions[0].membrane"
        )
    if not isinstance(membrane, Membrane):
        hint = f', such as lo.load("{membrane}")' if isinstance(membrane, str) else ""
        raise UsageError(
            f"{experiment} takes a membrane, such as lo.load('hodgkin-huxley-1952'), not "
            f"{membrane!r:.60}{hint}"
        )
    for name, parameter in membrane.parameters.items():
        if isinstance(parameter.value, Labelled):
            raise UsageError(
                f"{experiment} is made on one membrane, and {name} of this one varies "
                f"({parameter.value!r}); make it for each: [… for x in values]"
            )
    return membrane


def varied(values: Any, otherwise: Array, unit: str, name: str, **bounds: float) -> Labelled:
    """The row of numbers along which an experiment goes, increasing, as lanes.

    Parameters
    ----------
    otherwise
        If none were given.
    **bounds
        ``above=``, ``at_least=`` or ``below=``.

    Raises
    ------
    UsageError
        If it is empty, not increasing, or holds what is no number.
    UnitError
        If its unit is another, or a number is out of bounds.
    """
    row = numbers(otherwise if values is None else values, unit, name, **bounds)
    if np.unique(row).size < row.size:
        each, times = np.unique(row, return_counts=True)
        twice = each[times > 1][0]
        raise UsageError(f"{name}: give every value once; {twice:g} comes twice: np.unique(...)")
    falls = np.flatnonzero(np.diff(row) < 0)
    if falls.size:
        raise UsageError(
            f"{name}: give the values in increasing order, and a range from its lower end to its "
            f"upper; after {row[falls[0]]:g} comes {row[falls[0] + 1]:g}: sorted(...)"
        )
    return lanes_of(name, row)


def between(row: Array) -> str:
    """``0 to 20``: from where to where numbers go, in words; ``10`` of a single one."""
    return f"{row[0]:.4g} to {row[-1]:.4g}" if row.size > 1 else f"{row[0]:.4g}"


def lanes_of(name: str, row: Array) -> Labelled:
    """A row of numbers as lanes, labelled by themselves."""
    return Labelled((name,), row, {name: row})


def one(value: Any, unit: str, name: str, **bounds: float) -> float:
    """A single number in a unit.

    Raises
    ------
    UsageError
        If it is an array, or out of bounds.
    """
    found: Any = read(value, unit, name, **bounds)  # type: ignore[arg-type]
    if isinstance(found, Labelled):
        raise UsageError(f"{name} is one number in this experiment, not {found!r}")
    return float(found)


# ---- clamped


@dataclass(frozen=True)
class Segment:
    """Part of what a clamp commands: how long, and at what potential (lanes, or one)."""

    duration: Any
    voltage: Any


def clamped(
    membrane: Membrane, segments: Iterable[Segment], holding: float, record: list[str],
    sample_interval: float,
) -> xarray.Dataset:  # fmt: skip
    """A membrane held at ``holding`` and then taken through segments; its time begins at the first.

    All states are steady at the holding potential before.
    """
    command, at = VoltageClamp(0.0, ONSET, holding), ONSET
    total: Any = command
    lasts = ONSET
    for segment in segments:
        total = total + VoltageClamp(at, segment.duration, segment.voltage)
        at = _plus(at, segment.duration)
        lasts = float(np.max(at.values)) if isinstance(at, Labelled) else float(at)
    rec = run(
        membrane, total, lasts, initial=holding, record=record, sample_interval=sample_interval
    )
    return rec.assign_coords(time=rec.time - ONSET)


def _plus(a: Any, b: Any) -> Any:
    """The sum of two times of which one may differ over lanes."""
    if isinstance(b, Labelled):
        a, b = b, a
    return Labelled(a.dims, a.values + b, a.coords) if isinstance(a, Labelled) else a + b


def ions(membrane: Membrane) -> list[str]:
    """The names of channels that are no mere leak: they have gates, or a current of their own."""
    return [c.name for c in membrane.channels if c.gates or c.current is not None]


def chosen(membrane: Membrane, ion: str | None, among: tuple[str, ...]) -> list[str]:
    """The channels whose current is looked at: the one that was named, else the first of
    ``among`` that the membrane has, else all that are no leak.

    Raises
    ------
    UsageError
        If there is no such channel.
    """
    names = [channel.name for channel in membrane.channels]
    if ion is not None:
        if ion not in names:
            raise UsageError(
                f"ion={ion!r}: the membrane has no such channel{nearest(str(ion), names)}; it has "
                f"{', '.join(names)}"
            )
        return [ion]
    known = [name for name in among if name in names]
    return known[:1] or ions(membrane) or names


def current_of(rec: xarray.Dataset, channels: Iterable[str]) -> Array:
    """(lanes, time): the current through channels together, uA/cm2."""
    return sum(rec[f"I_{name}"].values for name in channels)  # type: ignore[return-value]


def peaks(
    membrane: Membrane, before: Sequence[Segment], step: Segment, holding: float,
    channels: list[str],
) -> tuple[Array, Array, float]:  # fmt: skip
    """The peak of the current through channels in a step of the clamp, lane by lane.

    Peaks are looked for again with finer samples, up to where the latest was, until polynomials
    of two degrees agree on them to a part of :data:`PRECISION`.

    Returns
    -------
    value : (lanes,)
        uA/cm2, of the sign of the driving force.
    when : (lanes,)
        ms from the beginning of the step.
    precision
        uA/cm2, of the least sure.
    """
    record = [f"I_{name}" for name in channels]
    lasts, least = step.duration, np.inf
    for _ in range(_REFINED):
        segments = [*before, replace(step, duration=lasts)]
        rec = clamped(membrane, segments, holding, record, lasts / _SAMPLES)
        begins = np.zeros(1) + sum(np.asarray(_plain(each.duration)) for each in before)
        current = current_of(rec, channels)
        rows = [
            _after(rec.time.values, row, float(begins[min(k, begins.size - 1)]))
            for k, row in enumerate(np.atleast_2d(current))
        ]
        found = [_extreme(time, row) for time, row in rows]
        value, when, sure = (np.array(column) for column in zip(*found, strict=True))
        least = float(sure.max())
        if least <= PRECISION * np.abs(value).max():
            break
        lasts = float(min(lasts / 2, 1.5 * when.max() + 2 * lasts / _SAMPLES))
    return value, when, least


def _plain(value: Any) -> Any:
    return value.values if isinstance(value, Labelled) else value


def _after(time: Array, row: Array, begins: float) -> tuple[Array, Array]:
    """The part of a curve from a time on, its time from there."""
    first = int(np.searchsorted(time, begins - 1e-9))
    return time[first:] - begins, row[first:]


def _extreme(time: Array, row: Array) -> tuple[float, float, float]:
    """The peak of one curve, whichever its sign: value, when, how sure."""
    sign = 1.0 if row.max() > -row.min() else -1.0
    value, when, sure = peak(time, row[None], sign)
    return float(value[0]), float(when[0]), sure


# ---- extremes


def peak(time: Array, values: Array, sign: Array | float) -> tuple[Array, Array, float]:
    """The highest (sign 1) or lowest (-1) value of curves over time, when, and how sure.

    Between the samples the curve is the polynomial of degree 5 through neighbouring ones.

    Parameters
    ----------
    values : (lanes, time)
    sign
        Of all lanes, or one of each.

    Returns
    -------
    value, when : (lanes,)
    precision
        The most by which polynomials of degree 4 would have said something else.
    """
    up = values * np.broadcast_to(sign, values.shape[:1])[:, None]
    rows, top = np.arange(len(up)), up.argmax(axis=1)
    best, when = up[rows, top].copy(), time[top].copy()
    least = best.copy()
    trace = Trace(time, up)
    for before in (top - 1, top):
        inside = (before >= 0) & (before + 1 < time.size)
        mine, at = rows[inside], before[inside]
        if not mine.size:
            continue
        for degree, kept in ((5, best), (4, least)):
            pieces = trace.pieces(mine, at, degree)
            where = root(pieces.slope, pieces.left, pieces.right)
            found = pieces.value(where)
            higher = found > kept[mine]
            if kept is best:
                when[mine] = np.where(higher, where, when[mine])
            kept[mine] = np.where(higher, found, kept[mine])
    precision = float(np.abs(best - least).max()) if best.size else 0.0
    return best * np.broadcast_to(sign, best.shape), when, precision
