"""Spike and threshold against temperature, and where excitability ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import spike_shape
from loligo.experiments.excited import CURRENT, THRESHOLD, Excitable, at_rest, excites, lanes
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import between, membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.rheobase import LONG, LONGER, SMALLEST, rheobase
from loligo.experiments.runs import Spikes, part, protocol
from loligo.experiments.search import Threshold, least, narrowed
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.words import decimal, say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_CELSIUS = np.linspace(0.0, 36.0, 19)
_SMALLEST, _LARGEST = 1e-3, 300.0  # mV
_SURELY = 1.5  # times the threshold
_WAIT, _SHOWN, _EVERY = 100.0, 40.0, 0.02  # ms
_SPARSE = 5  # of the traces' samples one in so many is kept
_CLOSE = 1e-3  # degC


@dataclass(frozen=True)
class _Warmed:
    """A membrane at several temperatures, at rest at each."""

    patch: Excitable
    celsius: Array
    start: dict[str, Array]

    @classmethod
    def at(cls, patch: Excitable, celsius: Array) -> tuple[_Warmed, Array]:
        """And where it has no rest."""
        states, lost = at_rest(_at(patch, celsius))
        fine = int(np.argmin(lost))  # whose states serve where there are none, if nobody asks
        usable = {n: np.where(lost, row[fine], row) for n, row in states.items()}
        return cls(patch, celsius, usable), lost

    def row(self, which: Array) -> Excitable:
        """Some of the temperatures, as lanes."""
        start = {name: lanes(values[which])[0] for name, values in self.start.items()}
        return replace(_at(self.patch, self.celsius[which]), start=start)

    def displaced(self, which: Array, by: Array) -> dict[str, Any]:
        return {"V": lanes(self.start["V"][which] + by)[0]}


def _at(patch: Excitable, celsius: Array) -> Excitable:
    return replace(patch, membrane=patch.membrane.replace(celsius=lanes(celsius)[0]))


@protocol("trying temperatures")
def temperature_dependence(
    membrane: Membrane, celsius: Any = None, *, threshold: Any = THRESHOLD,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Height and width of the spike, threshold and rheobase, against temperature.

    In the warmth inactivation and potassium channels overtake the sodium channels' opening: the
    spike becomes briefer and lower, and above some temperature nothing is left of it (Hodgkin &
    Katz 1949, doi:10.1113/jphysiol.1949.sp004388; Huxley 1959,
    doi:10.1111/j.1749-6632.1959.tb49224.x).

    Parameters
    ----------
    membrane : Membrane
    celsius : sequence of float, optional
        degC; from 0 to 36 if not given.
    threshold : float
        mV that V must rise through to count as excited.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        Over ``celsius``: ``threshold`` (mV), of an instantaneous displacement of V, and
        ``rheobase`` (uA/cm2); of the spike after 1.5 times that threshold ``height`` (mV), V at
        its peak, and ``width`` (ms), halfway between its peak and the trough that follows;
        ``ceases`` (degC), from where on no lasting current excites; ``V`` (mV), the spikes, over
        (``celsius``, ``time``). NaN where nothing excites, and where the model's rates do not
        depend on temperature.

    Raises
    ------
    UsageError
        If it is no membrane, or the temperatures do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.temperature_dependence(squid, celsius=[6.3, 18.5])
    >>> found.height.values.round(1).tolist(), found.threshold.values.round(3).tolist()
    ([39.3, 29.4], [6.505, 7.386])
    """
    row = varied(celsius, _CELSIUS, "degC", "celsius", above=-273.15).values
    level = one(threshold, "mV", "threshold")
    patch = Excitable(membrane_of(membrane, "temperature_dependence"), level, {})
    nothing = np.full(row.size, np.nan)
    base, found = Threshold.none(row.size), Threshold.none(row.size)
    height, width, time = nothing, nothing, np.zeros(1)
    V, ceases, lost = nothing[:, None], np.nan, nothing != nothing
    if patch.membrane.celsius is not None:
        warmed, lost = _Warmed.at(patch, row)
        if not lost.all():
            with part(0, 4):
                found = _thresholds(warmed, ~lost)
            with part(1, 4):
                base = _rheobases(warmed, ~lost)
            with part(2, 4):
                V, time, height, width = _spikes(warmed, found.value)
            with part(3, 4):
                ceases = _ceases(patch, row, base.value)
    return dataset(
        EXPERIMENT, "Temperature",
        {
            "height": ("celsius", height, told("mV", "V at the spike's peak")),
            "width": ("celsius", width, told("ms", "width of the spike")),
            "threshold": ("celsius", found.value, told(
                "mV", "displacement of V that excites", precision=found.precision,
            )),
            "rheobase": ("celsius", base.value, told(
                "uA/cm2", "rheobase", precision=base.precision,
            )),
            "V": (("celsius", "time"), V[:, ::_SPARSE], told("mV", "membrane potential")),
            "ceases": ((), ceases, told("degC", "excitability ends", precision=_CLOSE)),
        },
        {
            "celsius": ("celsius", row, told("degC", "temperature")),
            "time": ("time", time[::_SPARSE], told("ms", "time")),
        },
        patch.membrane,
        summary=_summary(patch.membrane, row, lost, (height, width, found.value), ceases),
    )  # fmt: skip


def _thresholds(warmed: _Warmed, rests: Array) -> Threshold:
    """Displacements of V, mV."""

    def fires(which: Array, sizes: Array, lasts: float) -> Array:
        return warmed.row(which).fired(lasts, start=warmed.displaced(which, sizes)).count > 0

    return _where(rests, lambda rows: least(
        lambda which, sizes, lasts: fires(rows[which], sizes, lasts), _SMALLEST,
        np.full(rows.size, _LARGEST), _WAIT,
    ))  # fmt: skip


def _where(rests: Array, seek: Any) -> Threshold:
    """What is sought, at the temperatures at which there is a rest."""
    rows, value, below = np.flatnonzero(rests), *np.full((2, rests.size), np.nan)
    if rows.size:
        found = seek(rows)
        value[rows], below[rows] = found.value, found.below
    return Threshold(value, below)


def _stepped(warmed: _Warmed, which: Array, sizes: Array, lasts: float, **more: Any) -> Spikes:
    return warmed.row(which).fired(lasts, Pulse(0.0, lasts, lanes(sizes)[0]), **more)


def _rheobases(warmed: _Warmed, rests: Array) -> Threshold:
    """uA/cm2; where V creeps, one by one."""
    found = _long(warmed, rests)
    known = np.flatnonzero(np.isfinite(found.value))
    if not known.size:
        return found
    late = known[_stepped(warmed, known, found.below[known], LONGER).count > 0]
    for k, row in enumerate(late):
        with part(k, late.size):
            start = {name: float(values[row]) for name, values in warmed.start.items()}
            warm = warmed.patch.membrane.replace(celsius=float(warmed.celsius[row]))
            alone = rheobase(replace(warmed.patch, membrane=warm, start=start))
            found.value[row], found.below[row] = alone.value[0], alone.below[0]
    return found


def _long(warmed: _Warmed, rests: Array) -> Threshold:
    """Of a long current, uA/cm2."""
    found = _where(rests, lambda rows: least(
        lambda which, sizes, lasts: _stepped(warmed, rows[which], sizes, lasts).count > 0,
        SMALLEST, np.full(rows.size, CURRENT), LONG,
    ))  # fmt: skip
    known = np.flatnonzero(np.isfinite(found.value))
    if not known.size:
        return found
    size = warmed.patch.surely(found.value[known])
    own = excites(
        warmed.patch, lambda level: _stepped(warmed, known, size, LONG, level=level), lambda _: size
    )
    return found.where(np.isin(np.arange(rests.size), known[own]))


def _spikes(warmed: _Warmed, value: Array) -> tuple[Array, Array, Array, Array]:
    """V after 1.5 times the threshold, its time, the spikes' height and width."""
    every = np.arange(value.size)
    start = warmed.displaced(every, np.nan_to_num(_SURELY * value))
    rec = warmed.row(every).under(_SHOWN, start=start, every=_EVERY)
    V = np.where(np.isfinite(value)[:, None], rec.V.values, np.nan)
    shape = spike_shape(rec)
    if not shape.sizes["spike"]:
        nothing = np.full(value.size, np.nan)
        return V, rec.time.values, nothing, nothing
    first = shape.isel(spike=0)
    height, width = (first[name].values for name in ("peak_voltage", "spike_half_width"))
    known = np.isfinite(value)
    return V, rec.time.values, np.where(known, height, np.nan), np.where(known, width, np.nan)


def _ceases(patch: Excitable, row: Array, value: Array) -> float:
    """From which temperature on no current excites, degC; NaN where the row does not show it."""
    known = np.flatnonzero(np.isfinite(value))
    if not known.size or known[-1] == row.size - 1:
        return np.nan

    def dead(_: Array, celsius: Array) -> Array:
        warmed, lost = _Warmed.at(patch, celsius)
        return ~np.isfinite(_long(warmed, ~lost).value)

    last = known[-1:]
    return float(narrowed(dead, row[last], row[last + 1], lambda _: _CLOSE)[1][0])


def _summary(
    membrane: Membrane, row: Array, lost: Array, spike: tuple[Array, Array, Array], ceases: float
) -> str:
    if membrane.celsius is None:
        return say(
            "The model has no temperature: its rates are those of its paper. Give its "
            "gates a q10 and the membrane celsius= to let them depend on it."
        )
    height, width, value = spike
    if lost.all():
        return say("It rests at none of these temperatures: there is no threshold.")
    known = np.flatnonzero(np.isfinite(value))
    if not known.size:
        return say("Nothing excites it at {row} °C.", row=between(row))
    wide = np.flatnonzero(np.isfinite(width))
    a, b = wide[[0, -1]] if wide.size else known[[0, -1]]
    if a < b and np.ptp(value[known]) <= 1e-6 * value[a]:
        return say("Its rates do not depend on temperature: the spike is the same at all of these.")
    said = [
        say(
            "At {row:g} °C the spike reaches {height:.3g} mV and is {width:.3g} ms wide",
            row=row[a],
            height=height[a],
            width=width[a],
        )
    ]
    if a < b:
        said[0] += say(
            ", at {row:g} °C {height:.3g} mV and {width:.3g} ms",
            row=row[b],
            height=height[b],
            width=width[b],
        )
    if np.isfinite(ceases):
        said.append(say("From {ceases:.5g} °C on no lasting current excites it", ceases=ceases))
    if lost.any():
        said.append(
            say("At {lost} °C it has no rest", lost=", ".join(decimal(f"{t:g}") for t in row[lost]))
        )
    return ". ".join(said) + "."


EXPERIMENT = Experiment(
    temperature_dependence, theme="excitability", model="membrane",
    chart=Plan((
        Panel(("height",), marks=("ceases",)),
        Panel(("width",)),
        Panel(("threshold",)),
        Panel(("rheobase",)),
    )),
    facts={"celsius": Facts("degC", many=True), "threshold": Facts("mV")},
)  # fmt: skip
