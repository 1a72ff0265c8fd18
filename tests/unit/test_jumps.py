"""Whole runs of a System that is driven in three places and whose V jumps at edges: every solver
against gates in closed form, and against the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import sympy as sp

import loligo as lo
from loligo.lanes import Floats, Labelled
from loligo.run.cells import Driven
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.pose import grid_of, pose
from loligo.run.problem import Problem
from loligo.run.solve import solve
from loligo.stimulus.applied import DURATION, START, Applied, Quantity
from loligo.system.equations import System
from loligo.system.outline import Outline
from loligo.system.symbols import Less, Where, symbol

SQUID = lo.load("hodgkin-huxley-1952")
SOLVERS: dict[str, Any] = {
    "Taylor": lo.Taylor(1e-13),
    "Taylor, NumPy": lo.Taylor(1e-13, engine="numpy"),
    "Exponential": lo.Exponential(),
    "Exponential, NumPy": lo.Exponential(engine="numpy"),
    "Reference": lo.Reference(),
}
# of the gates while V stands still; DOP853's dense output between steps at its limit of stability
NEAR = {"Reference": 5e-8}
FIRST = np.array([1.0, 2.5, 0.0, 3.0, 30.0])  # the last is beyond the run
LONG = np.array([6.0, 2.0, 4.0, 20.0, 1.0])
LEVEL = np.array([-10.0, 20.0, -90.0, 0.0, 0.0])
END = 12.0


@dataclass(frozen=True, eq=False, repr=False)
class Hold(Applied):
    """While it is on, V is held; it drives two inputs alike."""

    kind: ClassVar[str] = "hold"
    still: ClassVar[bool] = True
    inputs: ClassVar[Any] = {"held": "pulse", "too": "pulse"}
    quantities: ClassVar[Any] = {"start": START, "duration": DURATION, "amplitude": Quantity("1")}

    start: Any
    duration: Any
    amplitude: Any = 1.0

    def put(self, name: str, t: Any) -> Any:
        return lo.Pulse(self.start, self.duration, self.amplitude).value(t)


@dataclass(frozen=True, eq=False, repr=False)
class Level(Applied):
    """At what V is held."""

    kind: ClassVar[str] = "level"
    still: ClassVar[bool] = True
    inputs: ClassVar[Any] = {"level": "step"}
    quantities: ClassVar[Any] = {"start": START, "amplitude": Quantity("mV")}

    amplitude: Any
    start: Any = -1.0

    def put(self, name: str, t: Any) -> Any:
        return lo.Step(self.start, self.amplitude).value(t)

    def breakpoints(self, duration: float) -> Floats:
        return np.empty(0)


def holdable(free: Outline) -> Outline:
    """A System of which V can be held."""

    def build() -> System:
        system, mean = free.build(), (symbol("held") + symbol("too")) / 2
        # a step in which it comes or goes is free for the rest of it; rounding is no rest
        share = Where(Less(mean, sp.Float(1 - 1e-9)), 1 - mean, sp.Integer(0))
        on = Less(sp.Rational(1, 2), mean)
        return replace(
            system,
            derivatives={**system.derivatives, "V": share * system.derivatives["V"]},
            inputs=(*system.inputs, "held", "too", "level"),
            jumps={"V": Where(on, symbol("level"), symbol("V"))},
        )

    return replace(free, key={"holdable": free.key}, build=build)


def problem(shift: float = 0.0, every: float = 0.05, end: float = END) -> Problem:
    """Lanes whose V is held from FIRST for LONG, and free before and after; a pulse at 8.5 ms."""
    asked = pose(
        SQUID, lo.Pulse(8.5, 1, 20), END, record=["V", "m", "h", "n", "I_stim"],
        sample_interval=every, initial="rest", threshold=0.0,
    )  # fmt: skip
    hold = Hold(*(Labelled(("case",), row) for row in (FIRST + shift, LONG)))
    level = Level(Labelled(("case",), LEVEL))
    added = tuple(Driven(f"stimulus{i}", shape) for i, shape in enumerate((hold, level), 1))
    numbers = {d.name(p): getattr(d.shape, p) for d in added for p in d.shape.parameters}
    lanes = grid_of({**asked.lanes.values, **numbers})
    (cells,) = asked.cells
    cells = replace(cells, outline=holdable(cells.outline), lanes=lanes)
    times, driven = replace(asked.times, duration=end), (*asked.driven, *added)
    return replace(asked, times=times, driven=driven, lanes=lanes, cells=(cells,))


def solved(solver: Any, asked: Problem) -> Outcome:
    return solve(asked, solver, lambda part: None, Pace()).outcome


def held(asked: Problem, shift: float = 0.0) -> np.ndarray:
    """(lanes, samples): whether V is held just after each sample."""
    t = asked.times.grid + 1e-9
    first = FIRST[:, None] + shift
    return (t >= first) & (t < first + LONG[:, None])


def exact_gate(name: str, v: float, first: float, since: np.ndarray) -> np.ndarray:
    """x_inf + (x0 - x_inf) exp(-t/tau): Hodgkin & Huxley 1952, eq. 11."""
    u = v + 65
    alpha, beta = {
        "m": (0.1 * (u - 25) / -np.expm1(-(u - 25) / 10), 4 * np.exp(-u / 18)),
        "h": (0.07 * np.exp(-u / 20), 1 / (1 + np.exp(-(u - 30) / 10))),
        "n": (0.01 * (u - 10) / -np.expm1(-(u - 10) / 10), 0.125 * np.exp(-u / 80)),
    }[name]
    steady = alpha / (alpha + beta)
    return steady + (first - steady) * np.exp(-(alpha + beta) * since)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if "NumPy" in n else n for n in SOLVERS],
)
def test_V_is_what_it_jumps_to_and_gates_follow_exactly(name: str) -> None:
    asked = problem()
    values, on = solved(SOLVERS[name], asked).values, held(asked)
    for lane in np.flatnonzero(on.any(axis=1)):
        assert (values["V"][lane, on[lane]] == LEVEL[lane]).all()  # every bit
        since = asked.times.grid[on[lane]] - FIRST[lane]
        for gate in "mhn":
            row = values[gate][lane, on[lane]]
            off = row - exact_gate(gate, float(LEVEL[lane]), row[0], since)
            assert np.abs(off).max() < NEAR.get(name, 1e-12)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if "NumPy" in n else ()) for n in SOLVERS
     if n != "Reference"],
)  # fmt: skip
def test_it_is_free_before_and_after_and_spikes_are_the_same(name: str) -> None:
    asked = problem()
    reference, found = (solved(SOLVERS[each], asked) for each in ("Reference", name))
    order = 0.1 if name.startswith("Exponential") else 1e-7  # mV: dt = 0.01 ms on an upstroke
    assert np.abs(found.values["V"] - reference.values["V"]).max() < order
    assert np.array_equal(found.spike_lane, reference.spike_lane)
    assert np.abs(found.spike_time - reference.spike_time).max() < order / 50
    # in the lane held at 20 mV, V rises through the threshold in the jump
    assert FIRST[1] in found.spike_time[found.spike_lane == 1]


@pytest.mark.parametrize("shift", [0.0, 0.003, 0.0071])
def test_fixed_steps_keep_their_order_wherever_edges_lie(shift: float) -> None:
    asked = problem(shift, every=0.1)
    reference = solved(SOLVERS["Reference"], asked).values["V"]
    found = [solved(lo.Exponential(dt), asked).values["V"] for dt in (0.02, 0.01, 0.005)]
    errors = [float(np.abs(V - reference).max()) for V in found]
    assert np.log2(errors[0] / errors[1]) > 1.9
    assert np.log2(errors[1] / errors[2]) > 1.9
    for lane, on in enumerate(held(asked, shift)):
        assert (found[0][lane, on] == LEVEL[lane]).all()


def test_float32_holds_V_to_its_own_digits() -> None:
    asked = problem(0.003)
    narrow, wide = (
        solved(lo.Exponential(precision=each), asked).values for each in ("float32", "float64")
    )
    on = held(asked, 0.003)
    expected = np.broadcast_to(LEVEL[:, None], on.shape)[on]
    assert (narrow["V"][on] == expected.astype(np.float32)).all()
    assert np.abs(narrow["V"] - wide["V"]).max() < 0.02
    assert np.abs(narrow["m"] - wide["m"]).max() < 1e-3


@pytest.mark.parametrize("name", SOLVERS)
def test_a_sample_at_the_end_of_a_run_is_what_comes_just_after(name: str) -> None:
    found = solved(SOLVERS[name], problem(end=3.0))
    assert (found.values["V"][:4, -1] == LEVEL[:4]).all()
    assert found.values["V"][3, -2] != LEVEL[3]
    assert not (found.spike_time == 3.0).any()


def test_steps_much_longer_than_a_gate_needs_are_stable() -> None:
    """Nothing is moved backwards at an edge: m at -90 mV needs 0.06 ms."""
    for shift in (0.0, 0.2, 0.7):
        values = solved(lo.Exponential(1.0), problem(shift, every=1.0)).values
        for gate in "mhn":
            assert (values[gate] >= 0).all()
            assert (values[gate] <= 1).all()
