"""An explanation is true: its lines, computed as they stand, are what the System says."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import sympy as sp

import loligo as lo
from few import FEW
from loligo.engine.numpy.kernel import OPERATIONS, exprel, exprel2
from loligo.explanation.programs import made_of
from loligo.explanation.subject import subject
from loligo.model.expression import parse
from loligo.model.plain import plain
from loligo.program.arithmetic import Builder
from loligo.program.moves import groups_of
from loligo.program.readable import backwards, lines
from loligo.system.numeric import VECTOR
from loligo.system.readable import tree
from loligo.system.symbols import symbol, to_sympy

CALCIUM = lo.Membrane(
    channels=[
        lo.Channel("Ca", g=0.4, E="12.5*log(K_o/Ca)", gates=[
            lo.Gate("s", 2, inf="1/(1+exp(-(V+30)/9))", tau="scale*(1+V**2/9e3)"),
        ]),
        lo.Channel("L", g=0.1, E=-65),
    ],
    states=[lo.State("Ca", derivative="-0.002*I_Ca-(Ca**2-0.01)/80", unit="mM", initial=0.1)],
    helpers={"scale": "max(2, V/10)"},
    parameters={"K_o": 2.0},
)  # fmt: skip
MODELS = {name: lo.load(name) for name in FEW} | {"conditional": CALCIUM}
NAMES = {
    "hodgkin-huxley-1952": ("V", "m", "h", "n", "I_Na", "G_K", "phi"),
    "connor-stevens-1977": ("V", "a", "b", "I_A"),
    "traub-miles-1991": ("V", "m", "I_Na"),
    "wang-buzsaki-1996": ("V", "h", "m", "G_Na"),
    "conditional": ("V", "s", "Ca", "I_Ca", "E_Ca", "scale"),
}
ASKED = [(model, name) for model, names in NAMES.items() for name in names]


def numbers(model: lo.Membrane) -> dict[str, Any]:
    """Of every input of a program, and of the states as they are one step on."""
    told = subject(model)
    points = told.points(20, seed=7)
    others = told.points(20, seed=8)
    moved = {f"{s}_new": others[s] for s in told.outline.states}
    grown = {f"{s}_1": others[s] / 7 for s in told.outline.states}
    plain_names = {n.lstrip(".").replace(".", "_"): v for n, v in points.items()}
    return {**plain_names, **moved, **grown}


def computed(membrane: lo.Membrane, name: str, solver: Any, known: dict[str, Any]) -> Any:
    """What the lines of the program say, top to bottom, those of once a lane first."""
    made = made_of(subject(membrane), name, solver)
    values: dict[str, Any] = {**OPERATIONS, **known}
    for line in (*made.final.once, *made.final.lines):
        left, right = line.replace("[", "_").replace("]", "").split(" = ")
        with np.errstate(all="ignore"):
            values[left] = eval(right, {}, values)
    return values


def value(expression: Any, known: dict[str, Any]) -> Any:
    """By SymPy and NumPy, without any program."""
    symbols = sorted(expression.free_symbols, key=str)
    function = sp.lambdify(symbols, expression, [VECTOR, {"Exprel2": exprel2}, "numpy"])
    with np.errstate(all="ignore"):
        return function(*(np.asarray(known[s.name]) for s in symbols))


@pytest.mark.parametrize(("model", "name"), ASKED)
def test_the_step_is_what_the_lines_compute(model: str, name: str) -> None:
    membrane = MODELS[model]
    known, system = numbers(membrane), subject(membrane).system
    made = computed(membrane, name, lo.Exponential(0.02), known)
    if name not in system.derivatives:
        found, expected = made[name], value(system.observables[name], known)
    else:
        found, expected = made[f"{name}_new"], stepped(system, name, known)
    np.testing.assert_allclose(found, np.broadcast_to(expected, np.shape(found)), rtol=2e-8)


def stepped(system: Any, name: str, known: dict[str, Any]) -> Any:
    """A state one step on, where the others' are known."""
    first, *between, _ = [*groups_of(system)] if len(system.states) > 1 else [[], []]
    moved = {state: known[f"{state}_new"] for state in first}

    def move(state: str, h: Any, at: dict[str, Any]) -> Any:
        f, slope = value(system.derivatives[state], at), value(system.slope(state), at)
        return at[state] + h * f * exprel(h * slope + 0 * at[state])

    if name in first:
        return move(name, known["stride"], known)
    at = {**known, **moved}
    for state in (state for group in between for state in group):
        at[state] = move(state, known["dt"] / 2, at)
    if name == "V":
        return move("V", known["dt"], at)
    return move(name, known["dt"] / 2, {**at, "V": known["V_new"]})


@pytest.mark.parametrize(("model", "name"), ASKED)
def test_the_coefficients_are_what_the_lines_compute(model: str, name: str) -> None:
    membrane = MODELS[model]
    known, system = numbers(membrane), subject(membrane).system
    # which branch of max(2, V/10) holds is handed in
    known["side0"] = np.where(known["V"] > 20, 1.0, -1.0)
    made = computed(membrane, name, lo.Taylor(1e-8), known)
    if name not in system.derivatives:
        expected = value(system.observables[name], known)
        np.testing.assert_allclose(made[name], np.broadcast_to(expected, np.shape(made[name])),
                                   rtol=2e-8)  # fmt: skip
        return
    f = system.derivatives[name]
    np.testing.assert_allclose(made[f"{name}_1"], value(f, known), rtol=2e-7, atol=1e-9)
    rates = {**known, f"{name}_1": made[f"{name}_1"]}
    slopes = [value(sp.diff(f, symbol(s)), known) * rates[f"{s}_1"] for s in system.states]
    largest = np.max(np.abs([s + 0 * known["V"] for s in slopes]), axis=0)
    assert np.all(np.abs(made[f"{name}_2"] - sum(slopes) / 2) <= 1e-7 * largest)


SLOW = {*FEW, "conditional"}  # many names, or a long listing


@pytest.mark.parametrize(
    "model", [pytest.param(m, marks=[pytest.mark.slow] if m in SLOW else []) for m in MODELS]
)
def test_every_name_of_a_model_has_five_stages(model: str) -> None:
    membrane = MODELS[model]
    told = subject(membrane)
    channels = [channel.name for channel in membrane.channels if channel.name not in told.names]
    for name in (*told.names, *channels):
        found = lo.explain(membrane, name)
        assert [stage.title[0] for stage in found.stages] == list("12345")
        assert all(stage.text for stage in found.stages)
        assert all(row == "" or len(row) <= 80 or " " not in row.strip()
                   for _, row in found.rows(80)), name  # fmt: skip


def test_the_papers_text_is_as_it_was_written() -> None:
    stage = lo.explain(MODELS["hodgkin-huxley-1952"], "m").stages[0]
    assert stage.lines[1] == "alpha_m = 0.1*(V+40)/(1-exp(-(V+40)/10))"
    assert r"\frac{dm}{dt}" in stage.latex
    assert "phi     = q10(3, 6.3)" in stage.lines
    instantaneous = lo.explain(MODELS["wang-buzsaki-1996"], "I_Na").stages[0].lines
    assert "m       = alpha_m/(alpha_m + beta_m)" in instantaneous


def test_what_was_rewritten_is_told() -> None:
    squid = MODELS["hodgkin-huxley-1952"]
    stage = lo.explain(squid, "m").stages[1]
    assert "+ alpha_m = 1/exprel(-V/10 − 4)" in stage.lines
    assert "0/0" in stage.text
    assert "0/0" not in lo.explain(squid, "h").stages[1].text


def test_the_numbers_are_those_of_hodgkin_and_huxley() -> None:
    lines = lo.explain(MODELS["hodgkin-huxley-1952"], "m").stages[1].lines
    said = dict(
        line.split(" = ") for line in lines if re.fullmatch(r"\w+\s*= [-\d.]+( /ms)?", line)
    )
    v = -64.996379 + 20
    assert float(said["alpha_m"].split()[0]) == pytest.approx(
        0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), rel=1e-4
    )
    assert float(said["beta_m "].split()[0]) == pytest.approx(4 * np.exp(-(v + 65) / 18), rel=1e-4)


def test_a_step_in_numbers_is_the_solvers() -> None:
    squid = MODELS["hodgkin-huxley-1952"]
    (line,) = [x for x in lo.explain(squid, "m", lo.Exponential(0.01)).stages[2].lines if "→" in x]
    before, after = (float(x) for x in line.removeprefix("m: ").split(" → "))
    v = -64.996379 + 20
    alpha, beta = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    steady = alpha / (alpha + beta)
    true = steady + (before - steady) * np.exp(-0.01 * (alpha + beta))
    assert after == pytest.approx(true, rel=1e-6)


def test_how_exact_a_move_is_is_told() -> None:
    def said(name: str) -> str:
        return lo.explain(CALCIUM, name).stages[2].text

    assert "this move is exact" in said("s")
    assert "of second order in dt" in said("Ca")
    squid = lo.explain(MODELS["hodgkin-huxley-1952"], "V").stages[2].text
    assert "V moves last" in squid


def test_what_becomes_of_a_condition_is_told() -> None:
    told = lo.explain(CALCIUM, "s", lo.Taylor()).stages
    assert "Each is held through a step" in told[2].text
    assert "2 < 0.1*V" in [line for part in told[2].parts for line in part.lines]
    assert "side0" in str(lo.explain(CALCIUM, "s", lo.Taylor()))


def test_the_passes_are_those_of_the_solver() -> None:
    from loligo.program import exponential, taylor

    squid = MODELS["hodgkin-huxley-1952"]
    text = lo.explain(squid, "m", lo.Exponential()).stages[3].text
    for each in exponential.PASSES:
        assert each.name in text
    text = lo.explain(squid, "m", lo.Taylor()).stages[3].text
    for each in taylor.EQUATIONS:
        assert each.name in text


def test_no_machine_code_with_numpy_alone() -> None:
    told = lo.explain(MODELS["hodgkin-huxley-1952"], "m", lo.Exponential(engine="numpy"))
    assert "engine='numpy'" in told.stages[4].text


def test_machine_code_has_instructions_of_this_processor() -> None:
    from loligo.engine.llvm.target import host

    stage = lo.explain(MODELS["hodgkin-huxley-1952"], "m").stages[4]
    assert host().cpu in stage.text
    assert any("# multiply" in line for line in stage.lines)


def test_arrays_in_a_model_count_by_their_first_number() -> None:
    many = MODELS["hodgkin-huxley-1952"].replace(g_Na=[120, 60])
    assert str(lo.explain(many, "V")) == str(lo.explain(MODELS["hodgkin-huxley-1952"], "V"))


# The pieces ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("-0.0556*V", "-0.0556*V"),
        ("V/18+65/18", "V/18+65/18"),
        ("-(V/10)", "-V/10"),
        ("1/(3*V)", "1/(3*V)"),
        ("-1/6e7/V", "-1/(60000000*V)"),
        ("0.00000001*V", "0.00000001*V"),
        ("V**-2", "1/V**2"),
        ("sqrt(V+200)", "sqrt(V+200)"),
        ("abs(V)", "abs(V)"),
        ("3-V", "3-V"),
    ],
)
def test_symbols_are_read_back(written: str, read: str) -> None:
    v = {"V": symbol("V")}
    made = tree(to_sympy(parse(written).tree, v))
    assert to_sympy(made, v) == to_sympy(parse(written).tree, v)
    assert to_sympy(parse(plain(made)).tree, v) == to_sympy(parse(read).tree, v)


def test_signs_and_numbers_stand_where_they_are_used() -> None:
    b = Builder()
    x, y = b.input("x"), b.input("y")
    out = b.apply("fma", b.neg(x), y, b.const(2.0))
    block = b.block({"r": b.mul(b.sub(out, b.neg(y)), b.const(3.0))})
    names = ["x", "", "y", "", "t", "", "u", "", "r"][: len(block.assignments)]
    names = [f"n{i}" for i in range(len(block.assignments))]
    told = lines(block, names, {})
    assert told[0].endswith("= 2 - x*y")
    assert told[-1].split(" = ")[1].startswith("3*")


def test_a_slice_ends_where_it_is_told() -> None:
    b = Builder()
    half = b.mul(b.const(0.5), b.input("x"))
    block = b.block({"half": half, "r": b.add(half, b.input("y"))})
    assert backwards(block, ["r"], {}).count() == {"mul": 1, "add": 1}
    cut = backwards(block, ["r"], {"half": "half_new"})
    assert cut.count() == {"add": 1}
    assert set(cut.inputs) == {"half_new", "y"}
