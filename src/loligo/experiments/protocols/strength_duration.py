"""How strong a pulse must be to excite, against how long it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.excited import (
    CURRENT,
    DISPLACED,
    THRESHOLD,
    Excitable,
    excitable,
    excites,
    lanes,
    most,
)
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fits import lapicque, weiss
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.rheobase import LONG, SMALLEST, settled
from loligo.experiments.runs import part, protocol
from loligo.experiments.search import EARLY, Threshold, least
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_DURATIONS = np.geomspace(0.05, 100.0, 23)  # ms
_LONGEST = 1e5  # ms: beyond it a pulse is a step, and its run would last for ever
_BRIEF = 1e-3  # ms, where the chronaxie is sought from
_WAIT = 100.0  # ms after the end, for a spike that comes late
_EVERY = 0.05  # ms


@protocol("seeking thresholds")
def strength_duration(
    membrane: Membrane, duration: Any = None, *, threshold: Any = THRESHOLD, wait: Any = _WAIT,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """The least pulse that excites, against its duration: rheobase and chronaxie.

    The rheobase is the least current that excites however long it lasts; the chronaxie the
    duration of a pulse for which twice that is needed (Lapicque 1907, J. Physiol. Pathol. Gen.
    9:620). Beside the thresholds stand Lapicque's law, rheobase/(1 - exp(-d/tau)), and Weiss's
    (1901), rheobase (1 + chronaxie/d), each fitted to them in parts of each threshold.

    Parameters
    ----------
    membrane : Membrane
    duration : sequence of float, optional
        ms; from 0.05 to 100 if not given.
    threshold : float
        mV that V must rise through to count as excited, carried by the membrane's own current.
    wait : float
        ms after the pulse in which it may.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (uA/cm2) and its ``charge`` (nC/cm2) over ``duration``; ``rheobase``
        (uA/cm2), ``chronaxie`` (ms); ``lapicque_rheobase``, ``lapicque_tau``, ``weiss_rheobase``,
        ``weiss_chronaxie``, those of the fits; ``V`` (mV), the traces at the thresholds, over
        (``duration``, ``time``). NaN where nothing excites: nothing up to 500 uA/cm2 and, in a
        brief pulse, what displaces V by 300 mV besides; and a fit takes three thresholds.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the durations do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.strength_duration(lo.load("hodgkin-huxley-1952"), duration=[1])
    >>> round(float(found.threshold[0]), 5), round(float(found.rheobase), 5)
    (6.91893, 2.24033)
    >>> round(float(found.chronaxie), 5)
    1.65413
    """
    d = varied(duration, _DURATIONS, "ms", "duration", above=0.0, below=_LONGEST).values
    level, later = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)
    patch = excitable(membrane, "strength_duration", level)
    with part(0, 3):
        both = _thresholds(patch, np.append(d, LONG), float(d.max()) + later)
    with part(1, 3):
        found, forever = both.row(slice(-1)), settled(patch, both.row(slice(-1, None)))
    with part(2, 3):
        chronaxie = _chronaxie(patch, float(forever.value[0]), later)
        V, time = _traces(patch, d, found.value)
    value, base = found.value, float(forever.value[0])
    by_lapicque, by_weiss = lapicque(d, value), weiss(d, value)
    return dataset(
        EXPERIMENT, "Strength and duration",
        {
            "threshold": ("duration", value, told(
                "uA/cm2", "threshold", label="threshold", precision=found.precision,
            )),
            "charge": ("duration", value * d, told("nC/cm2", "threshold charge")),
            "lapicque": ("duration", by_lapicque[0] / -np.expm1(-d / by_lapicque[1]), told(
                "uA/cm2", "Lapicque's law", label="Lapicque",
            )),
            "weiss": ("duration", by_weiss[0] * (1 + by_weiss[1] / d), told(
                "uA/cm2", "Weiss's law", label="Weiss",
            )),
            "V": (("duration", "time"), V, told("mV", "membrane potential at the threshold")),
            "rheobase": ((), base, told("uA/cm2", "rheobase", precision=forever.precision)),
            "chronaxie": ((), float(chronaxie.value[0]), told(
                "ms", "chronaxie", precision=chronaxie.precision,
            )),
            "lapicque_rheobase": ((), by_lapicque[0], told("uA/cm2", "rheobase of Lapicque's law")),
            "lapicque_tau": ((), by_lapicque[1], told("ms", "time constant of Lapicque's law")),
            "weiss_rheobase": ((), by_weiss[0], told("uA/cm2", "rheobase of Weiss's law")),
            "weiss_chronaxie": ((), by_weiss[1], told("ms", "chronaxie of Weiss's law")),
        },
        {
            "duration": ("duration", d, told("ms", "duration of the pulse")),
            "time": ("time", time, told("ms", "time")),
        },
        patch.membrane, summary=_summary(patch, d, value, base, float(chronaxie.value[0])),
    )  # fmt: skip


def _pulse(d: Array, sizes: Array | float) -> Pulse:
    durations, amplitudes = lanes(d, sizes)
    return Pulse(0.0, durations, amplitudes)


def _thresholds(patch: Excitable, d: Array, lasts: float) -> Threshold:
    """uA/cm2 of a pulse of each duration, or of as much of it as there is time for."""
    if patch.trouble:
        return Threshold.none(d.size)

    def fires(which: Array, sizes: Array, until: float) -> Array:
        return patch.fired(until, _pulse(d[which], sizes)).count > 0

    found = least(fires, SMALLEST, most(patch, d), lasts)
    return _own(patch, d, found, lasts)


def _own(patch: Excitable, d: Array, found: Threshold, lasts: float) -> Threshold:
    """Without those at which the current alone drives V through the threshold."""
    known = np.isfinite(found.value)
    if not known.any():
        return found
    pulse, size = d[known], patch.surely(found.value[known])
    known[known] = excites(
        patch, lambda level: patch.fired(lasts, _pulse(pulse, size), level=level),
        lambda t: np.where(t <= pulse, size, 0.0),
    )  # fmt: skip
    return found.where(known)


def _chronaxie(patch: Excitable, base: float, later: float) -> Threshold:
    """The duration at which twice the rheobase excites: the least that does."""
    if not np.isfinite(base):
        return Threshold.none(1)

    def fires(_: Array, sizes: Array, until: float) -> Array:
        return patch.fired(until, _pulse(sizes, 2 * base)).count > 0

    return least(fires, _BRIEF, np.array([LONG]), LONG + later)


def _traces(patch: Excitable, d: Array, value: Array) -> tuple[Array, Array]:
    """V at the thresholds, and its time."""
    lasts = float(np.ceil(min(d.max(), EARLY) + EARLY))
    rec = patch.under(lasts, _pulse(d, np.nan_to_num(value)), every=_EVERY)
    return np.where(np.isfinite(value)[:, None], rec.V.values, np.nan), rec.time.values


def _summary(patch: Excitable, d: Array, value: Array, base: float, chronaxie: float) -> str:
    if patch.trouble:
        return say("{trouble}: there is no threshold.", trouble=patch.trouble)
    tried = say(
        "{current:g} µA/cm², and what displaces V by {displaced:g} mV besides",
        current=CURRENT,
        displaced=DISPLACED,
    )
    if not np.isfinite(value).any() and not np.isfinite(base):
        return say("Nothing excites it: tried was up to {tried}.", tried=tried)
    said = (
        say(
            "Rheobase {base:.6g} µA/cm², chronaxie {chronaxie:.6g} ms.",
            base=base,
            chronaxie=chronaxie,
        )
        if np.isfinite(base)
        else say(
            "There is no rheobase: no current up to {current:g} µA/cm² excites it by lasting.",
            current=CURRENT,
        )
    )
    missing = d[~np.isfinite(value)]
    if missing.size:
        said += say(
            " Nothing excites it within {missing:.3g} ms: tried was up to {tried}.",
            missing=missing[-1],
            tried=tried,
        )
    return said


EXPERIMENT = Experiment(
    strength_duration, theme="excitability", model="membrane",
    chart=Plan((
        Panel(("threshold",), ("lapicque", "weiss"), log="xy", marks=("rheobase", "chronaxie")),
        Panel(("charge",), log="xy"),
    )),
    facts={
        "duration": Facts("ms", many=True), "threshold": Facts("mV"), "wait": Facts("ms"),
    },
)  # fmt: skip
