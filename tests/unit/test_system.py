"""From a paper's text to equations: singular rates, their derivatives, and the whole system."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import loligo as lo
from few import FEW
from loligo.engine.kernel import Kernel
from loligo.engine.llvm.jit import compile_object, load_object
from loligo.engine.llvm.kernel import CompiledKernel
from loligo.engine.llvm.target import host
from loligo.engine.numpy.kernel import NumpyKernel
from loligo.model.expression import parse
from loligo.model.tree import evaluate as tree_value
from loligo.program import Block, Builder
from loligo.program.lower import Lowering
from loligo.system.equations import System, build
from loligo.system.singularity import smooth
from loligo.system.symbols import Exprel, Exprel2, symbol, to_sympy
from machine import ENGINES, compiled_map, exact, numpy_map, relative, value_and_slope

V = symbol("V")
# what a paper writes for x, and where it is zero
ARGUMENTS = {
    "(V+40)/10": -40.0,
    "0.1*(V+40)": -40.0,
    "-(V+55)/7.5": -55.0,
    "(V+29.7)/9.1": -29.7,
    "V/25": 0.0,
    "(V-V_half)/k": -47.25,
    "(V_half-V)*slope": -47.25,
    "2*V*96485.3/(8314.46*(celsius+273.15))": 0.0,
}
PARAMETERS = {
    "V_half": -47.25,
    "k": 6.5,
    "slope": 0.17,
    "celsius": 6.3,
    "A": 1.7,
    "Ci": 1e-4,
    "Co": 2.0,
}
FORMS = [
    "x/(1-exp(-x))",
    "-x/(exp(x)-1)",
    "x/(exp(x)-1)",
    "(exp(x)-1)/x",
    "(1-exp(-x))/x",
    "x/tanh(x)",
    "x/tanh(x/2)",
    "x/sinh(x)",
    "sinh(x)/x",
    "(x/(1-exp(-x)))**2",
    "x**2/(exp(x)-1)**2",
    "(exp(x)-1)**3/x**3",
    "x/(exp(x/2)-exp(-x/2))",
    "x*exp(x)/(exp(x)-1)",
    "x*(1+exp(-x))/(1-exp(-x))",
    "1/(1-exp(-x))*x",
    "x/(1-1/exp(x))",
    "2*x/(3-3*exp(-x))",
    "A*x/(A-A*exp(-x))",
    "3.5*(x/(1-exp(-x)))/(1+exp(x))",
    "1/(1+x/(1-exp(-x)))",
    "exp(-x)+x/(exp(x)-1)",
    "log(x/(1-exp(-x))+2)",
    "4*x*(Ci-Co*exp(-x))/(1-exp(-x))",  # Goldman, Hodgkin and Katz
]


@cache
def sympy_of(text: str) -> Any:
    expression = parse(text, "text")
    return to_sympy(expression.tree, {name: symbol(name) for name in expression.names})


def block_of(**expressions: Any) -> Block:
    low = Lowering(Builder())
    return low.b.block({name: low(e) for name, e in expressions.items()})


def around(point: float) -> np.ndarray:
    """The point, its neighbours to the last bit, and everything within 1 mV."""
    gaps = 10.0 ** np.arange(-14, 1, 2)
    draw = np.random.default_rng(1).uniform(-1, 1, 6)
    beside = [np.nextafter(point, -np.inf), point, np.nextafter(point, np.inf)]
    return np.concatenate([beside, point + gaps, point - gaps, point + draw])


def truth(text: str) -> Any:
    tree = parse(text, "text").tree
    return lambda v: exact(tree, {**PARAMETERS, "V": v})


def spelt(form: str, x: str) -> str:
    return re.sub(r"\bx\b", f"({x})", form)


def inputs(v: Any) -> dict[str, Any]:
    return {
        "V": np.asarray(v, dtype=float),
        **{k: np.full(np.shape(v), p) for k, p in PARAMETERS.items()},
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_removable_singularity_is_exact_beside_and_at_the_point(form: str) -> None:
    texts = {spelt(form, x): point for x, point in ARGUMENTS.items()}
    smoothed = {text: smooth(sympy_of(text), V) for text in texts}
    block = block_of(**smoothed, **{f"d {text}": sp.diff(e, V) for text, e in smoothed.items()})
    v = np.concatenate([around(point) for point in texts.values()])
    found = {engine: run(block, inputs(v)) for engine, run in ENGINES.items()}
    for text, point in texts.items():
        near = np.abs(v - point) <= 1.0
        for i in np.flatnonzero(near)[:: 1 if point == -40 else 3]:
            value, slope = value_and_slope(truth(text), v[i])
            for engine, values in found.items():
                assert relative(values[text][i], value) < 1e-12, (engine, text, v[i])
                error = abs(float(mp.mpf(float(values[f"d {text}"][i])) - slope))
                # x coth x has a minimum there: its slope is small beside its value
                assert error <= 1e-12 * max(abs(slope), abs(value) / 10), (engine, text, v[i])


@pytest.mark.parametrize("form", FORMS)
def test_the_rewritten_expression_is_the_original_one(form: str) -> None:
    """At 50 digits, away from the point."""
    text = spelt(form, "(V-V_half)/k")
    smoothed = smooth(sympy_of(text), V)
    assert smoothed.has(Exprel)
    names = [*PARAMETERS, "V"]
    modules: list[Any] = [{"Exprel": lambda z: mp.expm1(z) / z}, "mpmath"]
    rewritten = sp.lambdify([symbol(n) for n in names], smoothed, modules)
    f = truth(text)
    with mp.workdps(50):
        for v in (-120.0, -60.5, -47.0, -33.3, 0.0, 77.7):
            arguments = [mp.mpf(PARAMETERS[n]) for n in PARAMETERS]
            value = rewritten(*arguments, mp.mpf(v))
            assert abs(value - f(mp.mpf(v))) <= mp.mpf(10) ** -45 * abs(value)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("(V+10*log(3))/(1-3*exp(V/10))", -10 * float(mp.log(3))),  # vanishes where 3 e^w = 1
        ("(V+40)/(1-exp(-V/10)*exp(-4))", -40.0),
        ("(A*V+40*A)/(1-exp(-(V+40)/10))", -40.0),
        ("(0.1*V+4.0)/(1-exp(-0.1*V-4.0))", -40.0),
        ("0.1*(V+40.0)/(1-exp(-(V+40)/10.0))", -40.0),
    ],
)
def test_the_same_quotient_is_found_in_other_spellings(text: str, point: float) -> None:
    smoothed = smooth(sympy_of(text), V)
    assert smoothed.has(Exprel)
    v = around(point)
    true = [value_and_slope(truth(text), each)[0] for each in v]
    found = numpy_map(block_of(f=smoothed), inputs(v))["f"]
    assert max(relative(a, b) for a, b in zip(found, true, strict=True)) < 1e-12


@pytest.mark.parametrize(
    "text",
    [
        "(V+41)/(1-exp(-(V+40)/10))",  # a pole: the zeros lie apart
        "(V+40)/(1+exp(-(V+40)/10))",  # no zero at all
        "1/(1-exp(-(V+40)/10))",
        "V/(1-exp(-A/10))",
        "exp(V/10)/(V+200)",
    ],
)
def test_what_does_not_vanish_together_is_left_alone(text: str) -> None:
    assert smooth(sympy_of(text), V) == sympy_of(text)


def test_the_derivatives_of_exprel_are_its_own() -> None:
    z = sp.Symbol("z", real=True)
    block = block_of(first=sp.diff(Exprel(z), z), second=sp.diff(1 / Exprel(z), z))
    at = np.concatenate([around(0.0), np.linspace(-30, 30, 41)])
    for run in ENGINES.values():
        found = run(block, {"z": at})
        for i, each in enumerate(at):
            first = value_and_slope(lambda x: mp.expm1(x) / x, each)[1]
            second = value_and_slope(lambda x: x / mp.expm1(x), each)[1]
            assert relative(found["first"][i], first) < 1e-13
            assert relative(found["second"][i], second) < 1e-13


def test_a_positive_exprel2_overflows_only_where_its_value_does() -> None:
    z = sp.Symbol("z", real=True)
    (found,) = numpy_map(block_of(f=Exprel2(z)), {"z": np.array([700.0])})["f"]
    assert relative(found, mp.exp(700) / mp.mpf(700) ** 2) < 1e-13


# ------------------------------------------------------------------------- text to symbols

TEXTS = [
    "sqrt((V+70)**2)", "((V+70)**2)**0.5", "((V+70)**4)**(1/4)", "1/sqrt((V+70)**2+1e-9)",
    "(V/10)**3", "(V/10)**-2", "(V/60)**99", "abs(V+3)**1.5", "(V/10)**n",
    "min(V, -40, 3)", "max(V, -40, -70)", "abs(V+41.5)*2", "where(V > -40, V, -V)",
    "where(V > -60 and V < -20 or V == 5, 1, 2)", "where(not (V >= -40), exp(V/10), 3)",
    "where(V != 5, V, 0)", "1 if V <= -40 else 2", "sinh(V/40)", "cosh(V/40)", "tanh((V+40)/10)",
    "log(exp(V/10))", "exp(log(V**2+1)/2)", "log(V**2)", "exp(1)*V", "pi*V", "sin(V)**2+cos(V)**2",
    "q10(3, 6.3)*V", "nernst(2, Co, Ci)", "exprel((V+40)/10)", "2**(V/10)", "-(-V)", "-(V+1)",
    "V-V", "0*V", "V**0", "1/(1/V)", "(V+1)*(V-1)/(V+0.3)", "exp(V)*exp(-V)", "exp(V/20)**2",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_both_engines_compute_what_the_text_says(text: str) -> None:
    expression = parse(text, "text")
    env = {**PARAMETERS, "n": 3.0, "V": np.linspace(-100.3, 60, 23)}
    names = {name: symbol(name) for name in expression.names}
    block = block_of(f=smooth(to_sympy(expression.tree, names), V))
    true = np.broadcast_to(tree_value(expression.tree, env), 23)
    for engine, run in ENGINES.items():
        rows = {name: np.broadcast_to(env[name], 23) for name in env}
        assert run(block, rows)["f"] == pytest.approx(true, rel=3e-14, abs=3e-14), engine


def test_literals_stay_exact_until_they_are_printed() -> None:
    e = sympy_of("0.1*(V+40)/(1-exp(-(V+40)/10.0))")
    assert not e.atoms(sp.Float)


@pytest.mark.parametrize("name", ["E", "I", "S", "beta", "gamma", "lambda_", "N", "Q", "zeta"])
def test_a_symbol_has_no_meaning_of_sympys_own(name: str) -> None:
    assert sympy_of(f"{name}*V") == symbol(name) * V


# ---------------------------------------------------------------------- the library's models

SINGULAR = {
    "hodgkin-huxley-1952": {"m": -40.0, "n": -55.0},
    "connor-stevens-1977": {"m": -29.7, "n": -45.7},
    "traub-miles-1991": {"m": (-54.0, -27.0), "n": -52.0},
    "wang-buzsaki-1996": {"m": -35.0, "n": -34.0},
}
CASES = [
    (model, gate, point)
    for model, gates in SINGULAR.items()
    for gate, points in gates.items()
    for point in np.atleast_1d(points).tolist()
]


def test_every_model_of_the_library_is_looked_at() -> None:
    assert set(SINGULAR) == set(FEW)


@pytest.mark.parametrize("name", SINGULAR)
def test_the_singularities_of_the_library_are_where_this_file_says(name: str) -> None:
    membrane = lo.load(name)
    env = {n: p.value for n, p in membrane.parameters.items()}
    grid = np.round(np.arange(-1500, 1501) / 10.0, 1)
    for gate in membrane.gates:
        found: set[float] = set()
        for rate in (gate.alpha, gate.beta, gate.inf, gate.tau):
            if rate is not None:
                with np.errstate(all="ignore"):
                    value = np.broadcast_to(tree_value(rate.tree, {**env, "V": grid}), grid.shape)
                found |= set(grid[~np.isfinite(value)].tolist())
        assert found == set(np.atleast_1d(SINGULAR[name].get(gate.name, ())).tolist())


@cache
def machinery(name: str) -> tuple[Any, System, dict[str, Kernel]]:
    membrane = lo.load(name)
    system = build(membrane)
    program = lo.Exponential().program(system)
    code = load_object(compile_object(program, 4, host()))
    return (
        membrane,
        system,
        {"llvm": CompiledKernel(program, 4, code), "numpy": NumpyKernel(program)},
    )


def rates(membrane: Any, name: str) -> Any:
    """alpha and beta of a gate times its temperature factor, at many digits."""
    gate = next(g for g in membrane.gates if g.name == name)
    env: dict[str, Any] = {n: p.value for n, p in membrane.parameters.items()}

    def of(v: Any) -> tuple[Any, Any]:
        here = {**env, "V": v}
        here |= {n: exact(h.tree, {**here}) for n, h in membrane.helpers.items()}
        factor = 1 if gate.rate is None else exact(gate.rate.tree, here)
        return factor * exact(gate.alpha.tree, here), factor * exact(gate.beta.tree, here)

    return of


def rows(membrane: Any, v: np.ndarray, **states: float) -> dict[str, np.ndarray]:
    values = {n: np.full(v.shape, p.value) for n, p in membrane.parameters.items()}
    gates = {g.name: np.full(v.shape, 0.4) for g in membrane.gates}
    return {**values, **gates, **{n: np.full(v.shape, s) for n, s in states.items()}, "V": v}


@pytest.mark.parametrize(("name", "gate", "point"), CASES)
def test_rates_and_their_slopes_are_right_at_and_beside_every_singularity(
    name: str, gate: str, point: float
) -> None:
    membrane, system, _ = machinery(name)
    v, of = around(point), rates(membrane, gate)
    if gate not in system.derivatives:  # instantaneous
        rate = system.observables[gate]
        true = {"f": lambda x: of(x)[0] / (of(x)[0] + of(x)[1])}
        block = block_of(f=rate, df=sp.diff(rate, V))
        given = rows(membrane, v)
    else:  # shut, the gate opens with alpha; open, it shuts with beta
        rate, x = system.derivatives[gate], symbol(gate)
        alpha, beta = rate.subs(x, 0), -rate.subs(x, 1)
        block = block_of(f=alpha, df=sp.diff(alpha, V), g=beta, dg=sp.diff(beta, V))
        true = {"f": lambda x: of(x)[0], "g": lambda x: of(x)[1]}
        given = rows(membrane, v)
    for engine, run in ENGINES.items():
        found = run(block, given)
        for key, f in true.items():
            for i, each in enumerate(v):
                value, slope = value_and_slope(f, each)
                assert relative(found[key][i], value) < 1e-12, (engine, key, each)
                assert relative(found[f"d{key}"][i], slope) < 1e-12, (engine, f"d{key}", each)


@pytest.mark.parametrize("engine", ["llvm", "numpy"])
@pytest.mark.parametrize(("name", "gate", "point"), CASES)
def test_whole_kernels_are_right_at_and_beside_every_singularity(
    name: str, gate: str, point: float, engine: str
) -> None:
    membrane, system, kernels = machinery(name)
    kernel, v, of = kernels[engine], around(point), rates(membrane, gate)
    none = {"I_stim": np.zeros(v.shape)}
    if gate in system.derivatives:
        shut = kernel.map("derivative", {**rows(membrane, v, **{gate: 0.0}), **none})[gate]
        gone = kernel.map("derivative", {**rows(membrane, v, **{gate: 1.0}), **none})[gate]
        settled = kernel.map("relax", {**rows(membrane, v), ".dt": np.full(v.shape, 1e12)})[gate]
        for i, each in enumerate(v):
            alpha, beta = (value_and_slope(lambda x, k=k: of(x)[k], each)[0] for k in (0, 1))
            assert relative(shut[i], alpha) < 1e-12
            assert relative(-gone[i], beta) < 1e-12
            assert relative(settled[i], alpha / (alpha + beta)) < 1e-12
    everything = kernel.map("derivative", {**rows(membrane, v), **none})
    assert all(np.isfinite(value).all() for value in everything.values())
    # a full step, the derivative of the balance with respect to V in it
    if engine == "numpy":
        fixed = kernel.map(
            "prepare",
            {**rows(membrane, v), ".dt": np.full(v.shape, 0.01), ".stride": np.full(v.shape, 0.01)},
        )
        here = {**rows(membrane, v), **fixed, ".dt": 0.01, ".stride": 0.01, "I_stim": 0.0}
        after = numpy_map(kernel.program.blocks["step"], here)
        assert all(np.isfinite(value).all() for value in after.values())


def test_the_slope_of_the_balance_is_right_at_the_singularity_of_an_instantaneous_gate() -> None:
    membrane, system, _ = machinery("wang-buzsaki-1996")
    v, of = around(-35.0), rates(membrane, "m")
    given = {**rows(membrane, v), "h": np.full(v.shape, 0.4), "n": np.full(v.shape, 0.4)}

    def balance(x: Any) -> Any:
        p = {n: mp.mpf(each.value) for n, each in membrane.parameters.items()}
        m = of(x)[0] / (of(x)[0] + of(x)[1])
        h = n = mp.mpf(0.4)
        Na, K = p["g_Na"] * m**3 * h * (x - p["E_Na"]), p["g_K"] * n**4 * (x - p["E_K"])
        return -(Na + K + p["g_L"] * (x - p["E_L"])) / p["C_m"]

    block = block_of(f=system.slope("V"))
    for engine, run in ENGINES.items():
        found = run(block, {**given, "I_stim": np.zeros(v.shape)})["f"]
        for i, each in enumerate(v):
            assert relative(found[i], value_and_slope(balance, each)[1]) < 1e-12, engine


FIXED, FIXED_NUMPY = lo.Exponential(0.025), lo.Exponential(0.025, engine="numpy")


@pytest.mark.parametrize(
    ("name", "gate", "point", "solver"),
    [
        *((*case, solver) for case in CASES for solver in (FIXED, FIXED_NUMPY)),
        *((*case, lo.Taylor(1e-9)) for case in CASES if case[0][0] == "h"),
        *(
            pytest.param(*case, lo.Taylor(1e-9), marks=pytest.mark.slow)
            for case in CASES
            if case[0][0] == "w"
        ),
    ],
)
def test_a_run_begun_exactly_at_a_singularity_works(
    name: str, gate: str, point: float, solver: Any
) -> None:
    membrane = lo.load(name)
    begins = np.array(
        [point - 1e-9, np.nextafter(point, -200), point, np.nextafter(point, 200), point + 1e-9]
    )
    rec = lo.simulate(membrane, None, 1, initial=begins, solver=solver, record=["V", gate])
    assert np.isfinite(rec.V.values).all()
    assert np.isfinite(rec[gate].values).all()
    # 1e-9 mV apart in the beginning; the upstroke of a spike makes it some 60 times as much
    assert np.ptp(rec.V.values, axis=0).max() < 1e-6
    alone = lo.simulate(membrane, None, 1, initial=point, solver=solver)
    assert np.array_equal(alone.V.values, rec.V.values[2])


def test_the_reference_starts_at_a_singularity_too() -> None:
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), None, 1, initial=-40, solver=lo.Reference())
    ours = lo.simulate(
        lo.load("hodgkin-huxley-1952"), None, 1, initial=-40, solver=lo.Exponential(0.001)
    )
    assert abs(rec.V.values - ours.V.values).max() < 1e-3


# ------------------------------------------------------------------------------ the system


def test_the_squid_axon_is_hodgkin_and_huxleys() -> None:
    """Their equations with other letters, computed by hand at one point (6.3 degC)."""
    membrane = lo.load("hodgkin-huxley-1952")
    system = build(membrane)
    assert system.states == ("V", "m", "h", "n")
    v, m, h, n, current = -50.0, 0.1, 0.5, 0.4, 10.0
    a_m = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10))
    a_n = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10))
    b_h = 1 / (1 + np.exp(-(v + 35) / 10))
    hand = {
        "V": current - 120 * m**3 * h * (v - 50) - 36 * n**4 * (v + 77) - 0.3 * (v + 54.387),
        "m": a_m * (1 - m) - 4 * np.exp(-(v + 65) / 18) * m,
        "h": 0.07 * np.exp(-(v + 65) / 20) * (1 - h) - b_h * h,
        "n": a_n * (1 - n) - 0.125 * np.exp(-(v + 65) / 80) * n,
    }
    at = {"V": v, "m": m, "h": h, "n": n, "I_stim": current}
    at |= {name: p.value for name, p in membrane.parameters.items()}
    given = {name: np.array([value]) for name, value in at.items()}
    for run in ENGINES.values():
        found = run(block_of(**system.derivatives), given)
        for name, value in hand.items():
            assert found[name][0] == pytest.approx(value, rel=1e-13)


def test_a_warm_axon_is_faster_by_q10() -> None:
    cold, warm = (build(lo.load("hodgkin-huxley-1952")) for _ in range(2))
    membrane = lo.load("hodgkin-huxley-1952")
    run = compiled_map(block_of(m=cold.derivatives["m"]))
    given = {n: np.array([p.value, p.value]) for n, p in membrane.parameters.items()}
    given |= {
        "V": np.array([-50.0, -50.0]),
        "m": np.array([0.1, 0.1]),
        "celsius": np.array([6.3, 16.3]),
    }
    found = run(given)["m"]
    assert found[1] / found[0] == pytest.approx(3.0, rel=1e-14)
    assert warm.derivatives == cold.derivatives


def test_slopes_and_dependence_are_those_of_the_equations() -> None:
    system = build(lo.load("wang-buzsaki-1996"))
    assert system.depends("V") == {"V", "h", "n"}
    assert system.depends("h") == {"V", "h"}
    assert system.slope("h").free_symbols == {V, symbol("phi")}
    assert sp.simplify(sp.diff(system.derivatives["V"], V) - system.slope("V")) == 0


@pytest.mark.parametrize("name", FEW)
def test_the_exchange_of_a_gate_is_its_rate(name: str) -> None:
    system = build(lo.load(name))
    found = {state: system.exchange(state) for state in system.states}
    assert found["V"] is None
    assert any(found.values())
    for state, parts in found.items():
        if parts is not None:
            gain, losses = parts
            x = symbol(state)
            assert losses[0] == gain
            assert all(x not in loss.free_symbols for loss in losses)
            assert sp.expand(gain - x * sum(losses) - system.derivatives[state]) == 0


def test_a_rate_of_another_form_has_no_exchange() -> None:
    steady = lo.Gate("x", inf="1/(1+exp(-V/10))", tau=5)
    system = build(lo.Membrane(channels=[lo.Channel("X", g=1, E=-60, gates=[steady])]))
    assert system.exchange("x") is None
