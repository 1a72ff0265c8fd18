"""An axon stimulated at its one end and at its other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loligo.analysis import conduction_velocity
from loligo.experiments.common import (
    LASTS,
    START,
    arrival,
    crossing,
    given,
    strength,
    threshold,
)
from loligo.experiments.experiment import Experiment
from loligo.experiments.found import dataset, told
from loligo.experiments.plan import panel
from loligo.experiments.runs import protocol
from loligo.lanes import Labelled
from loligo.model import Axon
from loligo.simulation import simulate
from loligo.stimulus import Pulse
from loligo.stimulus.place import Placed, at

if TYPE_CHECKING:
    import xarray

_DIRECTIONS = ["orthodromic", "antidromic"]


@protocol()
def direction(axon: Axon | None = None) -> xarray.Dataset:
    """An axon conducts as well backwards (antidromic) as forwards (orthodromic).

    Parameters
    ----------
    axon : Axon, optional
        The squid's of 1952 if not given.

    Returns
    -------
    xarray.Dataset
        ``arrival`` (ms) over (``direction``, ``position``) and ``velocity`` (m/s, negative
        backwards) over ``direction``.

    Examples
    --------
    >>> import loligo as lo
    >>> forth, back = lo.experiments.direction().velocity.values
    >>> bool(abs(forth + back) < 1e-3)
    True
    """
    made = given(axon)
    rec = simulate(
        made, _at_each_end(made), crossing(made), record=["spikes"], threshold=threshold(made)
    )
    position = rec.position
    return dataset(
        EXPERIMENT, "Orthodromic and antidromic conduction",
        {
            "arrival": (
                ("direction", "position"), arrival(rec),
                told("ms", "arrival of the action potential", absent="blocked"),
            ),
            "velocity": (
                "direction", conduction_velocity(rec).values, told("m/s", "conduction velocity"),
            ),
        },
        {
            "direction": ("direction", _DIRECTIONS),
            "position": ("position", position.values, dict(position.attrs)),
        },
        made,
    )  # fmt: skip


def _at_each_end(axon: Axon) -> Placed:
    """A shock to the left end in one lane, to the right end in the other."""
    ends = (0.0, axon.length)
    named = {"direction": np.array(_DIRECTIONS)}
    strengths = np.diag([strength(axon, end) for end in ends])
    left, right = (
        at(end, Pulse(START, LASTS, Labelled(("direction",), row, named)))
        for end, row in zip(ends, strengths, strict=True)
    )
    return left + right


EXPERIMENT = Experiment(direction, theme="axons", model="axon", chart=panel("arrival"))
