"""Conditions under Taylor: every switch is come upon, and none is crossed unseen; against a
reference that finds them by its own means, and against solutions by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from cells import SQUID_H, SQUID_M, SQUID_N, conditional
from loligo.errors import RunError
from piecewise import START, driven, piecewise

# both engines do the same; this one needs no compiling
QUICK = lo.Taylor(1e-9, engine="numpy")


def cell(current: str, *states: lo.State) -> lo.Membrane:
    return lo.Membrane(C_m=1, channels=[lo.Channel("X", current=current)], states=list(states))


def run(model: Any, stimulus: Any, duration: float, solver: Any = QUICK, **more: Any) -> xr.Dataset:
    options = {"initial": -60, "record": ["V"], "progress": False, **more}
    return lo.simulate(model, stimulus, duration, solver=solver, **options)


# ------------------------------------------------------------------------------- by hand

# V rises by 1 mV/ms up to its switch at -50 mV, and by 2 mV/ms beyond
RISES = cell("where(V > -50, -2, -1)")


def rises(t: np.ndarray, start: float = -60.0) -> np.ndarray:
    return np.where(start + t < -50, start + t, -50 + 2 * (start + t + 50))


@pytest.mark.parametrize("start", [-60.0, -60.05, -59.9999999, -50.0, -50 - 1e-12, -49.0])
def test_a_switch_at_a_sample_between_samples_and_at_the_start(start: float) -> None:
    rec = run(RISES, None, 15, initial=start, sample_interval=0.1)
    exact = rises(rec.time.values, start) if start < -49.5 else -49 + 2 * rec.time.values
    assert np.abs(rec.V.values - exact).max() < 1e-11


def test_a_switch_at_an_edge_and_at_the_threshold_of_a_spike() -> None:
    rec = run(RISES, lo.Pulse(10, 2, 0.5), 15)
    t = rec.time.values
    exact = rises(t) + 0.5 * np.clip(t - 10, 0, 2)
    assert np.abs(rec.V.values - exact).max() < 1e-11
    spiking = run(RISES, None, 15, threshold=-50)
    assert lo.spike_times(spiking).values == pytest.approx([10.0], abs=1e-11)


def test_two_switches_at_one_time_and_one_inside_another() -> None:
    """V = -60 + t, and at 10 ms all of them are thrown."""
    both = "where(V > -50, -1, 0) + where(V + 60 > 10, -1, 0) + where(V < -50, -1, 0)"
    nested = "where(where(V > -50, 3, 1) > 2, -2, -1)"
    for current in (both, nested):
        rec = run(cell(current), None, 15)
        assert np.abs(rec.V.values - rises(rec.time.values)).max() < 1e-11


def test_where_a_condition_is_only_touched_nothing_happens() -> None:
    """V = -60 + 2 t - t^2/10, whose top is -50 mV at 10 ms."""
    up = lo.Step(0, 2) + lo.Ramp(0, 20, -4)
    rec = run(cell("where(V > -50, 5, 0)"), up, 20)
    t = rec.time.values
    assert np.abs(rec.V.values - (-60 + 2 * t - t**2 / 10)).max() < 1e-9


def test_a_switch_crossed_twice_within_a_step() -> None:
    """V = -60 + 2 t - t^2/10 + d t is above -50 mV for a thousandth of a ms; w counts how long."""
    d = 2.5e-10
    model = cell("0*V", lo.State("w", "where(V > -50, 1, 0)", initial=0.0))
    rec = run(model, lo.Step(0, 2 + d) + lo.Ramp(0, 20, -4), 20, record=["w"])
    # the roots of t^2/10 - (2 + d) t + 10
    above = 10 * np.sqrt((2 + d) ** 2 - 4)
    assert above == pytest.approx(3.16e-4, rel=1e-2)
    assert float(rec.w[-1]) == pytest.approx(above, rel=1e-3)


@pytest.mark.parametrize("current", ["0.1*abs(V + 50) + 0.2*(V + 50)", "0.3*(V+50) + max(0, V+50)"])
def test_at_a_kink_it_can_rest(current: str) -> None:
    rec = run(cell(current), lo.Pulse(5, 2, 10), 300, sample_interval=50)
    assert float(rec.V[-1]) == pytest.approx(-50, abs=1e-6)


# ------------------------------------------------------------------------------- what has no end


def test_switches_that_come_ever_faster_end_in_an_error() -> None:
    """A ball that bounces: w falls, and is thrown up a little less fast each time."""
    ball = (
        lo.State("w", "u", initial=1.0),
        lo.State("u", "where(w > 0, -1, 1) + where(u > 0, -0.2, 0.2)", initial=0.0),
    )
    with pytest.raises(RunError, match=r"no branch of a condition holds from t = [\d.]+ ms on"):
        run(cell("0.1*(V+60)", *ball), None, 100, initial={"V": -60.0, "w": 1.0, "u": 0.1})


def test_the_reference_slides_along_the_same_switch() -> None:
    for solver in (QUICK, lo.Reference()):
        with pytest.raises(RunError, match=r"from t = 1 ms on.* switch of -50 < V .*slides"):
            run(cell("where(V > -50, 10, -7)"), None, 5, solver, initial=-57)


# ------------------------------------------------------------------------------- the reference


def lts() -> lo.Membrane:
    """Pospischil and others (2008), as codes have it: a calcium pool that only fills inwards, rates
    in pieces."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=50, E=50, gates=[SQUID_M, SQUID_H]),
            lo.Channel("K", g=10, E=-90, gates=[SQUID_N]),
            lo.Channel("L", g=0.1, E=-70),
            lo.Channel("T", g=0.4, E=120, gates=[
                lo.Gate("s", power=2, inf="1/(1+exp(-(V+59)/6.2))", instantaneous=True),
                lo.Gate("u", inf="1/(1+exp((V+83)/4))",
                        tau="exp((V+469)/66.6) if V < -81 else 9.32 + exp(-(V+24)/10.5)")]),
        ],
        states=[lo.State("Ca", "max(0, -I_T*0.05) + (2.4e-4 - Ca)/5*1", initial=2.4e-4,
                         scale=1e-2, unit="mM")],
        name="lts",
    )  # fmt: skip


def ventricle() -> lo.Membrane:
    """The forms of Beeler & Reuter (1977) as codes since Ebihara & Johnson (1980) have them: rates
    of the sodium gates in two pieces, a slow inward current whose potential hangs on calcium."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=23, E=29, gates=[
                SQUID_M,
                lo.Gate("h", alpha="0.135*exp(-(80+V)/6.8) if V < -40 else 0",
                        beta="3.56*exp(0.079*V) + 3.1e5*exp(0.35*V) if V < -40 "
                             "else 1/(0.13*(1+exp(-(V+10.66)/11.1)))")]),
            lo.Channel("s", g=0.09, E="-82.3 - 13.0287*log(Ca)", gates=[
                lo.Gate("d", alpha="0.095*exp(-(V-5)/100)/(1+exp(-(V-5)/13.89))",
                        beta="0.07*exp(-(V+44)/59)/(1+exp((V+44)/20))")]),
            lo.Channel("K", g=0.3, E=-84),
        ],
        states=[lo.State("Ca", "-1e-7*I_s + 0.07*(1e-7 - Ca)", initial=2e-7, scale=1e-6)],
        name="ventricle",
    )  # fmt: skip


def crustacean() -> lo.Membrane:
    """As in models of the stomatogastric ganglion: time constants in pieces, a current that
    calcium opens and that no calcium may push below 0."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=100, E=50, gates=[SQUID_M, SQUID_H]),
            lo.Channel("K", g=20, E=-80, gates=[SQUID_N]),
            lo.Channel("L", g=0.1, E=-60),
            lo.Channel("A", g=5, E=-80, gates=[
                lo.Gate("a", power=3, inf="1/(1+exp(-(V+27)/8.7))",
                        tau="11.6 - 10.4/(1+exp(-(V+32.9)/15.2))"),
                lo.Gate("b", inf="1/(1+exp((V+56.9)/4.9))",
                        tau="38.6 - 29.2/(1+exp(-(V+38.9)/26.5)) if V > -50 else 14")]),
            lo.Channel("KCa", E=-80, current="5*min(1, max(0, Ca-0.05)/2)*(V-E_KCa)"),
        ],
        states=[lo.State("Ca", "(max(0, V+45)*0.02 - Ca + 0.05)/20", initial=0.05)],
        name="crustacean",
    )  # fmt: skip


def thalamic() -> lo.Membrane:
    """Destexhe and others (1996): calcium comes in alone, max(0, …), and is pumped by a pump
    that saturates; a root of what is in excess opens a current."""
    return lo.Membrane(
        C_m=1,
        channels=[
            lo.Channel("Na", g=90, E=50, gates=[SQUID_M, SQUID_H]),
            lo.Channel("K", g=10, E=-95, gates=[SQUID_N]),
            lo.Channel("L", g=0.05, E=-75),
            lo.Channel("T", g=2, E=120, gates=[
                lo.Gate("p", power=2, inf="1/(1+exp(-(V+57)/6.2))", instantaneous=True),
                lo.Gate("q", inf="1/(1+exp((V+81)/4))",
                        tau="30 + 200/(1+exp((V+70)/5))")]),
            lo.Channel("E", E=-95, current="0.2*sqrt(max(0, Ca-0.5))*(V-E_E)"),
        ],
        states=[lo.State("Ca", "max(0, -0.05*I_T) - 0.1*Ca/(Ca+0.2) + (0.24-Ca)/20",
                         initial=0.24)],
        name="thalamic",
    )  # fmt: skip


MODELS = {
    "conditional": conditional, "lts": lts, "ventricle": ventricle, "crustacean": crustacean,
    "thalamic": thalamic,
}  # fmt: skip


def drawn(seed: int) -> Any:
    """What is done: pulses, samples with jumps, and edges where switches may be."""
    r = np.random.default_rng(seed)
    knots = np.sort(np.round(r.uniform(0, 15, 6), 1))
    wave = lo.Waveform(knots + np.arange(6) * 0.1, r.uniform(-6, 25, 6), hold=bool(seed % 2))
    return wave + lo.Pulse(2, 5, [12.0, 25.0, -8.0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ventricle", "crustacean", "thalamic"])
@pytest.mark.parametrize("initial", [-40.0, -55.0, -65.0])
def test_under_random_stimuli_and_from_singular_voltages(name: str, initial: float) -> None:
    """-40 and -55 mV are where rates are 0/0; -40 is a switch too, there at the start."""
    model, stimulus = MODELS[name](), drawn(round(-initial))
    other = run(model, stimulus, 15, lo.Reference(1e-13), initial=initial)
    for tolerance in (1e-6, 1e-8, 1e-10):
        one = run(model, stimulus, 15, lo.Taylor(tolerance), initial=initial)
        assert np.abs(one.V - other.V).max() < 30 * 100 * tolerance + 1e-8
        assert np.array_equal(one.spike_count, other.spike_count)


# ----------------------------------------------------------------------- where a root begins


@pytest.mark.parametrize("tolerance", [1e-6, 1e-9])
def test_a_root_of_what_is_above_0_may_begin_and_end(tolerance: float) -> None:
    """x = V + 60 under C x' = I(t) - 0.3 (x + 5) + sqrt(max(0, x)), by SciPy."""
    from scipy.integrate import solve_ivp

    sine = lo.Sine(0, 40, 8, 100)

    def rate(t: float, x: Any) -> Any:
        return 8 * np.sin(0.2 * np.pi * t) - 0.3 * (x + 5) + np.sqrt(np.maximum(x, 0))

    times = np.arange(0, 40, 0.5)
    exact = solve_ivp(
        rate, (0, 40), [-5.0], method="DOP853", t_eval=times, rtol=1e-11, atol=1e-12,
        max_step=0.01,
    ).y[0]  # fmt: skip
    root = lo.Membrane(
        C_m=1,
        channels=[lo.Channel("L", g=0.3, E=-65), lo.Channel("X", current="-sqrt(max(0, V+60))")],
    )
    rec = run(root, sine, 39.5, lo.Taylor(tolerance, engine="numpy"), initial=-65,
              sample_interval=0.5, threshold=20)  # fmt: skip
    assert np.abs(rec.V - (exact - 60)).max() < 1e4 * tolerance


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", [1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("name", ["conditional", "lts"])
def test_published_forms_keep_taylors_promise(name: str, tolerance: float) -> None:
    stimulus = lo.Pulse(2, 10, [8.0, 15.0, -5.0])
    model = MODELS[name]()
    one = run(model, stimulus, 15, lo.Taylor(tolerance))
    other = run(model, stimulus, 15, lo.Reference(1e-13))
    # a local error grows as a spike rises, as that of any model does
    assert np.abs(one.V - other.V).max() < 30 * 100 * tolerance
    assert np.array_equal(one.spike_count, other.spike_count)


@pytest.mark.slow
def test_both_engines_switch_alike_and_lanes_do_not_see_their_neighbours() -> None:
    model, stimulus = piecewise(3, 9), driven(3, 9)
    every = {"initial": START, "sample_interval": 0.1}
    one = run(model, stimulus, 10, lo.Taylor(1e-9), **every)
    other = run(model, stimulus, 10, QUICK, **every)
    assert np.nanmax(np.abs(one.V - other.V)) < 1e-5
    assert np.array_equal(one.status, other.status)
    for lane in (0, 4):
        drawn = {n: getattr(p.value, "values", None) for n, p in model.parameters.items()}
        numbers = {n: float(v[lane]) for n, v in drawn.items() if v is not None}
        alone = run(model.replace(**numbers), stimulus, 10, lo.Taylor(1e-9), **every)
        assert np.array_equal(alone.V.isel(lane=lane), one.V[lane], equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_three_hundred_random_models_are_right_or_say_that_they_slide(seed: int) -> None:
    model, stimulus, tolerance = piecewise(seed, 30), driven(seed, 30), 1e-8
    every = {"initial": START, "sample_interval": 0.1, "record": ["V", "x", "C"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *a, **k: None)  # lanes that slide are told
        one = run(model, stimulus, 10, lo.Taylor(tolerance), **every)
        other = run(model, stimulus, 10, lo.Reference(1e-11), **every)
    assert np.array_equal(one.status, other.status)
    for name, scale in (("V", 100.0), ("x", 1.0), ("C", 1.0)):
        assert np.nanmax(np.abs(one[name] - other[name])) < 30 * tolerance * scale
    assert np.array_equal(one.spike_count, other.spike_count)
