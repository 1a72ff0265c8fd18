"""Two action potentials, one from each end of an axon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loligo.experiments.common import START, given, passing, shock, threshold
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.runs import protocol
from loligo.model import Axon
from loligo.simulation import simulate
from loligo.units import read

if TYPE_CHECKING:
    import xarray


@protocol()
def collision(
    axon: Axon | None = None, duration: float | None = None, *, lag: Any = 0.0
) -> xarray.Dataset:
    """Two action potentials, one from each end, which meet and vanish.

    Behind each lies membrane that cannot be excited yet, so neither can go on.

    Parameters
    ----------
    axon : Axon, optional
        The squid's of 1952 if not given.
    duration : float, optional
        ms; by default a little longer than until they meet.
    lag : float
        ms by which the right end is shocked later.

    Returns
    -------
    xarray.Dataset
        The recording of the axon; `loligo.conduction_velocity` of it says ``"collided"``.

    Examples
    --------
    >>> import loligo as lo
    >>> rec = lo.experiments.collision()
    >>> str(lo.conduction_velocity(rec).outcome.values), int(rec.spike_count.max())
    ('collided', 1)
    """
    made = given(axon)
    later = float(read(lag, "ms", "lag", at_least=0.0))  # type: ignore[arg-type]
    both = shock(made, 0.0) + shock(made, made.length, START + later)
    level = threshold(made)
    lasts = passing(made, both, level) if duration is None else duration
    rec = simulate(made, both, lasts, sample_interval=0.02, threshold=level)
    return rec.assign_attrs(title="Two action potentials meet")


EXPERIMENT = Experiment(
    collision, theme="axons", model="axon", chart=None,
    facts={"duration": Facts("ms"), "lag": Facts("ms")},
)  # fmt: skip
