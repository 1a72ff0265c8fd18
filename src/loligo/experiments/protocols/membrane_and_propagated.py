"""The action potential of all the membrane at once, and the one on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.common import given, shock, uniform
from loligo.experiments.experiment import Experiment
from loligo.experiments.found import dataset, told
from loligo.experiments.plan import panel
from loligo.experiments.runs import protocol
from loligo.model import Axon
from loligo.simulation import simulate
from loligo.stimulus import Pulse

if TYPE_CHECKING:
    import xarray


@protocol()
def membrane_and_propagated(axon: Axon | None = None) -> xarray.Dataset:
    """The membrane action potential (all of the axon at once) and the propagated one.

    The propagated one rises more slowly and peaks a little lower, since it must also charge what
    lies ahead (compare figures 12 and 15 of Hodgkin & Huxley 1952).

    Parameters
    ----------
    axon : Axon, optional
        A uniform one; the squid's of 1952 if not given.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV) over (``action_potential``, ``time``), both at their peak at 0 ms.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.membrane_and_propagated()
    >>> found.V.max("time").values.round().tolist()
    [32.0, 26.0]
    """
    made = uniform(given(axon))
    patch = made.regions[0].membrane
    alone = simulate(patch, Pulse(0.5, 0.1, 150.0), 12.0, record=["V"], sample_interval=0.01)
    middle = made.length / 2
    rec = simulate(made, shock(made), 12.0, record=["V"], positions=[middle], sample_interval=0.01)
    time = np.arange(-1.5, 4.0, 0.01)
    rows = [_around_peak(one, time) for one in (alone.V, rec.V.isel(position=0))]
    return dataset(
        EXPERIMENT, "Membrane and propagated action potential",
        {"V": (("action_potential", "time"), np.array(rows), told("mV", "membrane potential"))},
        {
            "action_potential": ("action_potential", ["membrane", "propagated"]),
            "time": ("time", time, told("ms", "time from the peak")),
        },
        made,
    )  # fmt: skip


def _around_peak(V: Any, time: np.ndarray) -> np.ndarray:
    """V with its peak, the vertex of the parabola through its three highest samples, at 0 ms."""
    values, when = V.values, V.time.values
    top = int(np.clip(values.argmax(), 1, values.size - 2))
    before, highest, after = values[top - 1 : top + 2]
    bend = before - 2 * highest + after
    off = 0.5 * (before - after) / bend if bend < 0 else 0.0
    peak = when[top] + off * (when[top + 1] - when[top])
    return np.interp(time, when - peak, values)


EXPERIMENT = Experiment(membrane_and_propagated, theme="axons", model="axon", chart=panel("V"))
