"""Programs made cheaper: the same results from fewer operations."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

import loligo as lo
from few import FEW
from loligo.engine.numpy.kernel import binlog, evaluate
from loligo.program import Block, Builder
from loligo.program.lower import lower
from loligo.program.passes.conductance import gather
from loligo.program.passes.factors import absorb
from loligo.program.passes.products import regroup
from loligo.program.series.blocks import room_block
from loligo.program.series.quotients import expose, worthwhile
from loligo.system.equations import build
from machine import ENGINES
from references import simulate

MODELS = [lo.load(name) for name in FEW]


def random_inputs(block: Block, seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    values = {name: draw.uniform(0.1, 0.9, 16) for name in block.inputs}
    return values | {"V": draw.uniform(-80, 40, 16)} | {"celsius": np.full(16, 6.3)}


def assert_same(before: Block, after: Block, rel: float = 1e-12) -> None:
    inputs = random_inputs(before, 3)
    wanted, found = evaluate(before, inputs), evaluate(after, inputs)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        size = np.abs(value).max()
        assert found[name] == pytest.approx(value, rel=rel, abs=rel * size), name


def products_with(block: Block, name: str) -> int:
    place = next(i for i, a in enumerate(block.assignments) if a.name == name)
    return sum(a.op == "mul" and place in a.args for a in block.assignments)


# ------------------------------------------------------------------------ total conductance


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_current_is_one_product_with_V(model: Any) -> None:
    system = build(model)
    before = lower(system)
    after = gather(before, system.states)
    assert_same(before, after)
    drives = sum(c.current is None for c in model.channels)
    differences = sum(
        a.op == "sub" and before.assignments[a.args[0]].name == "V" for a in before.assignments
    )
    assert drives >= 3
    assert differences >= drives
    # `g_1 + g_2 + …` times V, once
    assert sum(a.op == "sub" and after.assignments[a.args[0]].name == "V"
               for a in after.assignments) <= differences - drives  # fmt: skip


@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, -1), (-1, 1)])
def test_every_way_to_write_a_driving_force(signs: tuple[int, int]) -> None:
    b = Builder()
    v, x, y, e, i = (b.input(n) for n in ("V", "x", "y", "E", "i"))
    first = b.mul(b.mul(x, b.sub(v, e)), y)
    second = b.mul(b.sub(e, v), x)
    third = b.mul(y, b.add(v, e))
    total = i
    for sign, term in zip((*signs, 1), (first, second, third), strict=True):
        total = b.add(total, term) if sign > 0 else b.sub(total, term)
    before = b.block({"V": b.apply("neg", total)})
    after = gather(before, ("V", "x", "y"))
    assert_same(before, after)
    assert products_with(after, "V") == 1


def test_a_driving_force_that_moves_with_a_state_stays() -> None:
    """E of a Nernst potential."""
    b = Builder()
    v, x, c = (b.input(n) for n in ("V", "x", "c"))
    moving = b.mul(x, b.sub(v, b.apply("log", c)))
    before = b.block({"V": b.add(moving, b.mul(x, b.sub(v, b.const(3.0))))})
    after = gather(before, ("V", "x", "c"))
    assert str(after) == str(before)


@pytest.mark.parametrize("power", [2, 3, 4, 5])
def test_a_power_of_a_driving_force_loses_one_factor(power: int) -> None:
    """0.001 (V + 60)^2 beside a leak that rests at -60."""
    b = Builder()
    v, g = b.input("V"), b.input("g")
    force = b.add(v, b.const(60.0))
    drive = b.mul(b.const(0.001), b.power(force, power))
    before = b.block({"V": b.apply("neg", b.add(drive, b.mul(g, force)))})
    assert_same(before, gather(before, ("V",)))


def test_currents_that_are_powers_of_a_driving_force_are_right() -> None:
    for current in ("0.001*(V+60)**2", "0.001*(V+60)*(V+60)*(V+60)", "0.01*(V+60)*(V+60)*(V-20)"):
        channels = [lo.Channel("X", current=current), lo.Channel("L", g=0.3, E=-60)]
        model = lo.Membrane(C_m=1, channels=channels)
        runs = [simulate(model, lo.Pulse(2, 2, 2), 5, initial=-50, solver=solver)
                for solver in (lo.Taylor(1e-10), lo.Reference())]  # fmt: skip
        assert float(abs(runs[0].V - runs[1].V).max()) < 1e-6, current


def test_what_is_used_elsewhere_too_is_not_written_twice() -> None:
    b = Builder()
    v, x, e = (b.input(n) for n in ("V", "x", "E"))
    current = b.mul(x, b.sub(v, e))
    total = b.add(current, b.mul(b.const(2.0), b.sub(v, b.const(1.0))))
    before = b.block({"V": total, "c": current})
    assert_same(before, gather(before, ("V", "x")))
    assert str(gather(before, ("V", "x"))) == str(before)


# ---------------------------------------------------------------------- products of constants


def test_constants_are_multiplied_first() -> None:
    b = Builder()
    x, c, d = (b.input(n) for n in ("x", "c", "d"))
    chain = b.mul(b.mul(b.mul(b.mul(x, c), b.const(3.0)), d), b.const(0.5))
    before = b.block({"y": chain})
    after = regroup(before, frozenset({"c", "d"}), frozenset())
    assert_same(before, after, 1e-15)
    assert products_with(after, "x") == 1
    (last,) = (a for a in after.assignments if 0 in a.args)
    assert last == after.assignments[dict(after.outputs)["y"]]


def test_a_product_that_is_used_twice_is_kept() -> None:
    b = Builder()
    x, c = b.input("x"), b.input("c")
    product = b.mul(x, c)
    before = b.block({"y": b.mul(product, b.const(3.0)), "z": b.apply("exp", product)})
    after = regroup(before, frozenset({"c"}), frozenset())
    assert_same(before, after, 1e-15)
    assert after.count() == before.count()


def test_numbers_are_multiplied_here_and_now() -> None:
    b = Builder()
    before = b.block({"y": b.mul(b.mul(b.input("x"), b.const(0.25)), b.const(8.0))})
    after = regroup(before, frozenset(), frozenset())
    assert after.count() == {"mul": 1}
    assert {a.value for a in after.assignments if a.op == "const"} == {2.0}


# -------------------------------------------------------------------------------- quotients


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_exposed_quotients_are_the_same(model: Any) -> None:
    system = build(model)
    before = lower(system)
    after = expose(before, system.states)
    assert_same(before, after, 1e-15)
    removable = before.count().get("bernoulli", 0) + before.count().get("exprel", 0)
    assert after.count().get("ratio", 0) == removable


def test_a_quotient_of_another_state_is_not_exposed() -> None:
    """How near its zero is cannot be told from V."""
    b = Builder()
    before = b.block({"V": b.apply("bernoulli", b.add(b.input("V"), b.input("c")))})
    assert str(expose(before, ("V", "c"))) == str(before)
    assert expose(before, ("V",)).count()["ratio"] == 1


def bernoulli_series(first: float, step: float, order: int) -> tuple[list[float], list[float]]:
    """z/(e^z - 1) along z = first + s step: by the recurrence of the quotient, and exactly."""
    factorial = [float(mp.factorial(k)) for k in range(order + 1)]
    e = [np.exp(first) * step**k / factorial[k] for k in range(order + 1)]
    z = [first, step] + [0.0] * (order - 1)
    quotient = [first / np.expm1(first)]
    for k in range(1, order + 1):
        rest = sum(e[j] * quotient[k - j] for j in range(1, k + 1))
        quotient.append((z[k] - rest) / np.expm1(first))

    def exact(s: Any) -> Any:
        argument = mp.mpf(first) + s * mp.mpf(step)
        return argument / mp.expm1(argument)

    with mp.workdps(60):
        return quotient, [float(c) for c in mp.taylor(exact, 0, order)]


def room_near(distance: float, tolerance: float, order: int) -> float:
    """mV, of a membrane with a rate z/(e^z - 1), z = V + 40."""
    b = Builder()
    b.input("V")
    rate = b.apply("bernoulli", b.add(b.input("V"), b.const(40.0)))
    space = room_block(expose(b.block({"V": rate}), ("V",)), ("V",), order)
    assert space is not None
    inputs = {"V": np.array(-40.0 + distance), ".tolerance": np.array(tolerance)}
    return float(evaluate(space, inputs)[".room"])


@pytest.mark.parametrize("order", range(4, 16))
def test_digits_lost_within_reach_are_a_small_part_of_the_tolerance(order: int) -> None:
    tolerance = np.exp(2 - 2 * order)
    for first in (0.01, -0.01, 0.3):
        reach = np.copysign(min(room_near(first, tolerance, order), 2.0), first)
        found, exact = bernoulli_series(first, reach, order)
        lost = sum(abs(a - b) for a, b in zip(found, exact, strict=True))
        assert lost < 0.1 * tolerance


def test_beyond_that_order_no_step_could_end_well() -> None:
    assert worthwhile(15)
    assert not worthwhile(16)


# ---------------------------------------------------------------------------- factors inside


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_factors_inside_change_nothing(model: Any) -> None:
    system = build(model)
    before = expose(lower(system), system.states)
    assert_same(before, absorb(before, system.states))


def test_a_factor_goes_into_what_it_alone_multiplies() -> None:
    b = Builder()
    v, c = b.input("V"), b.input("c")
    up, down = b.apply("exp", v), b.apply("exp", b.apply("neg", v))
    quotient = b.div(v, b.add(b.const(2.0), up))
    outputs = {
        "four": b.mul(b.const(4.0), down),
        "minus": b.mul(b.apply("exp", b.mul(v, v)), b.const(-3.0)),
        "quotient": b.mul(c, b.mul(b.const(2.0), quotient)),
        "shared": b.mul(b.const(5.0), up),
        "unknown": b.mul(c, b.apply("exp", b.mul(v, c))),
        "none": b.mul(b.const(0.0), b.apply("exp", b.add(v, c))),
    }
    before = b.block(outputs)
    after = absorb(before, ("V",))
    inputs = {"V": np.linspace(-2, 2, 9), "c": np.full(9, 0.7)}
    wanted, found = evaluate(before, inputs), evaluate(after, inputs)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-14), name
    kinds = {name: after.assignments[index].op for name, index in after.outputs}
    assert kinds == {
        "four": "exp", "minus": "neg", "quotient": "div", "shared": "mul", "unknown": "mul",
        "none": "mul",
    }  # fmt: skip


# ------------------------------------------------------------------------- rough logarithms


@pytest.mark.parametrize("engine", ENGINES)
def test_a_logarithm_read_from_the_bits(engine: str) -> None:
    x = np.concatenate([2.0 ** np.arange(-1000, 1001, 40), np.geomspace(1e-300, 1e300, 999)])
    b = Builder()
    found = ENGINES[engine](b.block({"y": b.apply("binlog", b.input("x"))}), {"x": x})["y"]
    assert found[:51] == pytest.approx(np.arange(-1000, 1001, 40), abs=1e-12)
    error = np.log2(x) - found
    assert error.min() > -1e-12
    assert error.max() < 0.0861
    assert binlog(np.array([3.0]))[0] == 1.5
