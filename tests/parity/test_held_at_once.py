"""Clamps and shocks crossed with pulses, lanes, samples and thresholds at the same instants,
against a slow check of its own: the squid's equations written anew, from edge to edge by SciPy."""

from __future__ import annotations

import itertools
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import xarray as xr
from hypothesis import Phase, given, settings
from scipy.integrate import solve_ivp

import loligo as lo
from trying import examples

SQUID = lo.load("hodgkin-huxley-1952")
FIRST = [-65.0, 0.0529, 0.596, 0.3177]
END, EVERY = 6.0, 0.5
# on samples, beside them, off every grid
TIMES = st.sampled_from([0.0, 0.5, 1.0, 1.7, 2.0, 2.0033, 3.5, 4.0, 4.2071])
# at the threshold, at V before, far from both
LEVELS = st.sampled_from([-65.0, -90.0, -20.0, 0.0, 25.0])
Event = tuple[float, float, float]


@st.composite
def protocols(draw: st.DrawFn) -> dict[str, Any]:
    """One lane: clamps that follow each other or not, pulses and shocks, often at one time."""
    cuts = sorted(draw(st.lists(TIMES, min_size=2, max_size=4, unique=True)))
    segments = [
        (a, b, draw(LEVELS), draw(st.one_of(st.none(), LEVELS)))
        for a, b in itertools.pairwise(cuts)
        if draw(st.booleans())
    ][:2]
    shocks = {t: draw(st.sampled_from([-5.0, 8.0, 70.0])) for t in draw(st.sets(TIMES, max_size=2))}
    pulse = draw(st.sampled_from([(0.5, 1.0, 15.0), (2.0, 2.0, -6.0), (2.0033, 1.0, 20.0)]))
    return {"clamps": segments, "shocks": shocks, "pulse": pulse}


def command(segment: Any, t: Any) -> Any:
    start, end, level, to = segment
    return level + ((level if to is None else to) - level) / (end - start) * (t - start)


def rates(t: float, y: np.ndarray, current: float, held: Any) -> list[float]:
    """Hodgkin & Huxley 1952, eq. 1 to 24, V absolute."""
    v, m, h, n = y if held is None else (command(held, t), *y[1:])
    u = v + 65
    flows = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    slope = 0.0 if held is None else command(held, 1.0) - command(held, 0.0)
    return [
        current - flows if held is None else slope,
        (1.0 if u == 25 else 0.1 * (u - 25) / -np.expm1(-(u - 25) / 10)) * (1 - m)
        - 4 * np.exp(-u / 18) * m,
        0.07 * np.exp(-u / 20) * (1 - h) - h / (1 + np.exp(-(u - 30) / 10)),
        (0.1 if u == 10 else 0.01 * (u - 10) / -np.expm1(-(u - 10) / 10)) * (1 - n)
        - 0.125 * np.exp(-u / 80) * n,
    ]


def slowly(case: dict[str, Any], times: np.ndarray) -> tuple[np.ndarray, list[float], list[Any]]:
    """V at the samples, the spikes, and (time, charge) of the clamps' jumps."""
    start, lasts, amplitude = case["pulse"]
    marks = {0.0, END, start, start + lasts, *case["shocks"]}
    edges = sorted(e for e in marks | {t for s in case["clamps"] for t in s[:2]} if e <= END)
    y, v, spikes, charges = np.array(FIRST), np.empty(times.size), [], []
    for a, b in itertools.pairwise([*edges, END + 1]):
        shock = case["shocks"].get(a, 0.0)
        held = next((s for s in case["clamps"] if s[0] <= a < s[1]), None)
        old = y[0]
        y = np.array([old + shock, *y[1:]])
        if held is None and old < 0 <= y[0] and a < END:
            spikes.append(a)
        if held is not None:
            if a < END and (held[0] == a or shock):
                charges.append((a, command(held, a) - y[0]))
            y[0] = command(held, a)
        elif shock and case["clamps"] and a < END:
            charges.append((a, 0.0))
        here = (times >= a - 1e-9) & (times < b - 1e-9)
        rising = lambda t, y, *_: y[0]  # noqa: E731
        rising.direction = 1  # type: ignore[attr-defined]
        on = amplitude if start <= a < start + lasts else 0.0
        found = solve_ivp(
            rates, (a, min(b, END + 0.01)), y, "DOP853", np.append(times[here], min(b, END + 0.01)),
            events=rising, args=(on, held), rtol=1e-11, atol=1e-12, max_step=0.2,
        )  # fmt: skip
        v[here] = found.y[0, :-1]
        if held is None:
            spikes += [t for t in found.t_events[0] if a + 1e-9 < t <= END]
        y = found.y[:, -1]
    return v, spikes, charges


def stimulus(cases: list[dict[str, Any]]) -> Any:
    """All cases as lanes of one run: what a lane has not lies beyond its end."""

    def lanes(values: Any) -> xr.DataArray:
        return xr.DataArray(np.array(list(values), dtype=float), dims="case")

    total = lo.Pulse(*(lanes(case["pulse"][i] for case in cases) for i in range(3)))
    never = (END + 1, END + 2, -65.0, None)
    for k in range(2):
        rows = [case["clamps"][k] if k < len(case["clamps"]) else never for case in cases]
        if all(row is never for row in rows):
            continue
        total = total + lo.VoltageClamp(
            lanes(r[0] for r in rows), lanes(r[1] - r[0] for r in rows), lanes(r[2] for r in rows),
            to=lanes(r[2] if r[3] is None else r[3] for r in rows),
        )  # fmt: skip
    for k in range(2):
        every = [sorted(case["shocks"].items()) for case in cases]
        rows = [e[k] if k < len(e) else (END + 1, 0.0) for e in every]
        if any(t <= END for t, _ in rows):
            total = total + lo.Shock(lanes(t for t, _ in rows), lanes(a for _, a in rows))
    return total


SOLVERS = {"Taylor": lo.Taylor(1e-11), "Exponential": lo.Exponential(0.005)}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=examples(12), deadline=None, phases=[Phase.generate])
@given(st.lists(protocols(), min_size=1, max_size=5))
def test_what_happens_at_one_time(cases: list[dict[str, Any]]) -> None:
    begin = dict(zip(("V", "m", "h", "n"), FIRST, strict=True))
    for name, solver in SOLVERS.items():
        rec = lo.simulate(
            SQUID, stimulus(cases), END, solver=solver, initial=begin, record=["V"],
            sample_interval=EVERY,
        )  # fmt: skip
        for k, case in enumerate(cases):
            v, spikes, charges = slowly(case, rec.time.values)
            one = rec.isel(case=k)
            close = 1e-6 if name == "Taylor" else 0.2
            assert np.abs(one.V.values - v).max() < close, (name, case)
            found = one.spike_time.values[: int(one.spike_count)]
            assert found.size == len(spikes), (name, case, found, spikes)
            assert np.abs(found - spikes).max(initial=0) < (1e-7 if name == "Taylor" else 5e-3)
            if case["clamps"]:
                there = ~np.isnan(one.Q_clamp.values)
                when = np.broadcast_to(one.edge_time.values, there.shape)[there]
                assert np.abs(when - [t for t, _ in charges]).max(initial=0) < 1e-12, (name, case)
                off = one.Q_clamp.values[there] - [q for _, q in charges]
                assert np.abs(off).max(initial=0) < close, (name, case)
