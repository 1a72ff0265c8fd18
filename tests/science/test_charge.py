"""A stimulus delivers its charge: with every conductance 0, V rises by Q/C_m.

The capacitor's law, C dV/dt = I, is all that is left of a blocked membrane. No solver may
step over a pulse, cut it short or smear it beyond the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings

import loligo as lo
from few import FEW
from trying import examples

RUN = 200.0  # ms
DURATIONS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SOLVERS = {
    "taylor": lo.Taylor(),
    "taylor in numpy": lo.Taylor(engine="numpy"),
    "llvm": lo.Exponential(),
    "numpy": lo.Exponential(dt=0.05, engine="numpy"),
    "coarse": lo.Exponential(dt=0.05),
    "odd": lo.Exponential(dt=0.0137),
    "reference": lo.Reference(),
}


def blocked(name: str = "hodgkin-huxley-1952", **values: Any) -> lo.Membrane:
    model = lo.load(name)
    none = dict.fromkeys((p for p in model.parameters if p.startswith("g_")), 0)
    return model.replace(**none, **values)


def rise(model: lo.Membrane, stimulus: Any, solver: Any, duration: float = RUN) -> np.ndarray:
    """How far V has risen at the end."""
    rec = lo.simulate(
        model, stimulus, duration, solver=solver, initial=-65, sample_interval=duration,
        record=["V"], progress=False,
    )  # fmt: skip
    return rec.V.values[..., -1] + 65


def random_starts(count: int, seed: int, end: float = RUN) -> list[float]:
    return np.random.default_rng(seed).uniform(0, end - 5.001, count).tolist()


def awkward_starts(end: float = RUN) -> list[float]:
    """On, just before and just after edges of steps and samples, early and late."""
    edges = [0.0, 0.01, 0.05, 5.0, 99.99, 100.0, 150.35, 194.9]
    near = [np.nextafter(e, t) for e in edges for t in (-1, 1e3) if e > 0]
    inside = [e + part for e in edges for part in (1e-9, 0.003, 0.005, 0.0099999)]
    return [float(t) for t in (*edges, *near, *inside) if t < end - 5]


def lanes(values: Any) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, dtype=float), dims="case")


def anywhere() -> Iterator[Any]:
    """Every solver over the whole run, but NumPy's, which take 20 s and more for a tenth of it."""
    for solver in SOLVERS:
        slow = "numpy" in solver
        if solver != "reference":
            yield pytest.param(
                solver, RUN / 10 if slow else RUN, marks=[pytest.mark.slow] if slow else []
            )


@pytest.mark.parametrize(("solver", "end"), list(anywhere()))
def test_a_pulse_anywhere_delivers_exactly_its_charge(solver: str, end: float) -> None:
    starts = [*random_starts(40, 3, end), *awkward_starts(end)]
    cases = list(product(starts, DURATIONS))
    start, duration = lanes([c[0] for c in cases]), lanes([c[1] for c in cases])
    risen = rise(blocked(), lo.Pulse(start, duration, 20), SOLVERS[solver], end)
    assert risen == pytest.approx(20 * duration.values, rel=1e-6)


def test_a_pulse_anywhere_delivers_exactly_its_charge_to_the_reference() -> None:
    start = lanes([*random_starts(6, 4), 5.0, np.nextafter(5, 9), 194.999])
    duration = lanes([*DURATIONS, 0.1, 0.1, 5.0])
    risen = rise(blocked(), lo.Pulse(start, duration, 20), SOLVERS["reference"])
    assert risen == pytest.approx(20 * duration.values, rel=1e-6)


@pytest.mark.parametrize(("solver", "duration"), [*product(SOLVERS, [1e-6, 1e-4, 0.003, 0.009])])
def test_a_pulse_inside_one_step_delivers_its_charge(solver: str, duration: float) -> None:
    starts = np.array([0.0, 5.0, 5.0005, 5.001, 19.9])
    risen = rise(blocked(), lo.Pulse(starts, duration, 1 / duration), SOLVERS[solver], 20)
    assert risen == pytest.approx(np.ones(5), rel=1e-6)


@pytest.mark.parametrize(
    "name",
    [n if n.startswith("hodg") else pytest.param(n, marks=pytest.mark.slow) for n in FEW],
)
def test_every_model_of_the_library_is_a_capacitor_when_it_is_blocked(name: str) -> None:
    starts = np.linspace(0, 19, 8)
    for solver in ("llvm", "numpy"):
        risen = rise(blocked(name, C_m=2.5), lo.Pulse(starts, 0.2, 20), SOLVERS[solver], 20)
        assert risen == pytest.approx(np.full(8, 4.0 / 2.5), rel=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_pulse_at_the_ends_of_the_run_delivers_what_lies_inside(solver: str) -> None:
    pulse = lo.Pulse(lanes([-0.5, 19.5, -5.0]), lanes([1.0, 1.0, 30.0]), 10)
    assert rise(blocked(), pulse, SOLVERS[solver], 20) == pytest.approx([5, 5, 200], rel=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_total_current_is_spread_over_the_area(solver: str) -> None:
    """1 nA for 1 ms is 1 pC; 1000 um2 at 1 uF/cm2 are 10 pF: 100 mV."""
    risen = rise(blocked(area=1000), lo.Pulse(5, 1, "1 nA"), SOLVERS[solver], 20)
    assert risen == pytest.approx(100, rel=1e-6)


TABLE = lo.Waveform([1, 2, 2, 7.77, 9], [0, 5, 20, -3, 1])
# Taylor is for what is smooth between edges: waveforms and noise are the fixed step's
OTHERS = {
    "step": (lo.Step(3.3333, 2), 2 * (20 - 3.3333)),
    "train": (lo.PulseTrain(1.003, 0.1, 30, interval=0.777, count=20), 20 * 0.1 * 30),
    "train with touching pulses": (lo.PulseTrain(1.003, 0.5, 3, interval=0.5, count=20), 30),
    "ramp": (lo.Ramp(2.0041, 7.3, 12), 7.3 * 12 / 2),
    # 3.25 turns: the last quarter is left
    "sine": (lo.Sine(1.0007, 13, 6, 250), 6 * 1000 / (2 * np.pi * 250) * 1.0),
    "constant as a sine": (lo.Sine(1.0007, 13, 6, 0, np.pi / 2), 6 * 13),
    "chirp that does not change": (lo.Chirp(1.0007, 13, 6, 250, 250), 6 * 4 / (2 * np.pi)),
    "waveform": (TABLE, 2.5 + 5.77 * 17 / 2 - 1.23 * 2 / 2),
    "sum": (lo.Pulse(2.0003, 1, 7) - 2 * lo.Ramp(3.3, 5, 2), 7 - 10),
}


@pytest.mark.parametrize(
    ("solver", "name"),
    [(s, o) for s, o in product(SOLVERS, OTHERS) if (s[:6], o) != ("taylor", "waveform")],
)
def test_every_stimulus_delivers_its_charge(solver: str, name: str) -> None:
    stimulus, charge = OTHERS[name]
    assert rise(blocked(), stimulus, SOLVERS[solver], 20) == pytest.approx(charge, rel=1e-6)


@pytest.mark.parametrize("solver", ["llvm", "numpy", "odd", "reference"])
@pytest.mark.parametrize("tau", [None, 2.0])
def test_noise_delivers_the_sum_of_its_path(solver: str, tau: float | None) -> None:
    """Added up from the path's own grid values, by the trapezoidal rule where it is linear."""
    noise = lo.Noise(1.0003, 3, 10, tau=tau, seed=5, mean=2)
    at = noise.start + np.arange(121) * noise.interval
    path = noise.amplitude * noise.path(121)
    pieces = path[:-1] if tau is None else (path[:-1] + path[1:]) / 2
    charge = noise.interval * pieces.sum() + 2 * 3
    assert at[-1] == pytest.approx(4.0003)
    assert rise(blocked(), noise, SOLVERS[solver], 5) == pytest.approx(charge, rel=1e-6)


def test_a_chirp_delivers_its_charge() -> None:
    from scipy.integrate import quad

    def current(u: float) -> float:
        return 6 * np.sin(2 * np.pi * (0.02 * u + (0.2 - 0.02) * u * u / (2 * 13)))

    charge = quad(current, 0, 13, epsabs=1e-12)[0]
    for solver in SOLVERS.values():
        risen = rise(blocked(), lo.Chirp(1.0007, 13, 6, 20, 200), solver, 20)
        assert risen == pytest.approx(charge, rel=1e-6)


@given(
    start=st.floats(0, 29), duration=st.floats(1e-4, 1), amplitude=st.floats(-1e3, 1e3),
    dt=st.sampled_from([0.003, 0.01, 0.05]),
)  # fmt: skip
@settings(max_examples=examples(25), deadline=None)
def test_any_pulse_at_any_step_delivers_its_charge(
    start: float, duration: float, amplitude: float, dt: float
) -> None:
    risen = rise(blocked(), lo.Pulse(start, duration, amplitude), lo.Exponential(dt), 30)
    # V is known to an ulp or two of itself at each of 10,000 steps
    assert risen == pytest.approx(amplitude * duration, rel=1e-6, abs=1e-9)
