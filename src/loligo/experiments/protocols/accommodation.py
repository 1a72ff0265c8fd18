"""How high a current must rise to excite, against how fast it rises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.excited import THRESHOLD, Excitable, excitable, excites, lanes
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.rheobase import rheobase
from loligo.experiments.runs import Spikes, part, protocol
from loligo.experiments.search import Threshold, least
from loligo.model import Membrane
from loligo.stimulus import Pulse, Ramp
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_TIMES = np.geomspace(500.0, 1.0, 19)  # ms in which a ramp rises by the rheobase
_LOWEST, _HIGHEST = 0.5, 16.0  # times the rheobase: what ramps are tried to rise to
_AMPLITUDE = 2.0  # times the rheobase
_FAST, _SLOW = 0.01, 2000.0  # ms in which a ramp rises to one height
_WAIT = 100.0  # ms at the height that was reached
_SHOWN = 20.0, 30.0  # ms before the height is reached and after it that are shown at least
_BEYOND = 10.0  # ms around the first spike and the last that are
_EVERY = 0.1  # ms
_ALIKE = 0.05  # by which part slow ramps rise higher than fast ones that are no better


@dataclass(frozen=True)
class _Ramps:
    """Currents that rise in a straight line and then stay for a while."""

    patch: Excitable
    wait: float

    def shapes(self, slope: Any, height: Any, ends: Any = None) -> tuple[Any, Any]:
        """Rising until a time, or from time 0 on."""
        lasts = np.divide(height, slope)
        begin, rise, top, end = lanes(lasts * 0.0 if ends is None else ends - lasts, lasts, height,
                                      lasts if ends is None else ends)  # fmt: skip
        return Ramp(begin, rise, top), Pulse(end, self.wait, top)

    def fired(self, slope: Any, height: Any, level: float | None = None) -> Spikes:
        lasts = float(np.max(np.divide(height, slope))) + self.wait
        return self.patch.fired(lasts, *self.shapes(slope, height), level=level)

    def fires(self, slope: Any, height: Any) -> Array:
        """Whether each does, before its own end."""
        with np.errstate(invalid="ignore"):
            return self.fired(slope, height).nth(0) <= np.divide(height, slope) + self.wait


@protocol("seeking thresholds")
def accommodation(
    membrane: Membrane, slope: Any = None, *, amplitude: Any = None, threshold: Any = THRESHOLD,
    wait: Any = _WAIT, progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """How high a current must rise to excite, against how fast it rises, and the slowest ramp.

    The current rises in a straight line and stays where it is. A membrane accommodates if a slow
    one must rise higher than one that is switched on at once: while it rises sodium channels
    inactivate and potassium channels open (Hill 1936, doi:10.1098/rspb.1936.0012). Where rest
    simply ceases to exist at some current, as in membranes of type 1, there is no accommodation.

    Parameters
    ----------
    membrane : Membrane
    slope : sequence of float, optional
        uA/cm2/ms; if not given, those that rise by the rheobase in 500 to 1 ms.
    amplitude : float, optional
        uA/cm2 to which the slowest ramp that excites is sought; twice the rheobase if not given.
    threshold : float
        mV that V must rise through, carried by the membrane's own current, to count as excited.
    wait : float
        ms that the current stays where it is.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (uA/cm2), to which a ramp must rise, over ``slope`` (uA/cm2/ms);
        ``rheobase`` (uA/cm2) and ``slowest``, the least slope (uA/cm2/ms) that excites on its way
        to ``amplitude``; ``V`` (mV), the traces at the thresholds, over (``slope``, ``time``),
        whose time begins where the current is reached. NaN where nothing excites: nothing up to 16
        times the rheobase.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the slopes do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.accommodation(squid, slope=[0.1, 1])  # doctest: +SKIP
    >>> found.threshold.values.round(4).tolist()  # doctest: +SKIP
    [11.0613, 2.3154]
    """
    level, stays = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)
    given = slope if slope is None else varied(slope, _TIMES, "uA/cm2/ms", "slope", above=0.0)
    top = None if amplitude is None else one(amplitude, "uA/cm2", "amplitude", above=0.0)
    patch = excitable(membrane, "accommodation", level)
    with part(0, 4):
        base = float(rheobase(patch).value[0])
    usual = base if np.isfinite(base) else 1.0
    row = usual / _TIMES if given is None else given.values
    height = _AMPLITUDE * usual if top is None else top
    ramps = _Ramps(patch, stays)
    with part(1, 4):
        found = _thresholds(ramps, row, base)
    with part(2, 4):
        slowest = _slowest(ramps, base, height)
    with part(3, 4):
        V, time = _traces(ramps, row, found.value)
    return dataset(
        EXPERIMENT, "Accommodation",
        {
            "threshold": ("slope", found.value, told(
                "uA/cm2", "current that a ramp must rise to", label="ramps",
                precision=found.precision,
            )),
            "at_once": ("slope", np.full(row.size, base), told(
                "uA/cm2", "rheobase", label="switched on at once",
            )),
            "V": (("slope", "time"), V, told("mV", "membrane potential at the threshold")),
            "rheobase": ((), base, told("uA/cm2", "rheobase")),
            "amplitude": ((), height, told("uA/cm2", "height of the slowest ramp")),
            "slowest": ((), slowest.value[0], told(
                "uA/cm2/ms", "slowest ramp that excites", precision=slowest.precision,
            )),
        },
        {
            "slope": ("slope", row, told("uA/cm2/ms", "slope of the current")),
            "time": ("time", time, told("ms", "time from the end of the rise")),
        },
        patch.membrane, summary=_summary(patch, row, found.value, base, height, slowest),
    )  # fmt: skip


def _thresholds(ramps: _Ramps, row: Array, base: float) -> Threshold:
    """To which height ramps must rise."""
    if not np.isfinite(base):
        return Threshold.none(row.size)

    def fires(which: Array, sizes: Array, _: float) -> Array:
        return ramps.fires(row[which], sizes)

    most = np.full(row.size, _HIGHEST * base)
    found = least(fires, _LOWEST * base, most, np.inf, early=np.inf)
    known = np.isfinite(found.value)
    if known.any():
        slope, height = row[known], ramps.patch.surely(found.value[known])
        known[known] = excites(
            ramps.patch, lambda level: ramps.fired(slope, height, level),
            lambda t: np.minimum(slope * t, height),
        )  # fmt: skip
    return found.where(known)


def _slowest(ramps: _Ramps, base: float, height: float) -> Threshold:
    """The least slope that excites on its way to a height; 0 where even the slowest does."""
    fastest, slowest = height / _FAST, height / _SLOW
    if not np.isfinite(base):
        return Threshold.none(1)
    if ramps.fires(np.array([slowest]), height)[0]:
        return Threshold(np.zeros(1), np.zeros(1))

    def fires(_: Array, slopes: Array, __: float) -> Array:
        return ramps.fires(slopes, height)

    return least(fires, slowest, np.array([fastest]), np.inf, early=np.inf)


def _traces(ramps: _Ramps, row: Array, value: Array) -> tuple[Array, Array]:
    """V at the thresholds, NaN where nothing excites; and the time from the end of the rise, with
    every spike."""
    known = np.isfinite(value)
    size = np.where(known, value, 1e-3 * row)
    first = (ramps.fired(row, size).nth(0) - size / row)[known]
    early, late = (
        float(np.ceil(max(least_of, (beyond + _BEYOND).max(initial=0.0)) / _EVERY) * _EVERY)
        for least_of, beyond in zip(_SHOWN, (-first, first), strict=True)
    )
    ends = float(np.ceil((size / row).max() / _EVERY) * _EVERY)
    rec = ramps.patch.under(ends + late, *ramps.shapes(row, size, ends), every=_EVERY)
    time = rec.time.values - ends
    shown = time >= -early - 1e-9
    return np.where(known[:, None], rec.V.values, np.nan)[:, shown], time[shown]


def _summary(
    patch: Excitable, row: Array, value: Array, base: float, height: float, slowest: Threshold
) -> str:
    if patch.trouble:
        return say("{trouble}: there is no threshold.", trouble=patch.trouble)
    if not np.isfinite(base):
        return say("No current excites it by lasting, and no ramp.")
    said = [say("Switched on at once {base:.6g} µA/cm² excite", base=base)]
    known = np.flatnonzero(np.isfinite(value))
    if not known.size:
        said.append(say("No ramp excites it, up to {base:.4g} µA/cm²", base=_HIGHEST * base))
    else:
        k = int(known[0])
        said.append(
            say(
                "A ramp of {row:.3g} µA/cm²/ms must rise to {value:.6g} µA/cm²",
                row=row[k],
                value=value[k],
            )
        )
    slope = float(slowest.value[0])
    if slope > 0:
        said.append(
            say(
                "To {height:.4g} µA/cm² the slowest that excites rises by {slope:.6g} µA/cm²/ms",
                height=height,
                slope=slope,
            )
        )
    elif slope == 0:
        usual = (1 + _ALIKE) * np.fmax(base, value[-1])
        at_once = known.size and value[known[0]] <= usual
        said.append(
            say(
                "To {height:.4g} µA/cm² even one that takes {slow:g} ms excites: no accommodation",
                height=height,
                slow=_SLOW,
            )
            if at_once
            else say(
                "To {height:.4g} µA/cm² even one that takes {slow:g} ms excites",
                height=height,
                slow=_SLOW,
            )
        )
    else:
        said.append(say("To {height:.4g} µA/cm² none excites", height=height))
    return ". ".join(said) + "."


EXPERIMENT = Experiment(
    accommodation, theme="excitability", model="membrane",
    chart=Plan((
        Panel(("threshold",), ("at_once",), log="x"),
        Panel(("V",), across="time", lines="slope", heading="V at the thresholds"),
    )),
    facts={
        "slope": Facts("uA/cm2/ms", many=True), "amplitude": Facts("uA/cm2"),
        "threshold": Facts("mV"), "wait": Facts("ms"),
    },
)  # fmt: skip
