"""A membrane held at potentials until everything else stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.lanes import Floats
from loligo.run.bounds import bounded
from loligo.run.equilibrium import held
from loligo.theory.patch import Patch
from loligo.units import read
from loligo.words import say

if TYPE_CHECKING:
    import xarray


def steady_state(model: Any, V: Any) -> xarray.Dataset:
    """What becomes of a membrane that is held at a potential for ever.

    Gates are then at their steady values, and the currents are those of the steady current-voltage
    curve: what a clamp's electrode has to give is ``I_ionic``.

    Parameters
    ----------
    model : Membrane
        Its numbers may be arrays: lanes.
    V : voltage
        mV; several are lanes.

    Returns
    -------
    xarray.Dataset
        Over the lanes, among them ``V``: gates (their x_inf) and further states, conductances
        (mS/cm2, the chord conductances), currents (uA/cm2), ``I_ionic``, their sum, and
        ``slope_conductance`` (mS/cm2), how it changes with V; NaN, and ``attrs["summary"]`` says
        why, where some state has no steady value.

    Raises
    ------
    UsageError
        If it is no membrane.
    UnitError
        If V is no voltage.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> curve = lo.steady_state(squid, V=[-65, -40, 0])
    >>> curve.I_ionic.values.round(2).tolist()
    [-0.0, 218.4, 1891.14]
    >>> curve.m.values.round(4).tolist()
    [0.0529, 0.5006, 0.9742]
    """
    patch = Patch.of(model, "steady_state", V=read(V, "mV", "V"))
    voltage = patch.lanes.flat("V")
    found = held(patch.kernel, patch.numbers, voltage)
    states = np.where(found.lost, np.nan, found.states)
    states[0] = voltage
    rows = patch.at(states)
    current: Floats = np.zeros(voltage.shape)
    for channel in patch.membrane.channels:
        current = current + rows[f"I_{channel.name}"]
    kept = bounded(patch.kernel, patch.numbers, {}, clamped=True).parameters
    slope = np.full(voltage.shape, np.nan)
    if not found.lost.all():
        slope = patch.conductance(patch.jacobian(states), states, kept)
    about = patch.outline.about
    variables = {name: patch.variable(row, **about[name]) for name, row in rows.items()}
    del variables["V"]
    variables |= {
        "I_ionic": patch.variable(current, units="uA/cm2", long_name="ionic current"),
        "slope_conductance": patch.variable(
            slope, units="mS/cm2", long_name="slope of the steady current against V"),
    }  # fmt: skip
    title = patch.membrane.title or patch.membrane.name or "membrane"
    return patch.dataset(
        variables, {"V": dict(about["V"])}, title=f"Steady state of {title}",
        summary=_summary(voltage, current, slope, found.lost, list(found.why.values())),
    )  # fmt: skip


def _summary(V: Floats, current: Floats, slope: Floats, lost: Any, why: list[str]) -> str:
    """In words."""
    if lost.any():
        many = (
            say("In {count} of {size} lanes ", count=int(lost.sum()), size=lost.size)
            if lost.size > 1
            else ""
        )
        told = why[0].partition("; give")[0]  # what helps a run
        return f"{many}{told}." if many else f"{told[0].upper()}{told[1:]}."
    if V.size == 1:
        way = say("inward" if current[0] < 0 else "outward")
        flows = (
            say("{current:.6g} µA/cm² flow {way}", current=abs(current[0]), way=way)
            if current[0]
            else say("no current flows")
        )
        return say(
            "Held at {V:.6g} mV, {flows} for ever; the steady current changes by "
            "{slope:.4g} µA/cm² with every mV.",
            V=V[0],
            flows=flows,
            slope=slope[0],
        )
    falls = int((slope < 0).sum())
    region = (
        say(
            "It falls with V in {falls} of {size} lanes: a region of negative slope.",
            falls=falls, size=V.size,
        )
        if falls else say("It rises with V everywhere.")
    )  # fmt: skip
    return say(
        "The steady current runs from {low:.5g} to {high:.5g} µA/cm². {region}",
        low=current.min(),
        high=current.max(),
        region=region,
    )
