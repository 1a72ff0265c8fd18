"""Coefficients of high order in float32: when, and what it does to a program."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import loligo as lo
from few import FEW
from loligo.engine.numpy.kernel import evaluate
from loligo.explanation import cost
from loligo.program import Assignment, Block, Program
from loligo.program.arithmetic import narrowness
from loligo.program.scheme import Coupled
from loligo.program.series.digits import TwoKinds, fits, wide_orders
from loligo.program.sources import Source
from loligo.program.taylor import taylor
from loligo.system.equations import build
from machine import ENGINES
from references import simulate

LOOSE = lo.Exponential(0.0005)
MODELS = [lo.load(name) for name in FEW]


def series(model: Any, solver: lo.Taylor) -> Any:
    source = Source("pulse", "stimulus0")
    return solver.program(build(model), (source,), (), {"V": 100.0}).blocks["series"]


@pytest.mark.parametrize("tolerance", 10.0 ** np.arange(-13, -2))
def test_what_is_rounded_is_a_small_part_of_the_tolerance(tolerance: float) -> None:
    order = lo.Taylor(tolerance).order
    wide = wide_orders(tolerance, order)
    assert 2 <= wide <= order
    # a term of order k is of the size tolerance^(k/P) where the last one is the tolerance
    lost = sum(2.0**-24 * tolerance ** (k / order) for k in range(wide, order + 1))
    assert lost < 0.05 * tolerance or wide == 2
    if wide > 2:
        assert 2.0**-24 * tolerance ** ((wide - 1) / order) > 0.02 * tolerance


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_first_coefficients_are_float64_and_the_others_float32(model: Any) -> None:
    solver = lo.Taylor(1e-8)
    block = series(model, solver)
    narrow = dict(zip(range(len(block.assignments)), narrowness(block), strict=True))
    for name, index in block.outputs:
        if name != ".step":
            order = int(name[name.index("[") + 1 : -1])
            is_zero = block.assignments[index].op == "const"
            assert is_zero or narrow[index] == (order >= solver.wide()), name
    assert not narrow[dict(block.outputs)[".step"]]
    assert sum(narrow.values()) > 0.5 * len(narrow)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_they_differ_by_the_rounding_of_a_float32(model: Any) -> None:
    solver = lo.Taylor(1e-8)
    source = Source("pulse", "stimulus0")
    system = build(model)
    programs = [
        solver.program(system, (source,), (), {"V": 100.0}),
        taylor(system, (source,), (), {"V": 100.0}, solver.order),
    ]
    assert not any(narrowness(programs[1].blocks["series"]))
    draw = np.random.default_rng(5)
    names = {*system.states, *system.parameters}
    inputs = {n: model.parameters[n].value for n in system.parameters if n in model.parameters}
    inputs |= {n: draw.uniform(0.1, 0.9, 16) for n in sorted(names - set(inputs))}
    inputs |= {"V": draw.uniform(-75, -20, 16), ".t": np.full(16, 1.0), ".middle": np.full(16, 2.0)}
    inputs |= {"stimulus0.start": 0.5, "stimulus0.duration": 30.0, "stimulus0.amplitude": 5.0}
    inputs |= {"stimulus0.end": 30.5, ".tolerance": np.full(16, 1e-8)}
    found = []
    for program in programs:
        fixed = evaluate(program.blocks["prepare"], inputs)
        found.append(evaluate(program.blocks["series"], {**inputs, **fixed}))
    room = evaluate(program.blocks["room"], {**inputs, **fixed})[".room"]
    h = found[1][".step"]
    held = sum(np.abs(found[1][f"V[{k}]"]) * h**k for k in range(1, solver.order + 1)) < room
    assert held.sum() > 8
    assert found[0][".step"][held] == pytest.approx(h[held], rel=1e-4)
    for name in found[1]:
        if name != ".step":
            state, order = name[:-1].split("[")
            scale = 100.0 if state == "V" else 1.0
            apart = np.abs(found[0][name] - found[1][name]) * h ** int(order) / scale
            assert np.broadcast_to(apart, 16)[held].max() < 1e-9, name


@pytest.mark.parametrize("engine", ENGINES)
def test_both_kinds_in_one_block(engine: str) -> None:
    b = TwoKinds()
    x, y = b.input("x"), b.input("y")
    wide = b.apply("exp", x)
    b.narrow = True
    narrow = b.apply("fma", wide, y, b.const(0.1))
    log = b.apply("binlog", b.apply("abs", narrow))
    b.narrow = False
    total = b.add(wide, narrow)
    block = b.block({"total": total, "log": b.convert(log, narrow=False)})
    assert narrowness(block).count(True) == 5  # exp, y, fma, abs, binlog
    draw = np.random.default_rng(2)
    inputs = {"x": draw.uniform(-1, 1, 16), "y": draw.uniform(1, 2, 16)}
    found = ENGINES[engine](block, inputs)
    e = np.exp(inputs["x"])
    once = np.float32(e) * np.float32(inputs["y"]) + np.float32(0.1)
    assert np.abs(found["total"] - (e + once)).max() < 2.0**-21
    assert np.abs(found["total"] - (e + e * inputs["y"] + 0.1)).max() > 1e-9
    assert np.abs(found["log"] - np.log2(once)).max() < 0.0862


def test_a_decision_is_made_on_all_digits() -> None:
    b = TwoKinds()
    x = b.input("x")
    b.narrow = True
    value = b.apply("where", b.apply("lt", x, b.const(1.0)), b.const(1.0), b.mul(x, x))
    block = b.block({"y": b.convert(value, narrow=False)})
    below, at = np.nextafter(1.0, 0.0), 1.0
    found = evaluate(block, {"x": np.array([below, at, 3.0])})["y"]
    assert found.tolist() == [1.0, 1.0, 9.0]
    assert [a.op for a in block.assignments if a.op in ("lt", "narrow")] == ["lt", "narrow"]


def test_a_stored_program_that_mixes_kinds_is_refused() -> None:
    b = TwoKinds()
    x = b.input("x")
    b.narrow = True
    product = b.mul(x, b.const(2.0))
    b.narrow = False
    block = b.block({"y": b.convert(product, narrow=False)})
    offer = Block((Assignment("const"),), ((".I", 0), (".G", 0)))
    program = Program((), ("x",), (), (), (), ("y",), Coupled(offer=offer, sample=block))
    stored = json.loads(json.dumps(program.to_dict()))
    assert Program.from_dict(stored).blocks["sample"] == block
    rows = stored["blocks"]["sample"][0]
    assert rows[-1] == ["widen", 3]
    for bad in (["add", 0, 3], ["widen", 0], ["narrow", 3], ["fma", 3, 2, 0]):
        rows[-1] = bad
        with pytest.raises(ValueError, match=r"float32|so already"):
            Program.from_dict(stored)


def test_numbers_too_large_for_float32_are_stepped_over_carefully() -> None:
    """exp(-(V + 20)/0.6) is beyond float32 below -73 mV."""
    steep = lo.Gate("s", inf="1/(1+exp(-(V+20)/0.6))", tau="2")
    leak = lo.Channel("L", g=0.3, E=-80)
    model = lo.Membrane(C_m=1, channels=[lo.Channel("X", g=1e-3, E=0, gates=[steep]), leak])
    options: dict[str, Any] = {"initial": {"V": -80.0, "s": 0.4}}
    stimulus = lo.Pulse(1, 5, 40)
    found, true = (
        simulate(model, stimulus, 10, solver=s, **options)
        for s in (lo.Taylor(1e-8), lo.Reference())
    )
    assert float(found.V.max()) > -15
    assert float(abs(found.V - true.V).max()) < 1e-4
    assert float(abs(found.s - true.s).max()) < 1e-6
    assert found.attrs["steps"] < 2000


def test_states_too_small_for_powers_in_float32_stay_float64() -> None:
    """The sixth power of a very small concentration."""
    q = lo.Gate("q", instantaneous=True, inf="Ca**6/(Ca**6+K**6)")
    channels = [lo.Channel("L", g=0.1, E=-65), lo.Channel("K", g=0.05, E=-90, gates=[q])]
    model = lo.Membrane(
        C_m=100,
        channels=channels,
        states=[
            lo.State("Ca", derivative="(5e-8*(1+19*x)-Ca)/2000", initial=5e-8, unit="mM",
                     scale=1e-6),
            lo.State("x", derivative="(1-x)/3000", initial=0, unit="1", scale=1),
        ],
        parameters={"K": 5e-7},
    )  # fmt: skip
    options: dict[str, Any] = {"initial": {"V": -65, "Ca": 5e-8, "x": 0}, "sample_interval": 100}
    found, true = (
        simulate(model, None, 2e4, solver=s, **options) for s in (lo.Taylor(1e-8), lo.Reference())
    )
    assert float(abs(found.V - true.V).max()) < 1e-5
    assert not fits([100.0, 1e-6])
    assert fits([100.0, 1.0])
    assert {row.narrow for row in cost(model)} == {0}


@pytest.mark.parametrize("rate", ["1/(1+exp((V+40)/0.2))", "((V+40)/0.2)/(exp((V+40)/0.2)-1)"])
def test_an_exponential_beyond_float64_is_no_divergence(rate: str) -> None:
    """V reaches 160 mV; the exponential is infinite above 102."""
    gate = lo.Gate("q", inf=f"0.5+0.1*{rate}/(1+{rate})", tau="2")
    channels = [lo.Channel("L", g=0.3, E=-65), lo.Channel("A", g=0.01, E=0, gates=[gate])]
    model = lo.Membrane(channels=channels)
    found, true = (simulate(model, lo.Pulse(1, 10, 70), 15, solver=s) for s in (lo.Taylor(), LOOSE))
    assert float(found.V.max()) > 150
    assert float(abs(found.V - true.V).max()) < 1e-3
