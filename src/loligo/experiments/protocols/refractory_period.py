"""How much a second pulse must be after a first: absolute, relative, supernormal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import counted, fired, membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.search import least
from loligo.model import Membrane
from loligo.stimulus import Pulse

if TYPE_CHECKING:
    import xarray

_INTERVALS = np.concatenate([np.arange(2.0, 30.0, 1.0), np.arange(30.0, 61.0, 2.5)])  # ms
_SMALLEST, _CURRENT, _DISPLACED = 1e-3, 200.0, 300.0  # uA/cm2, uA/cm2, mV
_RELATIVE = 1e-6
_FIRST = 1.5  # times its threshold
_WAIT = 40.0  # ms


def refractory_period(
    membrane: Membrane, interval: Any = None, *, duration: Any = 1.0, threshold: Any = 0.0
) -> xarray.Dataset:
    """Threshold of a second pulse beside that of the first, against the time between them.

    The first is 1.5 times its threshold. While no second pulse excites, the membrane is absolutely
    refractory; then relatively, while it takes more than at rest; where it takes less the membrane
    is supernormal.

    Parameters
    ----------
    membrane : Membrane
    interval : sequence of float, optional
        ms from the beginning of the first pulse to that of the second; from 2 to 60 if not given.
    duration : float
        ms of both pulses.
    threshold : float
        mV that V must rise through to count as excited.

    Returns
    -------
    xarray.Dataset
        ``ratio`` of the second threshold to the first over ``interval``, NaN where nothing
        excites; ``absolute`` and ``relative`` (ms), the last intervals of either state.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> found = lo.experiments.refractory_period(squid, interval=[3, 10, 18])
    >>> found.ratio.values.round(2).tolist()
    [nan, 4.31, 0.88]
    """
    patch = membrane_of(membrane, "refractory_period")
    row = varied(interval, _INTERVALS, "ms", "interval")
    lasts = one(duration, "ms", "duration", above=0.0)
    level = one(threshold, "mV", "threshold")
    capacitance = float(patch.parameters["C_m"].value)  # type: ignore[arg-type]
    most = _CURRENT + capacitance * _DISPLACED / lasts
    alone = least(
        lambda sizes: fired(patch, lambda a: Pulse(0.0, lasts, a), (sizes,), level, _WAIT + lasts),
        1, _SMALLEST, most, _RELATIVE,
    )  # fmt: skip
    first = float(alone.value[0])
    ends = float(row.values.max()) + lasts + _WAIT

    def fires(sizes: np.ndarray) -> np.ndarray:
        later = np.broadcast_to(row.values[:, None], sizes.shape)
        spikes = counted(
            patch, lambda t, a: Pulse(0.0, lasts, _FIRST * first) + Pulse(t, lasts, a),
            (later, sizes), level, ends,
        )  # fmt: skip
        return spikes > without

    if np.isfinite(first):
        shot = np.array([[_FIRST * first]])
        without = int(counted(patch, lambda a: Pulse(0.0, lasts, a), (shot,), level, ends)[0, 0])
        second = least(fires, row.values.size, _SMALLEST, most, _RELATIVE)
        ratio, sure = second.value / first, second.precision / first
    else:
        ratio, sure = np.full(row.values.shape, np.nan), np.nan
    absolute, relative = _last(row.values, ~np.isfinite(ratio)), _last(row.values, ~(ratio <= 1))
    return dataset(
        EXPERIMENT, "Refractory period",
        {
            "ratio": ("interval", ratio, told(
                "1", "second threshold beside the first", precision=sure,
            )),
            "rest": ("interval", np.ones(ratio.shape), told("1", "at rest", label="at rest")),
            "first": ((), first, told("uA/cm2", "threshold of the first pulse")),
            "absolute": ((), absolute, told("ms", "last interval at which nothing excites")),
            "relative": ((), relative, told("ms", "last interval before it takes less")),
        },
        {"interval": ("interval", row.values, told("ms", "time between the pulses"))},
        patch, summary=_summary(first, bool(alone.always[0]), row.values, ratio),
    )  # fmt: skip


def _last(row: np.ndarray, here: np.ndarray) -> float:
    """The last of the intervals, from the shortest on, at which something holds."""
    order = np.argsort(row)
    held = np.cumprod(here[order]).astype(bool)
    return float(row[order][held][-1]) if held.any() else float("nan")


def _summary(first: float, by_itself: bool, row: np.ndarray, ratio: np.ndarray) -> str:
    if by_itself or not np.isfinite(first):
        return (
            "It fires by itself: there is no threshold."
            if by_itself
            else "No pulse excites it: it is never refractory."
        )
    known = np.isfinite(ratio)
    said = [f"The first threshold is {first:.4g} µA/cm²"]
    if not known.all():
        said.append(f"up to {row[~known].max():.3g} ms nothing excites again")
    if known.any() and np.nanmin(ratio) < 0.995:
        least_at = int(np.nanargmin(ratio))
        said.append(f"at {row[least_at]:.3g} ms it takes least, {ratio[least_at]:.2f} of it")
    return ", ".join(said) + "."


EXPERIMENT = Experiment(
    refractory_period, theme="excitability", model="membrane",
    chart=Plan((Panel(("ratio",), ("rest",)),)),
    facts={
        "interval": Facts("ms", many=True), "duration": Facts("ms"), "threshold": Facts("mV"),
    },
)  # fmt: skip
