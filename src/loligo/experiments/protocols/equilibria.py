"""All equilibria as one number is varied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loligo.experiments.diagrams import (
    Changes,
    diagram_of,
    field_of,
    left_out,
    spoken_of,
    varied_of,
    with_states_held,
)
from loligo.experiments.drawn import panels
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.membranes import membrane_of
from loligo.experiments.nodes import tree
from loligo.experiments.plan import Plan
from loligo.experiments.runs import done, protocol
from loligo.model import Membrane

if TYPE_CHECKING:
    import xarray


@protocol("following equilibria")
def equilibria(
    membrane: Membrane, *, current: Any = None, progress: bool | None = None, **values: Any
) -> xarray.DataTree:
    """All equilibria, stable and unstable, as a current or a parameter is varied.

    Curves of equilibria are followed through their folds (pseudo-arclength continuation: Keller
    1977), with exact derivatives of the equations; folds and Hopf points are found on them, and the
    first Lyapunov coefficient of these (Kuznetsov 2004, eq. 5.62). Each is found a second time by a
    way that shares neither: ``precision`` says how far apart the two are.

    Parameters
    ----------
    membrane : Membrane
    current : pair of float, optional
        uA/cm2, from where to where; if nothing is varied, from 0 to beyond the last change.
    progress : bool, optional
        Whether to show a bar.
    **values : pair of float
        A parameter of the membrane instead, and from where to where: ``g_Na=(0, 200)``; or a state
        or a gate, ``Ca_i=(0, 1e-3)``, which then stands still: so a burster's fast subsystem is
        studied.

    Returns
    -------
    xarray.DataTree
        Node ``equilibria``, over ``point`` along one curve after the other (``curve``): what is
        varied, every state, ``stable``, ``eigenvalue_real`` and ``eigenvalue_imag`` (per ms, over
        ``mode``). Node ``special``, over ``point``: ``kind`` (fold, Hopf), what is varied, ``V``,
        ``period`` (ms) and ``frequency`` (Hz) of the cycles that are born at a Hopf point,
        ``lyapunov`` (below 0: stable ones), ``precision``.

    Raises
    ------
    UsageError
        If it is no membrane, or not one thing is varied, or equilibria are not alone.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.equilibria(lo.load("hodgkin-huxley-1952"), current=(0, 180))
    >>> found["special"].kind.values.tolist(), found["special"].current.values.round(3).tolist()
    (['Hopf', 'Hopf'], [9.775, 154.522])
    """
    patch = with_states_held(membrane_of(membrane, "equilibria"), values)
    varied = varied_of(patch, "equilibria", current, values)
    found, varied = diagram_of(field_of(patch, "equilibria", varied), varied, done)
    changes = Changes.of(found)
    return tree(EXPERIMENT, patch, varied, found, changes, None, spoken_of(changes, varied),
                left_out(found, varied), panels(varied.name, cycles=False))  # fmt: skip


EXPERIMENT = Experiment(
    equilibria, theme="membrane", model="membrane",
    chart=Plan(panels("current", cycles=False)),
    facts={"current": Facts("uA/cm2", many=True)},
)  # fmt: skip
