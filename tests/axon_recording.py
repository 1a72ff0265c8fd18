"""Recordings of an axon for the tests of figures and measures, made without the simulator.

The squid axon by the method of lines: gates half a step apart from the voltage, the voltage by
the implicit midpoint rule on (capacitance, axial conductance, membrane conductance).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray
from scipy.linalg import solve_banded

from hh_scipy import padded

_G = {"Na": 120.0, "K": 36.0, "L": 0.3}
_E = {"Na": 50.0, "K": -77.0, "L": -54.387}
_GATES = {"m": ("Na", 3), "h": ("Na", 1), "n": ("K", 4)}


def _relative(x):
    return np.where(x == 0, 1.0, x / np.where(x == 0, 1.0, -np.expm1(-x)))


def _rates(V, phi):
    alpha = {
        "m": _relative((V + 40) / 10),
        "h": 0.07 * np.exp(-(V + 65) / 20),
        "n": 0.1 * _relative((V + 55) / 10),
    }
    beta = {
        "m": 4 * np.exp(-(V + 65) / 18),
        "h": 1 / (1 + np.exp(-(V + 35) / 10)),
        "n": 0.125 * np.exp(-(V + 65) / 80),
    }
    return {x: (phi * alpha[x], phi * beta[x]) for x in alpha}


def _conductances(gates):
    m, h, n = gates["m"], gates["h"], gates["n"]
    return {"Na": _G["Na"] * m**3 * h, "K": _G["K"] * n**4, "L": np.full_like(m, _G["L"])}


def _solve(V, G, S, axial, dt):
    """V after a step of C dV/dt = S - G V + axial V'' (C = 1)."""
    lower, upper = axial[:, 0], axial[:, 1]
    total = lower + upper
    flow = S - G * V - total * V
    flow[1:] += lower[1:] * V[:-1]
    flow[:-1] += upper[:-1] * V[1:]
    bands = np.zeros((3, V.size))
    bands[0, 1:] = -0.5 * dt * upper[:-1]
    bands[1] = 1 + 0.5 * dt * (G + total)
    bands[2, :-1] = -0.5 * dt * lower[1:]
    return V + dt * solve_banded((1, 1), bands, flow)


def _run(shocks, length, diameter, resistivity, celsius, duration, dt, compartments, myelin):
    phi = 3 ** ((celsius - 6.3) / 10)
    dx = length / compartments
    # a/(2 R dx^2), in mS/cm2
    coupling = diameter / 4 * 1e-4 / resistivity / (dx * 1e-4) ** 2 * 1e3
    axial = np.full((compartments, 2), coupling)
    axial[0, 0] = axial[-1, 1] = 0.0
    where = [min(int(at / dx), compartments - 1) for at, *_ in shocks]
    density = [nA * 1e5 / (np.pi * diameter * dx) for *_, nA in shocks]
    V = np.full(compartments, -64.996)
    gates = {x: a / (a + b) for x, (a, b) in _rates(V, phi).items()}
    active = np.where(myelin, 0.0, 1.0)
    every = round(0.05 / dt)
    kept = {name: [] for name in ("V", *gates)}
    for step in range(round(duration / dt) + 1):
        if step % every == 0:
            for name, values in {"V": V, **gates}.items():
                kept[name].append(values.copy())
        for x, (a, b) in _rates(V, phi).items():
            there = a / (a + b)
            gates[x] = there + (gates[x] - there) * np.exp(-dt * (a + b))
        G = _conductances(gates)
        G = {c: g * active for c, g in G.items()}
        S = sum(g * _E[c] for c, g in G.items())
        for place, current, (_, start, width, _) in zip(where, density, shocks, strict=True):
            if start <= (step + 0.5) * dt < start + width:
                S[place] += current
        V = _solve(V, sum(G.values()), S, axial, dt)
    return {name: np.array(rows).T for name, rows in kept.items()}


def _spikes(V, time, threshold=0.0):
    where, when = np.nonzero((V[:, :-1] < threshold) & (V[:, 1:] >= threshold))
    rise = V[where, when + 1] - V[where, when]
    return where, time[when] + (threshold - V[where, when]) / rise * np.diff(time)[when]


@cache
def axon_recording(
    shocks=((0.0, 0.5, 0.2, 20e3),),
    length=8e4,
    diameter=476.0,
    resistivity=35.4,
    celsius=18.5,
    duration=7.0,
    compartments=160,
    internodes=False,
):
    """A recording as `lo.simulate` makes it of an axon; ``shocks`` are (place um, start, ms, nA).

    ``internodes`` marks all but every eighth compartment as myelin (for drawing alone).
    """
    dx = length / compartments
    myelin = np.zeros(compartments, bool)
    if internodes:
        myelin = np.arange(compartments) % 8 != 0
    found = _run(
        shocks, length, diameter, resistivity, celsius, duration, 0.01, compartments,
        np.zeros(compartments, bool),
    )  # fmt: skip
    time = 0.05 * np.arange(found["V"].shape[1])
    both = ("position", "time")
    variables = {
        "V": (both, found["V"], {"units": "mV", "role": "voltage", "rest": -64.996}),
    }
    gates = {x: found[x] for x in _GATES}
    for x, values in gates.items():
        channel, power = _GATES[x]
        told = {"units": "1", "role": "gate", "channel": channel, "power": power}
        variables[x] = (both, values, told)
    for channel, values in _conductances(gates).items():
        told = {"role": "conductance", "channel": channel, "units": "mS/cm2"}
        variables[f"G_{channel}"] = (both, values, told)
        told = {"role": "current", "channel": channel, "units": "uA/cm2"}
        variables[f"I_{channel}"] = (both, values * (found["V"] - _E[channel]), told)
    on = [nA * ((time >= start) & (time < start + wide)) for _, start, wide, nA in shocks]
    places = [float(place) for place, *_ in shocks]
    told = {"units": "nA", "role": "stimulus", "long_name": "injected current"}
    if len(places) == 1:
        variables["I_stim"] = ("time", on[0], {**told, "place_um": places[0]})
    else:
        variables["I_stim"] = (("place", "time"), np.array(on), told)
    where, when = _spikes(found["V"], time)
    count = np.bincount(where, minlength=compartments)
    variables["spike_count"] = ("position", count, {"units": "1", "threshold": 0.0})
    table = padded([when[where == place] for place in range(compartments)])
    variables["spike_time"] = (("position", "spike"), table, {"units": "ms", "threshold": 0.0})
    position = dx * (np.arange(compartments) + 0.5)
    coords = {
        "position": ("position", position, {"units": "um", "long_name": "position along the axon"}),
        "time": ("time", time, {"units": "ms", "long_name": "time"}),
        "diameter": ("position", np.full(compartments, diameter), {"units": "um"}),
        "region": ("position", np.full(compartments, "axon")),
        "myelin": ("position", myelin),
    }
    if len(places) > 1:
        coords["place"] = ("place", places, {"units": "um"})
    attrs = {
        "title": "Squid giant axon (Hodgkin & Huxley 1952)",
        "model": "hodgkin-huxley-1952",
        "model_kind": "axon",
        "axial_resistivity": resistivity,
        "compartments": compartments,
        "dx_um": dx,
        "solver": "Exponential(dt=0.01)",
        "stimulus": "20 µA at 0 cm from 0.5 to 0.7 ms",
    }
    return xarray.Dataset(variables, coords, attrs)
