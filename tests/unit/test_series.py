"""Every operation's power series against derivatives taken at 60 digits and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import loligo as lo
from loligo.engine.numpy.kernel import evaluate
from loligo.program import Block, Builder
from loligo.program.recipe import NotSmoothError
from loligo.program.series.expansion import Series
from loligo.program.taylor import taylor
from loligo.system.equations import build
from machine import ENGINES

ORDER = 12
EPS = float(np.finfo(float).eps)
Polynomial = list[float]
Write = Callable[..., int]


def exprel(z: Any) -> Any:
    return mp.expm1(z) / z if z else mp.mpf(1)


EXACT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "neg": lambda a: -a, "fma": lambda a, b, c: a * b + c,
    "exp": mp.exp, "exprel": exprel, "bernoulli": lambda z: 1 / exprel(z), "log": mp.log,
    "sqrt": mp.sqrt, "sin": mp.sin, "cos": mp.cos, "tanh": mp.tanh, "pow": mp.power,
}  # fmt: skip


def series_of(
    write: Write, arguments: dict[str, Polynomial], order: int = ORDER
) -> tuple[Block, dict[str, float]]:
    """The block that computes the coefficients 0 … order of what ``write`` writes, where its
    inputs are polynomials in s (one coefficient: a constant); and the block's inputs."""
    f, b = Builder(), Builder()
    derivative = f.block({"y": write(f, *(f.input(name) for name in arguments))})
    given = {f"{n}{k}": v for n, column in arguments.items() for k, v in enumerate(column)}
    start = {
        name: tuple(b.input(f"{name}{k}") for k in range(len(column)))
        for name, column in arguments.items()
    }
    start["y"] = (b.const(0.0),)
    # y' is what we want: y_(k+1) = f_k/(k + 1)
    found = Series(derivative, b, start, ("y",), order + 1).run()["y"]
    outputs = {str(k): b.mul(b.const(k + 1.0), found[k + 1]) for k in range(order + 1)}
    return b.block(outputs), given


def coefficients(
    write: Write, arguments: dict[str, Polynomial], order: int = ORDER, engine: str = "numpy"
) -> np.ndarray:
    block, given = series_of(write, arguments, order)
    lanes = {name: np.array([value]) for name, value in given.items()}
    found = ENGINES[engine](block, lanes)
    return np.array([float(found[str(k)][0]) for k in range(order + 1)])


def truth(f: Callable[..., Any], arguments: dict[str, Polynomial], order: int = ORDER) -> list[Any]:
    """By mpmath's numerical derivatives, which raise the precision as they need it."""
    with mp.workdps(60):
        columns = [[mp.mpf(v) for v in reversed(column)] for column in arguments.values()]
        return mp.taylor(lambda s: f(*(mp.polyval(c, s) for c in columns)), 0, order, chop=False)


def close(found: np.ndarray, true: list[Any], ulps: float) -> None:
    """Every coefficient within ``ulps`` of the largest so far: below it, it adds nothing."""
    size = 0.0
    for k, (one, other) in enumerate(zip(found, true, strict=True)):
        size = max(size, float(abs(other)))
        error = abs(float(mp.mpf(float(one)) - other))
        assert error <= ulps * EPS * size + 1e-320, (k, one, other)


def wandering(draw: np.random.Generator, first: float, size: float = 0.5) -> Polynomial:
    """A polynomial that begins at ``first`` and does not vanish near it."""
    return [first, *(size * draw.uniform(-1, 1, ORDER) * 0.7 ** np.arange(ORDER))]


# argument by argument: the values at the beginning of the step
STARTS: dict[str, list[tuple[float, ...]]] = {
    "add": [(1.0, -1.0), (1e8, 1e-8)], "sub": [(1.0, 1.0), (0.0, 3.0)],
    "neg": [(0.3,), (0.0,)], "mul": [(0.0, -3.0), (1e-30, 1e-30), (2.0, -3.0)],
    "fma": [(0.0, 1.0, -2.0), (2.0, -3.0, 6.0)], "div": [(0.0, 1.0), (3.0, -2.0), (1.0, 1.0)],
    "exp": [(0.0,), (-30.0,), (30.0,), (-745.0,), (700.0,)], "log": [(1.0,), (0.6,), (1e6,)],
    "sqrt": [(1.0,), (0.6,), (1e6,)], "sin": [(0.0,), (1.5707963,), (-3.0,), (20.0,)],
    "cos": [(0.0,), (1.5707963,), (-3.0,), (20.0,)],
    "tanh": [(0.0,), (0.5,), (-2.0,), (30.0,)],
    "exprel": [(0.0,), (1e-12,), (-1e-12,), (1e-300,), (1e-5,), (0.3,), (-1.0,), (2.5,), (-2.5,),
               (2.4999999999999996,), (-2.4999999999999996,), (2.6,), (-2.6,), (9.0,), (-9.0,),
               (40.0,), (-40.0,), (300.0,), (-300.0,), (-5000.0,)],
}  # fmt: skip
STARTS["bernoulli"] = STARTS["exprel"][:-1]


@pytest.mark.parametrize("op", STARTS)
def test_an_operation_has_the_series_of_its_function(op: str) -> None:
    draw = np.random.default_rng(5)
    for start in STARTS[op]:
        arguments = {"abc"[i]: wandering(draw, value) for i, value in enumerate(start)}
        found = coefficients(lambda b, *args: b.apply(op, *args), arguments)
        true = truth(EXACT[op], arguments)
        # large arguments of exp, sin and cos are known to half an ulp only
        close(found, true, 60 + 2 * max(map(abs, start)))


@pytest.mark.parametrize("op", ["exp", "exprel", "bernoulli", "sin", "tanh", "log"])
def test_random_arguments(op: str) -> None:
    draw = np.random.default_rng(6)
    for _ in range(12):
        first = draw.uniform(1, 9) if op == "log" else draw.uniform(-9, 9)
        arguments = {"a": wandering(draw, first)}
        found = coefficients(lambda b, a: b.apply(op, a), arguments)
        close(found, truth(EXACT[op], arguments), 100)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("op", ["exprel", "bernoulli"])
@pytest.mark.parametrize("first", [0.0, 1e-12, -2.5, 2.5, 30.0])
def test_both_engines_near_the_removable_singularity(engine: str, op: str, first: float) -> None:
    arguments = {"a": wandering(np.random.default_rng(7), first)}
    found = coefficients(lambda b, a: b.apply(op, a), arguments, engine=engine)
    close(found, truth(EXACT[op], arguments), 120)


@pytest.mark.parametrize("order", [4, 7, 16, 17])
def test_exprel_at_every_order_a_tolerance_asks_for(order: int) -> None:
    for first in (0.0, 2.5 - 1e-15, 2.5, -2.5, -2.49, 6.0):
        arguments = {"a": [first, 1.0]}
        found = coefficients(lambda b, a: b.apply("exprel", a), arguments, order)
        with mp.workdps(60):
            close(found, truth(EXACT["exprel"], arguments, order), 60)


@pytest.mark.parametrize("exponent", [0.5, 1.5, -2.3, 3.0, 4.0, 0.0, 1.0, 1 / 3])
def test_a_power_with_a_constant_exponent(exponent: float) -> None:
    draw = np.random.default_rng(8)
    for first in (1.0, 0.7, 30.0):
        arguments = {"a": wandering(draw, first), "c": [exponent]}
        found = coefficients(lambda b, a, c: b.apply("pow", a, c), arguments)
        close(found, truth(mp.power, arguments), 200)


@pytest.mark.parametrize("base", [[2.0], [1.0, 0.5, -0.2], [3.0]])
def test_a_power_whose_exponent_moves(base: Polynomial) -> None:
    """3**((V - 20)/10), as temperature factors are sometimes written."""
    for first in (0.0, 1.0, -2.5):
        arguments = {"a": base, "c": wandering(np.random.default_rng(9), first)}
        found = coefficients(lambda b, a, c: b.apply("pow", a, c), arguments)
        close(found, truth(mp.power, arguments), 300)


def test_a_square() -> None:
    arguments = {"a": wandering(np.random.default_rng(10), 0.3)}
    found = coefficients(lambda b, a: b.apply("mul", a, a), arguments)
    close(found, truth(lambda a: a * a, arguments), 20)


def test_what_stands_still_has_one_coefficient() -> None:
    arguments = {"a": [0.7], "c": [2.0]}
    write: Write = lambda b, a, c: b.apply("exprel", b.apply("pow", a, c))  # noqa: E731
    found = coefficients(write, arguments)
    assert found[0] == pytest.approx(float(exprel(mp.mpf(0.7) ** 2)), rel=1e-15)
    assert not found[1:].any()


def test_floor_keeps_the_whole_turns_of_the_beginning() -> None:
    """A sine of the part after the point is the sine, whether or not a turn is passed."""

    def write(b: Builder, a: int) -> int:
        turns = b.sub(a, b.apply("floor", a))
        return b.apply("sin", b.mul(b.const(2 * np.pi), turns))

    arguments = {"a": [1234567.9, 0.3, 0.1]}
    found = coefficients(write, arguments)
    with mp.workdps(60):
        part = {"a": [float(mp.mpf(1234567.9) - 1234567), 0.3, 0.1]}
    close(found, truth(lambda a: mp.sin(mp.mpf(2 * np.pi) * a), part), 400)


# --------------------------------------------------------------------------- conditionals


def test_a_condition_on_what_stands_still_chooses_a_series() -> None:
    def write(b: Builder, a: int, c: int) -> int:
        return b.apply("where", b.apply("lt", c, b.const(1.0)), b.apply("exp", a), a)

    moving = wandering(np.random.default_rng(11), 0.4)
    close(coefficients(write, {"a": moving, "c": [0.0]}), truth(mp.exp, {"a": moving}), 40)
    assert coefficients(write, {"a": moving, "c": [2.0]}) == pytest.approx(moving, rel=1e-15)


@pytest.mark.parametrize(
    "write",
    [
        lambda b, a: b.apply("where", b.apply("lt", a, b.const(0.0)), a, b.const(1.0)),
        lambda b, a: b.apply("abs", a),
        lambda b, a: b.apply("min", a, b.const(1.0)),
        lambda b, a: b.apply("max", b.mul(a, a), b.const(1.0)),
    ],
    ids=["where", "abs", "min", "max"],
)
def test_a_condition_on_what_moves_has_no_series(write: Write) -> None:
    with pytest.raises(NotSmoothError):
        series_of(write, {"a": [0.5, 1.0]})


@pytest.mark.parametrize(
    ("rate", "watched"),
    [
        ("where(V > -30, 1, 2)", ["-30 < V"]),
        ("abs(V)/10 + 1", ["V < 0"]),
        ("min(exp(V/10), 1) + max(1, exp(V/10))", ["1 < exp(0.1*V)"]),
        ("1 if V < -30 or V >= -30 and n > 0.5 else 2", ["V < -30", "0.5 < n"]),
        ("where(C_m > 1, 1, 2)", []),
    ],
)
def test_what_a_whole_model_compares_is_watched(rate: str, watched: list[str]) -> None:
    gate, other = lo.Gate("m", alpha=rate, beta="1"), lo.Gate("n", alpha="1", beta="1")
    model = lo.Membrane(C_m=1, channels=[lo.Channel("X", g=1, E=0, gates=[gate, other])])
    program = taylor(build(model), (), ("V",), {}, 8)
    assert sorted(program.conditions) == sorted(watched)


# ------------------------------------------------------------------- compositions and sharing

Node = tuple[Any, ...]


def grow(draw: np.random.Generator, depth: int) -> Node:
    """A random smooth expression whose values stay near 1: ("op", …), a name or a number."""
    if depth == 0:
        return ("name", "ab"[draw.integers(2)])
    op = str(draw.choice(["add", "sub", "mul", "div", "exp", "log", "sqrt", "pow", "sin", "cos",
                          "tanh", "exprel", "bernoulli", "neg", "affine", "fma"]))  # fmt: skip
    if op == "affine":
        return (op, float(draw.uniform(-2, 2)), float(draw.uniform(-1, 1)), grow(draw, depth - 1))
    count = {"add": 2, "sub": 2, "mul": 2, "div": 2, "fma": 3}.get(op, 1)
    return (op, *(grow(draw, depth - 1) for _ in range(count)))


def value(node: Node, ops: Callable[..., Any], names: dict[str, Any]) -> Any:
    """A tree over any arithmetic: ``ops(op, *args)`` with floats among the arguments."""
    op = node[0]
    if op == "name":
        return names[node[1]]
    if op == "affine":
        return ops("add", ops("mul", node[1], value(node[3], ops, names)), node[2])
    args = [value(child, ops, names) for child in node[1:]]
    if op in ("div", "log", "sqrt", "pow"):  # 1 + x^2 is never 0
        args[-1] = ops("add", 1.0, ops("mul", args[-1], args[-1]))
    elif op in ("exp", "exprel", "bernoulli"):
        args[-1] = ops("tanh", args[-1])
    return ops(op, *args, 1.7) if op == "pow" else ops(op, *args)


@pytest.mark.parametrize("seed", range(30))
def test_compositions(seed: int) -> None:
    draw = np.random.default_rng(100 + seed)
    tree = ("add", grow(draw, 3), grow(draw, 3))
    arguments = {"a": [0.6, 0.3, -0.2], "b": [-0.4, 0.25, 0.1]}

    def write(b: Builder, *inputs: int) -> int:
        def ops(op: str, *args: Any) -> int:
            return b.apply(op, *(b.const(x) if isinstance(x, float) else x for x in args))

        return value(tree, ops, dict(zip("ab", inputs, strict=True)))

    def exact(*inputs: Any) -> Any:
        return value(tree, lambda op, *args: EXACT[op](*args), dict(zip("ab", inputs, strict=True)))

    close(coefficients(write, arguments, 9), truth(exact, arguments, 9), 2000)


AFFINE: dict[str, tuple[Write, Callable[[Any, Any], Any]]] = {
    "itself": (lambda b, v, c: v, lambda v, c: v),
    "scaled": (lambda b, v, c: b.mul(b.const(0.1), v), lambda v, c: mp.mpf(0.1) * v),
    "shifted, then scaled": (
        lambda b, v, c: b.mul(b.add(v, b.const(40.0)), c), lambda v, c: (v + 40) * c),
    "scaled, then shifted": (
        lambda b, v, c: b.sub(b.mul(v, c), b.const(1.5)), lambda v, c: v * c - 1.5),
    "taken from a number": (
        lambda b, v, c: b.sub(b.const(1.0), b.mul(c, v)), lambda v, c: 1 - c * v),
    "negated": (lambda b, v, c: b.apply("neg", b.add(c, v)), lambda v, c: -(c + v)),
    "fused": (lambda b, v, c: b.apply("fma", c, v, b.const(2.0)), lambda v, c: c * v + 2),
    "added to a product of numbers": (
        lambda b, v, c: b.apply("fma", c, c, v), lambda v, c: c * c + v),
    "fused the other way, twice": (
        lambda b, v, c: b.apply("fma", b.apply("fma", v, c, c), c, b.apply("neg", c)),
        lambda v, c: (v * c + c) * c - c),
    "divided": (lambda b, v, c: b.div(v, c), lambda v, c: v / c),
    "times itself": (lambda b, v, c: b.mul(v, b.mul(c, v)), lambda v, c: c * v * v),
    "fused with itself": (lambda b, v, c: b.apply("fma", v, v, c), lambda v, c: v * v + c),
    "added to itself": (lambda b, v, c: b.apply("add", v, b.mul(c, v)), lambda v, c: v + c * v),
}  # fmt: skip


@pytest.mark.parametrize("form", AFFINE)
@pytest.mark.parametrize("op", ["exp", "exprel", "bernoulli"])
def test_multiples_of_what_moves_share_its_series(form: str, op: str) -> None:
    write, exact = AFFINE[form]
    arguments = {"v": wandering(np.random.default_rng(12), 1.25), "c": [0.37]}
    found = coefficients(lambda b, v, c: b.apply(op, write(b, v, c)), arguments)
    close(found, truth(lambda v, c: EXACT[op](exact(v, c)), arguments), 200)


def test_all_multiples_in_one_program_do_not_disturb_each_other() -> None:
    forms = [AFFINE[name] for name in AFFINE]

    def write(b: Builder, v: int, c: int) -> int:
        return b.total(b.apply(op, w(b, v, c)) for w, _ in forms for op in ("exp", "exprel"))

    def exact(v: Any, c: Any) -> Any:
        return sum(EXACT[op](e(v, c)) for _, e in forms for op in ("exp", "exprel"))

    arguments = {"v": wandering(np.random.default_rng(13), 1.25), "c": [0.37]}
    close(coefficients(write, arguments), truth(exact, arguments), 200)


def test_sharing_spares_products() -> None:
    """Two rates of one V cost less than twice one."""

    def one(b: Builder, v: int) -> int:
        return b.apply("exprel", b.mul(b.const(0.1), v))

    def two(b: Builder, v: int) -> int:
        return b.add(one(b, v), b.apply("exprel", b.mul(b.const(-0.2), b.add(v, b.const(5.0)))))

    arguments = {"v": wandering(np.random.default_rng(14), 1.0)}
    single, double = (sum(series_of(w, arguments)[0].count().values()) for w in (one, two))
    assert double < 1.6 * single


# -------------------------------------------------------------------- differential equations


def solution(
    derivative: Block, start: dict[str, Polynomial], states: tuple[str, ...], order: int
) -> dict[str, np.ndarray]:
    b = Builder()
    inputs = {
        n: tuple(b.input(f"{n}{k}") for k in range(len(column))) for n, column in start.items()
    }
    found = Series(derivative, b, inputs, states, order).run()
    block = b.block({f"{s} {k}": i for s, column in found.items() for k, i in enumerate(column)})
    given = {f"{n}{k}": v for n, column in start.items() for k, v in enumerate(column)}
    values = evaluate(block, given)
    return {s: np.array([float(values[f"{s} {k}"]) for k in range(order + 1)]) for s in states}


def test_solutions_that_are_known() -> None:
    f = Builder()
    x, y, z, w, t = (f.input(n) for n in ("x", "y", "z", "w", "t"))
    derivative = f.block({
        "x": x,  # e^s
        "y": f.mul(y, y),  # 1/(1 - s)
        "z": f.apply("neg", w), "w": z,  # cos, sin
        "u": f.mul(f.const(2.0), t),  # t^2 - t_0^2
    })  # fmt: skip
    start = {"x": [1.0], "y": [1.0], "z": [1.0], "w": [0.0], "u": [0.0], "t": [3.0, 1.0]}
    found = solution(derivative, start, ("x", "y", "z", "w", "u"), 14)
    factorial = np.array([float(mp.factorial(k)) for k in range(15)])
    k = np.arange(15)
    assert found["x"] == pytest.approx(1 / factorial, rel=1e-14)
    assert found["y"] == pytest.approx(np.ones(15), rel=1e-14)
    assert found["z"] == pytest.approx(np.cos(k * np.pi / 2).round() / factorial, rel=1e-14)
    assert found["w"] == pytest.approx(np.sin(k * np.pi / 2).round() / factorial, rel=1e-14)
    assert found["u"].tolist() == [0.0, 6.0, 1.0] + [0.0] * 12


def squid_rate(V: Any, m: Any, h: Any, n: Any) -> list[Any]:
    """Hodgkin & Huxley 1952 at 6.3 °C, 10 uA/cm2, V absolute; per ms."""
    am, an = 1 / exprel(-(V + 40) / 10), 1 / exprel(-(V + 55) / 10) / 10
    bm, bn = 4 * mp.exp(-(V + 65) / 18), mp.exp(-(V + 65) / 80) / 8
    ah, bh = mp.exp(-(V + 65) / 20) * 7 / 100, 1 / (1 + mp.exp(-(V + 35) / 10))
    leak = (V + mp.mpf("54.387")) * 3 / 10
    balance = 10 - 120 * m**3 * h * (V - 50) - 36 * n**4 * (V + 77) - leak
    return [balance, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]


@pytest.mark.parametrize("voltage", [-65.0, -40.0, -55.0, -40 + 1e-11, -55.00000003, 20.0, -100.0])
def test_the_squid_axon_at_its_removable_singularities(voltage: float) -> None:
    """Order by order: the derivative's own series from what is known of the solution's."""
    order, y = 8, {"V": [voltage], "m": [0.06], "h": [0.55], "n": [0.35]}
    with mp.workdps(60):
        true = [[mp.mpf(v[0])] for v in y.values()]
        for k in range(order):
            columns = [list(reversed(c)) for c in true]
            for i in range(4):

                def one(s: Any, i: int = i, columns: Any = columns) -> Any:
                    return squid_rate(*(mp.polyval(c, s) for c in columns))[i]

                true[i].append(mp.taylor(one, 0, k, chop=False)[k] / (k + 1))
    model = lo.load("hodgkin-huxley-1952")
    system = build(model)
    parameters = {n: [p.value] for n, p in model.parameters.items()}
    from loligo.program.lower import lower

    start = {**y, **parameters, "I_stim": [10.0]}
    found = solution(lower(system), start, system.states, order)
    for name, column in zip(y, true, strict=True):
        for k, (one, other) in enumerate(zip(found[name], column, strict=True)):
            assert abs(float(one - other)) <= 1e-12 * float(abs(other)), (name, k)
