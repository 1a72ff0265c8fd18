"""The equations, spelled once: their forms, and that every reader's form means the same."""

from __future__ import annotations

import math

import pytest

from few import FEW
from loligo.errors import ModelError
from loligo.model import Channel, Gate, Membrane, State, load
from loligo.model.expression import parse
from loligo.model.ode import current, defined, derivatives, dynamics, expressions, rates
from loligo.model.plain import PRINTED, plain
from loligo.model.tree import Node, evaluate, names_in, substitute
from loligo.system.equations import build, collected, symbol

GATES = [
    Gate("m", 3, alpha="exp(V/20)", beta="2"),
    Gate("m", alpha="exp(V/20)", beta="2", rate="phi"),
    Gate("m", inf="0.5", tau="2+exp(V)"),
    Gate("m", inf="0.5", tau="2+exp(V)", rate="q10(3, 6.3)"),
    Gate("m", alpha="exp(V/20)", beta="2", instantaneous=True),
    Gate("m", inf="0.5", instantaneous=True),
]
FORMS = [
    "m.alpha*(1-m)-m.beta*m",
    "m.rate*(m.alpha*(1-m)-m.beta*m)",
    "(m.inf-m)/m.tau",
    "m.rate*((m.inf-m)/m.tau)",
    "m.alpha/(m.alpha+m.beta)",
    "0.5",
]


@pytest.mark.parametrize(("gate", "form"), list(zip(GATES, FORMS, strict=True)), ids=FORMS)
def test_a_gate_moves_as_it_is_given(gate: Gate, form: str) -> None:
    equation = dynamics(gate)
    assert plain(equation.right) == form
    assert equation.name == "m"
    assert equation.differential is not gate.instantaneous
    assert names_in(equation.right) - {"m"} <= rates(gate).keys()


@pytest.mark.parametrize("gate", GATES, ids=FORMS)
def test_products_taken_together_mean_the_same(gate: Gate) -> None:
    tree = dynamics(gate).right
    names = sorted(names_in(tree))
    for shift in range(5):
        env = {name: math.cos(3 * i + shift) + 1.5 for i, name in enumerate(names)}
        value = float(evaluate(collected(tree), env))
        assert value == pytest.approx(float(evaluate(tree, env)), rel=1e-13)


def test_one_product_of_the_gate_instead_of_two() -> None:
    assert plain(collected(dynamics(GATES[0]).right)) == "m.alpha-(m.alpha+m.beta)*m"
    assert plain(collected(dynamics(GATES[3]).right)) == "m.rate*(m.inf-m)/m.tau"
    other = parse("a*(1-x) - b*y").tree  # no exchange: two variables
    assert collected(other) == other


def test_a_channel_is_ohmic_unless_its_current_is_written_out() -> None:
    channel = Channel("Na", g=120, E="nernst(1, o, i)", gates=[GATES[0], Gate("h", inf=1, tau=1)])
    forms = {each.name: plain(each.right, PRINTED) for each in defined(channel)}
    assert list(forms) == ["E_Na", "G_Na", "I_Na"]
    assert forms["G_Na"] == "g_Na m³ h"
    assert forms["I_Na"] == "G_Na (V − E_Na)"
    own = current(Channel("X", current="k*(V+60)"))
    assert own.written is not None
    assert own.written.text == "k*(V+60)"


def test_what_is_injected_less_what_flows_out_charges_the_membrane() -> None:
    balance, *gates = derivatives(load("hodgkin-huxley-1952"))
    assert (balance.name, balance.factor) == ("V", "C_m")
    assert plain(balance.right) == "I_stim-I_Na-I_K-I_L"
    assert [each.name for each in gates] == ["m", "h", "n"]


def test_no_person_can_take_the_name_of_a_gates_own_rate() -> None:
    with pytest.raises(ModelError, match="names have no dots"):
        parse("m.alpha")
    membrane = Membrane(
        channels=[Channel("X", g=1, E=0, gates=[GATES[0], Gate("alpha_m", inf="m", tau=1)])],
        helpers={"rate": "2"},
        states=[State("tau", "alpha_m*rate - tau")],
    )
    system = build(membrane)
    assert system.derivatives["m"].free_symbols == {symbol("V"), symbol("m")}


@pytest.mark.parametrize("name", FEW)
def test_every_formula_is_found_once(name: str) -> None:
    membrane = load(name)
    fields = [getattr(gate, key) for gate in membrane.gates for key in ("alpha", "beta", "inf",
              "tau", "rate")]  # fmt: skip
    fields += [*membrane.helpers.values()]
    fields += [each for channel in membrane.channels for each in (channel.current, channel.E)]
    written = [each.text for each in fields if hasattr(each, "text")]
    assert [each.text for each in expressions(membrane)] == written


def test_names_are_replaced_all_at_once() -> None:
    trees: dict[str, Node] = {"a": parse("b").tree, "b": parse("a + 1").tree}
    assert plain(substitute(parse("exp(a)*b").tree, trees)) == "exp(b)*(a+1)"


def test_helpers_may_stand_on_helpers_two_hundred_deep() -> None:
    helpers = {"h0": "V"} | {f"h{i}": f"h{i - 1}" for i in range(1, 190)}
    membrane = Membrane(
        channels=[Channel("L", g=1, E=-65, current="g_L*(h189-E_L)")], helpers=helpers
    )
    assert build(membrane).observables["h189"] == symbol("V")
