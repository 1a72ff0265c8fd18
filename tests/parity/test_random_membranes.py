"""Membranes drawn by chance begin, rest and run as SciPy says of equations written anew."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.errors import RunError
from random_membranes import Drawn

WAYS = ("rest", "held", "given", "given at rest")


def initial(drawn: Drawn, way: str) -> tuple[Any, np.ndarray | None, dict[str, np.ndarray]]:
    """What a person gives, and what is held: V (None where it is sought), and states."""
    rng = random.Random(drawn.seed)
    values = np.random.default_rng(drawn.seed + 1)
    voltage = values.uniform(-90.0, -40.0, drawn.lanes)
    if way == "rest":
        return "rest", None, {}
    if way == "held":
        return xr.DataArray(voltage, dims="model"), voltage, {}
    kept = {state for group in drawn.conserved for state in group}
    free = [name for name in drawn.rates if name not in kept and name != "q"]
    chosen = [name for name in free if rng.random() < 0.4] or free[:1]
    for group in drawn.conserved:
        if rng.random() < 0.3:
            chosen += group
    given = {}
    for name in chosen:
        scale = 1e-3 if name == "Ca" else 1.0
        given[name] = scale * values.uniform(0.05, 0.9, drawn.lanes)
    told: dict[str, Any] = {n: xr.DataArray(v, dims="model") for n, v in given.items()}
    if way == "given at rest":
        return told or "rest", None, given
    return {"V": xr.DataArray(voltage, dims="model"), **told}, voltage, given


def check(seed: int, lanes: int) -> None:
    drawn = Drawn(seed, lanes)
    way = WAYS[seed % len(WAYS)]
    told, voltage, given = initial(drawn, way)
    amplitude = np.random.default_rng(seed + 2).uniform(-1.0, 6.0, lanes)
    pulse = lo.Pulse(5, 40, xr.DataArray(amplitude, dims="model"))
    try:
        rec = lo.simulate(
            drawn.membrane, pulse, 100, initial=told, record=drawn.names, sample_interval=5,
            solver=lo.Taylor(1e-10),
        )  # fmt: skip
    except RunError as problem:
        if voltage is not None or "no stable resting potential" not in str(problem):
            raise
        return
    for lane in range(lanes):
        begun = np.array([float(rec[n].isel(model=lane, time=0)) for n in drawn.names])
        if np.isnan(begun[0]):  # no rest: told by its status
            assert voltage is None
            continue
        held = {name: float(values[lane]) for name, values in given.items()}
        start = drawn.steady(lane, float(begun[0]), held)
        if voltage is None:
            rests(drawn, lane, float(begun[0]), held)
        assert begun == pytest.approx(start, rel=1e-7, abs=1e-10), (seed, lane, way, drawn.names)
        edges = [0.0, 5.0, 25.0, 45.0, 70.0, 100.0]
        segments = [(a, b, amplitude[lane] if 5 <= a < 45 else 0.0)
                    for a, b in pairwise(edges)]  # fmt: skip
        there = drawn.run(lane, start, segments)
        ran = rec.V.isel(model=lane).sel(time=edges[1:], method="nearest").values
        assert ran == pytest.approx(there, abs=2e-3), (seed, lane, way)


def rests(drawn: Drawn, lane: int, voltage: float, held: dict[str, float]) -> None:
    """V balances there, and a little above and below is driven back."""

    def drive(at: float) -> float:
        return drawn.rate(list(drawn.steady(lane, at, held)), drawn.of(lane), 0.0)[0]

    below, above = drive(voltage - 0.01), drive(voltage + 0.01)
    assert below > 0 > above, (drawn.seed, lane)
    off = drive(voltage) / ((above - below) / 0.02)
    assert abs(off) < 1e-5, (drawn.seed, lane)


def test_a_few_membranes_drawn_by_chance_are_as_scipy_says() -> None:
    check(0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 98))
def test_three_hundred_membranes_are_as_scipy_says(seed: int) -> None:
    check(seed, 3)
