"""Gates, channels and membranes as values: what they read, hold and compare."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import xarray as xr

from loligo.errors import LoligoError, ModelError
from loligo.lanes import Labelled
from loligo.model import Channel, Gate, Membrane, Parameter, State, load
from loligo.model.expression import Expression
from loligo.model.tree import evaluate

m = Gate("m", power=3, alpha="0.1*(V+40)/(1-exp(-(V+40)/10))", beta="4*exp(-(V+65)/18)")
leak = Channel("L", g=0.3, E=-54.387)


def potassium_by_nernst() -> Membrane:
    return Membrane(
        channels=[Channel("K", g=1, E="nernst(1, K_o, K_i)")],
        parameters={"K_o": "20 mM", "K_i": Parameter("K_i", "0.4 M", "mM", "potassium inside")},
        celsius=20,
    )


def calcium_pool() -> Membrane:
    return Membrane(
        channels=[
            Channel("Ca", g=1, E=120, gates=[Gate("s", inf="1/(1+exp(-(V+20)/5))", tau=2)]),
            Channel("KCa", current="g_max*q*(V+90)"),
            leak,
        ],
        helpers={"q": "Ca/(Ca+K_d)"},
        states=[State("Ca", "-0.002*I_Ca - Ca/tau_Ca", initial="50 nM", unit="mM", scale=1e-3)],
        parameters={"g_max": 5, "K_d": "1 uM", "tau_Ca": "0.2 s"},
    )


def test_expressions_are_parsed_once_and_kept() -> None:
    assert isinstance(m.alpha, Expression)
    assert str(m.alpha) == "0.1*(V+40)/(1-exp(-(V+40)/10))"
    assert m.alpha.names == {"V"}
    assert m.inf is None


def test_numbers_are_expressions_too() -> None:
    gate = Gate("n", alpha=1, beta=np.float64(0.125))
    assert str(gate.alpha) == "1"
    assert float(evaluate(gate.beta.tree, {})) == 0.125  # type: ignore[union-attr]


def test_parts_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        m.power = 4  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Membrane().C_m = 2  # type: ignore[misc]


def test_parts_show_themselves_as_they_are_written() -> None:
    assert repr(leak) == "Channel('L', g=0.3, E=-54.387)"
    assert eval(repr(m), {"Gate": Gate}) == m
    assert eval(repr(leak), {"Channel": Channel}) == leak


def test_dataclasses_replace_works() -> None:
    assert dataclasses.replace(m, power=2).power == 2
    assert dataclasses.replace(leak, g=1).g == 1.0


def test_quantities_are_read() -> None:
    channel = Channel("K", g="0.036 S/cm2", E="-0.077 V")
    assert (channel.g, channel.E) == pytest.approx((36, -77))
    assert Membrane(C_m="1e-2 F/m2").C_m == pytest.approx(1)


def test_a_potential_may_be_an_expression() -> None:
    membrane = potassium_by_nernst()
    assert isinstance(membrane.channels[0].E, Expression)
    assert "E_K" not in membrane.parameters
    assert list(membrane.parameters) == ["C_m", "celsius", "g_K", "K_o", "K_i"]
    assert membrane.parameters["K_i"].value == 400
    assert list(membrane.quantities) == ["E_K", "G_K", "I_K"]


def test_parameters_of_the_squid() -> None:
    squid = load("hodgkin-huxley-1952")
    assert list(squid.parameters) == [
        "C_m", "celsius", "g_Na", "E_Na", "g_K", "E_K", "g_L", "E_L",
    ]  # fmt: skip
    sodium = squid.parameters["g_Na"]
    assert (sodium.value, sodium.unit, sodium.meaning) == (
        120.0,
        "mS/cm2",
        "maximal conductance (sodium)",
    )
    table = repr(squid.parameters).splitlines()
    assert len(table) == 8
    assert table[2].split() == ["g_Na", "120", "mS/cm²", "maximal", "conductance", "(sodium)"]


def test_parameters_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        load("hodgkin-huxley-1952").parameters["g_Na"] = 3  # type: ignore[index]


def test_parameters_count_in_the_units_of_expressions() -> None:
    assert Parameter("tau", "2 s").value == 2000
    assert Parameter("tau", 2, "s") == Parameter("tau", 2000, "ms")
    assert Parameter("k", "5 1/s").value == pytest.approx(0.005)
    assert Parameter("x", 0.5).unit == "1"


def test_replace_gives_a_new_membrane() -> None:
    squid = load("hodgkin-huxley-1952")
    warm = squid.replace(g_Na=0, celsius="291.65 K", E_K="-0.08 V", C_m=2)
    assert squid.parameters["g_Na"].value == 120
    assert warm.parameters["g_Na"].value == 0
    assert warm.parameters["celsius"].value == pytest.approx(18.5)
    assert warm.parameters["E_K"].value == -80
    assert warm.C_m == 2
    assert warm.replace(g_Na=120, celsius=6.3, E_K=-77, C_m=1) == squid


def test_replace_extra_parameters_and_text() -> None:
    membrane = potassium_by_nernst().replace(K_o="5 mM", area="500 um2", title="Test")
    assert membrane.parameters["K_o"].value == 5
    assert membrane.parameters["K_i"].meaning == "potassium inside"
    assert membrane.area == 500
    assert membrane.title == "Test"


def test_arrays_anywhere_a_number_goes() -> None:
    squid = load("hodgkin-huxley-1952")
    g = squid.replace(g_Na=np.linspace(60, 180, 5)).channels[0].g
    assert isinstance(g, Labelled)
    assert g.dims == ("g_Na",)
    labelled = xr.DataArray([10.0, 20.0], dims="bath", coords={"bath": [1, 2]})
    warm = squid.replace(celsius=labelled).parameters["celsius"].value
    assert isinstance(warm, Labelled)
    assert warm.dims == ("bath",)
    assert squid.replace(g_Na=[1, 2]) == squid.replace(g_Na=np.array([1.0, 2.0]))
    assert hash(squid.replace(g_Na=[1, 2])) == hash(squid.replace(g_Na=[1.0, 2.0]))


def test_equality_and_hash_by_value() -> None:
    one, two = load("hodgkin-huxley-1952"), load("hodgkin-huxley-1952").replace(g_Na=120)
    assert one == two
    assert hash(one) == hash(two)
    assert one != one.replace(g_Na=119)
    assert len({one, two, one.replace(C_m=2)}) == 2


@pytest.mark.parametrize("make", [potassium_by_nernst, calcium_pool])
def test_copies_and_pickles(make: object) -> None:
    membrane = make()  # type: ignore[operator]
    assert copy.deepcopy(membrane) == membrane
    assert pickle.loads(pickle.dumps(membrane)) == membrane


def test_structure_knows_names_but_no_numbers() -> None:
    squid = load("hodgkin-huxley-1952")
    assert squid.structure() == squid.replace(g_Na=0, celsius=20, C_m=[1, 2]).structure()
    assert squid.structure() != squid.replace(area=100).structure()
    other = Membrane(channels=[Channel("L", g=1, E="2*V")])
    assert other.structure() != Membrane(channels=[Channel("L", g=1, E=2)]).structure()


def test_structure_is_plain() -> None:
    import json

    for membrane in (potassium_by_nernst(), calcium_pool(), load("wang-buzsaki-1996")):
        assert json.loads(json.dumps(membrane.structure())) == membrane.structure()


def test_quantities_come_after_what_they_use() -> None:
    quantities = calcium_pool().quantities
    seen: set[str] = set()
    for name, expression in quantities.items():
        assert expression.names & quantities.keys() <= seen
        seen.add(name)
    assert seen == {"q", "G_Ca", "I_Ca", "I_KCa", "G_L", "I_L"}


def test_quantities_are_what_they_say() -> None:
    env: dict[str, float] = {"V": -50.0, "h": 0.4, "n": 0.5}
    interneuron = load("wang-buzsaki-1996")
    env |= {name: p.value for name, p in interneuron.parameters.items()}  # type: ignore[misc]
    for name, expression in interneuron.quantities.items():
        env[name] = float(evaluate(expression.tree, env))
    alpha = 0.1 * (-15) / (1 - np.exp(1.5))
    beta = 4 * np.exp(-10 / 18)
    assert env["m"] == pytest.approx(alpha / (alpha + beta))
    assert env["I_Na"] == pytest.approx(35 * env["m"] ** 3 * 0.4 * (-50 - 55))
    assert env["I_K"] == pytest.approx(9 * 0.5**4 * (-50 + 90))


def test_states_and_their_units() -> None:
    pool = calcium_pool()
    state = pool.states[0]
    assert state.initial == pytest.approx(5e-5)
    assert state.unit == "mM"
    assert pool.parameters["K_d"].value == pytest.approx(1e-3)
    assert pool.parameters["tau_Ca"].value == 200


def test_an_empty_membrane_and_single_parts() -> None:
    assert list(Membrane().parameters) == ["C_m"]
    assert Membrane(channels=leak).channels == (leak,)
    assert Channel("Na", g=1, E=0, gates=m).gates == (m,)


def test_celsius_only_where_something_depends_on_it() -> None:
    assert "celsius" not in load("wang-buzsaki-1996").parameters
    assert "celsius" in load("hodgkin-huxley-1952").parameters


NO_NAMES = [
    "V", "t", "time", "spike", "event", "position", "celsius", "I_stim", "C_m", "area", "pi",
    "exp", "lambda", "if", "", "1a", "a-b", "a b", "a.b", "_a", "__a__", "µ", "a" * 65, None, 3,
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES)
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ModelError):
        Gate(name, alpha=1, beta=1)
    with pytest.raises(ModelError):
        State(name, "0")
    with pytest.raises(ModelError):
        Membrane(helpers={name: "1"})
    with pytest.raises(ModelError):
        Membrane(parameters={name: 1})


NO_CAPACITANCES = [
    True, None, "x", "1 mV", float("nan"), float("inf"), -1, 0, 1j, [], [[1.0, 2.0]], [1, -1],
    ["a"], {}, object(),
]  # fmt: skip


@pytest.mark.parametrize("value", NO_CAPACITANCES, ids=range(len(NO_CAPACITANCES)))
def test_capacitances_that_cannot_be(value: object) -> None:
    with pytest.raises(LoligoError, match="C_m"):
        Membrane(C_m=value)
    with pytest.raises(LoligoError, match="C_m"):
        load("hodgkin-huxley-1952").replace(C_m=value)


def test_exponential_helpers_are_refused_at_once() -> None:
    helpers = {"a0": "V"} | {f"a{i}": f"a{i - 1}*a{i - 1}" for i in range(1, 200)}
    with pytest.raises(ModelError, match="too large"):
        Membrane(helpers=helpers)


def test_constants_that_grow_through_helpers_are_refused_at_once() -> None:
    helpers = {"a0": "1.0000001"} | {f"a{i}": f"a{i - 1}**90" for i in range(1, 50)}
    with pytest.raises(ModelError, match="too large"):
        Membrane(helpers=helpers)


def test_a_thousand_channels_are_the_most() -> None:
    with pytest.raises(ModelError, match="at most 1,000"):
        Membrane(channels=[Channel(f"c{i}", g=1, E=0) for i in range(1001)])
