"""What a small shock does to the next spikes of a membrane that fires regularly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.cycle import Cycle, settled
from loligo.experiments.excited import excitable
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.firing import rates, shown, steadiest
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import part, protocol
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.stimulus import Shock
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_USUAL = 10.0  # uA/cm2
_LASTS = 1000.0  # ms, in which it is seen what makes it fire
_PHASES = (np.arange(40) + 0.5) / 40
_HALVINGS = 5  # of the shock, to the limit of small ones
_CYCLES = (6, 12, 24, 48)  # after which what is left of a shock is looked at
_FORGOTTEN = 1e-7  # of the largest effect: by so much it may still change from spike to spike
_DELAYS = 0.2  # of the largest advance: where spikes are delayed by more, it is type 2


@protocol("shifting spikes")
def phase_response(
    membrane: Membrane, phase: Any = None, *, amplitude: Any = None, shock: Any = 0.5,
    threshold: Any = 0.0, progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """By how much a small shock advances the next spikes, against when in the cycle it comes.

    A constant current makes the membrane fire. At a phase of the cycle, a part of the period after
    a spike, V is displaced by ``shock``, upwards in one lane and downwards in another, and the
    spikes that follow are compared with those without. The limit of small shocks is extrapolated
    from halvings of the size: it is the membrane's infinitesimal phase response. It is of type 1
    where shocks upwards advance spikes whenever they come, of type 2 where they also delay them
    (Hansel, Mato & Meunier 1995, doi:10.1162/neco.1995.7.2.307), here by more than a fifth of the
    largest advance: a little of it follows every spike.

    Parameters
    ----------
    membrane : Membrane
    phase : sequence of float, optional
        From 0 (a spike) to 1 (the next); 40 phases if not given.
    amplitude : float, optional
        uA/cm2 of the current that makes it fire; 10 if not given, or where it does not fire
        regularly then, one in the middle of those at which it does.
    shock : float
        mV by which V is displaced.
    threshold : float
        mV that V must rise through for a spike, which is phase 0.
    progress : bool, optional
        As of `loligo.simulate`.

    Returns
    -------
    xarray.Dataset
        Over ``phase``: ``response`` (ms/mV), the lasting advance in the limit of small shocks, and
        ``response_next``, that of the next spike alone; ``advance_up`` and ``advance_down`` (ms),
        lasting, by that shock. Also the ``period`` (ms). All NaN where it does not fire
        regularly, as the summary then says.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.phase_response(squid, phase=[0.4, 0.8])
    >>> found.response.values.round(3).tolist(), round(float(found.period), 3)
    ([-0.05, 0.506], 14.636)
    """
    patch = membrane_of(membrane, "phase_response")
    row = varied(phase, _PHASES, "1", "phase")
    if row.values.min() < 0 or row.values.max() >= 1:
        raise UsageError(
            f"phase is a part of the cycle, from 0 (a spike) to less than 1 (the next), not "
            f"{row.values.min():g} to {row.values.max():g}"
        )
    current = None if amplitude is None else one(amplitude, "uA/cm2", "amplitude")
    size = one(shock, "mV", "shock", above=0.0)
    level = one(threshold, "mV", "threshold")
    with part(0, 2):
        cycle = _cycle(patch, current, level)
    with part(1, 2):
        nothing = np.full((2, _HALVINGS, 2, row.values.size), np.nan)
        advance = nothing if isinstance(cycle, str) else _advances(cycle, row.values, size)
    sizes = size / 2.0 ** np.arange(_HALVINGS)
    (limit, sure), (of_next, sure_next) = (_limit(a[:, 0] - a[:, 1], sizes) for a in advance)
    lasting = advance[0, 0]
    words = cycle if isinstance(cycle, str) else _summary(cycle, row.values, limit)
    found = {
        "response": (limit, "ms/mV", "advance of the spikes that follow", "lasting", sure),
        "response_next": (of_next, "ms/mV", "advance of the next spike", "of the next spike",
                          sure_next),
        "advance_up": (lasting[0], "ms", "advance by a shock upwards", f"{size:g} mV", None),
        "advance_down": (lasting[1], "ms", "advance by a shock downwards", f"−{size:g} mV", None),
    }  # fmt: skip
    return dataset(
        EXPERIMENT, "Phase response",
        {
            **{
                name: ("phase", values, told(
                    unit, meaning, label=label, absent="no regular firing",
                    **({} if error is None else {"precision": error}),
                ))
                for name, (values, unit, meaning, label, error) in found.items()
            },
            "period": ((), getattr(cycle, "period", np.nan), told(
                "ms", "period", precision=getattr(cycle, "precision", np.nan),
            )),
        },
        {"phase": ("phase", row.values, told("1", "phase of the cycle"))},
        patch, summary=words,
    )  # fmt: skip


def _cycle(membrane: Membrane, amplitude: float | None, level: float) -> Cycle | str:
    """Of the current that was given, or of the usual one, or else of one at which it fires."""
    cycle = settled(membrane, _USUAL if amplitude is None else amplitude, level)
    if amplitude is not None or not isinstance(cycle, str):
        return cycle
    patch = excitable(membrane, "phase_response", level)
    tried, spikes = shown(patch, _LASTS)
    rate, _ = rates(spikes, _LASTS)
    if not (rate > 0).any():
        return cycle
    other = settled(membrane, float(f"{steadiest(tried, rate):.3g}"), level)
    return cycle if isinstance(other, str) else other


def _advances(cycle: Cycle, phase: Array, size: float) -> Array:
    """(lasting or of the next spike, halvings, upwards or downwards, phases): ms by which spikes
    come earlier."""
    sizes = size / 2.0 ** np.arange(_HALVINGS)[:, None, None] * np.array([1.0, -1.0])[:, None]
    every = np.broadcast_to(sizes, (_HALVINGS, 2, phase.size))
    when = np.broadcast_to(cycle.first + phase * cycle.period, every.shape)
    lanes = [Labelled(("lane",), np.append(row, row.flat[0] * k).astype(np.float64)) for row, k in
             ((when, 1.0), (every, 0.0))]  # fmt: skip
    for cycles in _CYCLES:
        times = cycle.spikes(Shock(*lanes), cycles + 0.5)
        without = times[-1][np.isfinite(times[-1])]
        following, last_but_one, last = (
            _nearest(times[:-1], without[k]).reshape(every.shape) for k in (1, -2, -1)
        )
        if np.abs(last - last_but_one).max() <= _FORGOTTEN * np.abs(last).max():
            break
    return np.stack((last, following))


def _nearest(times: Array, spike: float) -> Array:
    """(lanes,): by how much the spike of every lane that is nearest to one comes before it."""
    apart = np.where(np.isfinite(times), spike - times, np.inf)
    return np.take_along_axis(apart, np.abs(apart).argmin(axis=1)[:, None], axis=1)[:, 0]


def _limit(between: Array, sizes: Array) -> tuple[Array, float]:
    """The limit of small sizes, of differences (halvings, phases) between shocks up and down, by
    Richardson's extrapolation; and how sure it is.

    Each phase has the number of the scheme that differs least from the two that it is made of
    (Ridders 1982, doi:10.1016/S0141-1195(82)80057-0).
    """
    row = between / (2 * sizes[:, None])
    best, apart = row[-1], np.full(row.shape[1], np.inf)
    for order in range(1, len(sizes)):
        finer = row[1:] + (row[1:] - row[:-1]) / (4.0**order - 1)
        differs = np.maximum(np.abs(finer - row[1:]), np.abs(finer - row[:-1]))
        for values, error in zip(finer, differs, strict=True):
            nearer = error < apart
            best, apart = np.where(nearer, values, best), np.where(nearer, error, apart)
        row = finer
    return best, float(apart.max()) if np.isfinite(apart).all() else float("nan")


def _summary(cycle: Cycle, phase: Array, response: Array) -> str:
    most, least = int(response.argmax()), int(response.argmin())
    said = say(
        "At {amplitude:g} µA/cm² it fires every {period:.5g} ms. ",
        amplitude=cycle.amplitude,
        period=cycle.period,
    )
    if response[most] <= 0:
        return say(
            "{said}A small shock upwards delays the next spikes at all of these phases.", said=said
        )
    said += say(
        "A small shock upwards advances the spikes that follow most at phase "
        "{phase:.3g}, by {response:.3g} ms for each mV",
        phase=phase[most],
        response=response[most],
    )
    if response[least] >= 0:
        return say("{said}, and delays them at none of these: type 1.", said=said)
    return say(
        "{said}, and delays them most at phase {phase:.3g}, by {response:.3g} ms: type {kind}.",
        said=said,
        phase=phase[least],
        response=-response[least],
        kind=2 if -response[least] > _DELAYS * response[most] else 1,
    )


EXPERIMENT = Experiment(
    phase_response, theme="firing", model="membrane",
    chart=Plan((
        Panel(("response", "response_next"), zero=True, heading="Advance by small shocks"),
        Panel(("advance_up", "advance_down"), zero=True, heading="Advance by shocks of one size"),
    )),
    facts={
        "phase": Facts("1", many=True), "amplitude": Facts("uA/cm2"), "shock": Facts("mV"),
        "threshold": Facts("mV"),
    },
)  # fmt: skip
