"""Recordings of the squid axon made by SciPy alone, independently of everything in loligo.

The equations are those of Hodgkin & Huxley 1952 (J. Physiol. 117:500) at 6.3 °C, with
absolute voltages (rest near -65 mV).
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import OdeSolution, solve_ivp
from scipy.optimize import brentq
from scipy.special import exprel


def rates(V: Any) -> tuple[Any, ...]:
    """alpha and beta of m, h, n, per ms."""
    return (
        1 / exprel(-(V + 40) / 10),
        4 * np.exp(-(V + 65) / 18),
        0.07 * np.exp(-(V + 65) / 20),
        1 / (1 + np.exp(-(V + 35) / 10)),
        0.1 / exprel(-(V + 55) / 10),
        0.125 * np.exp(-(V + 65) / 80),
    )


def currents(y: Any, g_Na: float = 120.0) -> tuple[Any, Any, Any]:
    """I_Na, I_K, I_leak in uA/cm2."""
    V, m, h, n = y
    return g_Na * m**3 * h * (V - 50), 36 * n**4 * (V + 77), 0.3 * (V + 54.387)


def derivative(t: float, y: Any, I: float, g_Na: float) -> list[Any]:  # noqa: E741
    V, m, h, n = y
    am, bm, ah, bh, an, bn = rates(V)
    return [
        I - sum(currents(y, g_Na)),
        am * (1 - m) - bm * m,
        ah * (1 - h) - bh * h,
        an * (1 - n) - bn * n,
    ]


def steady(V: float) -> list[float]:
    """V and the gates where they stay at that V."""
    am, bm, ah, bh, an, bn = rates(V)
    return [V, am / (am + bm), ah / (ah + bh), an / (an + bn)]


@functools.cache
def rest(g_Na: float = 120.0) -> float:
    return float(brentq(lambda V: derivative(0, steady(V), 0, g_Na)[0], -80.0, -60.0, xtol=1e-12))


@dataclass(frozen=True)
class Run:
    """A run under one pulse, smooth between its edges."""

    edges: tuple[float, ...]
    parts: tuple[OdeSolution, ...]
    spikes: np.ndarray

    def at(self, t: np.ndarray) -> np.ndarray:
        """V, m, h, n at the times t; shape (4, times)."""
        part = np.clip(np.searchsorted(self.edges, t, side="right") - 1, 0, len(self.parts) - 1)
        out = np.empty((4, t.size))
        for k, solution in enumerate(self.parts):
            if (part == k).any():
                out[:, part == k] = solution(t[part == k])
        return out


@functools.cache
def run(
    start: float,
    length: float,
    amplitude: float,
    duration: float,
    initial: float | None = None,
    g_Na: float = 120.0,
    threshold: float = 0.0,
) -> Run:
    """Integrated to a relative 1e-11, piece by piece between the edges of the pulse."""

    def crossing(t: float, y: Any, *_: float) -> float:
        return y[0] - threshold

    crossing.direction = 1  # type: ignore[attr-defined]
    y = steady(rest(g_Na) if initial is None else initial)
    edges = sorted({0.0, *(e for e in (start, start + length) if 0 < e < duration)})
    parts, spikes = [], []
    for a, b in zip(edges, [*edges[1:], duration], strict=True):
        current = amplitude if start <= a < start + length else 0.0
        part = solve_ivp(
            derivative,
            (a, b),
            y,
            "DOP853",
            rtol=1e-11,
            atol=1e-12,
            args=(current, g_Na),
            dense_output=True,
            events=crossing,
        )
        parts.append(part.sol)
        spikes += list(part.t_events[0])
        y = part.y[:, -1]
    return Run(tuple(edges), tuple(parts), np.array(spikes))


def padded(rows: list[np.ndarray]) -> np.ndarray:
    """Rows of spikes as a table, NaN where a row is shorter, with one place at least."""
    table = np.full((len(rows), max([1, *(len(row) for row in rows)])), np.nan)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = row
    return table


def record(
    *pulses: tuple[float, float, float],
    duration: float,
    sample_interval: float = 0.05,
    initial: float | None = None,
    lanes: dict[str, Any] | None = None,
) -> xr.Dataset:
    """A recording as ``lo.simulate`` makes it: one pulse, or one for each lane (C order)."""
    lanes = lanes or {}
    shape = tuple(len(labels) for labels in lanes.values())
    dims = tuple(lanes)
    time = np.arange(round(duration / sample_interval) + 1) * sample_interval
    runs = [run(*pulse, duration, initial) for pulse in pulses]
    states = np.array([r.at(time) for r in runs]).reshape((*shape, 4, time.size))
    V, m, h, n = np.moveaxis(states, len(shape), 0)
    I_Na, I_K, I_leak = currents((V, m, h, n))
    drive = np.array(
        [np.where((time >= s) & (time < s + d), a, 0.0) for s, d, a in pulses]
    ).reshape((*shape, time.size))
    along = (*dims, "time")
    current = {"units": "uA/cm2", "role": "current"}
    conductance = {"units": "mS/cm2", "role": "conductance"}
    one = {
        "V": (along, V, {"units": "mV", "long_name": "membrane potential", "role": "voltage",
                         "rest": rest()}),
        "m": (along, m, {"units": "1", "role": "gate", "channel": "Na", "power": 3}),
        "h": (along, h, {"units": "1", "role": "gate", "channel": "Na", "power": 1}),
        "n": (along, n, {"units": "1", "role": "gate", "channel": "K", "power": 4}),
        "I_Na": (along, I_Na, {**current, "channel": "Na"}),
        "I_K": (along, I_K, {**current, "channel": "K"}),
        "I_leak": (along, I_leak, {**current, "channel": "leak"}),
        "G_Na": (along, 120 * m**3 * h, {**conductance, "channel": "Na"}),
        "G_K": (along, 36 * n**4, {**conductance, "channel": "K"}),
        "I_stim": (along, drive, {"units": "uA/cm2", "role": "stimulus"}),
    }  # fmt: skip
    wanted = one if not lanes else {"V": one["V"]}
    events = [r.spikes for r in runs]
    counts = np.array([e.size for e in events], dtype=np.int64).reshape(shape)
    spikes = padded(events)
    provenance = {
        "model": {"name": "hodgkin-huxley-1952", "title": "Riesenaxon – µ"},
        "threshold": 0.0,
    }
    return xr.Dataset(
        {
            **wanted,
            "spike_count": (dims, counts, {"units": "1"}),
            "spike_time": ((*dims, "spike"), spikes.reshape(*shape, -1),
                           {"units": "ms", "long_name": "spike time", "threshold": 0.0}),
        },
        {"time": ("time", time, {"units": "ms", "long_name": "time"}),
         "spike": np.arange(spikes.shape[-1]),
         **{dim: (dim, np.asarray(labels)) for dim, labels in lanes.items()}},
        {
            "title": "squid giant axon, 6.3 °C",
            "model": "hodgkin-huxley-1952",
            "solver": "SciPy DOP853, tolerance 1e-11",
            "stimulus": f"{pulses[0] if pulses else 'none'}",
            "loligo_version": "0.1.0",
            "provenance": json.dumps(provenance, ensure_ascii=False),
        },
    )  # fmt: skip
