"""Stimuli as arithmetic: their charge over a step and their value, against the shapes' own."""

from __future__ import annotations

import itertools
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from scipy.integrate import quad

import loligo as lo
from loligo.program import Block, Builder
from loligo.program.drive import ARITHMETIC
from loligo.program.sources import Source
from loligo.program.term import EDGE_TOLERANCE
from loligo.stimulus.base import Shape
from loligo.stimulus.document import KINDS
from machine import llvm_map, numpy_map
from trying import examples

RUN = 60.0  # ms
START = st.one_of(st.floats(-20, 55), st.sampled_from([0.0, 5.0, 0.1, 0.3, 12.35]))
LONG = st.one_of(st.floats(0.001, 50), st.sampled_from([0.1, 0.2, 0.5, 1.0, 2.0, 5.0]))
SIZE = st.one_of(st.just(0.0), st.floats(0.001, 50), st.floats(-50, -0.001))
HERTZ = st.floats(0, 400)


@st.composite
def trains(draw: st.DrawFn) -> Shape:
    interval, share, count = (
        draw(st.floats(0.5, 20)),
        draw(st.floats(0.01, 1)),
        draw(st.integers(1, 20)),
    )
    return lo.PulseTrain(draw(START), interval * share, draw(SIZE), interval, count)


@st.composite
def noises(draw: st.DrawFn) -> Shape:
    tau, seed = draw(st.one_of(st.none(), st.floats(0.1, 100))), draw(st.integers(0, 99))
    return lo.Noise(draw(START), draw(LONG), draw(SIZE), seed=seed, tau=tau, mean=draw(SIZE))


@st.composite
def waveforms(draw: st.DrawFn) -> Shape:
    gaps = draw(st.lists(st.floats(0, 10), min_size=1, max_size=8))
    assume(sum(gaps) > 0.01)
    values = draw(st.lists(SIZE, min_size=len(gaps) + 1, max_size=len(gaps) + 1))
    time = np.concatenate([[0], np.cumsum(gaps)])
    return lo.Waveform(time, values, start=draw(START), amplitude=draw(SIZE))


SHAPES: dict[str, st.SearchStrategy[Shape]] = {
    "pulse": st.builds(lo.Pulse, START, LONG, SIZE),
    "step": st.builds(lo.Step, START, SIZE),
    "pulse_train": trains(),
    "ramp": st.builds(lo.Ramp, START, LONG, SIZE),
    "sine": st.builds(lo.Sine, START, LONG, SIZE, HERTZ, st.floats(-7, 7)),
    "chirp": st.builds(lo.Chirp, START, LONG, SIZE, HERTZ, HERTZ),
    "noise": noises(),
    "waveform": waveforms(),
    "alpha": st.builds(lo.Alpha, START, LONG, SIZE),
}
CURRENTS = [kind for kind in ARITHMETIC if kind in KINDS]
OTHERS = [
    lo.VoltageClamp(2, 5, -20),
    lo.VoltageClamp(2, 8, -80, to=40),
    lo.VoltageClamp(2, 5, -20, series_resistance="4 ohm*cm2"),
    lo.VoltageClamp(2.3, 8, -80, to=40, series_resistance="4 ohm*cm2"),
    lo.VoltageClamp(2.3, 5, -20, amplifier=lo.Amplifier()),
    lo.VoltageClamp(2, 8, -80, to=40, amplifier=lo.Amplifier(level=5)),
    lo.Conductance(2, 0.4, -75, duration=5),
    lo.Conductance(2.3, 0.4, -75, tau=3),
    lo.Conductance(2, 0.4, -75, tau=3, rise=0.2),
    lo.Shock(7, -4),
]
_SAMPLES = lo.Waveform([0, 2, 2, 6, 9], [-65, -20, -80, 10, 40], unit="mV")
PLAYED = [
    lo.VoltageClamp(2.3, 8, _SAMPLES),
    lo.VoltageClamp(2.3, 8, lo.Noise(0, 8, 5, tau=3, mean=-60, seed=1)),
    lo.VoltageClamp(2.3, 8, _SAMPLES, series_resistance="4 ohm*cm2"),
    lo.Conductance(2.3, lo.Waveform([0, 2, 2, 6], [0, 0.4, 0.1, 0.3]), -75),
    lo.Conductance(2.3, lo.Waveform([0, 2, 6], [0.4, 0.1, 0], hold=True), -75),
]
FIXED = [kind for kind in SHAPES if kind not in ("noise", "waveform")]


def test_every_kind_of_stimulus_has_its_arithmetic() -> None:
    amplified = lo.VoltageClamp(2.3, 8, _SAMPLES, amplifier=lo.Amplifier())
    every = (*OTHERS, *PLAYED, amplified)
    others = {kind for thing in every for kind in thing.inputs.values()}
    # where V jumps is no shape's own: it is asked for beside one
    # and so is a parameter's course, which is the model's
    assert others | set(CURRENTS) | {"begins", "course"} == set(ARITHMETIC)
    assert set(CURRENTS) == set(SHAPES) | {"shock"}
    assert {thing.kind for thing in OTHERS} | set(SHAPES) == set(KINDS)


@pytest.mark.parametrize("thing", OTHERS, ids=repr)
def test_what_is_no_current_has_its_value_and_its_integral(thing: Any) -> None:
    """The program's against the class's own value, and that integrated by SciPy."""
    edges = np.array([0, 1.9, 2.3, 2.301, 3.7, 7.0, 9.99, 12.4, 30.0])
    for name, kind in thing.inputs.items():
        source, b = Source(kind, "a", into=name), Builder()
        t0, t1 = b.input("t0"), b.input("t1")
        charge = source.arithmetic.charge(source.term(b), t0, t1)
        block = b.block({"charge": charge, "value": source.value(b, t1)})
        given_ = {f"a.{p}": float(getattr(thing, p)) for p in source.arithmetic.parameters}
        made = numpy_map(block, {**given_, "t0": edges[:-1], "t1": edges[1:]})
        assert np.allclose(made["value"], thing.put(name, edges[1:]), rtol=1e-13, atol=1e-13)
        if kind == "shock":
            assert not made["charge"].any()
            continue
        points = thing.breakpoints(30)
        for k, (low, high) in enumerate(itertools.pairwise(edges)):
            cuts = [low, *points[(points > low) & (points < high)], high]
            parts = [
                quad(lambda t, name=name: thing.put(name, t), a, z, epsabs=1e-13, epsrel=1e-13)[0]
                for a, z in itertools.pairwise(cuts)
            ]
            assert abs(made["charge"][k] - sum(parts)) < 1e-11 * (1 + abs(sum(parts)))


@pytest.mark.parametrize("thing", PLAYED, ids=repr)
def test_what_is_played_has_its_value_and_its_integral(thing: Any) -> None:
    """The program's, of what is handed in, against the class's own value, integrated by SciPy."""
    edges = np.array([0, 1.9, 2.3, 2.301, 3.7, 4.3, 7.0, 9.99, 12.4, 30.0])
    points = thing.breakpoints(30)
    one = thing.at(**dict.fromkeys(thing.linear, 1.0))
    for name, kind in thing.inputs.items():
        source, b = Source(kind, "a", into=name), Builder()
        t0, t1 = b.input("t0"), b.input("t1")
        charge = source.arithmetic.charge(source.term(b), t0, t1)
        value = source.value(b, t1)
        given_ = {f"a.{p}": float(getattr(thing, p)) for p in source.arithmetic.parameters}
        times = {"t0": edges[:-1], "t1": edges[1:]}
        handed = {"a.stream": np.diff(one.cumulative(edges))}
        found = numpy_map(b.block({"charge": charge}), {**given_, **times, **handed})["charge"]
        handed = {"a.stream": one.streamed(edges[1:])}
        there = numpy_map(b.block({"value": value}), {**given_, **times, **handed})["value"]
        if kind == "path":  # handed in at edges alone
            assert not np.any(found)
            continue
        assert np.allclose(there, thing.put(name, edges[1:]), rtol=1e-13, atol=1e-12)
        for k, (low, high) in enumerate(itertools.pairwise(edges)):
            cuts = [low, *points[(points > low) & (points < high)], high]
            parts = [
                quad(lambda t, name=name: thing.put(name, t), a, z, epsabs=1e-12, epsrel=1e-12)[0]
                for a, z in itertools.pairwise(cuts)
            ]
            whole = np.broadcast_to(found, edges.size - 1)[k]
            assert abs(whole - sum(parts)) < 1e-10 * (1 + abs(sum(parts)))


@pytest.mark.parametrize("kind", SHAPES)
def test_an_arithmetic_reads_the_numbers_of_its_shape(kind: str) -> None:
    shape = KINDS[kind]
    assert set(ARITHMETIC[kind].parameters) <= set(shape.parameters)
    linear = {name for name, quantity in shape.quantities.items() if quantity.linear}
    assert linear <= set(ARITHMETIC[kind].parameters)
    assert shape.still or ARITHMETIC[kind].still is None


def arithmetic(kind: str, sampled: bool) -> tuple[Block, Block]:
    source = Source(kind, "stimulus0")
    charge, value = Builder(), Builder()
    q = source.arithmetic.charge(source.term(charge), charge.input("t0"), charge.input("t1"))
    v = source.value(value, value.input("t"))
    return charge.block({"charge": q}), value.block({"value": v})


def numbers(shape: Shape) -> dict[str, Any]:
    names = ARITHMETIC[shape.kind].parameters
    return {f"stimulus0.{p}": float(getattr(shape, p, 0.0)) for p in names}


def unit(shape: Shape) -> Shape:
    """The path of a sampled shape alone: what is handed in from outside."""
    bare = shape.at(amplitude=1.0)
    return bare.at(mean=0.0) if "mean" in shape.parameters else bare


def charges(shape: Shape, edges: np.ndarray, run: Any = numpy_map) -> np.ndarray:
    given_ = {**numbers(shape), "t0": edges[:-1], "t1": edges[1:]}
    if shape.sampled:
        given_["stimulus0.stream"] = np.diff(shape.cumulative(edges))
    return run(arithmetic(shape.kind, shape.sampled)[0], given_)["charge"]


def values(shape: Shape, t: np.ndarray, run: Any = numpy_map) -> np.ndarray:
    given_ = {**numbers(shape), "t": t}
    if shape.sampled:
        given_["stimulus0.stream"] = unit(shape).value(t)
    return run(arithmetic(shape.kind, shape.sampled)[1], given_)["value"]


def scale(shape: Shape) -> float:
    """The largest the current may be."""
    if shape.kind == "noise":
        return 10 * abs(shape.amplitude) + abs(shape.mean)
    if shape.kind == "waveform":
        return abs(shape.amplitude) * float(np.abs(shape.values).max())
    return abs(shape.amplitude)


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data(), step=st.sampled_from([0.001, 0.01, 0.025, 0.1, 1 / 3]))
@settings(max_examples=examples(25), deadline=None)
def test_the_charge_of_every_step_is_the_integral(kind: str, data: Any, step: float) -> None:
    shape = data.draw(SHAPES[kind])
    if kind == "chirp":  # by quadrature, for steps that are a small part of a cycle
        step = min(step, 0.1)
    k = np.sort(
        np.array(data.draw(st.lists(st.integers(0, int(RUN / step) - 1), min_size=1, max_size=40)))
    )
    lows, highs = k * step, (k + 1) * step
    found = np.array([charges(shape, np.array(e))[0] for e in zip(lows, highs, strict=True)])
    assert np.abs(found - shape.integral(lows, highs)).max() <= 1e-12 * scale(shape) * RUN


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data(), step=st.floats(0.005, 0.1))
@settings(max_examples=examples(25), deadline=None)
def test_a_whole_run_delivers_the_whole_charge(kind: str, data: Any, step: float) -> None:
    shape = data.draw(SHAPES[kind])
    edges = np.arange(int(RUN / step) + 1) * step
    total = shape.integral(0.0, edges[-1])
    assert abs(charges(shape, edges).sum() - total) <= 1e-12 * scale(shape) * RUN


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data(), inner=st.lists(st.floats(0, RUN), min_size=1, max_size=30))
@settings(max_examples=examples(25), deadline=None)
def test_steps_of_any_length_deliver_the_whole_charge(
    kind: str, data: Any, inner: list[float]
) -> None:
    shape = data.draw(SHAPES[kind])
    most = 0.1 if kind == "chirp" else RUN  # as above
    edges = np.unique(np.concatenate([[0.0, RUN], inner, np.arange(0, RUN, most)]))
    found = charges(shape, edges)
    assert np.abs(found - shape.integral(edges[:-1], edges[1:])).max() <= 1e-12 * scale(shape) * RUN


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data(), times=st.lists(st.floats(0, RUN), min_size=1, max_size=30))
@settings(max_examples=examples(25), deadline=None)
def test_the_value_is_the_shapes(kind: str, data: Any, times: list[float]) -> None:
    shape = data.draw(SHAPES[kind])
    t = np.array(times)
    edges = (
        shape.breakpoints(RUN)
        if kind != "noise"
        else np.array([shape.start, shape.start + shape.duration])
    )
    t = t[np.all(np.abs(t[:, None] - edges) > 2 * EDGE_TOLERANCE, axis=1)] if edges.size else t
    assume(t.size)
    # a ramp of a microsecond is steep; a sine's phase is rounded
    assert values(shape, t) == pytest.approx(shape.value(t), rel=1e-11, abs=1e-11 * scale(shape))


@pytest.mark.parametrize(
    "shape",
    [lo.Sine(0, 1e7, 3, 1000, 0.3), lo.Chirp(-1e6, 2e6, 3, 100, 300)],
    ids=["sine", "chirp"],
)
@pytest.mark.parametrize("run", [numpy_map, llvm_map])
def test_a_sine_goes_on_for_hours(shape: Shape, run: Any) -> None:
    """After 10 billion turns and more, as well as the time itself is known."""
    edges = 9e5 + np.arange(500) * 0.01
    lost = 3 * 2 * np.pi * 0.3 * np.spacing(1e6) * 4  # 3 uA/cm2, 300 Hz, the times' rounding
    lost = 4 * lost if shape.kind == "sine" else lost
    assert np.abs(values(shape, edges, run) - shape.value(edges)).max() < lost
    exact = shape.integral(edges[:-1], edges[1:])
    assert np.abs(charges(shape, edges, run) - exact).max() < 0.01 * lost + 3 * np.spacing(1e6)


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data())
@settings(max_examples=examples(25), deadline=None)
def test_at_an_edge_the_value_is_that_just_after(kind: str, data: Any) -> None:
    shape = data.draw(SHAPES[kind])
    t = shape.breakpoints(RUN)[:50]
    # edges nearer to each other than the tolerance of an edge are one
    assume(t.size and (t.size == 1 or np.diff(t).min() > 2 * EDGE_TOLERANCE))
    assert values(shape, t) == pytest.approx(shape.value(t), rel=1e-9, abs=1e-9 * scale(shape))


@pytest.mark.parametrize("interval", [0.01, 0.02, 0.05, 0.1, 0.7, 1.1])
def test_a_sample_that_misses_a_decimal_edge_by_rounding_lies_after_it(interval: float) -> None:
    for k in range(1, 60):
        start = round(k * interval, 10)  # what a person writes
        t = np.array([k * interval])  # what a run computes
        assert values(lo.Pulse(start, 1, 10), t)[0] == 10
        assert values(lo.Step(start, 10), t)[0] == 10
        assert values(lo.Pulse(0, start, 10), t)[0] == 0
        train = lo.PulseTrain(0, interval / 2, 10, interval=interval, count=100)
        assert values(train, t)[0] == 10


ADVERSARIAL = {
    "on a step's edge": lo.Pulse(5, 0.5, 10),
    "an ulp before": lo.Pulse(np.nextafter(5, 0), 0.5, 10),
    "an ulp after": lo.Pulse(np.nextafter(5, 9), 0.5, 10),
    "inside one step": lo.Pulse(5.003, 0.002, 1000),
    "a millionth of a step": lo.Pulse(5.0049, 1e-8, 1e6),
    "begun before the run": lo.Pulse(-3, 10, 2),
    "going on after it": lo.Pulse(59.999, 10, 2),
    "longer than the run": lo.Pulse(-1e6, 2e6, 1),
    "a train of touching pulses": lo.PulseTrain(0.3, 0.1, 7, interval=0.1, count=500),
    "a train finer than the step": lo.PulseTrain(0.003, 0.001, 7, interval=0.003, count=5000),
    "a late train": lo.PulseTrain(-1e5, 0.5, 7, interval=1.7, count=10**6),
    "a ramp inside one step": lo.Ramp(5.003, 0.004, 100),
    "a sine faster than the step": lo.Sine(1.2, 50, 3, 99_000),
    "a constant sine": lo.Sine(0, 50, 3, 0, np.pi / 2),
    "a chirp that does not change": lo.Chirp(0, 50, 3, 100, 100),
    "a falling chirp": lo.Chirp(0, 50, 3, 400, 0),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_edges_in_awkward_places_cost_no_charge(name: str) -> None:
    shape = ADVERSARIAL[name]
    edges = np.arange(6001) * 0.01
    exact = shape.integral(edges[:-1], edges[1:])
    for run in (numpy_map, llvm_map):
        found = charges(shape, edges, run)
        late = abs(getattr(shape, "start", 0)) + RUN  # an ulp of the time counts there
        allowed = scale(shape) * max(1e-12 * RUN, 4 * np.spacing(late))
        assert np.abs(found - exact).max() <= allowed
        assert abs(found.sum() - exact.sum()) <= 10 * allowed


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data())
@settings(max_examples=2, deadline=None)
def test_machine_code_agrees_with_numpy(kind: str, data: Any) -> None:
    shape = data.draw(SHAPES[kind])
    edges = np.linspace(0, RUN, 601)
    near = {"rel": 1e-12, "abs": 1e-14 * scale(shape)}
    assert charges(shape, edges, llvm_map) == pytest.approx(charges(shape, edges), **near)
    t = edges[:-1] + 0.037
    assert values(shape, t, llvm_map) == pytest.approx(
        values(shape, t), rel=1e-11, abs=1e-13 * scale(shape)
    )


def means(shape: Shape, edges: np.ndarray, run: Any = numpy_map) -> dict[str, np.ndarray]:
    """The mean current of every step, and the time up to which it is known to stay."""
    b, source = Builder(), Source(shape.kind, "stimulus0")
    t0, t1 = b.input("t0"), b.input("t1")
    block = b.block({"until": source.until(b, t0), "mean": source.mean(b, t0, t1)})
    step = np.full(len(edges) - 1, edges[1] - edges[0])
    return run(block, {**numbers(shape), "t0": edges[:-1], "t1": edges[1:], ".dt": step})


@pytest.mark.parametrize("kind", [kind for kind in SHAPES if ARITHMETIC[kind].still])
@given(data=st.data(), step=st.sampled_from([0.001, 0.01, 0.025, 0.1, 1 / 3]))
@settings(max_examples=examples(25), deadline=None)
def test_the_mean_stays_the_same_to_the_bit_up_to_the_next_edge(
    kind: str, data: Any, step: float
) -> None:
    shape = data.draw(SHAPES[kind])
    edges = np.arange(int(RUN / step) + 1) * step
    for run in (numpy_map, llvm_map):
        found = means(shape, edges, run)
        exact = shape.integral(edges[:-1], edges[1:])
        assert np.abs(found["mean"] * step - exact).max() <= 1e-12 * scale(shape) * RUN
        # a step that no edge cuts has the mean of the one before, if the next edge was after both
        known = edges[2:] <= found["until"][:-1]
        assert np.array_equal(found["mean"][1:][known], found["mean"][:-1][known])
        whole = edges[1:] <= found["until"]
        assert set(found["mean"][whole]) <= {0.0, shape.amplitude}
        assert whole.sum() >= len(whole) - 2
