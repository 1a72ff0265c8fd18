"""How the firing rate changes while a current lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.excited import THRESHOLD, Excitable, excitable
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.firing import held, rates
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import between, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.rheobase import rheobase
from loligo.experiments.runs import part, protocol
from loligo.model import Membrane
from loligo.words import decimal, say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_STRONG = np.array([3.0, 5.0, 8.0])  # times the rheobase
_OTHERWISE = np.array([10.0])  # uA/cm2, without one
_LITTLE = 0.9  # of the first rate: what stays above does not adapt to speak of


@protocol("finding rates")
def adaptation(
    membrane: Membrane, amplitude: Any = None, *, duration: Any = 1000.0,
    threshold: Any = THRESHOLD, progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Firing rate against time while a current lasts: the rate of every interval.

    Parameters
    ----------
    membrane : Membrane
        One that has no rest begins at -65 mV.
    amplitude : sequence of float, optional
        uA/cm2; if not given, 3, 5 and 8 times the rheobase.
    duration : float
        ms that the current lasts.
    threshold : float
        mV that V must rise through for a spike.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``rate`` (Hz), the inverse of each interval, over (``amplitude``, ``interval``), and
        ``when`` (ms) it ended; over ``amplitude`` the ``initial`` and the ``steady`` rate (Hz; 0
        where the firing dies out), their ``ratio``, steady to initial, and the ``index``, the mean
        over neighbouring intervals of their difference beside their sum (above 0 where they grow,
        as eFEL's ``adaptation_index2``). NaN where there are too few spikes.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold, or the currents do not increase.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.adaptation(lo.load("hodgkin-huxley-1952"), amplitude=[10])
    >>> found.initial.values.round(2).tolist(), found.steady.values.round(2).tolist()
    ([67.02], [68.32])
    """
    lasts = one(duration, "ms", "duration", above=0.0)
    level = one(threshold, "mV", "threshold")
    given = amplitude if amplitude is None else varied(amplitude, _STRONG, "uA/cm2", "amplitude")
    patch = excitable(membrane, "adaptation", level)
    with part(0, 2):
        row = _usual(patch) if given is None else given.values
    with part(1, 2):
        spikes = held(patch, row, lasts)
    steady, sure = rates(spikes, lasts)
    between = [np.diff(spikes.of(lane)) for lane in range(row.size)]
    most = max(1, *(each.size for each in between))
    rate, when = np.full((2, row.size, most), np.nan)
    for lane, each in enumerate(between):
        rate[lane, : each.size] = 1e3 / each
        when[lane, : each.size] = spikes.of(lane)[1:]
    ratio = np.where(np.isfinite(rate[:, 0]), steady / rate[:, 0], np.nan)
    index = np.array([_index(each) for each in between])
    return dataset(
        EXPERIMENT, "Adaptation",
        {
            "rate": (("amplitude", "interval"), rate, told("Hz", "rate of an interval")),
            "when": (("amplitude", "interval"), when, told("ms", "end of the interval")),
            "initial": ("amplitude", rate[:, 0], told("Hz", "rate of the first interval")),
            "steady": ("amplitude", steady, told(
                "Hz", "steady rate", precision=float(np.nanmax(sure, initial=0.0)),
            )),
            "ratio": ("amplitude", ratio, told("1", "steady to initial rate")),
            "index": ("amplitude", index, told("1", "adaptation index")),
        },
        {
            "amplitude": ("amplitude", row, told("uA/cm2", "injected current")),
            "interval": ("interval", np.arange(1, most + 1), told("1", "number of the interval")),
        },
        patch.membrane, summary=_summary(patch, row, rate, steady, ratio),
    )  # fmt: skip


def _usual(patch: Excitable) -> Array:
    base = float(rheobase(patch).value[0])
    return _STRONG * base if np.isfinite(base) else _OTHERWISE


def _index(between: Array) -> float:
    """Of eFEL's definition."""
    if between.size < 2:
        return np.nan
    return float(np.mean(np.diff(between) / (between[1:] + between[:-1])))


def _summary(patch: Excitable, row: Array, rate: Array, steady: Array, ratio: Array) -> str:
    said = (
        [say("{trouble}: it was begun at {V:g} mV", trouble=patch.trouble, V=patch.start["V"])]
        if patch.trouble
        else []
    )
    known = np.flatnonzero(ratio > 0)
    if not known.size:
        said.append(say("It does not go on firing at {row} µA/cm²", row=between(row)))
        return ". ".join(said) + "."
    k = int(known[np.argmin(ratio[known])])
    said.append(
        say(
            "At {row:.4g} µA/cm² the rate goes from {rate:.4g} to {steady:.4g} Hz, "
            "{ratio:.3f} of the first",
            row=row[k],
            rate=rate[k, 0],
            steady=steady[k],
            ratio=ratio[k],
        )
        + ("" if ratio[k] < _LITTLE else say(": no adaptation to speak of"))
    )
    silent = row[steady == 0]
    if silent.size:
        said.append(
            say(
                "At {silent} µA/cm² the firing dies out",
                silent=", ".join(decimal(f"{one:.4g}") for one in silent),
            )
        )
    return ". ".join(said) + "."


EXPERIMENT = Experiment(
    adaptation, theme="firing", model="membrane",
    chart=Plan((Panel(("rate",), across="interval", lines="amplitude"),)),
    facts={
        "amplitude": Facts("uA/cm2", many=True), "duration": Facts("ms"), "threshold": Facts("mV"),
    },
)  # fmt: skip
