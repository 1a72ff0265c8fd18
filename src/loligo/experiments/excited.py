"""A membrane at rest, and what shocks and pulses make of it: many lanes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.clamps import HOLDING
from loligo.experiments.membranes import membrane_of
from loligo.experiments.runs import Spikes, part, run, spikes
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.stimulus import Pulse
from loligo.stimulus.base import Stimulus
from loligo.system.outline import outline_of
from loligo.words import say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

THRESHOLD = 0.0  # mV
DISPLACED = 300.0  # mV by which a pulse displaces V at most, and be it ever so brief
CURRENT = 500.0  # uA/cm2 of a pulse at most, and be it ever so long

_RISE = 1.0  # mV below the threshold, from where on it is asked what makes V rise, or
_NEARER = 0.02  # of the way to it from rest, if that is less: V need not be in millivolts
_GRADED = 1e-3  # of a threshold: so much above it the answer is decided
_INSTANT = 1e-3  # ms
_INSTANTLY = 100  # as many such things as an experiment, about
_WATCHED = 500.0  # ms in which a membrane without rest shows what it does instead


@dataclass(frozen=True)
class Excitable:
    """A membrane and where it rests.

    Every run of it is under two pulses, of which either may be nothing, and records its states
    alone: one kernel serves all experiments.

    Attributes
    ----------
    level
        mV: a spike is a rise of V through it.
    start
        Its states at rest; without a rest those at the holding potential.
    trouble
        Why it has no rest, in words; empty if it has.
    """

    membrane: Membrane
    level: float
    start: Mapping[str, Any]
    trouble: str = ""

    @cached_property
    def states(self) -> list[str]:
        """The names of its states, V first."""
        return list(outline_of(self.membrane).states)

    @property
    def rise(self) -> float:
        """mV below the threshold, from where on it is asked what makes V rise."""
        return min(_RISE, _NEARER * (self.level - self.start.get("V", HOLDING)))

    @property
    def capacitance(self) -> float:
        """uF/cm2."""
        return float(self.membrane.parameters["C_m"].value)  # type: ignore[arg-type]

    def surely(self, size: Array) -> Array:
        """A little more than what was found to be the least that fires.

        At the least itself V may only just reach the threshold, where the answer is graded."""
        return size * (1 + _GRADED)

    def under(
        self, lasts: float, *pulses: Stimulus, start: Mapping[str, Any] | None = None,
        every: float | None = None,
    ) -> xarray.Dataset:  # fmt: skip
        """What at most two pulses make of it.

        Parameters
        ----------
        lasts
            ms.
        start
            States that differ from those at rest.
        every
            ms between samples; if not given, none between beginning and end.
        """
        return run(
            self.membrane, _two(pulses, lasts), lasts, record=self.states,
            sample_interval=every or lasts, initial={**self.start, **(start or {})},
            threshold=self.level,
        )  # fmt: skip

    def fired(
        self, lasts: float, *pulses: Stimulus, start: Mapping[str, Any] | None = None,
        level: float | None = None,
    ) -> Spikes:  # fmt: skip
        """The spikes alone, of this or another level (mV)."""
        return spikes(
            self.membrane, _two(pulses, lasts), lasts, record=self.states,
            initial={**self.start, **(start or {})},
            threshold=self.level if level is None else level,
        )  # fmt: skip


def _two(pulses: tuple[Stimulus, ...], lasts: float) -> Stimulus:
    nothing = Pulse(0.0, lasts, 0.0)
    first, second = (*pulses, nothing, nothing)[:2]
    return first + second


def lanes(*rows: Any) -> list[Labelled]:
    """Arrays that broadcast together as lanes, one after the other."""
    return [Labelled(("lane",), np.ravel(row).astype(float)) for row in np.broadcast_arrays(*rows)]


def excites(
    patch: Excitable, fired: Callable[[float], Spikes], current: Callable[[Array], Array],
    number: int = 0,
) -> Array:  # fmt: skip
    """(lanes,): whether V is carried through the threshold by the membrane's own, inward current.

    A strong current drives V through it without: then V rises more slowly than the injected
    current alone would make it rise.

    Parameters
    ----------
    fired
        Its spikes in the run, of another level than the membrane's (mV).
    current
        What is injected into each lane at the time of its spike (ms), uA/cm2.
    number
        Of the spike that is meant, from 0.
    """
    after, lower = fired(patch.level).nth(number), fired(patch.level - patch.rise)
    before = np.array([_last(lower.of(lane), t) for lane, t in enumerate(after)])
    with np.errstate(invalid="ignore"):
        return patch.capacitance * patch.rise > current(after) * (after - before)


def _last(times: Array, until: float) -> float:
    """The last of increasing times before one, NaN if there is none."""
    k = int(np.searchsorted(times, until))
    return float(times[k - 1]) if k else np.nan


def excitable(membrane: Any, experiment: str, level: float) -> Excitable:
    """The membrane that was given, and where it rests.

    Raises
    ------
    UsageError
        If it is none, or rests above the threshold.
    """
    idle = Excitable(membrane_of(membrane, experiment), level, {})
    states, lost = at_rest(idle)
    if lost[0]:
        return _restless(replace(idle, start={"V": HOLDING}))
    found = replace(idle, start={name: float(row[0]) for name, row in states.items()})
    if found.start["V"] >= level:
        raise UsageError(
            f"threshold={level:g} mV lies below rest, which is at {found.start['V']:.4g} mV: "
            f"nothing rises through it; give one above, such as threshold={THRESHOLD:g}"
        )
    return found


def at_rest(patch: Excitable) -> tuple[dict[str, Array], Array]:
    """State -> its value at rest in each lane of the membrane, and which lanes have no rest."""
    row = Labelled(("lane",), np.zeros(1))
    of_membrane = [p.value for p in patch.membrane.parameters.values()]
    if any(isinstance(value, Labelled) for value in of_membrane):
        row = 0.0
    with part(0, _INSTANTLY):
        rec = run(
            patch.membrane, Pulse(0.0, _INSTANT, row) + Pulse(0.0, _INSTANT, 0.0), _INSTANT,
            record=patch.states, sample_interval=_INSTANT, initial="rest",
        )  # fmt: skip
    states = {name: rec[name].isel(time=0).values for name in patch.states}
    return states, np.isnan(states["V"])


def _restless(held: Excitable) -> Excitable:
    """What a membrane without a rest does instead."""
    with part(0, _INSTANTLY):
        times = held.fired(_WATCHED).time
    if times.size > 2:
        rate = 1e3 / (times[-1] - times[-2])
        return replace(
            held, trouble=say("It fires by itself, at {rate:.3g} Hz, and has no rest", rate=rate)
        )
    return replace(held, trouble=say("It has no stable rest without a current"))


def most(patch: Excitable, duration: Any) -> Any:
    """uA/cm2 that a pulse of some duration has at most: more is tried of none."""
    return CURRENT + patch.capacitance * DISPLACED / duration
