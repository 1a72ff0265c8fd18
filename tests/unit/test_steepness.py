"""Steps that do not leap over a steep rate: how far V may move in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.engine.numpy.kernel import evaluate
from loligo.program import Builder
from loligo.program.series.blocks import most_block
from loligo.program.series.steepness import FOLDS
from references import reference, simulate


def fold(write: Any, **inputs: float) -> float | None:
    b = Builder()
    v = b.input("V")
    block = most_block(
        b.block({"V": b.add(b.apply("neg", v), write(b, v))}), ("V",), {"series": 10}
    )
    return None if block is None else float(evaluate(block, inputs)["series"]) / (10 * FOLDS)


def test_the_steepest_exponential_of_V_tells() -> None:
    def two(b: Builder, v: int) -> int:
        slow, steep = (b.apply("exp", b.mul(b.const(c), v)) for c in (0.01, -0.25))
        return b.add(slow, steep)

    assert fold(two) == pytest.approx(4.0)
    assert fold(lambda b, v: b.apply("tanh", b.mul(v, b.const(1 / 6)))) == pytest.approx(3.0)
    parameter = fold(lambda b, v: b.apply("exp", b.mul(v, b.input("slope"))), slope=0.5)
    assert parameter == pytest.approx(2.0)
    assert fold(lambda b, v: b.mul(v, v)) is None
    assert fold(lambda b, v: b.apply("exp", b.input("c"))) is None


@pytest.mark.parametrize("engine", ["llvm", pytest.param("numpy", marks=pytest.mark.slow)])
@pytest.mark.parametrize("k", [*(pytest.param(k, marks=pytest.mark.slow) for k in (2.0, 0.6)), 0.1])
def test_no_sigmoid_is_stepped_over(k: float, engine: str) -> None:
    """V rises by 85 mV; at its beginning the sigmoid is below exp(-60/k)."""
    gate = lo.Gate("s", inf=f"1/(1+exp(-(V+20)/{k}))", tau="2")
    channels = [lo.Channel("X", g=1e-3, E=0, gates=[gate]), lo.Channel("L", g=0.3, E=-80)]
    model = lo.Membrane(C_m=1, channels=channels)
    stimulus = lo.Pulse(1, 5, np.array([0.0, 40.0]))
    options: dict[str, Any] = {"initial": {"V": -80.0, "s": 0.4}, "record": ["V", "s"]}
    true = reference(model, stimulus, 10, **options)
    for tolerance in (1e-6, 1e-8, 1e-10):
        solver = lo.Taylor(tolerance, engine=engine)
        found = lo.simulate(model, stimulus, 10, solver=solver, **options)
        assert float(abs(found.s - true.s).max()) < 10 * tolerance
        assert float(abs(found.V - true.V).max()) < 100 * tolerance
        assert found.attrs["steps"] < 2000


def against_reference(model: Any, stimulus: Any, duration: float, **options: Any) -> float:
    found, true = (
        simulate(model, stimulus, duration, solver=s, sample_interval=duration / 200, **options)
        for s in (lo.Taylor(1e-8), lo.Reference())
    )
    return float(abs(found.V - true.V).max())


def slow(gate: lo.Gate) -> lo.Membrane:
    """V rises by 100 mV in a second past the gate."""
    channels = [lo.Channel("L", g=1e-6, E=-65), lo.Channel("A", g=1, E=0, gates=[gate])]
    return lo.Membrane(C_m=1000, channels=channels)


@pytest.mark.parametrize(
    "gate",
    [
        lo.Gate("q", power=4, instantaneous=True, inf="1/(1+exp(-(V+40)/3))"),
        lo.Gate("q", power=8, instantaneous=True, inf="1/(1+exp(-(V+40)/1))"),
        lo.Gate("q", instantaneous=True, inf="exp(-((V+40)/2)**2)"),
    ],
    ids=["fourth power", "eighth power", "gaussian"],
)
def test_nor_is_its_power_or_a_gaussian(gate: lo.Gate) -> None:
    assert against_reference(slow(gate), lo.Step(1, 100), 1000, initial={"V": -66}) < 1e-5


@pytest.mark.parametrize("k", [0.01, 0.001])
def test_nor_a_sigmoid_of_another_state(k: float) -> None:
    gate = lo.Gate("q", instantaneous=True, inf=f"1/(1+exp(-(x-0.3)/{k}))")
    clock = lo.State("x", derivative="1/1000", initial=0, unit="1", scale=1)
    channels = [lo.Channel("L", g=0.1, E=-65), lo.Channel("A", g=0.1, E=0, gates=[gate])]
    model = lo.Membrane(channels=channels, states=[clock])
    assert against_reference(model, None, 1000, initial={"V": -65, "x": 0}) < 1e-5


def test_a_rate_too_steep_for_any_step_is_stiff() -> None:
    gate = lo.Gate("q", inf="1/(1+exp(-(V+60)/1e-9))", tau="5")
    model = lo.Membrane(channels=[lo.Channel("A", g=0.1, E=-100, gates=[gate])])
    with pytest.raises(lo.errors.RunError, match="too stiff"):
        lo.simulate(model, None, 30, initial={"V": -55, "q": 0.5}, solver=lo.Taylor())
