"""What becomes of firing under ever stronger currents: spikes, oscillation, silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import highest
from loligo.experiments.excited import THRESHOLD, Excitable, excitable, lanes
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.firing import held, rates
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import between, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import part, protocol
from loligo.experiments.search import RELATIVE, narrowed
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.theory import rest
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_FIRST, _LAST, _TRIED = 1e-2, 2000.0, 36  # uA/cm2: where an unstable equilibrium is looked for
_PARTS = 8  # of a bracket at once: every equilibrium is dear
_OTHERWISE = 200.0  # uA/cm2, to which currents go where there is none
_BEYOND = 1.25  # times the current at which the equilibrium becomes stable, and
_CURRENTS = 61  # currents to there
_PART = 0.5  # of the duration, in which it settles
_EVERY = 0.05  # ms
_SHOWN, _SPARSE = 50.0, 4  # ms of the traces that are kept, and of their samples one in so many
_NONE = 1e-2  # mV
_KEPT = 0.99  # of the amplitude, from the earlier to the later half


@protocol("finding swings")
def depolarisation_block(
    membrane: Membrane, amplitude: Any = None, *, duration: Any = 1000.0,
    threshold: Any = THRESHOLD, progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """How large the swings of V are under ever stronger currents, and where they end.

    Firing need not stop all of a sudden: in the squid's membrane the swings become smaller until
    they vanish in a Hopf bifurcation, where the equilibrium becomes stable. Where they are no more
    spikes is a matter of what one calls a spike (``threshold``); where they end is not.

    Parameters
    ----------
    membrane : Membrane
        One that has no rest begins at -65 mV.
    amplitude : sequence of float, optional
        uA/cm2; if not given, up to 1.25 times the current at which swings end.
    duration : float
        ms that each current lasts; the swings are those of its later half.
    threshold : float
        mV that V must rise through for a spike.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``highest`` and ``lowest`` V (mV), their difference ``swing`` (mV), ``rate`` of spikes (Hz)
        and ``sustained``, whether the swing no longer shrinks, over ``amplitude``;
        ``largest_firing`` (uA/cm2), the largest current under which spikes go on from rest;
        ``stable_from`` (uA/cm2), above which the equilibrium is stable; ``V`` (mV), the traces of
        the end, over (``amplitude``, ``time``). NaN where there is no such current.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the currents do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.depolarisation_block(squid, amplitude=[50, 150, 160])
    >>> found.sustained.values.tolist(), round(float(found.stable_from), 3)
    ([True, True, False], 154.522)
    """
    lasts = one(duration, "ms", "duration", above=0.0)
    level = one(threshold, "mV", "threshold")
    given = amplitude if amplitude is None else varied(amplitude, np.ones(1), "uA/cm2", "amplitude")
    patch = excitable(membrane, "depolarisation_block", level)
    end = _stable_from(patch)
    row = _usual(end) if given is None else given.values
    with part(0, 3):
        rate, _ = rates(held(patch, row, lasts), lasts)
    with part(1, 3):
        V, time = _late(patch, row, lasts)
    with part(2, 3):
        largest, sure = _largest(patch, row, rate, lasts)
    high, low = highest(time, V)[0], -highest(time, -V)[0]
    half = time.size // 2
    early, late = (np.ptp(each, axis=1) for each in (V[:, :half], V[:, half:]))
    goes_on = (late > _NONE) & (late > _KEPT * early)
    kept = np.flatnonzero(time >= time[-1] - _SHOWN - 1e-9)[::_SPARSE]
    return dataset(
        EXPERIMENT, "Depolarisation block",
        {
            "highest": ("amplitude", high, told("mV", "membrane potential", label="highest V")),
            "lowest": ("amplitude", low, told("mV", "lowest V", label="lowest V")),
            "swing": ("amplitude", high - low, told("mV", "swing of V")),
            "rate": ("amplitude", rate, told("Hz", "firing rate")),
            "sustained": ("amplitude", goes_on, told("1", "whether the swing goes on")),
            "V": (("amplitude", "time"), V[:, kept], told("mV", "membrane potential in the end")),
            "largest_firing": ((), largest, told(
                "uA/cm2", "spikes end", precision=sure,
            )),
            "stable_from": ((), end, told(
                "uA/cm2", "swings end", precision=RELATIVE * end,
            )),
        },
        {
            "amplitude": ("amplitude", row, told("uA/cm2", "injected current")),
            "time": ("time", time[kept], told("ms", "time")),
        },
        patch.membrane, summary=_summary(patch, row, (high - low, goes_on), largest, end),
    )  # fmt: skip


def _stable_from(patch: Excitable) -> float:
    """The current above which the equilibrium is stable, up to the largest; NaN if it always is,
    or never."""

    def stable(_: Array, currents: Array) -> Array:
        return rest(patch.membrane, current=currents).stable.values

    tried = np.geomspace(_FIRST, _LAST, _TRIED)
    unstable = np.flatnonzero(~stable(tried, tried))
    if not unstable.size or unstable[-1] == tried.size - 1:
        return np.nan
    last = unstable[-1:]
    _, high = narrowed(
        stable, tried[last], tried[last + 1], lambda high: RELATIVE * high, most=_PARTS
    )
    return float(high[0])


def _usual(end: float) -> Array:
    top = _BEYOND * end if np.isfinite(end) else _OTHERWISE
    return np.linspace(0.0, float(f"{top:.2g}"), _CURRENTS)


def _late(patch: Excitable, row: Array, lasts: float) -> tuple[Array, Array]:
    """V in the later part, and its time."""
    (size,) = lanes(row)
    before = float(f"{_PART * lasts:.6g}")
    settled = patch.under(before, Pulse(0.0, before, size))
    states = {name: lanes(settled[name].values[:, -1])[0] for name in patch.states}
    after = lasts - before
    rec = patch.under(after, Pulse(0.0, after, size), start=states, every=min(_EVERY, after / 20))
    return rec.V.values, rec.time.values + before


def _largest(patch: Excitable, row: Array, rate: Array, lasts: float) -> tuple[float, float]:
    """The largest current under which spikes go on, and how sure; NaN where the row shows none."""
    firing = np.flatnonzero(rate > 0)
    if not firing.size or firing[-1] == row.size - 1:
        return np.nan, np.nan

    def silent(_: Array, currents: Array) -> Array:
        return ~(rates(held(patch, currents, lasts), lasts)[0] > 0)

    last = firing[-1:]
    low, high = narrowed(silent, row[last], row[last + 1], lambda high: 1e-5 * np.abs(high))
    return float(low[0]), float(high[0] - low[0])


def _summary(
    patch: Excitable, row: Array, swings: tuple[Array, Array], largest: float, end: float
) -> str:
    swing, goes_on = swings
    said = (
        [say("{trouble}: it was begun at {V:g} mV", trouble=patch.trouble, V=patch.start["V"])]
        if patch.trouble
        else []
    )
    if not goes_on.any():
        said.append(say("V does not go on swinging at {row} µA/cm²", row=between(row)))
        return ". ".join(said) + "."
    k, last = int(np.flatnonzero(goes_on)[0]), int(np.flatnonzero(goes_on)[-1])
    said.append(say("V swings by {swing:.3g} mV at {row:.4g} µA/cm²", swing=swing[k], row=row[k]))
    said[-1] += say(" and by {swing:.3g} mV at {row:.4g}", swing=swing[last], row=row[last])
    if np.isfinite(largest):
        said.append(
            say(
                "Up to {largest:.5g} µA/cm² it rises through {level:g} mV: spikes",
                largest=largest,
                level=patch.level,
            )
        )
    if np.isfinite(end):
        said.append(
            say("Above {end:.7g} µA/cm² the equilibrium is stable, and swings die away", end=end)
        )
    else:
        said.append(say("The equilibrium does not become stable again"))
    return ". ".join(said) + "."


EXPERIMENT = Experiment(
    depolarisation_block, theme="firing", model="membrane",
    chart=Plan((
        Panel(("highest", "lowest"), marks=("largest_firing", "stable_from")),
        Panel(("rate",)),
    )),
    facts={
        "amplitude": Facts("uA/cm2", many=True), "duration": Facts("ms"), "threshold": Facts("mV"),
    },
)  # fmt: skip
