"""How exact the Taylor solver is: against the reference, and the reference against 80 bits."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from cells import calcium
from few import FEW
from fired import fired
from references import reference, simulate

SQUID = lo.load("hodgkin-huxley-1952")
REFERENCE = lo.Reference(2.3e-14)
LAST = 100.0  # ms: the end of a run, in which V is compared


def worst(rec: xr.Dataset, true: xr.Dataset) -> tuple[float, float]:
    """The worst error of V over the last 100 ms (mV), and of the spike times (ms)."""
    assert np.array_equal(rec.spike_count, true.spike_count)
    late = true.time.values > float(true.time[-1]) - LAST
    times = np.abs(fired(rec) - fired(true))
    return float(np.abs(rec.V - true.V).values[..., late].max()), float(times.max(initial=0.0))


def bounds(tolerance: float) -> tuple[float, float]:
    """mV, ms; the floor is what the reference itself is good for."""
    return max(1e5 * tolerance, 1e-8), 500 * tolerance


def squid(solver: Any, duration: float = 1000.0, **options: Any) -> xr.Dataset:
    return simulate(SQUID, lo.Step(0, 10), duration, solver=solver, record=["V"], **options)


@cache
def truth() -> xr.Dataset:
    return squid(REFERENCE)


@pytest.mark.parametrize(
    "tolerance",
    [1e-8, *(pytest.param(t, marks=pytest.mark.slow) for t in (1e-6, 1e-7, 1e-9, 1e-10, 1e-11))],
)
def test_a_tolerance_means_what_it_says(tolerance: float) -> None:
    """After one second and 69 spikes."""
    assert fired(truth()).size == 69
    voltage, spikes = worst(squid(lo.Taylor(tolerance)), truth())
    assert voltage <= bounds(tolerance)[0]
    assert spikes <= bounds(tolerance)[1]


@pytest.mark.slow
def test_the_error_is_proportional_to_the_tolerance() -> None:
    tolerances = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11)
    errors = [worst(squid(lo.Taylor(t)), truth())[0] for t in tolerances]
    assert all(fine < coarse for coarse, fine in pairwise(errors))
    assert 0.95 < np.polyfit(np.log(tolerances), np.log(errors), 1)[0] < 1.05


@pytest.mark.parametrize("voltage", [-55.0, -40.0, -55 + 1e-12, -40 - 3e-7, -54.99])
@pytest.mark.parametrize("tolerance", [1e-5, 1e-8, 1e-10])
def test_a_run_may_begin_where_a_rate_is_0_over_0(voltage: float, tolerance: float) -> None:
    options: dict[str, Any] = {"initial": voltage, "sample_interval": 0.01}
    true = squid(REFERENCE, 20, **options)
    found = squid(lo.Taylor(tolerance), 20, **options)
    assert np.abs(found.V - true.V).max() < 1e5 * tolerance
    assert found.attrs["steps"] < 3 * squid(lo.Taylor(tolerance), 20).attrs["steps"]


def test_a_membrane_may_rest_where_a_rate_is_0_over_0() -> None:
    """Held there for ever, and carried there and back by ever slower currents."""
    held = SQUID.replace(g_Na=0, g_K=0, E_L=-55.0)
    rec = lo.simulate(held, None, 100, initial={"V": -55.0, "m": 0.5, "h": 0.5, "n": 0.1})
    assert float(abs(rec.V + 55).max()) == 0.0
    near = SQUID.replace(g_Na=0, g_K=0, E_L=-55.2)
    slow = lo.Sine(5, 190, amplitude=0.061, frequency=5)
    rec = lo.simulate(near, slow, 200, record=["V", "n"])
    true = simulate(near, slow, 200, record=["V", "n"], solver=REFERENCE)
    assert float(true.V.max()) > -55.0
    assert float(abs(rec.V - true.V).max()) < 1e-7
    assert float(abs(rec.n - true.n).max()) < 1e-9


# ---------------------------------------------------------- the reference, at 80 bits

Long = np.longdouble


def squid_rate(y: Any, current: float) -> Any:
    """Hodgkin & Huxley 1952 at 6.3 °C, V absolute, in the precision of ``y``."""
    V, m, h, n = y
    x, z = -(V + 40) / 10, -(V + 55) / 10
    am, an = x / np.expm1(x), z / np.expm1(z) / 10
    bm, bn = 4 * np.exp(-(V + 65) / 18), np.exp(-(V + 65) / 80) / 8
    ah, bh = 7 * np.exp(-(V + 65) / 20) / 100, 1 / (1 + np.exp(-(V + 35) / 10))
    ions = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 3 * (V + Long("54.387")) / 10
    return np.array(
        [current - ions, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]
    )


def extrapolated(y: Any, h: float, columns: int = 8) -> Any:
    """One step by Gragg's rule at 2, 4, … substeps, extrapolated to none (Hairer, Nørsett &
    Wanner 1993, II.9): order 16, another method than the reference's."""
    counts = [2 * (j + 1) for j in range(columns)]
    rows = []
    for count in counts:
        small = Long(h) / count
        a, b = y, y + small * squid_rate(y, 10.0)
        for _ in range(count - 1):
            a, b = b, a + 2 * small * squid_rate(b, 10.0)
        rows.append((a + b + small * squid_rate(b, 10.0)) / 2)
    for j in range(1, columns):
        for i in range(columns - 1, j - 1, -1):
            ratio = (Long(counts[i]) / counts[i - j]) ** 2
            rows[i] = rows[i] + (rows[i] - rows[i - 1]) / (ratio - 1)
    return rows[-1]


@pytest.mark.slow
@pytest.mark.skipif(np.finfo(Long).eps > 1e-18, reason="long double is no longer than double")
def test_the_reference_agrees_with_another_method_at_another_precision() -> None:
    rec = simulate(SQUID, lo.Step(0, 10), 60, solver=REFERENCE, record=["V", "m", "h", "n"])
    y = np.array([float(rec[name][0]) for name in "Vmhn"], dtype=Long)
    V = [y[0]]
    for _ in range(rec.sizes["time"] - 1):
        y = extrapolated(y, 0.05)
        V.append(y[0])
    assert fired(rec).size == 4
    assert np.abs(rec.V.values - np.array(V)).max() < 3e-10
    # where the bounds have a floor of 1e-8 mV
    fine, finer = (squid(lo.Reference(t), 200) for t in (1e-13, 2.3e-14))
    assert worst(fine, finer)[0] < 1e-9


# ------------------------------------------------------- every model, random numbers and stimuli

RUN = 50.0
KAPPA_MAX = 1e3
CASES = 2
SHAPES = ("pulse", "train", "ramp", "sine", "chirp", "sum")


def random_case(name: str, kind: str, seed: int) -> tuple[lo.Membrane, Any]:
    draw = np.random.default_rng(seed)
    model = calcium() if name == "calcium" else lo.load(name)

    def lanes(low: float, high: float) -> xr.DataArray:
        return xr.DataArray(draw.uniform(low, high, CASES), dims="case")

    changed = {
        n: p.value * lanes(0.93, 1.07)
        for n, p in model.parameters.items()
        if n.startswith(("g_", "C_m"))
    }
    a = {"wang-buzsaki-1996": 2.0, "connor-stevens-1977": 25.0}.get(name, 10.0)
    make = {
        "pulse": lambda: lo.Pulse(lanes(2, 9), lanes(5, 60), a * lanes(0.3, 2)),
        "train": lambda: lo.PulseTrain(
            lanes(2, 9), lanes(0.1, 3), a * lanes(0.5, 4), interval=lanes(4, 20), count=5
        ),
        "ramp": lambda: lo.Ramp(lanes(2, 9), lanes(40, 80), a * lanes(0.5, 2.5)),
        "sine": lambda: lo.Sine(
            lanes(2, 9), lanes(40, 80), a * lanes(0.2, 2), lanes(5, 250), lanes(0, 6)
        ),
        "chirp": lambda: lo.Chirp(
            lanes(2, 9), lanes(40, 80), a * lanes(0.2, 2), lanes(0, 40), lanes(60, 400)
        ),
    }
    if kind == "sum":
        return model.replace(**changed), make["pulse"]() + 0.3 * make["sine"]() - make["ramp"]()
    return model.replace(**changed), make[kind]()


def amplification(true: xr.Dataset, shifted: xr.Dataset) -> np.ndarray:
    """What a shift of 1e-6 mV at the beginning grows to, lane by lane, per mV."""
    return np.abs(shifted.V - true.V).max("time").values / 1e-6


def with_shift(model: lo.Membrane, stimulus: Any) -> tuple[xr.Dataset, xr.Dataset]:
    solver, record = lo.Reference(1e-13), ["V", "spikes"]
    start = simulate(model, None, 0.05, initial=-65, solver=solver, record=states(model))
    runs = []
    for shift in (0.0, 1e-6):
        begin = {n: start[n].isel(time=0, drop=True) for n in states(model)}
        begin["V"] = begin["V"] + shift
        runs.append(simulate(model, stimulus, RUN, initial=begin, solver=solver, record=record))
    return runs[0], runs[1]


def states(model: lo.Membrane) -> list[str]:
    gates = [g.name for g in model.gates if not g.instantaneous]
    return ["V", *gates, *(s.name for s in model.states)]


@cache
def of_the_squid() -> float:
    return float(amplification(*with_shift(SQUID, lo.Step(0, 10))))


PAIRS = [
    ("hodgkin-huxley-1952", "sum"), ("hodgkin-huxley-1952", "chirp"),
    ("connor-stevens-1977", "pulse"), ("traub-miles-1991", "train"),
    ("wang-buzsaki-1996", "ramp"), ("calcium", "train"),
]  # fmt: skip


# a case takes five seconds, most of it in the reference
@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_every_model_under_random_numbers_and_stimuli(name: str, kind: str) -> None:
    """Over the whole run, not its end alone; times kappa, what the case itself makes of a
    shift of its start in units of what the squid axon under 10 uA/cm2 does."""
    check_case(name, kind, seed=len(name) * 7 + len(kind))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 3))
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", [*FEW, "calcium"])
def test_a_hundred_random_models(name: str, kind: str, seed: int) -> None:
    check_case(name, kind, seed)


def check_case(name: str, kind: str, seed: int) -> list[tuple[float, ...]]:
    model, stimulus = random_case(name, kind, seed)
    true, shifted = with_shift(model, stimulus)
    kappa = np.atleast_1d(np.maximum(1.0, amplification(true, shifted) / of_the_squid()))
    start = lo.simulate(model, None, 0.05, initial=-65, record=states(model))
    begin = {n: start[n].isel(time=0, drop=True) for n in states(model)}
    told = []
    for tolerance in (1e-6, 1e-8, 1e-10):
        solver = lo.Taylor(tolerance)
        rec = lo.simulate(model, stimulus, RUN, initial=begin, solver=solver, record=["V"])
        voltage, late = np.abs(rec.V - true.V).max("time").values, np.zeros(CASES)
        same = rec.spike_count.values == true.spike_count.values
        if same.all():
            gap = np.abs(lo.spike_times(rec) - lo.spike_times(true)).values
            late = np.nan_to_num(gap).reshape(CASES, -1).max(axis=1, initial=0.0)
        for lane in range(CASES):
            row = (tolerance, kappa[lane], voltage[lane], late[lane], float(same[lane]))
            told.append(row)
            if kappa[lane] <= KAPPA_MAX:
                assert same[lane], row
                assert voltage[lane] <= bounds(tolerance)[0] * kappa[lane], row
                assert late[lane] <= bounds(tolerance)[1] * kappa[lane], row
    return told


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_random_runs_fire(name: str, kind: str) -> None:
    model, stimulus = random_case(name, kind, seed=len(name) * 7 + len(kind))
    assert lo.simulate(model, stimulus, RUN, initial=-65).spike_count.values.sum() >= 2


# --------------------------------------------------------------------- near threshold, spikes


@pytest.mark.slow
def test_the_brink_of_repetitive_firing() -> None:
    """Careless steps give 6, 21 or 5 spikes here."""
    rec = lo.simulate(SQUID, lo.Step(0, [6.2, 6.3]), 400, record=["spikes"])
    assert rec.attrs["solver"].startswith("Taylor(")
    assert rec.spike_count.values.tolist() == [3, 21]
    for tolerance in (1e-6, 1e-10):
        again = lo.simulate(
            SQUID, lo.Step(0, [6.2, 6.3]), 400, record=["spikes"], solver=lo.Taylor(tolerance)
        )
        assert again.spike_count.values.tolist() == [3, 21]


@pytest.mark.parametrize("threshold", [0.0, -20.0, -50.0, 30.0, 39.9])
def test_spikes_at_any_threshold(threshold: float) -> None:
    true = squid(lo.Reference(1e-13), 50, threshold=threshold)
    assert fired(true).size > 0
    for tolerance in (1e-6, 1e-9):
        rec = squid(lo.Taylor(tolerance), 50, threshold=threshold)
        assert rec.spike_count == true.spike_count
        # V turns within a step of 39.9 mV, where a time is known only to its square root
        slack = 500 * tolerance if threshold < 39 else 10 * np.sqrt(tolerance)
        assert fired(rec) == pytest.approx(fired(true), abs=slack)


def test_at_a_spike_time_v_is_the_threshold() -> None:
    """Sampled there by a second run that ends there."""
    first = squid(lo.Taylor(1e-11), 20, threshold=-12.5)
    time = float(fired(first)[0])
    last = squid(lo.Taylor(1e-11), time, sample_interval=time)
    assert last.V.values[-1] == pytest.approx(-12.5, abs=1e-7)


@pytest.mark.parametrize(
    "solver",
    [lo.Taylor(1e-9), pytest.param(lo.Taylor(1e-9, engine="numpy"), marks=pytest.mark.slow)],
)
def test_a_run_that_starts_above_the_threshold_fires_when_it_comes_back(solver: Any) -> None:
    above = lo.simulate(SQUID, lo.Step(0, 10), 30, initial=10.0, solver=solver)
    true = reference(SQUID, lo.Step(0, 10), 30, initial=10.0)
    assert fired(above) == pytest.approx(fired(true), abs=1e-6)
    assert fired(above).min() > 5
    # -62 mV is above -65 and at the beginning less than 5 mV above it
    low = lo.simulate(SQUID, lo.Step(0, 10), 30, threshold=-65, initial=-62, solver=solver)
    true = reference(SQUID, lo.Step(0, 10), 30, threshold=-65, initial=-62)
    assert fired(low) == pytest.approx(fired(true), abs=1e-6)
