"""The lab's tab Curves: the same definitions as the experiments, and the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import loligo as lo
from hh_scipy import rates
from in_page import computed
from loligo.experiments.firing import rates as rates_of
from loligo.experiments.runs import Spikes
from scripted import called

SQUID, INTERNEURON = "hodgkin-huxley-1952", "wang-buzsaki-1996"
ROW = """
const rest = model.rest();
const patch = { ask, base, rest, capacitance: model.defaults.C_m };
const steady = (V) => model.derivative({}, model.steady({}, V)).V.map(
  (each) => -each * patch.capacitance);
const list = (row) => Array.from(row, (each) => (Number.isFinite(each) ? each : null));
"""
PLANE = """
const states = model.manifest.states.map((each) => each.symbol);
const gates = states.slice(1);
const membrane = { states, gates, derivative: (at, current) => model.derivative({}, at, current) };
const rest = model.rest();
const P = $experiments_plane;
const ways = given.how === "pace" ? P.byPace(membrane, given.y, rest)
  : P.alike(membrane, given.y, rest, given.how);
const plane = new P.Plane(membrane, given.y, ways, given.current);
const across = $experiments_asking.evenly(-87, 60, 201), up = $experiments_asking.evenly(0, 1, 121);
"""


def numbers(row: list[float | None]) -> np.ndarray:
    return np.array([np.nan if each is None else each for each in row])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "most"), [(SQUID, 20.0), (INTERNEURON, 3.0)])
def test_firing_rates_are_those_of_the_experiment(name: str, most: float) -> None:
    code = f"""{ROW}
      const x = $experiments_asking.evenly(0, given.most, 21);
      const begun = await $experiments_firing.fromRest(ask, base, rest, x);
      const again = await $experiments_firing.fromFiring(ask, base, rest, x, begun.rate);
      const onset = await $experiments_firing.onset(ask, base, rest, x, begun.rate);
      return {{ rate: list(begun.rate), latency: list(begun.latency), again: list(again), onset }};
    """
    found = computed(code, name, "experiments/firing.js", "experiments/asking.js", most=most)
    own = lo.experiments.fi_curve(lo.load(name), amplitude=np.linspace(0, most, 21))
    np.testing.assert_allclose(numbers(found["rate"]), own.rate.values, atol=1e-4)
    np.testing.assert_allclose(numbers(found["again"]), own.rate_from_firing.values, atol=1e-4)
    np.testing.assert_allclose(numbers(found["latency"])[2:], own.latency.values[2:], rtol=1e-6)
    assert found["onset"]["current"] == pytest.approx(
        float(own.onset), abs=2 * found["onset"]["width"]
    )


@pytest.mark.slow
def test_a_rate_is_the_last_interval_s_or_an_uneven_rhythm_s_mean() -> None:
    trains = {
        "none": [], "one": [20.0], "even": list(np.arange(10, 990, 14.0)),
        "died": list(np.arange(10, 400, 14.0)), "slowing": list(np.cumsum(np.linspace(5, 40, 40))),
        "doublets": list(np.cumsum([4.0, 21.0] * 38)),
    }  # fmt: skip
    code = "return given.trains.map((times) => $experiments_firing.rate(times, 1000));"
    found = computed(code, SQUID, "experiments/firing.js", trains=list(trains.values()))
    lane = np.repeat(np.arange(len(trains)), [len(each) for each in trains.values()])
    times = np.concatenate(list(trains.values()))
    whole = Spikes(lane, times, len(trains), np.zeros(len(trains), dtype=bool))
    np.testing.assert_allclose(found, rates_of(whole, 1000.0)[0], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", [SQUID, INTERNEURON])
def test_thresholds_are_those_of_the_experiment(name: str) -> None:
    code = f"""{ROW}
      const T = $experiments_threshold;
      const found = await T.strengths(patch, given.durations);
      const lasting = await T.rheobaseAndChronaxie(patch, steady);
      const before = Array.from(found.value, (each) => 1.1 * each);
      const near = await T.followed(patch, given.durations, before);
      const laws = T.laws(given.durations, found.value);
      return {{ value: list(found.value), near: list(near), lasting, laws }};
    """
    d = np.geomspace(0.05, 100, 9)
    found = computed(code, name, "experiments/threshold.js", durations=d.tolist())
    own = lo.experiments.strength_duration(lo.load(name), duration=d)
    np.testing.assert_allclose(numbers(found["value"]), own.threshold.values, rtol=2e-7)
    assert found["lasting"]["rheobase"] == pytest.approx(float(own.rheobase), rel=2e-7)
    assert found["lasting"]["chronaxie"] == pytest.approx(float(own.chronaxie), rel=2e-6)
    laws = found["laws"]
    assert laws["lapicque"]["rheobase"] == pytest.approx(float(own.lapicque_rheobase), rel=1e-5)
    assert laws["lapicque"]["time"] == pytest.approx(float(own.lapicque_tau), rel=1e-5)
    assert laws["weiss"]["rheobase"] == pytest.approx(float(own.weiss_rheobase), rel=1e-5)
    assert laws["weiss"]["time"] == pytest.approx(float(own.weiss_chronaxie), rel=1e-5)
    short = d < 20  # what is followed while the hand moves is what comes early
    np.testing.assert_allclose(
        numbers(found["near"])[short], own.threshold.values[short], rtol=5e-3
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [SQUID, INTERNEURON, "connor-stevens-1977"])
def test_gates_are_those_of_the_experiment(name: str) -> None:
    code = """
      const V = $experiments_asking.evenly(-100, 60, 161);
      const ratesAt = (at) => model.rates({}, at);
      const found = ratesAt(V);
      const always = model.manifest.observables.filter(({ kind }) => kind === "gate")
        .map(({ symbol }) => symbol).filter((symbol) => !(symbol in found));
      const run = model.simulate($experiments_gates.ramp(base, V), { record: always });
      for (const gate of always) found[gate] = { inf: run.values[gate], tau: null };
      return Object.fromEntries(Object.entries(found).map(([gate, rates]) => {
        const curves = $experiments_gates.curves(rates);
        const rows = Object.fromEntries(
          Object.entries(curves).map(([kind, row]) => [kind, row && Array.from(row)]));
        const numbers = rates.tau && $experiments_gates.numbers(ratesAt, gate, V, rates);
        return [gate, { ...rows, numbers }];
      }));
    """
    found = computed(code, name, "experiments/gates.js", "experiments/asking.js")
    own = lo.experiments.rate_functions(lo.load(name), voltage=np.linspace(-100, 60, 161))
    assert set(found) == set(own.gate.values)
    for gate, rows in found.items():
        for kind in ("inf", "tau", "alpha", "beta"):
            if rows[kind] is None:
                assert f"{gate}_{kind}" not in own or kind != "tau"
                continue
            close = {"rtol": 1e-9, "atol": 1e-12}
            np.testing.assert_allclose(rows[kind], own[f"{gate}_{kind}"].values, **close)
        if rows["numbers"]:
            here = own.sel(gate=gate)
            assert rows["numbers"]["half"] == pytest.approx(float(here.half), abs=1e-6)
            slowest, at = numbers([rows["numbers"][key] for key in ("slowest", "slowestAt")])
            assert slowest == pytest.approx(float(here.slowest), rel=1e-8, nan_ok=True)
            assert at == pytest.approx(float(here.slowest_at), abs=1e-3, nan_ok=True)


def field(V: Any, n: Any, how: str, rest: dict[str, float], current: float) -> tuple[Any, Any]:
    """How V and n of the squid's axon move each other, written anew."""
    opening, closing = rates(V)[::2], rates(V)[1::2]
    m = opening[0] / (opening[0] + closing[0])
    h = opening[1] / (opening[1] + closing[1])
    if how == "frozen":
        m, h = rest["m"] + 0 * V, rest["h"] + 0 * V
    if how == "pace":
        h = rest["h"] / (1 - rest["n"]) * (1 - n)
    ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.387)
    return current - ionic, opening[2] * (1 - n) - closing[2] * n


@pytest.mark.slow
@pytest.mark.parametrize(("how", "current"), [("pace", 0.0), ("steady", 8.0), ("frozen", 3.0)])
def test_the_plane_is_that_of_the_equations(how: str, current: float) -> None:
    code = f"""{PLANE}
      const nullclines = [0, 1].map((side) => plane.nullcline(side, across, up));
      const at = plane.along($engine_point.pointwise(model, {{}}));
      const found = $experiments_paths.path(at, [-40, 0.35], 60, [147, 1]);
      const row = (curve) => [Array.from(curve.x), Array.from(curve.y)];
      const points = plane.fixed(nullclines[0]);
      return {{ rest, ways, nullclines: nullclines.map(row), points, path: found }};
    """
    modules = (
        "experiments/plane.js",
        "experiments/paths.js",
        "experiments/asking.js",
        "engine/point.js",
    )
    found = computed(code, SQUID, *modules, y="n", how=how, current=current)
    for side, curve in enumerate(found["nullclines"]):
        x, y = (numbers(row) for row in curve)
        known = np.isfinite(x)
        off = np.abs(field(x[known], y[known], how, found["rest"], current)[side])
        assert known.sum() > 150
        assert off.max() < (1e-7 if side == 0 else 1e-10)
    own = lo.experiments.phase_plane(
        lo.load(SQUID), current=current, others=None if how == "pace" else how
    )
    points = found["points"]
    np.testing.assert_allclose([each["x"] for each in points], own.fixed_x.values, atol=1e-8)
    np.testing.assert_allclose([each["y"] for each in points], own.fixed_y.values, atol=1e-10)
    assert [each["kind"] for each in points] == own.kind.values.tolist()
    path = found["path"]
    time = np.array(path["time"])
    truth = solve_ivp(
        lambda t, z: np.array(field(z[0], z[1], how, found["rest"], current)), (0, 60),
        [-40, 0.35], method="LSODA", rtol=1e-11, atol=1e-12, t_eval=time,
    )  # fmt: skip
    np.testing.assert_allclose(path["x"], truth.y[0], atol=2e-3)
    np.testing.assert_allclose(path["y"], truth.y[1], atol=2e-5)


@pytest.mark.slow
def test_curves_through_a_box_end_at_its_sides_or_close() -> None:
    """A circle is closed and a hyperbola has two branches; where lines cross, cells are parted."""
    code = """
      const across = $experiments_asking.evenly(-2, 2, 41);
      const up = $experiments_asking.evenly(-2, 2, 37);
      const fields = [
        (x, y) => x.map((a, k) => a * a + y[k] * y[k] - 1),
        (x, y) => x.map((a, k) => a * y[k] - 0.5),
        (x, y) => x.map((a, k) => 1 + a * a + y[k]),
      ];
      return fields.map((each) => {
        const { x, y } = $experiments_contour.crossings(each, across, up);
        return [Array.from(x), Array.from(y)];
      });
    """
    modules = ("experiments/contour.js", "experiments/asking.js")
    circle, hyperbola, parabola = computed(code, SQUID, *modules)
    x, y = (numbers(row) for row in circle)
    assert np.isfinite(x).all()
    assert (x[0], y[0]) == (x[-1], y[-1])
    np.testing.assert_allclose(x**2 + y**2, 1, atol=1e-10)
    x, y = (numbers(row) for row in hyperbola)
    assert np.isnan(x).sum() == 1
    np.testing.assert_allclose((x * y)[np.isfinite(x)], 0.5, atol=1e-10)
    x, y = (numbers(row) for row in parabola)
    assert np.isfinite(x).all()
    assert sorted((x[0], x[-1])) == pytest.approx([-1, 1])


@pytest.mark.slow
def test_points_of_a_curve_are_never_older_than_its_rounds() -> None:
    code = """
      const curve = new $experiments_rolling.Rolling(4);
      curve.along(Float64Array.from({ length: 10 }, (_, k) => k));
      const seen = [];
      for (const key of ["a", "b", "c", "c", "c", "c"]) {
        const part = curve.next(key);
        seen.push(part && part.which);
        if (part) curve.put(part, key, part.which.map(() => 1));
      }
      return { seen, found: curve.found, fresh: curve.fresh("c"), next: curve.next("c") };
    """
    found = computed(code, SQUID, "experiments/rolling.js")
    assert found["seen"][:4] == [[0, 4, 8], [1, 5, 9], [2, 6], [3, 7]]
    assert found["found"] == ["c"] * 4
    assert found["fresh"]
    assert found["next"] is None


@pytest.mark.slow
def test_a_rate_that_is_found_briefly_is_the_rate() -> None:
    """Each current only until it is plain how it goes on: within two per cent of a whole second."""
    code = """const rest = model.rest(given.parameters);
      const quick = (asked, columns, options) => options.brief
        ? $engine_brief.briefly(model, asked, columns) : ask(asked, columns, options);
      const x = $experiments_asking.evenly(0, 20, 15);
      const both = [];
      for (const brief of [true, false]) {
        const lasts = brief ? 400 : 1000;
        const found = await $experiments_firing.fromRest(quick, base, rest, x, lasts, brief);
        both.push(Array.from(found.rate));
      }
      return both;"""
    modules = ("experiments/firing.js", "experiments/asking.js", "engine/brief.js")
    brief, whole = computed(code, SQUID, *modules, parameters={})
    assert sum(rate > 0 for rate in whole) > 8
    np.testing.assert_allclose(brief, whole, rtol=0.02)


def test_a_pulse_is_drawn_to_its_end_though_its_end_is_rounded() -> None:
    """5 + 0.3 less 5 is below 0.3: what is injected from 5.3 ms on is nothing all the same."""
    pulse = lo.Pulse(5, 0.3, 5).to_dict()
    code = "return $stimulus_shapes.course([given], 30, 600, () => 1);"
    drawn = called(code, pulse, "stimulus/shapes.js")
    assert list(zip(drawn["x"], drawn["y"], strict=True)) == [
        (0, 0), (5, 0), (5, 5), (5.3, 5), (5.3, 0), (30, 0), (30, 0),
    ]  # fmt: skip
