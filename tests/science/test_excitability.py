"""Experiments of excitability and firing: the right numbers, told by SciPy alone, and the right
words where there are none."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import hh_scipy as hh
import loligo as lo
from loligo.errors import LoligoError, UsageError
from loligo.experiments.search import least

E = lo.experiments
SQUID = lo.load("hodgkin-huxley-1952")

EXCITABILITY = ("threshold", "strength_duration", "refractory_period", "accommodation",
                "anode_break", "temperature_dependence")  # fmt: skip
FIRING = ("fi_curve", "adaptation", "depolarisation_block")

Current = Callable[[float], float]


def fires(
    pieces: list[tuple[float, Current]], start: list[float] | None = None, tolerance: float = 1e-12
) -> list[float]:
    """When V rises through 0 mV under a current given piece by piece, each (until, current(t)), by
    DOP853 with equations of our own."""
    begins, y, times = 0.0, start or hh.steady(hh.rest()), []

    def above(t: float, y: np.ndarray, *_: Any) -> float:
        return y[0]

    above.direction = 1  # type: ignore[attr-defined]
    for until, current in pieces:
        if until <= begins:
            continue
        found = solve_ivp(
            lambda t, y, current=current: hh.derivative(t, y, current(t), 120.0), (begins, until),
            y, method="DOP853", rtol=tolerance, atol=tolerance, events=above, max_step=1.0,
        )  # fmt: skip
        times += found.t_events[0].tolist()
        begins, y = until, found.y[:, -1].tolist()
    return times


def is_least(value: Any, hit: Callable[[float], bool], within: float = 3e-7) -> bool:
    """Whether a size is the least that is a hit, to such a part of it."""
    return not hit(float(value) * (1 - within)) and hit(float(value) * (1 + within))


def fires_under(lasts: float, size: float) -> bool:
    return bool(fires(pulse(size, lasts)))


def pulse(size: float, lasts: float, after: float = 60.0) -> list[tuple[float, Current]]:
    return [(lasts, lambda _: size), (lasts + after, lambda _: 0.0)]


# ------------------------------------------------------------------------ the squid's numbers


def test_thresholds_of_the_squid_axon():
    """Converged: the tests below have them from SciPy alone."""
    found = E.strength_duration(SQUID, duration=[1.0])
    assert float(found.threshold[0]) == pytest.approx(6.9189254, rel=2e-7)
    assert float(found.rheobase) == pytest.approx(2.2403336, rel=2e-7)
    assert float(found.chronaxie) == pytest.approx(1.654133, rel=5e-7)
    assert float(E.threshold(SQUID).threshold) == pytest.approx(6.5050712, rel=1e-7)
    assert found.threshold.attrs["precision"] < 2e-6


@pytest.mark.slow
def test_thresholds_are_those_of_another_solver():
    V, *gates = hh.steady(hh.rest())
    shock = E.threshold(SQUID).threshold
    assert is_least(shock, lambda by: bool(fires([(60.0, lambda _: 0.0)], [V + by, *gates])), 1e-7)
    found = E.strength_duration(SQUID, duration=[0.1, 1.0, 3.0, 30.0])
    for lasts, value in zip(found.duration.values, found.threshold.values, strict=True):
        assert is_least(value, partial(fires_under, lasts))
    base = float(found.rheobase)
    assert is_least(base, lambda size: bool(fires([(200.0, lambda _: size)])))
    assert is_least(found.chronaxie, lambda lasts: fires_under(lasts, 2 * base), 1e-6)


@pytest.mark.slow
def test_a_second_pulse_needs_what_another_solver_says():
    found = E.refractory_period(SQUID, interval=[8.0, 12.0, 20.0])
    first = float(found.first)
    assert is_least(first, partial(fires_under, 1.0))

    def twice(later: float, size: float) -> bool:
        pieces = [(1.0, lambda _: 1.5 * first), (later, lambda _: 0.0)]
        pieces += [(later + 1.0, lambda _: size), (later + 60, lambda _: 0.0)]
        return len(fires(pieces)) > 1

    for later, ratio in zip(found.interval.values, found.ratio.values, strict=True):
        assert is_least(ratio * first, partial(twice, later), 5e-7)


@pytest.mark.slow
def test_slow_ramps_and_anode_break_are_those_of_another_solver():
    def ramp(slope: float, top: float) -> bool:
        rise = top / slope
        return bool(fires([(rise, lambda t: slope * t), (rise + 100, lambda _: top)]))

    found = E.accommodation(SQUID, slope=[0.3, 1.0])
    for slope, value in zip(found.slope.values, found.threshold.values, strict=True):
        assert is_least(value, partial(ramp, slope), 1e-6)
    assert is_least(found.slowest, lambda slope: ramp(slope, float(found.amplitude)), 1e-6)
    assert float(E.accommodation(SQUID, slope=[0.1, 1]).threshold[0]) == pytest.approx(11.0613)
    broken = E.anode_break(SQUID, duration=[3.0, 25.0])
    for lasts, value in zip(broken.duration.values, broken.threshold.values, strict=True):
        assert is_least(value, partial(fires_under, lasts))


@pytest.mark.slow
def test_rates_are_those_of_another_solver():
    found = E.fi_curve(SQUID, amplitude=[5.0, 7.0, 10.0, 50.0], duration=400)
    for current, rate in zip(found.amplitude.values, found.rate.values, strict=True):
        times = fires([(400.0, lambda _, size=current: size)], tolerance=1e-11)
        known = 1e3 / (times[-1] - times[-2]) if len(times) > 2 else 0.0
        assert rate == pytest.approx(known, rel=1e-7)
        assert float(found.latency.sel(amplitude=current)) == pytest.approx(times[0], rel=1e-7)
    # the fold of cycles near 6.26 (Balti, Lanza & Aziz-Alaoui 2018, MBE 15:807, figure 6)
    fine = E.fi_curve(SQUID)
    assert float(fine.onset) == pytest.approx(6.26, abs=0.02)
    assert int(fine.onset_type) == 2


@pytest.mark.slow
def test_the_swings_end_where_the_equilibrium_becomes_stable():
    """The upper Hopf bifurcation, by the equations written anew."""

    def worst(current: float) -> float:
        V = brentq(lambda V: hh.derivative(0, hh.steady(V), current, 120.0)[0], -70.0, 0.0,
                   xtol=1e-13)  # fmt: skip
        y, slopes = np.array(hh.steady(V)), []
        for k in range(4):
            step = np.zeros(4)
            step[k] = 1e-4 if k == 0 else 1e-6
            up, down = (np.array(hh.derivative(0, y + s * step, current, 120.0)) for s in (1, -1))
            slopes.append((up - down) / (2 * step[k]))
        return float(np.linalg.eigvals(np.array(slopes).T).real.max())

    hopf = brentq(worst, 140.0, 170.0, xtol=1e-9)
    found = E.depolarisation_block(SQUID, amplitude=[100.0, 150.0, 153.0, 156.0, 160.0])
    assert float(found.stable_from) == pytest.approx(hopf, rel=1e-6)
    assert found.sustained.values[[0, 1, 4]].tolist() == [True, True, False]
    swing = found.swing.values[:3] ** 2  # at such a bifurcation it goes as the root
    assert (np.diff(swing) / np.diff(found.amplitude.values[:3]))[1] < 0
    assert found.swing.values[4] < 1.0 < found.swing.values[2]


# ------------------------------------------------------------------------ types


@pytest.mark.slow
def test_type_1_begins_slowly_where_rest_ceases_to_exist_and_does_not_accommodate():
    model = lo.load("wang-buzsaki-1996")
    base = float(E.strength_duration(model, duration=[1.0]).rheobase)
    inward = lo.steady_state(model, V=np.linspace(-65, -55, 100_001)).I_ionic.values
    turns = np.flatnonzero((np.diff(inward[:-1]) > 0) & (np.diff(inward[1:]) <= 0))
    assert base == pytest.approx(inward[turns[0] + 1], rel=1e-7)
    curve = E.fi_curve(model, amplitude=[0, 0.25, 0.5])
    assert int(curve.onset_type) == 1
    assert float(curve.onset) == pytest.approx(base, rel=0.02)
    # the rate goes as the root of what is above the onset
    near = base * np.array([1.01, 1.04])
    slow = E.fi_curve(model, amplitude=near, duration=4000).rate.values
    assert slow[1] / slow[0] == pytest.approx(2.0, rel=0.05)
    ramps = E.accommodation(model, slope=[base / 2000])
    assert float(ramps.threshold[0]) < 1.1 * base
    assert float(ramps.slowest) == 0.0
    assert "no accommodation" in ramps.attrs["summary"]


@pytest.mark.slow
def test_warm_answers_are_graded_and_end():
    width = [float(E.threshold(SQUID.replace(celsius=c)).width) for c in (6.3, 20, 35)]
    assert width[0] < 1e-6 < width[1] < 0.05 < width[2]
    # V jumps, though a shock of that size itself takes it far: -35 mV, and then 43 mV
    assert float(E.threshold(lo.load("connor-stevens-1977")).width) < 1e-6
    found = E.temperature_dependence(SQUID, celsius=[0, 6.3, 18.5, 32, 35])
    assert (np.diff(found.height.values[:4]) < 0).all()
    assert (np.diff(found.width.values[:4]) < 0).all()
    # FitzHugh 1966 (doi:10.1085/jgp.49.5.989): the threshold of a short shock is least between
    assert found.threshold.values.argmin() == 1
    assert float(found.threshold[1]) == pytest.approx(6.5050712, rel=1e-6)
    assert float(found.rheobase[1]) == pytest.approx(2.2403336, rel=1e-6)
    ends = float(found.ceases)
    hot = [E.strength_duration(SQUID.replace(celsius=c), duration=[1.0]) for c in (
        ends - 0.01, ends + 0.01)]  # fmt: skip
    assert [bool(np.isfinite(each.rheobase)) for each in hot] == [True, False]


# ------------------------------------------------------------------------ what adapts


def adapting() -> lo.Membrane:
    """Wang & Buzsáki's membrane with a slow potassium current that spikes open."""
    base = lo.load("wang-buzsaki-1996")
    slow = lo.Gate("z", inf="1/(1+exp(-(V+20)/5))", tau=80)
    return base.with_channel(lo.Channel("M", g=1.0, E=-90, gates=[slow]))


@pytest.mark.slow
def test_adaptation_is_seen_where_there_is_some():
    none = E.adaptation(SQUID)
    assert (np.abs(none.ratio.values - 1) < 0.05).all()
    assert "no adaptation" in none.attrs["summary"]
    found = E.adaptation(adapting(), amplitude=[2.0])
    between = 1 / found.rate.values[0]
    between = between[np.isfinite(between)]
    assert float(found.ratio[0]) == pytest.approx(between[0] / between[-1], rel=1e-6)
    assert float(found.ratio[0]) < 0.9
    index = np.mean((between[1:] - between[:-1]) / (between[1:] + between[:-1]))
    assert float(found.index[0]) == pytest.approx(index)
    assert "no adaptation" not in found.attrs["summary"]


def test_sizes_that_fire_between_two_octaves_are_found():
    """Larger ones fire no more: a shock may take V past the threshold by itself."""
    low, high = np.array([46.9, 1.0, 200.0]), np.array([60.9, 2.5, 100.0])
    found = least(lambda which, sizes, _: (sizes > low[which]) & (sizes < high[which]), 1e-3,
                  np.full(3, 300.0), 100.0)  # fmt: skip
    assert found.value == pytest.approx([46.9, 1.0, np.nan], rel=1e-6, nan_ok=True)


@pytest.mark.slow
def test_firing_that_the_jump_of_the_current_ends_is_told_from_rest():
    found = E.fi_curve(SQUID, amplitude=[6.5, 10.0, 20.0])
    assert found.rate_from_firing.values == pytest.approx(found.rate.values, rel=1e-6)


def barnacle() -> lo.Membrane:
    """Morris & Lecar 1981 with the numbers of Rinzel & Ermentrout 1998, figure 7.1."""
    m = lo.Gate("m", inf="0.5*(1+tanh((V+1.2)/18))", instantaneous=True)
    w = lo.Gate("w", inf="0.5*(1+tanh((V-2)/30))", tau="1/(0.04*cosh((V-2)/60))")
    return lo.Membrane(C_m=20, channels=[
        lo.Channel("Ca", g=4.4, E=120, gates=[m]), lo.Channel("K", g=8, E=-84, gates=[w]),
        lo.Channel("L", g=2, E=-60),
    ])  # fmt: skip


def bonhoeffer() -> lo.Membrane:
    """FitzHugh 1961 without units: rest is at -1.2."""
    fast, slow = lo.Channel("fast", current="V**3/3 - V"), lo.Channel("slow", current="w")
    w = lo.State("w", "0.08*(V + 0.7 - 0.8*w)", initial=-0.6, unit="1", scale=1.0)
    return lo.Membrane(C_m=1, channels=[fast, slow], states=[w])


@pytest.mark.slow
def test_a_model_without_units_has_its_thresholds():
    """Of FitzHugh's equations written anew, DOP853 at 1e-11."""
    rest = brentq(lambda V: V - V**3 / 3 - (V + 0.7) / 0.8, -2, 0, xtol=1e-14)

    def fires(current, lasts):
        run = solve_ivp(
            lambda t, y: [
                y[0] - y[0] ** 3 / 3 - y[1] + (current if t < lasts else 0),
                0.08 * (y[0] + 0.7 - 0.8 * y[1]),
            ],
            (0, 500), [rest, (rest + 0.7) / 0.8], method="DOP853", rtol=1e-11, atol=1e-12,
            max_step=0.5,
        )  # fmt: skip
        return bool((run.y[0] > 0).any())

    found = E.strength_duration(bonhoeffer(), duration=[5.0, 50.0])
    assert is_least(found.rheobase, lambda size: fires(size, np.inf), within=1e-5)
    assert is_least(found.threshold[1], lambda size: fires(size, 50.0), within=1e-5)


@pytest.mark.slow
def test_a_graded_answer_has_its_thresholds():
    """Of two equations written anew, DOP853 at 1e-11: a lower shock leaves V under 0 mV, a higher
    one takes it there at once."""

    def ionic(V, w):
        return 2.2 * (1 + np.tanh((V + 1.2) / 18)) * (V - 120) + 8 * w * (V + 84) + 2 * (V + 60)

    def open_(V):
        return 0.5 * (1 + np.tanh((V - 2) / 30))

    rest = brentq(lambda V: ionic(V, open_(V)), -70, -40, xtol=1e-13)

    def fires(shock, pieces):
        y = [rest + shock, open_(rest)]
        for lasts, current in pieces:
            run = solve_ivp(
                lambda _, y, injected=current: [
                    (injected - ionic(*y)) / 20,
                    (open_(y[0]) - y[1]) * 0.04 * np.cosh((y[0] - 2) / 60),
                ],
                (0, lasts), y, method="DOP853", rtol=1e-11, atol=1e-12, max_step=1.0,
            )  # fmt: skip
            if (run.y[0] > 0).any():
                return True
            y = run.y[:, -1]
        return False

    strength = E.strength_duration(barnacle(), duration=[1.0])
    for value, hit in (
        (E.threshold(barnacle()).threshold, lambda size: fires(size, [(300, 0)])),
        (strength.threshold[0], lambda size: fires(0, [(1, size), (300, 0)])),
        (strength.rheobase, lambda size: fires(0, [(500, size)])),
    ):
        assert is_least(value, hit, within=1e-6)
    fi = E.fi_curve(barnacle())
    assert (fi.rate > 0).sum() > 20  # nothing fires under the squid's currents, 0 to 20
    assert 70 < float(fi.onset) < 90  # Rinzel & Ermentrout: about 88 for repetitive firing
    shocked = E.phase_response(barnacle(), phase=[0.9])
    assert float(shocked.response[0]) > 0
    words = E.action_potential(barnacle()).attrs["summary"]
    assert "nan" not in words
    assert "too slowly for an onset" in words


# ------------------------------------------------------------------------ words

ODD = {
    "without sodium": (SQUID.replace(g_Na=0), "threshold", "No displacement"),
    "by itself": (SQUID.replace(E_L=-20.0), "threshold", "fires by itself"),
    "nothing lasts": (SQUID.replace(g_Na=0), "strength_duration", "Nothing excites"),
    "silent": (SQUID.replace(g_Na=0), "fi_curve", "does not go on firing"),
    "begun": (SQUID.replace(E_L=-20.0), "fi_curve", "it was begun at -65 mV"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_found_is_said(name):
    model, experiment, words = ODD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = getattr(E, experiment)(model)
    assert words in found.attrs["summary"]
    if experiment != "fi_curve":
        assert np.isnan(found.threshold).all()


def odd_membranes() -> dict[str, lo.Membrane]:
    rest = {"C_m": 1, "celsius": 6.3, "helpers": dict(SQUID.helpers)}
    return {
        "connor-stevens-1977": lo.load("connor-stevens-1977"),
        "passive": lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)]),
        "without Na": lo.Membrane(channels=SQUID.channels[1:], **rest),
        "leaky": SQUID.replace(E_L=-20.0),
        "hot": SQUID.replace(celsius=36.0),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", odd_membranes())
def test_every_experiment_on_every_kind_of_membrane(name):
    model = odd_membranes()[name]
    for experiment in (*EXCITABILITY, *FIRING):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = getattr(E, experiment)(model)
        words = found.attrs["summary"]
        assert words.endswith("."), (experiment, words)
        assert "nan" not in words, (experiment, words)
        if name in ("passive", "without Na") and experiment in EXCITABILITY:
            assert np.isnan(found["threshold" if "threshold" in found else "ratio"]).all()


# ------------------------------------------------------------------------ wrong input

WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "reversed": ("fi_curve", {"amplitude": [20, 10, 0]}, r"after 20 comes 10: sorted"),
    "empty": ("strength_duration", {"duration": []}, "duration is empty; give at least one"),
    "twice": ("anode_break", {"duration": [1, 1, 2]}, "1 comes twice"),
    "unit": ("fi_curve", {"amplitude": "3 mV"}, "mV"),
    "no number": ("refractory_period", {"interval": ["soon"]}, "interval"),
    "NaN": ("accommodation", {"slope": [0.1, np.nan]}, "slope must be a number"),
    "below zero": ("strength_duration", {"duration": [-1, 1]}, "duration must be above 0"),
    "list": ("threshold", {"wait": [10, 20]}, "wait is one number"),
    "low": ("threshold", {"threshold": -80}, "lies below rest"),
    "a table": ("fi_curve", {"amplitude": [[1, 2], [3, 4]]}, "amplitude"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_says_what_to_do(name):
    experiment, given, words = WRONG[name]
    with pytest.raises(LoligoError, match=words):
        getattr(E, experiment)(SQUID, **given)


@pytest.mark.parametrize("experiment", [*EXCITABILITY, *FIRING])
def test_what_is_no_membrane_is_refused(experiment):
    call = getattr(E, experiment)
    with pytest.raises(UsageError, match=r"axon.regions\[0\].membrane"):
        call(lo.Axon(SQUID, 1000, 100, 35.4))
    with pytest.raises(UsageError, match=r'lo.load\("hodgkin-huxley-1952"\)'):
        call("hodgkin-huxley-1952")
    with pytest.raises(UsageError, match="g_Na of this one varies"):
        call(SQUID.replace(g_Na=[100, 120]))


# ------------------------------------------------------------------------ while it runs


def test_progress_is_of_the_whole_experiment_and_ends_it_when_told():
    told: list[float] = []
    E.strength_duration(SQUID, duration=[1.0], progress=told.append)
    assert (np.diff(told) >= 0).all()
    assert told[-1] == pytest.approx(1.0)
    assert max(np.diff(told)) < 0.6

    def stop(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        E.strength_duration(SQUID, duration=[1.0], progress=stop)


@pytest.mark.slow
def test_halving_every_tolerance_changes_no_digit(monkeypatch):
    import loligo.run.default as default
    from loligo.experiments.search import EARLY, RELATIVE, least

    def digits() -> list[str]:
        found = E.strength_duration(SQUID, duration=[0.2, 1.0, 5.0])
        other = E.anode_break(SQUID, duration=[10.0])
        values = [*found.threshold.values, found.rheobase, found.chronaxie, *other.threshold.values,
                  E.threshold(SQUID).threshold]  # fmt: skip
        return [f"{float(value):.6g}" for value in values]

    before = digits()
    assert least.__defaults__ == (1.0, RELATIVE, EARLY)
    monkeypatch.setattr(least, "__defaults__", (1.0, RELATIVE / 2, 2 * EARLY))
    monkeypatch.setattr(default, "Taylor", lambda: lo.Taylor(5e-9))
    assert digits() == before
