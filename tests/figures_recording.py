"""Recordings for the tests of figures, made without the simulator.

The squid axon as `hh_scipy` integrates it, and variations that figures must also cope with.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import xarray

import hh_scipy as hh

_G = {"Na": 120.0, "K": 36.0, "leak": 0.3}
_POWERS = {"m": 3, "h": 1, "n": 4}
_CHANNEL_OF = {"m": "Na", "h": "Na", "n": "K"}


def _conductances(m, h, n):
    return {"Na": _G["Na"] * m**3 * h, "K": _G["K"] * n**4, "leak": np.full_like(m, _G["leak"])}


def _variable(values, dims=("time",), **attrs):
    return (dims, np.asarray(values, dtype=float), attrs)


def _crossings(time, V, threshold=0.0):
    up = np.flatnonzero((V[:-1] < threshold) & (V[1:] >= threshold))
    part = (threshold - V[up]) / (V[up + 1] - V[up])
    return time[up] + part * (time[up + 1] - time[up])


def _variables(time, columns, current):
    V, m, h, n = columns
    gates = {"m": m, "h": h, "n": n}
    found = {
        "V": _variable(
            V, units="mV", long_name="membrane potential", role="voltage", rest=hh.rest()
        )
    }
    for gate, values in gates.items():
        found[gate] = _variable(
            values,
            units="1",
            long_name=f"gate {gate}",
            role="gate",
            channel=_CHANNEL_OF[gate],
            power=_POWERS[gate],
        )
    for channel, values in zip(_G, hh.currents(columns), strict=True):
        found[f"I_{channel}"] = _variable(
            values, units="uA/cm2", long_name=f"{channel} current", role="current", channel=channel
        )
    for channel, values in _conductances(**gates).items():
        found[f"G_{channel}"] = _variable(
            values,
            units="mS/cm2",
            long_name=f"{channel} conductance",
            role="conductance",
            channel=channel,
        )
    found["I_stim"] = _variable(
        current, units="uA/cm2", long_name="injected current", role="stimulus"
    )
    spikes = _crossings(time, V)
    found["spike_count"] = ((), spikes.size, {"long_name": "number of spikes"})
    table = hh.padded([spikes])[0]
    found["spike_time"] = (("spike",), table, {"units": "ms", "threshold": 0.0})
    return found


_ATTRS = {
    "title": "Squid giant axon, Hodgkin & Huxley 1952",
    "model": "hodgkin-huxley-1952",
    "solver": "Exponential(dt=0.01)",
    "stimulus": "10 µA/cm² from 5 to 45 ms",
    "loligo_version": "0.1.0",
}


def _dataset(variables, time, stimulus="10 µA/cm² from 5 to 45 ms", coords=None):
    coords = {"time": ("time", time, {"units": "ms"}), **(coords or {})}
    return xarray.Dataset(variables, coords=coords, attrs={**_ATTRS, "stimulus": stimulus})


def recording(
    amplitude=10.0, start=5.0, end=45.0, duration=50.0, initial=-65.0, interval=0.05
) -> xarray.Dataset:
    """One squid axon under one pulse."""
    time = np.arange(round(duration / interval) + 1) * interval
    solved = hh.run(start, end - start, amplitude, duration, initial)
    columns = solved.at(time)
    current = np.where((time >= start - 1e-9) & (time < end - 1e-9), amplitude, 0.0)
    text = f"{amplitude:g} µA/cm² from {start:g} to {end:g} ms" if amplitude else ""
    return _dataset(_variables(time, columns, current), time, text)


def only(rec: xarray.Dataset, *names: str) -> xarray.Dataset:
    """The recording without the other variables (spikes stay)."""
    return rec[[*names, "spike_count", "spike_time"]].assign_attrs(rec.attrs)


def lanes(amplitudes, names=("V",), **options) -> xarray.Dataset:
    """Several cells that differ in the amplitude of the pulse."""
    each = [recording(amplitude=float(a), **options) for a in amplitudes]
    dims = ("amplitude", "time")
    variables = {
        name: (dims, np.stack([r[name].values for r in each]), dict(each[0][name].attrs))
        for name in (*names, "I_stim")
    }
    variables["V"][2].pop("rest", None)
    variables["spike_count"] = (("amplitude",), [int(r.spike_count) for r in each])
    table = hh.padded([r.spike_time.dropna("spike").values for r in each])
    variables["spike_time"] = (("amplitude", "spike"), table, {"units": "ms"})
    coords = {"amplitude": ("amplitude", np.asarray(amplitudes, float), {"units": "uA/cm2"})}
    return _dataset(variables, each[0].time.values, "pulses from 5 to 45 ms", coords)


def grid(g_Na, amplitudes) -> xarray.Dataset:
    """A sweep over two parameters (made up: only its shape matters)."""
    row = lanes(amplitudes)
    factor = np.asarray(g_Na, float) / 120.0
    V = row.V.values[None] * factor[:, None, None]
    variables = {"V": (("g_Na", "amplitude", "time"), V, {"units": "mV", "role": "voltage"})}
    count = np.round(row.spike_count.values[None] * factor[:, None]).astype(int)
    variables["spike_count"] = (("g_Na", "amplitude"), count)
    table = hh.padded([np.zeros(each) for each in count.ravel()]).reshape(*count.shape, -1)
    variables["spike_time"] = (("g_Na", "amplitude", "spike"), table, {"units": "ms"})
    coords = {
        "amplitude": row.amplitude,
        "g_Na": ("g_Na", np.asarray(g_Na, float), {"units": "mS/cm2"}),
    }
    return _dataset(variables, row.time.values, "pulses from 5 to 45 ms", coords)


def renamed() -> xarray.Dataset:
    """A membrane with an A-current, a calcium current and a calcium pool."""
    rec = recording()
    V = rec.V.values
    a, b = 1 / (1 + np.exp(-(V + 50) / 20)), 1 / (1 + np.exp((V + 70) / 6))
    m_Ca = 1 / (1 + np.exp(-(V + 20) / 9))
    extra = {
        "a": _variable(a, units="1", role="gate", channel="A", power=3),
        "b": _variable(b, units="1", role="gate", channel="A", power=1),
        "m_Ca": _variable(m_Ca, units="1", role="gate", channel="Ca", power=2),
        "G_A": _variable(47.7 * a**3 * b, units="mS/cm2", role="conductance", channel="A"),
        "G_Ca": _variable(2 * m_Ca**2, units="mS/cm2", role="conductance", channel="Ca"),
        "I_A": _variable(47.7 * a**3 * b * (V + 75), units="uA/cm2", role="current", channel="A"),
        "Ca_i": _variable(
            5e-5 + np.cumsum(m_Ca) * 1e-6, units="mM", role="state", long_name="calcium inside"
        ),
    }
    title = "Neuron with an A-current and a calcium pool"
    return rec.assign(extra).assign_attrs(title=title)


def changed(change: Callable[[np.ndarray, np.ndarray], np.ndarray], text: str) -> xarray.Dataset:
    """The usual recording under another injected current (the voltage is left as it was)."""
    rec = recording()
    current = change(rec.time.values, rec.I_stim.values)
    attrs = dict(rec.I_stim.attrs)
    return rec.assign(I_stim=("time", current, attrs)).assign_attrs(stimulus=text)


def noise() -> xarray.Dataset:
    """White noise from 5 to 45 ms."""
    drawn = np.random.default_rng(1).normal(0, 20, 1001)
    return changed(lambda t, now: np.where(now > 0, drawn[: t.size], 0.0), "noise, s.d. 20 µA/cm²")


def sine() -> xarray.Dataset:
    """A sine of 100 Hz from 5 to 45 ms."""
    return changed(
        lambda t, now: np.where(now > 0, 10 * np.sin(2 * np.pi * (t - 5) / 10), 0.0), "sine, 100 Hz"
    )


def huge() -> xarray.Dataset:
    """A current and a voltage far beyond physiology."""
    rec = changed(lambda _, now: now * 2.5e5, "2500000 µA/cm² from 5 to 45 ms")
    attrs = dict(rec.V.attrs)
    return rec.assign(V=("time", rec.V.values * 3.1e4, attrs))


def long() -> xarray.Dataset:
    """10 s of regular spikes."""
    one = recording(amplitude=10, start=0, end=200, duration=200)
    count = 50
    time = np.arange(200 * count * 20 + 1) * 0.05
    variables = {
        name: (("time",), np.append(np.tile(v.values[:-1], count), v.values[-1]), dict(v.attrs))
        for name, v in one.data_vars.items()
        if v.dims == ("time",)
    }
    on = (time >= 1000) & (time < 9000)
    variables["I_stim"] = (("time",), np.where(on, 10.0, 0.0), dict(one.I_stim.attrs))
    variables["spike_count"] = ((), 600)
    variables["spike_time"] = (("spike",), np.arange(600) * 16.0)
    return _dataset(variables, time, "10 µA/cm² from 1 to 9 s")


def with_provenance(rec: xarray.Dataset, stimulus: dict, duration: float) -> xarray.Dataset:
    """The recording with the stimulus that made it in its provenance."""
    text = json.dumps({"stimulus": stimulus, "duration": duration})
    return rec.assign_attrs(provenance=text)
