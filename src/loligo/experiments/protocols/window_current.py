"""The window: where a channel is partly open and not quite inactivated, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import Trace
from loligo.errors import UsageError
from loligo.experiments.clamps import chosen, conducts, highest, levels, steady_at
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_POTENTIALS = np.arange(-1000, 401) / 10.0  # mV
_ENDS = np.array([-100.0, 40.0])  # mV: a gate that is more open at the second activates
_FINE = 1401  # potentials among which the top is sought
_SURE = 1e-12  # of the largest
_LEAST = 1e-12  # less is nothing


@protocol("measuring currents")
def window_current(
    membrane: Membrane, voltage: Any = None, *, ion: str | None = None, progress: bool | None = None
) -> xarray.Dataset:
    """The current that flows through a channel for good: its steady activation, what inactivation
    leaves, and their product.

    Parameters
    ----------
    membrane : Membrane
    voltage : sequence of float, optional
        mV; from -100 to 40 in steps of 0.1 if not given.
    ion : str, optional
        The channel; ``Na`` where the membrane has one, else the first that is no leak.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        Over ``voltage``: ``open``, the part of the conductance that is open in the steady state;
        ``activation`` and ``availability``, the products of the gates (with their powers) that V
        opens and closes; the steady ``current`` (uA/cm2). ``peak_open`` and ``V_peak`` (mV), the
        top of the window; ``V_low`` and ``V_high`` (mV), where it is half as open as there;
        ``peak_current`` (uA/cm2), the most inward, and ``V_current`` (mV), where. NaN where there
        is none.

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or the channel's current is no conductance
        times a driving force.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.window_current(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.V_peak), 2), round(float(found.peak_current), 3)
    (-31.94, -76.352)
    """
    patch = membrane_of(membrane, "window_current")
    row = levels(voltage, _POTENTIALS)
    name = chosen(patch, ion)[0]
    if not conducts(patch, name):
        raise UsageError(
            f"channel {name} gives its current as a formula, which says no open part; choose "
            "another with ion=..., or look at its current with iv_curve"
        )
    fine = np.linspace(row.min(), row.max(), _FINE) if row.size > 1 else row
    opens, closes, part, current = _steady(patch, name, row)
    _, _, finer, flows = _steady(patch, name, fine)
    top, at, sure = _top(fine, finer)
    deepest, where, close = _top(fine, -flows)
    low, high = _width(fine, finer, top)
    found = {
        "open": ("voltage", part, told("1", f"open part of {name}", label="both")),
        "activation": ("voltage", opens, told("1", "activation", label="activation")),
        "availability": ("voltage", closes, told("1", "availability", label="availability")),
        "current": ("voltage", current, told("uA/cm2", f"steady I_{name}")),
        "peak_open": ((), top, told("1", "open part at the top of the window", precision=sure)),
        "V_peak": ((), at, told("mV", "top of the window", label="top")),
        "V_low": ((), low, told("mV", "lower end of the window")),
        "V_high": ((), high, told("mV", "upper end of the window")),
        "peak_current": ((), -deepest, told(
            "uA/cm2", "most inward steady current", precision=close,
        )),
        "V_current": ((), where, told("mV", "where it is most inward", label="most inward")),
    }  # fmt: skip
    return dataset(
        EXPERIMENT, f"Window current of {name}", found,
        {"voltage": ("voltage", row, told("mV", "V"))}, patch, kind=name,
        summary=_summary(name, found),
    )  # fmt: skip


def _steady(patch: Membrane, name: str, row: np.ndarray) -> tuple[np.ndarray, ...]:
    """Activation, availability, open part and current of a channel in the steady state."""
    steady, ends = steady_at(patch, row), steady_at(patch, _ENDS)
    (channel,) = (each for each in patch.channels if each.name == name)
    opens, closes = np.ones(row.size), np.ones(row.size)
    for gate in channel.gates:
        value = steady[gate.name] ** gate.power
        if ends[gate.name][1] >= ends[gate.name][0]:
            opens = opens * value
        else:
            closes = closes * value
    whole = float(patch.parameters[f"g_{name}"].value)  # type: ignore[arg-type]
    part = steady[f"G_{name}"] / whole if whole else np.zeros(row.size)
    return opens, closes, part, steady[f"I_{name}"]


def _top(row: np.ndarray, curve: np.ndarray) -> tuple[float, float, float]:
    """The top of a curve above 0, where, and how sure; NaN if it is at an end."""
    nothing = float("nan"), float("nan"), float("nan")
    if row.size < 3 or int(curve.argmax()) in (0, row.size - 1):
        return nothing
    value, at, sure = (each[0] for each in highest(row, curve[None]))
    if not value > _LEAST:
        return nothing
    return float(value), float(at), float(max(sure, _SURE * value))


def _width(row: np.ndarray, curve: np.ndarray, top: float) -> tuple[float, float]:
    """Between which potentials it is at least half as high; NaN where it is still so at an end."""
    above = np.flatnonzero(curve >= top / 2)
    if not np.isfinite(top) or not above.size:
        return float("nan"), float("nan")
    trace = Trace(row, curve[None])

    def half(k: int) -> float:
        if not 0 <= k < row.size - 1:
            return float("nan")
        return float(trace.pieces(np.array([0]), np.array([k])).passing(0, top / 2)[0])

    return half(int(above[0]) - 1), half(int(above[-1]))


def _summary(name: str, found: dict[str, tuple[Any, Any, Any]]) -> str:
    top, at, deepest, where = (
        found[key][1] for key in ("peak_open", "V_peak", "peak_current", "V_current")
    )
    said = []
    if np.isfinite(top):
        said += [
            say(
                "at most {top:.3g} % of {name} is open for good, at {at:.4g} mV",
                top=100 * top,
                name=name,
                at=at,
            )
        ]
    elif (np.asarray(found["availability"][1]) == 1).all():
        said += [say("{name} does not inactivate, so that there is no window", name=name)]
    else:
        said += [say("{name} has no window between these potentials", name=name)]
    if np.isfinite(deepest):
        said += [
            say(
                "its steady current is most inward at {where:.4g} mV, {deepest:.4g} µA/cm²",
                where=where,
                deepest=deepest,
            )
        ]
    words = "; ".join(said)
    return f"{words[0].upper()}{words[1:]}."


EXPERIMENT = Experiment(
    window_current, theme="voltage clamp", model="membrane",
    chart=Plan((
        Panel(("activation", "availability"), heading="Part of the gates"),
        Panel(("open",)),
        Panel(("current",), marks=("V_current",), zero=True),
    )),
    facts={"voltage": Facts("mV", many=True), "ion": Facts()},
)  # fmt: skip
