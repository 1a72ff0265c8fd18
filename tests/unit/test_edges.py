"""States that jump at edges, and systems that are driven in several places: both engines against
solutions in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

import loligo as lo
from loligo.engine.engines import Engine, Llvm, Numpy
from loligo.engine.kernel import COUNTERS, Journey, Kernel, Progress, Route, Schedule, Streams
from loligo.engine.kernel import padded as filled
from loligo.engine.swings import Swings
from loligo.program import Program
from loligo.program.recipe import Recipe
from loligo.program.sources import Source
from loligo.system.equations import System
from loligo.system.symbols import Equal, Less, Where, symbol

# and lanes in a vector
Made = tuple[Engine, int | None]  # by which engine, and how many lanes go together
ENGINES: dict[str, Made] = {
    "llvm": (Llvm(), None),
    "llvm, two lanes": (Llvm(), 2),
    "numpy": (Numpy(), None),
}
V, CURRENT, TIME = symbol("V"), symbol("I_stim"), symbol(".t")
HALF, NONE = sp.Rational(1, 2), sp.Integer(0)
THRESHOLD = -20.0
Rows = dict[str, np.ndarray]


def kernel_of(program: Program, engine: Made, lanes: int) -> Kernel:
    key = {"test": repr(program.to_dict())}
    made_by, width = engine
    return made_by.kernel(Recipe(type(program.scheme), key, lambda: program), lanes, width)[0]


def prepared(kernel: Kernel, parameters: Rows) -> np.ndarray:
    made = kernel.map("prepare", parameters)
    return filled(np.stack([made[name] for name in kernel.program.constants]), kernel.width)


def adapted(
    program: Program, engine: Made, parameters: Rows, states: np.ndarray, edges: np.ndarray,
    end: float, samples: int, tolerance: float = 1e-12,
) -> tuple[np.ndarray, list[tuple[float, int]]]:  # fmt: skip
    """What is recorded, (records, lanes, samples), and (time, lane) of every spike."""
    lanes = states.shape[1]
    kernel = kernel_of(program, engine, lanes)
    constants = prepared(kernel, {**parameters, ".tolerance": np.full(lanes, tolerance)})
    start = filled(states, kernel.width).copy()
    wide = start.shape[1]
    journey = Journey(
        states=start,
        clock=np.stack([np.zeros(wide), start[0] < THRESHOLD, *np.zeros((2, wide))]).astype(float),
        swings=Swings.begin(start[0]),
        counters=np.zeros((len(COUNTERS), wide), dtype=np.int64),
        status=np.zeros(wide, dtype=np.int64),
        finished=np.zeros(wide // kernel.width, dtype=np.int64),
        out=np.full((len(program.records), wide, samples), np.nan),
    )
    every = end / (samples - 1)
    route = Route(end, every, samples, THRESHOLD, 1e-6, filled(edges, kernel.width))
    for _ in range(10_000):
        kernel.adapt(route, constants, journey, range(len(journey.finished)), rounds=7)
        assert not journey.status.any()
        if journey.finished.all():
            break
    spikes = [each for b in journey.spikes for each in zip(b.time, b.lane, strict=True)]
    return journey.out[:, :lanes], sorted((float(t), int(k)) for t, k in spikes if k < lanes)


# ------------------------------------------------------------------------------ shocks

LANES = 5
LEAK: Rows = {
    "g": np.linspace(0.1, 0.5, LANES),
    "first": np.array([1.0, 2.0, 3.0, 4.0, 10.0]),
    "second": np.array([5.5, 5.5, 6.5, 10.0, 4.0]),
    "size": np.array([60.0, 10.0, -30.0, 70.0, 80.0]),
}
END, SAMPLES = 10.0, 41


def shocked() -> System:
    """A leak that is displaced at once at two times."""
    size = symbol("size")
    jumps = {"V": V + sum(Where(Equal(TIME, symbol(n)), size, NONE) for n in ("first", "second"))}
    rates = {"V": CURRENT - symbol("g") * (V + 65)}
    return System(tuple(LEAK), rates, {}, jumps=jumps)


def exact_shocks(t: np.ndarray) -> np.ndarray:
    """V at the times, just after what happens there: (lanes, times)."""
    result = np.empty((LANES, t.size))
    for k in range(LANES):
        g, size = LEAK["g"][k], LEAK["size"][k]
        away = np.zeros_like(t)
        for name in ("first", "second"):
            since = t - LEAK[name][k]
            away += np.where(since >= 0, size * np.exp(-g * np.maximum(since, 0)), 0.0)
        result[k] = away - 65.0
    return result


def edges_of(*names: str) -> np.ndarray:
    """Of every lane, in order, filled up with the end."""
    inner = np.sort(np.stack([LEAK[name] for name in names]), axis=0)
    return np.concatenate([inner, np.full((1, LANES), END)])


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_shocks_displace_V_at_their_own_times(engine: Made) -> None:
    program = lo.Taylor(1e-12).program(shocked(), (), ("V",))
    assert "edge" in program.blocks
    states = np.full((1, LANES), -65.0)
    out, spikes = adapted(program, engine, LEAK, states, edges_of("first", "second"), END, SAMPLES)
    t = np.linspace(0, END, SAMPLES)
    assert np.abs(out[0] - exact_shocks(t)).max() < 1e-9
    # V rises through the threshold in the jump itself; at the very end there is nothing after
    assert spikes == [(1.0, 0), (4.0, 3), (4.0, 4), (5.5, 0)]


def test_both_engines_displace_alike() -> None:
    program = lo.Taylor(1e-12).program(shocked(), (), ("V",))
    states, edges = np.full((1, LANES), -65.0), edges_of("first", "second")
    (one, spikes), *others = (
        adapted(program, engine, LEAK, states, edges, END, SAMPLES) for engine in ENGINES.values()
    )
    for out, seen in others:
        assert np.abs(out - one).max() < 1e-11
        assert seen == spikes


def test_a_buffer_for_few_spikes_loses_none_of_those_in_jumps() -> None:
    program = lo.Taylor(1e-8).program(shocked(), (), ("V",))
    many = {name: np.tile(row, 40) for name, row in LEAK.items()}
    edges = np.tile(edges_of("first", "second"), 40)
    start = np.full((1, 40 * LANES), -65.0)
    spikes = [
        adapted(program, engine, many, start, edges, END, SAMPLES, 1e-8)[1]
        for engine in ((Llvm(), 2), (Llvm(capacity=11), 2))
    ]
    assert len(spikes[0]) == 160
    assert spikes[0] == spikes[1]


def test_a_program_without_jumps_has_no_code_for_them() -> None:
    from loligo.engine.llvm.jit import to_ir
    from loligo.engine.llvm.target import host

    still = System(tuple(LEAK), shocked().derivatives, {})
    for system, there in ((still, False), (shocked(), True)):
        for solver in (lo.Taylor(), lo.Exponential()):
            program = solver.program(system, (), ("V",))
            assert ("edge" in program.blocks) == there
            assert ("map_edge" in to_ir(program, 2, host())) == there


# ------------------------------------------------------------------------ held between times

HELD: Rows = {
    "g": np.linspace(0.1, 0.5, LANES),
    "slope": np.array([0.0, 2.0, -1.0, 5.0, 0.0]),
    "on.start": np.array([1.0, 2.5, 0.0, 4.0, 20.0]),
    "on.duration": np.array([3.0, 2.0, 5.0, 6.0, 1.0]),
    "on.amplitude": np.ones(LANES),
    "level.start": np.zeros(LANES),
    "level.amplitude": np.array([-10.0, -80.0, 0.0, -70.0, 0.0]),
}
SOURCES = (Source("pulse", "on", into="held"), Source("step", "level", into="V_level"))


def held() -> System:
    """A leak whose V is held at ``V_level`` and then led up or down, while ``held`` is 1."""
    on = Less(HALF, symbol("held"))
    free = CURRENT - symbol("g") * (V + 65)
    return System(
        ("g", "slope"), {"V": Where(on, symbol("slope"), free)}, {"on": symbol("held")},
        inputs=("I_stim", "held", "V_level"), jumps={"V": Where(on, symbol("V_level"), V)},
    )  # fmt: skip


def exact_held(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """V and whether it is held, just after the times."""
    result, on = np.empty((LANES, t.size)), np.empty((LANES, t.size))
    for k in range(LANES):
        start, end = HELD["on.start"][k], HELD["on.start"][k] + HELD["on.duration"][k]
        level, slope = HELD["level.amplitude"][k], HELD["slope"][k]
        last = level + slope * (end - start) + 65
        after = last * np.exp(-HELD["g"][k] * np.maximum(t - end, 0)) - 65
        led = level + slope * (t - start)
        result[k] = np.where(t < start, -65.0, np.where(t < end, led, after))
        on[k] = (t >= start) & (t < end)
    return result, on


def held_edges() -> np.ndarray:
    points = np.stack([HELD["on.start"], HELD["on.start"] + HELD["on.duration"]])
    inside = np.where((points > 0) & (points < END), points, END)
    return np.concatenate([np.sort(inside, axis=0), np.full((1, LANES), END)])


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_V_is_held_between_times_that_differ_from_lane_to_lane(
    engine: Made,
) -> None:
    program = lo.Taylor(1e-12).program(held(), SOURCES, ("V", "on", "held"))
    kernel = kernel_of(program, engine, LANES)
    constants = prepared(kernel, {**HELD, ".tolerance": np.full(LANES, 1e-12)})
    # what begins with the run happens before its first step
    edges = held_edges()
    known = dict(zip(program.constants, constants[:, :LANES], strict=True))
    first = {**known, "V": np.full(LANES, -65.0), ".t": np.zeros(LANES), ".middle": edges[0] / 2}
    states = kernel.map("edge", first)["V"][None]
    out, _ = adapted(program, engine, HELD, states, edges, END, SAMPLES)
    V_exact, on = exact_held(np.linspace(0, END, SAMPLES))
    assert np.abs(out[0] - V_exact).max() < 1e-9
    assert np.array_equal(out[1], on)
    assert np.array_equal(out[2], on)


# ----------------------------------------------------------------------------- fixed steps

DT, STEPS = 0.01, 1000


def stepped(program: Program, engine: Made, parameters: Rows, states: np.ndarray) -> np.ndarray:
    lanes = states.shape[1]
    kernel = kernel_of(program, engine, lanes)
    start = filled(states, kernel.width).copy()
    wide = start.shape[1]
    progress = Progress(
        states=start,
        carries=start.astype(program.precision) - start,
        detector=np.stack([np.full(wide, np.nan), np.ones(wide), -np.ones(wide)]),
        swings=Swings.begin(start[0]),
        lead=np.zeros(wide),
        step=np.zeros(wide // kernel.width, dtype=np.int64),
        diverged=np.zeros(wide, dtype=np.int64),
        out=np.empty((len(program.records), wide, STEPS // 10 + 1)),
    )
    schedule = Schedule(DT, STEPS, 10, STEPS // 10 + 1, THRESHOLD, 1e-9, 1e-9)
    every = range(len(progress.step))
    for first, stop, stride in ((0, 1, DT / 2), (1, STEPS, DT)):
        given = {".dt": np.full(lanes, DT), ".stride": np.full(lanes, stride)}
        constants = prepared(kernel, {**parameters, **given})
        kernel.run(schedule, constants, progress, Streams(first), every, stop)
    return progress.out[:, :lanes]


def driven_twice(inputs: tuple[str, ...]) -> System:
    total = sum((symbol(name) for name in inputs), NONE)
    return System(("g",), {"V": total - symbol("g") * (V + 65)}, {}, inputs=inputs)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_what_goes_in_at_two_places_adds_up(engine: Made, precision: str) -> None:
    """The sum of both in one place gives the same."""
    parameters: dict[str, Any] = {"g": LEAK["g"]}
    for name, start in (("a", 1.0), ("b", 4.0)):
        parameters |= {
            f"{name}.start": np.full(LANES, start), f"{name}.duration": np.linspace(1, 3, LANES),
            f"{name}.amplitude": np.full(LANES, 5.0),
        }  # fmt: skip
    apart = (Source("pulse", "a"), Source("pulse", "b", into="I_two"))
    together = (Source("pulse", "a"), Source("pulse", "b"))
    solver = lo.Exponential(DT, precision=precision)
    states = np.full((1, LANES), -65.0)
    two, one = (
        stepped(solver.program(driven_twice(inputs), sources, records), engine, parameters, states)
        for inputs, sources, records in (
            (("I_stim", "I_two"), apart, ("V", "I_stim", "I_two")),
            (("I_stim",), together, ("V", "I_stim")),
        )
    )
    assert np.abs(two[0] - one[0]).max() < (1e-12 if precision == "float64" else 2e-5)
    assert np.array_equal(two[1] + two[2], one[1])
    assert two[1].max() == two[2].max() == 5.0


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_fixed_steps_have_what_happens_at_an_edge_as_a_map(engine: Made, precision: str) -> None:
    program = lo.Exponential(DT, precision=precision).program(held(), SOURCES, ("V",))
    kernel = kernel_of(program, engine, LANES)
    settings = {".dt": np.full(LANES, DT), ".stride": np.full(LANES, DT)}
    constants = prepared(kernel, {**HELD, **settings})[:, :LANES]
    known = dict(zip(program.constants, constants, strict=True))
    V_before = np.linspace(-70, -50, LANES)
    at = {"V": V_before, ".t": HELD["on.start"], ".middle": HELD["on.start"] + 0.1}
    assert np.array_equal(kernel.map("edge", {**known, **at})["V"], HELD["level.amplitude"])
    before = {"V": V_before, ".t": HELD["on.start"], ".middle": HELD["on.start"] - 0.1}
    assert np.array_equal(kernel.map("edge", {**known, **before})["V"], V_before)


SOLVERS = {
    "taylor": lo.Taylor(),
    "taylor, numpy": lo.Taylor(engine="numpy"),
    "exponential": lo.Exponential(0.01),
    "exponential off the grid": lo.Exponential(0.013),
    "exponential, numpy": lo.Exponential(0.01, engine="numpy"),
    "reference": lo.Reference(),
}


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize("lasts", [1e-3, 1e-9, 1e-11])
def test_a_sample_where_a_brief_pulse_begins_is_from_before_its_charge(
    solver: Any, lasts: float
) -> None:
    """Just after the edge no charge has flowed, but the current is on: 10 µF/cm² mV move V by 10
    mV, all of it before the next sample. (3 · 0.05 and 6 · 0.05 are no decimals.)"""
    squid, starts = lo.load("hodgkin-huxley-1952"), [0.0, 0.15, 0.3, 1.0, 1.35]
    run = {"duration": 1.5, "solver": solver, "initial": -65, "record": ["V", "I_stim"]}
    quiet = lo.simulate(squid, **run).V.values
    rec = lo.simulate(squid, lo.Pulse(starts, lasts, 10 / lasts), **run)
    for start in starts:
        k, one = round(start / 0.05), rec.sel(start=start)
        assert one.time.values[k] == start
        assert one.V.values[: k + 1] == pytest.approx(quiet[: k + 1], abs=1e-4)
        assert one.V.values[k + 1] == pytest.approx(-55.31, abs=0.05)
        assert one.I_stim.values[k] == 10 / lasts
        assert one.I_stim.values[k + 1] == 0
