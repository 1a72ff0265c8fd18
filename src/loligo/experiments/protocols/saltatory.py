"""Saltatory conduction: the velocity of a myelinated axon against g-ratio and internode length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import conduction_velocity
from loligo.errors import UsageError
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.fibre import myelinated
from loligo.experiments.found import dataset, numbers, told
from loligo.experiments.plan import panel
from loligo.experiments.runs import protocol
from loligo.model import Axon, Membrane
from loligo.simulation import simulate
from loligo.stimulus import Pulse
from loligo.stimulus.place import at
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_SHOCK = 0.1  # ms
_STRENGTH = 0.35  # nA for every um of fibre: some three times threshold
_LASTS = 6.0  # ms
_THRESHOLD = -40.0  # mV


@protocol()
def saltatory(
    g_ratio: Any = None, internode: Any = None, *, fibre: Any = 10.0,
    membrane: Membrane | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Velocity of a myelinated axon against its g-ratio, its internode length, or both.

    With the fibre's outer diameter given, thick myelin (a small g-ratio) leaves little room for
    the axon, and thin myelin insulates badly: the velocity has a maximum between (Rushton 1951,
    doi:10.1113/jphysiol.1951.sp004655). Short internodes lose time at many nodes, and beyond some
    length the next node is no longer excited.

    Parameters
    ----------
    g_ratio : float or sequence of float
        The axon's diameter over the fibre's; 0.7 if not given.
    internode : length or sequence of lengths
        um; a hundred times the fibre's diameter if not given.
    fibre : length
        The outer diameter, um.
    membrane : Membrane, optional
        Of the nodes; `loligo.experiments.node` if not given.

    Returns
    -------
    xarray.Dataset
        ``velocity`` (m/s) and ``outcome`` over ``g_ratio`` and ``internode``, as far as they are
        several.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.saltatory(g_ratio=[0.4, 0.7, 0.95])
    >>> int(found.velocity.values.argmax())
    1
    """
    outer = float(read(fibre, "um", "fibre", above=0.0))  # type: ignore[arg-type]
    if g_ratio is None and internode is None:
        g_ratio = np.arange(0.3, 0.96, 0.05)
    ratios = numbers(0.7 if g_ratio is None else g_ratio, "1", "g_ratio")
    lengths = numbers(100.0 * outer if internode is None else internode, "um", "internode")
    if ratios.min() <= 0 or ratios.max() >= 1:
        raise UsageError("g_ratio lies between 0 and 1: the axon is thinner than the fibre")
    measured = [
        _velocity(myelinated(g, length, outer, membrane), outer)
        for g in ratios
        for length in lengths
    ]
    axes = {"g_ratio": (ratios, "1", "g-ratio"), "internode": (lengths, "um", "internode length")}
    dims = tuple(name for name, (row, *_) in axes.items() if row.size > 1)
    shape = tuple(axes[name][0].size for name in dims)
    speeds = np.array([float(one) for one in measured]).reshape(shape)
    became = np.array([str(one.outcome.values) for one in measured]).reshape(shape)
    return dataset(
        EXPERIMENT, "Saltatory conduction",
        {
            "velocity": (dims, speeds, told("m/s", "conduction velocity", absent="no conduction")),
            "outcome": (dims, became, told("1", "what became of it")),
        },
        {
            name: (name, row, told(unit, meaning)) if row.size > 1 else
            ((), float(row[0]), told(unit, meaning))
            for name, (row, unit, meaning) in axes.items()
        },
        myelinated(float(ratios[0]), float(lengths[0]), outer, membrane),
        fibre_um=outer,
    )  # fmt: skip


def _velocity(axon: Axon, fibre: float) -> xarray.DataArray:
    pulse = at(0, Pulse(0.1, _SHOCK, _STRENGTH * fibre))
    rec = simulate(axon, pulse, _LASTS, record=["spikes"], threshold=_THRESHOLD)
    return conduction_velocity(rec)


EXPERIMENT = Experiment(
    saltatory, theme="axons", model="membrane", chart=panel("velocity"),
    facts={
        "g_ratio": Facts("1", many=True), "internode": Facts("um", many=True),
        "fibre": Facts("um"),
    },
)  # fmt: skip
