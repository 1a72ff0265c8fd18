"""A membrane at rest: what holds it there, and what a small push makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol
from loligo.model import Membrane
from loligo.theory.linear import Linear
from loligo.theory.patch import Patch
from loligo.theory.rest import rest
from loligo.theory.steady import steady_state
from loligo.words import decimal, say

if TYPE_CHECKING:
    import xarray

_NOTHING, _LEAST = 1e-9, 1e-3  # of the largest current, and of so many uA/cm2: less is none
_AROUND = np.linspace(-20.0, 20.0, 161)  # mV from rest
_USUAL = -65.0  # mV: around which the curve is drawn where there is no rest


@protocol("finding rest")
def resting_state(
    membrane: Membrane, *, current: Any = 0.0, progress: bool | None = None
) -> xarray.Dataset:
    """Where a membrane rests, which currents balance there, and how it answers small currents.

    Small means linear: the input resistance is the inverse slope of the steady current-voltage
    curve, the time constant C_m over the slope conductance while all gates stand still. Where a
    pair of eigenvalues is complex the membrane rings; its resonance is the frequency at which its
    impedance is largest (Mauro, Conti, Dodge & Schor 1970, doi:10.1085/jgp.55.4.497).

    Parameters
    ----------
    membrane : Membrane
    current : float
        uA/cm2 that are injected steadily.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV) and ``stable``; over ``channel``: ``conductance`` (mS/cm2, the chord
        conductance), ``channel_current`` (uA/cm2), ``driving_force`` (mV), and the ``share`` of
        each in all inward or in all outward current. ``input_resistance`` (kOhm cm2),
        ``slope_conductance`` (mS/cm2), ``time_constant`` (ms), ``resonance`` (Hz, NaN where the
        impedance only falls) and ``resonance_height``, times the input resistance;
        ``eigenvalue_real`` and ``eigenvalue_imag`` (per ms) over ``mode``, and ``ringing`` (Hz).
        ``steady`` and ``instantaneous`` (uA/cm2) over ``voltage``: the current-voltage curve when
        all is steady, and that of a sudden step from rest.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.resting_state(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.V), 4), round(float(found.input_resistance), 4)
    (-64.9964, 0.857)
    >>> found.conductance.values.round(4).tolist()
    [0.0106, 0.3669, 0.3]
    """
    patch = membrane_of(membrane, "resting_state")
    injected = one(current, "uA/cm2", "current")
    found = rest(patch, injected)
    channels = [channel.name for channel in patch.channels]
    V = float(found.V)
    row = (V if np.isfinite(V) else _USUAL) + _AROUND
    equations = Patch.of(patch, "rest")
    states = np.array([float(found[name]) if name in found else np.nan
                       for name in equations.outline.states])[:, None]  # fmt: skip
    small = _small(equations, states, float(found.slope_conductance), bool(found.stable))
    variables = {
        **_variables(found, channels),
        **small,
        **_curves(equations, states, row, channels, injected),
    }
    for name in ("eigenvalue_real", "eigenvalue_imag"):
        variables[name] = ("mode", found[name].values, dict(found[name].attrs))
    return dataset(
        EXPERIMENT, "At rest", variables,
        {
            "channel": ("channel", np.array(channels, dtype=str), {"long_name": "channel"}),
            "voltage": ("voltage", row, told("mV", "membrane potential")),
        },
        patch, summary=_summary(found, variables, channels),
        **({} if channels else Plan(_PANELS[:1]).attributes),
    )  # fmt: skip


def _variables(found: xarray.Dataset, channels: list[str]) -> dict[str, Any]:
    """What is at rest."""
    flows = np.array([float(found[f"I_{name}"]) for name in channels])
    flows[np.abs(flows) <= _NOTHING * np.abs(flows).max(initial=_LEAST)] = 0.0
    opens = np.array([float(found.get(f"G_{name}", np.nan)) for name in channels])
    with np.errstate(divide="ignore", invalid="ignore"):
        force = np.where(opens > 0, flows / opens, np.nan)
        inward, outward = flows[flows < 0].sum(), flows[flows > 0].sum()
        share = np.where(flows < 0, flows / inward, np.where(flows > 0, flows / outward, 0.0))
    share = np.where(np.isfinite(flows), share, np.nan)
    return {
        "V": ((), float(found.V), told("mV", "rest", label="rest", precision=1e-9)),
        "stable": ((), bool(found.stable), {"long_name": "whether it is stable"}),
        "conductance": ("channel", opens, told("mS/cm2", "conductance at rest")),
        "channel_current": ("channel", flows, told("uA/cm2", "current at rest")),
        "driving_force": ("channel", force, told("mV", "driving force")),
        "share": ("channel", share, told("1", "share of all inward, or outward, current")),
    }


def _small(
    equations: Patch, states: np.ndarray, slope: float, stable: bool
) -> dict[str, Any]:  # fmt: skip
    """What small currents make of it."""
    if not np.isfinite(states).all():
        resistance = constant = peak = height = ringing = np.nan
    else:
        matrix = equations.jacobian(states)[0]
        capacitance = float(equations.numbers["C_m"][0])
        with np.errstate(divide="ignore"):
            resistance = float(np.divide(1.0, slope))
            constant = float(np.divide(-1.0, matrix[0, 0]))
        nothing = np.nan, np.nan  # what grows by itself has no steady answer
        peak, height = Linear(matrix, capacitance).resonance() if stable else nothing
        modes = np.linalg.eigvals(matrix)
        rings = modes[modes.imag > 0]
        slowest = rings[rings.real.argmax()] if rings.size else complex(0, np.nan)
        ringing = float(slowest.imag) / (2 * np.pi) * 1e3
    return {
        "slope_conductance": ((), slope, told("mS/cm2", "slope of the steady current")),
        "input_resistance": ((), resistance, told("kOhm*cm2", "input resistance")),
        "time_constant": ((), constant, told("ms", "time constant with all gates still")),
        "resonance": ((), peak, told("Hz", "frequency of the largest impedance")),
        "resonance_height": ((), height, told("1", "largest impedance over that at 0 Hz")),
        "ringing": ((), ringing, told("Hz", "frequency of ringing after a push")),
    }


def _curves(
    equations: Patch, states: np.ndarray, row: np.ndarray, channels: list[str], injected: float
) -> dict[str, Any]:
    """The current that must be injected to hold V, at last and at once."""
    steady = steady_state(equations.membrane, V=row).I_ionic.values
    moved = np.repeat(states, row.size, axis=1)
    moved[0] = row
    every = np.zeros(row.size, dtype=int)
    now = equations.at(moved, every)
    sudden = np.sum([now[f"I_{name}"] for name in channels], axis=0) + np.zeros(row.size)
    return {
        "steady": ("voltage", steady - injected, told(
            "uA/cm2", "net outward current", label="steady")),
        "instantaneous": ("voltage", sudden - injected, told(
            "uA/cm2", "net outward current at once", label="at once, from rest")),
    }  # fmt: skip


def _summary(found: xarray.Dataset, variables: dict[str, Any], channels: list[str]) -> str:
    def number(name: str) -> float:
        return float(variables[name][1])

    said = [found.attrs["summary"]]
    if not np.isfinite(number("V")):
        return said[0]
    for way, sign in (("inward", -1), ("outward", 1)):
        own = [
            (share, name)
            for name, share, flow in zip(
                channels, variables["share"][1], variables["channel_current"][1], strict=True
            )
            if flow * sign > 0
        ]
        if own:
            parts = ", ".join(
                decimal(f"{name} {100 * share:.3g} %") for share, name in sorted(own)[::-1]
            )
            said.append(
                say("Current flows {way} through {channels}.", way=say(way), channels=parts)
            )
    resistance = number("input_resistance")
    if np.isfinite(resistance) and resistance > 0:
        said.append(
            say(
                "Input resistance {resistance:.4g} kΩ·cm²; time constant {time_constant:.4g} ms.",
                resistance=resistance,
                time_constant=number("time_constant"),
            )
        )
    elif np.isfinite(resistance):
        said.append(
            say("The steady current falls with V there, so that it has no input resistance.")
        )
    if np.isfinite(number("resonance")):
        said.append(
            say(
                "It resonates at {resonance:.3g} Hz, with {resonance_height:.3g} times the "
                "impedance of 0 Hz.",
                resonance=number("resonance"),
                resonance_height=number("resonance_height"),
            )
        )
    return " ".join(said)


_PANELS = (
    Panel(("steady", "instantaneous"), across="voltage", marks=("V",), zero=True,
          heading="Current against potential"),
    Panel(("conductance",), across="channel"),
)  # fmt: skip

EXPERIMENT = Experiment(
    resting_state, theme="membrane", model="membrane",
    chart=Plan(_PANELS),
    facts={"current": Facts("uA/cm2")},
)  # fmt: skip
