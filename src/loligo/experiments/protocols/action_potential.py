"""The action potential of a membrane: its shape, and the currents and charges that make it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import spike_shape
from loligo.errors import RunError, UsageError
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.protocols.threshold import threshold as sought
from loligo.experiments.runs import protocol, run
from loligo.model import Membrane
from loligo.model.functions import FARADAY
from loligo.model.parts import VALENCE, Channel
from loligo.solvers import Taylor
from loligo.system.outline import outline_of
from loligo.theory.rest import rest
from loligo.words import decimal, say

if TYPE_CHECKING:
    import xarray

Array = np.ndarray

_TOLERANCE = 1e-12  # near its threshold a membrane makes much of a small error
_STEP = 0.005  # ms between samples
_AFTER = 3.0  # times the way from the peak to the trough that are shown after the peak
_LIFTED = 10.0  # mV above what is no rest, where a run begins that may fire by itself
_USUAL = -65.0  # mV: where it does where currents balance nowhere
# name here -> name among the features of a spike, what it is
_SHAPE = {
    "onset": ("AP_begin_voltage", "mV", "V at the onset"),
    "peak": ("peak_voltage", "mV", "V at the peak"),
    "amplitude": ("AP_amplitude", "mV", "height of the peak above the onset"),
    "half_width": ("AP_duration_half_width", "ms", "width at half of the amplitude"),
    "upstroke": ("AP_peak_upstroke", "mV/ms", "largest rate of rise"),
    "downstroke": ("AP_peak_downstroke", "mV/ms", "largest rate of fall"),
    "undershoot": ("AHP_depth_abs", "mV", "lowest V after the peak"),
    "undershoot_time": ("AHP_time_from_peak", "ms", "from the peak to the lowest V"),
}


@protocol("seeking the action potential")
def action_potential(
    membrane: Membrane, *, strength: Any = 1.1, threshold: Any = 0.0, wait: Any = 100.0,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """A membrane's action potential after a shock a little above threshold, and its currents.

    The shock displaces V at once from rest. Of a membrane that fires by itself, the last whole one
    of its own action potentials is taken. The charge of a channel is what flows through it in
    excess of rest, stable or not, in all the time that is shown: inward is negative.

    Parameters
    ----------
    membrane : Membrane
    strength : float
        How many times the threshold the shock is.
    threshold : float
        mV that V must rise through to count as excited.
    wait : float
        ms in which it may.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (mV, the displacement of V that just excites), ``onset`` (mV, from where V
        rises by 10 mV/ms and more), ``peak``, ``amplitude``, ``half_width`` (ms), ``upstroke`` and
        ``downstroke`` (mV/ms), ``undershoot`` (mV), ``undershoot_time`` (ms), ``latency`` (ms from
        the shock to the peak). ``V``, ``I_ionic`` and every channel's current (uA/cm2) over
        ``time``, the shock at 0; over ``channel`` its ``charge`` (nC/cm2), its ``entry`` (pmol/cm2:
        how much of its ion that is, entering positive, where the channel says which ion and that
        has a known valence), its ``peak_current`` and its ``peak_time`` (ms). NaN where there is
        none.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.action_potential(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.threshold), 3), round(float(found.peak), 1)
    (6.505, 37.4)
    >>> found.entry.sel(channel=["Na", "K"]).round(2).values.tolist()
    [14.07, -13.84]
    """
    patch = membrane_of(membrane, "action_potential")
    level, lasts = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)
    times = one(strength, "1", "strength", above=0.0)
    still = rest(patch)
    found, shock, rec = _run(patch, still, times, level, lasts)
    shape = spike_shape(rec, level) if _fired(rec) else None
    which = _whole(shape, last=np.isnan(shock))
    channels = [channel.name for channel in patch.channels]
    measured, part = _shaped(shape, which), _part(rec, shape, which)
    variables: dict[str, Any] = {
        "threshold": ((), found, told(
            "mV", "displacement of V that excites", precision=1e-9 * abs(found))),
        "shock": ((), shock, told("mV", "displacement of V that was given")),
        **{
            name: ((), measured[name], told(unit, meaning, precision=_PRECISION[unit]))
            for name, (_, unit, meaning) in _SHAPE.items()
        },
        "latency": ((), measured["latency"], told("ms", "from the shock to the peak")),
        **_traces(part, patch.channels, still),
    }  # fmt: skip
    return dataset(
        EXPERIMENT, "Action potential", variables,
        {
            "time": ("time", part.time.values if part is not None else np.zeros(0),
                     told("ms", "time from the shock" if np.isfinite(shock) else "time")),
            "channel": ("channel", np.array(channels, dtype=str), {"long_name": "channel"}),
        },
        patch, summary=_summary(still, variables, channels), **_plan(channels).attributes,
    )  # fmt: skip


_PRECISION = {"mV": 1e-4, "ms": 1e-4, "mV/ms": 1e-2}


def _run(
    patch: Membrane, still: Any, times: float, level: float, lasts: float
) -> tuple[float, float, Any]:
    """The threshold, the displacement that was given, and what was recorded; NaN of what there is
    not."""
    V = float(still.V)
    if not np.isfinite(V):
        return np.nan, np.nan, _recorded(patch, _USUAL + _LIFTED, level, lasts)
    if not bool(still.stable):
        return np.nan, np.nan, _recorded(patch, V + _LIFTED, level, lasts)
    found = float(sought(patch, threshold=level, wait=lasts).threshold)
    shock = times * found if np.isfinite(found) else _LIFTED
    begin = {name: float(still[name]) for name in outline_of(patch).states}
    rec = _recorded(patch, {**begin, "V": V + shock}, level, lasts)
    if np.isfinite(found) and times < 1.0 and not _fired(rec):
        raise UsageError(
            f"a displacement of {times:g} times the threshold does not excite; strength is 1 or "
            "more"
        )
    return found, shock, rec


def _recorded(patch: Membrane, initial: Any, level: float, lasts: float) -> Any:
    """A run from a potential, or from states: no jump in it counts as a spike. None where its
    states have nowhere to begin."""
    try:
        return run(
            patch, None, lasts, record=None, initial=initial, threshold=level,
            sample_interval=_STEP, solver=Taylor(_TOLERANCE),
        )  # fmt: skip
    except RunError:
        return None


def _fired(rec: Any) -> bool:
    return rec is not None and int(rec.spike_count) > 0


def _whole(shape: Any, last: bool) -> int | None:
    """Which spike is shown: the first, or the last whose shape is known."""
    if shape is None:
        return None
    known = np.flatnonzero(np.isfinite(shape.AHP_depth_abs.values + shape.AP_begin_time.values))
    return int(known[-1]) if last and known.size else 0


def _shaped(shape: Any, which: int | None) -> dict[str, float]:
    """The features of a spike."""
    if shape is None:
        return {**dict.fromkeys(_SHAPE, np.nan), "latency": np.nan}
    one_spike = shape.isel(spike=which)
    told_ = {name: float(one_spike[feature]) for name, (feature, *_) in _SHAPE.items()}
    return {**told_, "latency": float(one_spike.peak_time)}


def _part(rec: Any, shape: Any, which: int | None) -> Any:
    """What is recorded around a spike; all of it where there is none."""
    if rec is None or shape is None:
        return rec
    spike = shape.isel(spike=which)
    top, fall = float(spike.peak_time), float(spike.AHP_time_from_peak)
    end = top + _AFTER * fall if np.isfinite(fall) else np.inf
    if which is not None and which + 1 < shape.sizes["spike"]:
        end = min(end, float(shape.AP_begin_time[which + 1]))
    begin = 0.0 if which == 0 else max(top - fall, 0.0)
    return rec.sel(time=slice(begin, end))


def _traces(part: Any, parts: Sequence[Channel], still: Any) -> dict[str, Any]:
    """V, the currents, and what each of them amounts to."""
    from scipy.integrate import simpson

    channels = [channel.name for channel in parts]
    time = part.time.values if part is not None else np.zeros(0)
    V = part.V.values if part is not None else time
    flows = {name: part[f"I_{name}"].values if part is not None else time for name in channels}
    whole = np.sum(list(flows.values()), axis=0) + np.zeros(time.size)
    before = {name: float(still[f"I_{name}"]) for name in channels}
    charge, most, when = np.full((3, len(channels)), np.nan)
    for k, (name, flow) in enumerate(flows.items()):
        if time.size:
            at = int(np.abs(flow).argmax())
            charge[k] = simpson(flow - before[name], x=time)
            most[k], when[k] = flow[at], time[at]
    row = {"V": ("time", V, told("mV", "membrane potential"))}
    row |= {
        f"I_{name}": ("time", flow, told(
            "uA/cm2", f"current of {name}", label=name, channel=name))
        for name, flow in flows.items()
    }  # fmt: skip
    return row | {
        "I_ionic": ("time", whole, told("uA/cm2", "ionic current")),
        "charge": ("channel", charge, told("nC/cm2", "charge in excess of rest")),
        "entry": (
            "channel",
            -charge / _per_amount(parts),
            told("pmol/cm2", "ions that entered in excess of rest"),
        ),
        "peak_current": ("channel", most, told("uA/cm2", "current at its peak")),
        "peak_time": ("channel", when, told("ms", "time of that peak")),
    }


def _per_amount(channels: Sequence[Channel]) -> Array:
    """The charge of each channel's ion, nC/pmol; NaN where it is not known."""
    valences = [VALENCE.get(str(channel.ion), np.nan) for channel in channels]
    return 1e-3 * FARADAY * np.array(valences, dtype=float)


def _plan(channels: list[str]) -> Plan:
    panels = [Panel(("V",), across="time")]
    if channels:
        names = tuple(f"I_{name}" for name in channels)
        panels.append(Panel(names, across="time", heading="Ionic current", zero=True))
    return Plan(tuple(panels))


def _summary(still: Any, variables: dict[str, Any], channels: list[str]) -> str:
    def number(name: str) -> float:
        return float(variables[name][1])

    if not np.isfinite(number("peak")):
        if not np.isfinite(float(still.V)) or not bool(still.stable):
            return say("{summary} No action potential was seen.", summary=still.attrs["summary"])
        return say("No displacement of V excites it: it has no action potential.")
    begin = (
        say(
            "Displaced by {shock:.4g} mV at once (the threshold is {threshold:.5g} mV), V peaks "
            "{latency:.3g} ms later",
            shock=number("shock"),
            threshold=number("threshold"),
            latency=number("latency"),
        )
        if np.isfinite(number("shock"))
        else say("It fires by itself; V peaks")
    )
    above = (
        say(
            "{amplitude:.1f} mV above the onset, it is {half_width:.3g} ms wide at half of that,",
            amplitude=number("amplitude"),
            half_width=number("half_width"),
        )
        if np.isfinite(number("amplitude"))
        else say("It rises too slowly for an onset and a width; it")
    )
    said = [
        say(
            "{begin} at {peak:.1f} mV. {above} rises by up to {upstroke} and falls by up "
            "to {downstroke} mV/ms, and reaches {undershoot:.1f} mV afterwards.",
            begin=begin,
            peak=number("peak"),
            above=above,
            upstroke=_speed(number("upstroke")),
            downstroke=_speed(-number("downstroke")),
            undershoot=number("undershoot"),
        )
    ]
    charge = variables["charge"][1]
    moved = [
        f"{name} {decimal(f'{value:+.4g}')}" for name, value in zip(channels, charge, strict=True)
    ]
    if moved:
        said.append(
            say(
                "Charge in excess of rest (nC/cm², inward negative): {moved}.",
                moved=", ".join(moved),
            )
        )
    return " ".join(said)


def _speed(value: float) -> str:
    return decimal(f"{value:.0f}" if value >= 10.0 else f"{value:.2g}")


EXPERIMENT = Experiment(
    action_potential, theme="membrane", model="membrane",
    chart=Plan((Panel(("V",), across="time"),)),
    facts={"strength": Facts("1"), "threshold": Facts("mV"), "wait": Facts("ms")},
)  # fmt: skip
