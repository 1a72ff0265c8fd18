"""Excitation at the end of a hyperpolarising current: the least that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.excited import THRESHOLD, Excitable, excitable, lanes
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.rheobase import SMALLEST
from loligo.experiments.runs import part, protocol
from loligo.experiments.search import EARLY, Threshold, least
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

# uA/cm2 at most, and mV by which a brief pulse may displace V besides
_CURRENT, _DISPLACED = 100.0, 200.0
_WAIT, _BEFORE = 100.0, 20.0  # ms after the release that count, and before it that are shown
_DURATIONS, _EVERY = np.geomspace(1.0, 100.0, 17), 0.05  # ms


@protocol("seeking thresholds")
def anode_break(
    membrane: Membrane, duration: Any = None, *, threshold: Any = THRESHOLD, wait: Any = _WAIT,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """The least hyperpolarising current that excites when it ends, against how long it lasted.

    While the membrane is hyperpolarised its sodium channels recover from inactivation and its
    potassium channels close; upon release they are ready, and V overshoots its rest (Hodgkin &
    Huxley 1952, doi:10.1113/jphysiol.1952.sp004764, figure 22).

    Parameters
    ----------
    membrane : Membrane
    duration : sequence of float, optional
        ms of the current; from 1 to 100 if not given.
    threshold : float
        mV that V must rise through to count as excited.
    wait : float
        ms after the release in which it may.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (uA/cm2, below 0) over ``duration``; ``released_from`` (mV), V when such a
        current ends; ``rheobase``, the threshold of the longest; ``V`` (mV), the traces, over
        (``duration``, ``time``), whose time begins at the release. NaN where nothing excites:
        nothing down to -100 uA/cm2 and, in a brief pulse, what displaces V by -200 mV besides.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the durations do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.anode_break(squid, duration=[5, 20])
    >>> found.threshold.values.round(4).tolist()
    [-4.0435, -2.7917]
    """
    d = varied(duration, _DURATIONS, "ms", "duration", above=0.0).values
    level, later = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)
    patch = excitable(membrane, "anode_break", level)
    with part(0, 2):
        found = _thresholds(patch, d, later)
    with part(1, 2):
        V, time = _traces(patch, d, found.value)
    longest = found.row(slice(-1, None))
    release = np.where(np.isfinite(found.value), V[:, np.searchsorted(time, -1e-9)], np.nan)
    return dataset(
        EXPERIMENT, "Anode break",
        {
            "threshold": ("duration", found.value, told(
                "uA/cm2", "threshold of anode break", precision=found.precision,
            )),
            "released_from": ("duration", release, told("mV", "V at the release")),
            "V": (("duration", "time"), V, told("mV", "membrane potential at the threshold")),
            "rheobase": ((), longest.value[0], told(
                "uA/cm2", "threshold of the longest", precision=longest.precision,
            )),
        },
        {
            "duration": ("duration", d, told("ms", "duration of the current")),
            "time": ("time", time, told("ms", "time after the release")),
        },
        patch.membrane, summary=_summary(patch, d, found.value, release),
    )  # fmt: skip


def _thresholds(patch: Excitable, d: Array, later: float) -> Threshold:
    """All end at the same time, so that what comes after it is equally long."""
    if patch.trouble:
        return Threshold.none(d.size)
    ends = float(d.max())

    def fires(which: Array, sizes: Array, lasts: float) -> Array:
        return patch.fired(ends + lasts, _until(ends, d[which], sizes)).count > 0

    most = _CURRENT + patch.capacitance * _DISPLACED / d
    return least(fires, SMALLEST, most, later, sign=-1.0, early=EARLY)


def _until(ends: float, d: Array, sizes: Array) -> Pulse:
    """Pulses that end together."""
    starts, durations, amplitudes = lanes(ends - d, d, sizes)
    return Pulse(starts, durations, amplitudes)


def _traces(patch: Excitable, d: Array, value: Array) -> tuple[Array, Array]:
    """V at the thresholds, NaN where nothing excites; and the time from the release."""
    ends = float(d.max())
    lead = np.ceil(ends / _EVERY) * _EVERY - ends  # so that there is a sample at the release
    rec = patch.under(ends + lead + EARLY, _until(ends + lead, d, np.nan_to_num(value)),
                      every=_EVERY)  # fmt: skip
    time = rec.time.values - (ends + lead)
    shown = time >= -_BEFORE - 1e-9
    V = np.where(np.isfinite(value)[:, None], rec.V.values, np.nan)
    return V[:, shown], time[shown]


def _summary(patch: Excitable, d: Array, value: Array, release: Array) -> str:
    if patch.trouble:
        return say("{trouble}: there is no threshold.", trouble=patch.trouble)
    known = np.flatnonzero(np.isfinite(value))
    tried = say(
        "{current:g} µA/cm², and what displaces V by {displaced:g} mV besides",
        current=-_CURRENT,
        displaced=-_DISPLACED,
    )
    if not known.size:
        return say(
            "It is not excited when a hyperpolarising current ends: tried was down to {tried}.",
            tried=tried,
        )
    k = int(known[-1])
    said = say(
        "The end of {value:.6g} µA/cm² that lasted {d:g} ms excites it, from {release:.4g} mV",
        value=value[k],
        d=d[k],
        release=release[k],
    )
    if known[0] > 0:
        said += say(
            "; none excites that lasted {d:.3g} ms or less, down to {tried}",
            d=d[known[0] - 1],
            tried=tried,
        )
    return said + "."


EXPERIMENT = Experiment(
    anode_break, theme="excitability", model="membrane",
    chart=Plan((
        Panel(("threshold",), log="x"),
        Panel(("V",), across="time", lines="duration", heading="V at the thresholds"),
    )),
    facts={
        "duration": Facts("ms", many=True), "threshold": Facts("mV"), "wait": Facts("ms"),
    },
)  # fmt: skip
