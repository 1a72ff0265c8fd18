"""Steps that do not leap over a steep rate: how far V may move in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.engine.numpy_engine import evaluate
from loligo.program import Builder
from loligo.program.steepness import FOLDS
from loligo.program.taylor import _most


def fold(write: Any, **inputs: float) -> float | None:
    b = Builder()
    v = b.input("V")
    block = _most(b.block({"V": b.add(b.apply("neg", v), write(b, v))}), ("V",), {"series": 10})
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


@pytest.mark.parametrize("engine", ["llvm", "numpy"])
@pytest.mark.parametrize("k", [2.0, 0.6, 0.1])
def test_no_sigmoid_is_stepped_over(k: float, engine: str) -> None:
    """V rises by 85 mV; at its beginning the sigmoid is below exp(-60/k)."""
    gate = lo.Gate("s", inf=f"1/(1+exp(-(V+20)/{k}))", tau="2")
    channels = [lo.Channel("X", g=1e-3, E=0, gates=[gate]), lo.Channel("L", g=0.3, E=-80)]
    model = lo.Membrane(C_m=1, channels=channels)
    stimulus = lo.Pulse(1, 5, np.array([0.0, 40.0]))
    options: dict[str, Any] = {"initial": {"V": -80.0, "s": 0.4}, "record": ["V", "s"]}
    true = lo.simulate(model, stimulus, 10, solver=lo.Reference(), **options)
    for tolerance in (1e-6, 1e-8, 1e-10):
        solver = lo.Taylor(tolerance, engine=engine)
        found = lo.simulate(model, stimulus, 10, solver=solver, **options)
        assert float(abs(found.s - true.s).max()) < 10 * tolerance
        assert float(abs(found.V - true.V).max()) < 100 * tolerance
        assert found.attrs["steps"] < 2000
