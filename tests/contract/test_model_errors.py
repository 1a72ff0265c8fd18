"""The wording of what a person is told: what is wrong, where, and what to do."""

from __future__ import annotations

import math
import sys
import time
import warnings
from decimal import Decimal
from pathlib import Path

import pytest
import xarray as xr

from loligo.errors import LoligoError, ModelError
from loligo.model import (
    Axon,
    Channel,
    Gate,
    Membrane,
    Parameter,
    Region,
    Scheme,
    State,
    load,
)
from loligo.model.expression import parse
from loligo.simulation import simulate
from loligo.solvers import Exponential
from loligo.stimulus import Pulse, Step


def told(make: object) -> str:
    with pytest.raises(LoligoError) as caught:
        make()  # type: ignore[operator]
    return str(caught.value)


EXPRESSIONS = {
    "4*exp(-(V+65)/18": (
        "this bracket is never closed",
        "    4*exp(-(V+65)/18\n         ^",
    ),
    "V^2": ("powers are written **, as in x**2", "    V^2\n     ^"),
    "2V": ("this number cannot be read; to multiply, write 2*V", "    2V\n    ^^"),
    "0.1 (V+40)": ("to multiply, write * before the bracket", "    0.1 (V+40)\n    ^^^^^^^^^^"),
    "m h": (
        "between these two an operator is missing; to multiply, write *",
        "    m h\n    ^^^",
    ),
    "V(3)": (
        "there is no function V; the functions are exp, exprel, log, sqrt, sin, cos, tanh, sinh, "
        "cosh, abs, log10, min, max, where, q10, nernst, ghk; to multiply, write V*( )",
        "    V(3)\n    ^",
    ),
    "ln(V)": ("there is no function ln; write log(x)", "    ln(V)\n    ^^"),
    "np.exp(V)": ("names have no dots; write exp(V), not np.exp(V)", "    np.exp(V)\n      ^"),
    "exp": ("exp is a function: write exp(x)", "    exp\n    ^^^"),
    "nernst(K_o, K_i)": (
        "nernst is written nernst(z, outside, inside); 2 values given",
        "    nernst(K_o, K_i)\n    ^^^^^^^^^^^^^^^^",
    ),
    "V \u2212 3": (
        "this character (minus sign) cannot be read here; write -",
        "    V \u2212 3\n      ^",
    ),
    "\u03b1*V": (
        "this character (greek small letter alpha) cannot be read here; use plain letters A-Z a-z, "
        "digits, _ and + - * / ( )",
        "    \u03b1*V\n    ^",
    ),
    "(V > -40)*2": (
        "a number is needed here, this is true or false; write where(condition, 1, 0)",
        "    (V > -40)*2\n     ^^^^^^^",
    ),
    "where(V, 1, 2)": (
        "a condition is needed here, such as V > -40",
        "    where(V, 1, 2)\n          ^",
    ),
    "V = 3": ("an expression has no =; to compare, write ==", "    V = 3\n      ^"),
    "1e999999999": (
        "this number is too long: at most 40 digits, and between 1e-300 and 1e300",
        "    1e999999999\n    ^^^^^^^^^^^",
    ),
    "9**9**9": ("an exponent is at most 100", "    9**9**9\n       ^^^^"),
    "V + ": ("something is missing after this", "    V + \n      ^"),
    "": ("the expression is empty", "    \n    ^"),
    "lambda: 0": (
        "this character has no meaning in an expression",
        "    lambda: 0\n          ^",
    ),
    "V.__class__": ("names have no dots; write exp(V), not np.exp(V)", "    V.__class__\n     ^"),
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions(text: str) -> None:
    problem, pointer = EXPRESSIONS[text]
    assert told(lambda: parse(text, "alpha of gate m")) == f"alpha of gate m: {problem}\n{pointer}"


def test_long_texts_are_cut_around_the_place() -> None:
    message = told(lambda: parse("+".join(["V"] * 60) + "+V^2+" + "+".join(["V"] * 60)))
    first, line, caret = message.split("\n")
    assert first == "expression: powers are written **, as in x**2"
    assert len(line) <= 90
    assert line.strip().startswith("...")
    assert line.strip().endswith("...")
    assert line[caret.index("^")] == "^"


def test_texts_over_several_lines_are_shown_on_one() -> None:
    message = told(lambda: parse("V +\n W^2"))
    assert message.endswith("    V +  W^2\n          ^")


def na(**gate: object) -> Membrane:
    return Membrane(channels=[Channel("Na", g=1, E=50, gates=[Gate("m", **gate)])])  # type: ignore[arg-type]


def test_unknown_names_point_and_offer() -> None:
    assert told(lambda: na(alpha="0.1*(v+40)", beta=1)) == (
        "alpha of gate m: unknown name v (did you mean V?)\n    0.1*(v+40)\n         ^"
    )
    assert told(lambda: na(alpha="phi*V", beta=1)) == (
        "alpha of gate m: unknown name phi; declare it in parameters, helpers or states\n"
        "    phi*V\n    ^^^"
    )


def test_temperature_and_time() -> None:
    assert told(lambda: na(alpha=1, beta=1, rate="q10(3, 6.3)")) == (
        "rate of gate m: the temperature is needed here; give the membrane one, "
        "celsius = 6.3\n"
        "    q10(3, 6.3)\n    ^^^^^^^^^^^"
    )
    assert "equations do not depend on time itself; use a stimulus" in told(
        lambda: na(alpha="t", beta=1)
    )
    assert told(lambda: Membrane(celsius=20)) == (
        "celsius is given, but nothing in this membrane depends on temperature; leave it out, or "
        'give gates a rate such as "q10(3, 6.3)"'
    )


def test_two_gates_of_one_name() -> None:
    m = Gate("m", alpha=1, beta=1)
    assert told(
        lambda: Membrane(channels=[Channel(name, g=1, E=0, gates=[m]) for name in ("Na", "Ca")])
    ) == (
        "the gate m of channel Ca and the gate m of channel Na have one name; "
        "call them m_Na and m_Ca"
    )


def test_names_taken_twice() -> None:
    leak = Channel("L", g=1, E=0)
    assert told(lambda: Membrane(channels=[leak, leak])) == (
        "two channels are called L; name them apart, as in Lf and Ls"
    )
    assert told(lambda: Membrane(channels=[leak], parameters={"I_L": 3})) == (
        "I_L is both the current of channel L and the parameter I_L; rename one of them"
    )
    assert told(lambda: Gate("V", alpha=1, beta=1)) == (
        "a gate cannot be called V, which is the membrane potential (mV) in every model; "
        "choose another name"
    )
    assert told(lambda: Gate("exp", alpha=1, beta=1)) == (
        "a gate cannot be called exp: it is a function; choose another name"
    )
    assert told(lambda: Gate("m-1", alpha=1, beta=1)) == (
        "a gate cannot be called 'm-1'; use letters A-Z a-z, digits and _, and begin with a letter"
    )


def test_forms_of_gates_and_channels() -> None:
    assert told(lambda: Gate("n", alpha=1)) == (
        "gate n: give alpha and beta, or inf and tau; it has alpha"
    )
    assert told(lambda: Gate("n", inf=1)) == (
        "gate n: give alpha and beta, or inf and tau; it has inf; "
        "for a gate without delay add instantaneous=True"
    )
    assert told(lambda: Gate("n", inf=1, tau=1, instantaneous=True)) == (
        "gate n is instantaneous: give inf, or alpha and beta, and no tau; it has inf, tau"
    )
    assert told(lambda: Gate("n", power=0, alpha=1, beta=1)) == (
        "power of gate n is 0; it must be from 1 to 64"
    )
    assert told(lambda: Channel("K", g=36)) == (
        "channel K: E is missing; give g (mS/cm2) and E (mV), or write out its current"
    )


def test_values() -> None:
    assert told(lambda: Membrane(C_m=0)) == "C_m must be above 0 uF/cm2, but is 0 uF/cm2"
    assert told(lambda: Channel("K", g=-1, E=0)) == (
        "g_K must be at least 0 mS/cm2, but is -1 mS/cm2"
    )
    assert told(lambda: Channel("K", g="36 mV", E=0)).startswith("g_K: '36 mV' is a voltage")
    assert told(lambda: Parameter("x", "3 kg")) == (
        "x: what kind of quantity '3 kg' is cannot be told; give its unit: "
        'Parameter("x", value, unit="...")'
    )
    assert told(lambda: Gate("m", alpha=[1, 2], beta=1)).startswith(  # type: ignore[arg-type]
        "alpha of gate m: an array cannot stand in an expression; give it to a parameter"
    )


def test_replace() -> None:
    squid, interneuron = load("hodgkin-huxley-1952"), load("wang-buzsaki-1996")
    assert told(lambda: squid.replace(g_NA=1)) == (
        "there is no parameter g_NA (did you mean g_Na?) in hodgkin-huxley-1952; "
        "it has C_m, celsius, g_Na, E_Na, g_K, E_K, g_L, E_L"
    )
    assert told(lambda: squid.replace(G_Na=1)) == (
        "G_Na of hodgkin-huxley-1952 is computed, as g_Na*m**3*h; change g_Na"
    )
    assert told(lambda: interneuron.replace(celsius=20)) == (
        "wang-buzsaki-1996 has no parameter celsius: nothing in it depends on temperature"
    )


def test_circles() -> None:
    assert told(lambda: Membrane(helpers={"a": "b+1", "b": "c", "c": "2*a"})) == (
        "these are defined in a circle: a uses b uses c uses a; "
        "break it, or make one of them a state"
    )


def test_helpers_that_explode() -> None:
    helpers = {"a0": "V"} | {f"a{i}": f"a{i - 1}*a{i - 1}" for i in range(1, 40)}
    assert told(lambda: Membrane(helpers=helpers)) == (
        "helper a12: with its helpers written out this expression is too large (at most 5,000 "
        "parts in 200 levels); use fewer helpers inside helpers\n    a11*a11\n    ^^^^^^^"
    )


def test_singular_rates() -> None:
    assert told(lambda: na(alpha="0.1*(V+41)/(1-exp(-(V+40)/10))", beta=1)) == (
        "alpha of gate m: this is infinite at V = -40 mV: it is divided by zero there, and what is "
        "divided is not zero at the same V; check the numbers\n"
        "    0.1*(V+41)/(1-exp(-(V+40)/10))\n    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    )
    assert told(lambda: na(inf=0.5, tau="1+sqrt(V+70)")).startswith(
        "tau of gate m: this is not a number at V = -70."
    )
    assert told(lambda: na(alpha="1", beta="-2")).endswith(
        "mV; it cannot be negative\n    -2\n    ^^"
    )


def test_library_names() -> None:
    assert told(lambda: load("hodgkin-huxley-1953")) == (
        "there is no model 'hodgkin-huxley-1953' (did you mean hodgkin-huxley-1952?) in the "
        "library, and no such file; see loligo.models() for what it has"
    )


FILE = """\
title = "Test"

[channels.Na]
g = 120
E = 50

[channels.Na.gates.m]
power = 3
alpha = "{alpha}"
beta = "4"
{more}
"""


@pytest.mark.parametrize(
    ("alpha", "more", "expected"),
    [
        ("1 +", "", "line 9, column 12: alpha of gate m: something is missing after this\n    1 +"),
        ("W", "", "line 9, column 10: alpha of gate m: unknown name W; declare it in parameters"),
        ("2*W", "", "line 9, column 12: alpha of gate m: unknown name W; declare it in parameters"),
        ("1/V", "", "line 9, column 10: alpha of gate m: this is infinite at V = 0 mV"),
        (
            "1",
            "powr = 3",
            "line 11, column 1: gate m: there is no entry powr (did you mean power?)",
        ),
        ("1", "tau = 3", "line 7, column 1: gate m: give alpha and beta, or inf and tau; it has"),
        ("1", "[helpers]\nphi = 'V V'", "line 12, column 8: helper phi: between these two an"),
        ("1", "[channels.K]\ng = -3\nE = 1", "line 12, column 1: g_K must be at least 0 mS/cm2"),
        ("1", "[channels.K]\n  E = 1", "line 11, column 1: channel K: g is missing"),
        ("1", "[channel.K]", "line 11, column 1: a model: there is no entry channel (did you mean"),
        ("1", "[states.x]\nscale = 1", "line 11, column 1: state x: derivative is missing"),
        ("1", "beta = 2", "line 11, column 9: this is not TOML: Cannot overwrite a value"),
        ("1", "x = [", "line 11, column 6: this is not TOML: Invalid value"),
        ("1", "[helpers]\na = 'b'\nb = 'a'", "line 12, column 1: these are defined in a circle: a"),
        ("1", "[helpers]\nI_Na = '1'", "line 12, column 1: I_Na is both the current of channel Na"),
        (
            "1",
            "[parameters]\nx = {value = 1, unit = 'qq'}",
            "line 12, column 6: x: the unit 'qq' in",
        ),
        ("1", "[parameters]\nx = '3 kg'", "line 12, column 1: x: what kind of quantity"),
        ("1", "[parameters]\nx = '''\n3 kg'''", "line 12, column 1: x: what kind of quantity"),
        ("1", "[helpers]\na.b = 1", "line 12, column 1: helper a: give a text such as"),
        ("1", '[helpers]\na = """\nV +\n W"""', "line 14, column 2: helper a: unknown name W"),
        (
            "1",
            "[schemes.X]\nstates = ['C', 'O']\ntransitions = [\n  'C <-> O: 1, 2', # x\n"
            "  'C -> P: 3',\n]",
            "line 15, column 3: scheme X: C -> P: 3: there is no state P; it has C, O",
        ),
        (
            "1",
            "[schemes.X]\nstates = ['C', 'O']\ntransitions = ['C <-> O: 1, 2*W']",
            "line 13, column 31: scheme X: rate from O to C: unknown name W",
        ),
    ],
)
def test_files_are_named_with_the_line(
    alpha: str, more: str, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE.format(alpha=alpha, more=more))
    message = told(lambda: load(path))
    assert message.startswith(str(path))
    assert message.removeprefix(str(path))[2:].startswith(expected)


def test_files_that_are_none(tmp_path: Path) -> None:
    missing, large = tmp_path / "missing.toml", tmp_path / "large.toml"
    large.write_bytes(b"#" * 1_000_001)
    assert told(lambda: load(missing)) == (
        f"cannot read the model '{missing}': there is no such file; check the path, or see "
        "loligo.models() for the library"
    )
    assert told(lambda: load(large)) == (
        f"cannot read the model {large}: it is larger than 1 MB, which no model is"
    )
    assert told(lambda: load(tmp_path)) == (
        f"cannot read the model {tmp_path}: it is a folder; give the path of a TOML file"
    )


def test_all_of_them_are_errors_of_ours_without_a_chain() -> None:
    with pytest.raises(ModelError) as caught:
        parse("(")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_state_needs_one_scale() -> None:
    assert told(lambda: State("x", "0", scale=[1, 2])) == (
        "scale of state x: one number is needed, not an array"
    )


RESERVED = [
    *("V", "t", "time", "spike", "position", "celsius", "I_stim", "I_clamp", "Q_clamp"),
    *("status", "edge", "event", "spike_time", "spike_peak", "spike_trough", "spike_count"),
    "spike_mine",
]


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names(name: str) -> None:
    for make in (
        lambda: Gate(name, alpha=1, beta=1),
        lambda: State(name, "0"),
        lambda: Parameter(name, 1),
        lambda: Membrane(helpers={name: "V"}),
    ):
        assert "in every model; choose another name" in told(make)
    if name.startswith("I_"):
        assert "in every model; choose another name" in told(
            lambda: Channel(name.removeprefix("I_"), g=1, E=0)
        )


@pytest.mark.parametrize("name", ["time", "spike", "event", "edge", "status", "spike_peak", "t"])
def test_reserved_dimensions(name: str) -> None:
    array = xr.DataArray([1.0, 2.0], dims=name)
    plain = {"dims": [name], "values": [1.0, 2.0]}
    expected = f"g_L: an array over lanes cannot have the dimension {name!r}"
    assert told(lambda: Channel("L", g=array, E=0)).startswith(expected)
    renamed = name in ("edge", "status", "spike_peak")
    document = {"channels": {"L": {"g": plain, "E": 0}}}
    if not renamed:
        assert told(lambda: Membrane.from_dict(document)).startswith(expected)


@pytest.mark.parametrize("end", ["\n", "\0", "\r", "\u2028", "\x1b"])
def test_names_are_of_one_line_and_without_control_characters(end: str) -> None:
    for make in (
        lambda: Membrane(name=f"squid{end}"),
        lambda: Membrane(title=f"squid{end}"),
        lambda: Membrane(doi=f"10.1000/abc{end}"),
        lambda: Gate(f"m{end}", alpha=1, beta=1),
        lambda: Channel(f"L{end}", g=1, E=0),
        lambda: Channel("L", g=1, E=0, meaning=f"leak{end}"),
        lambda: State("x", "0", unit=f"mM{end}kg"),
        lambda: Channel("L", g=xr.DataArray([1.0], dims=f"cell{end}"), E=0),
        lambda: Channel("L", g=xr.DataArray([1.0], dims="c", coords={"c": [f"a{end}b"]}), E=0),
        lambda: Axon(load("hodgkin-huxley-1952"), 1e4, 476, 35.4, name=f"a{end}"),
        lambda: Membrane(parameters={f"x{end}": 1}),
        lambda: Membrane(helpers={f"x{end}": "V"}),
    ):
        told(make)
    if end == "\n":
        assert Membrane(notes="one\ntwo", citation="one\ntwo").notes == ("one\ntwo",)


STATED = {
    "a state in uM": (
        lambda: State("Ca_i", "-Ca_i/80", initial=0.05, unit="uM"),
        'unit of state Ca_i: equations count in mM, so a state cannot be in uM; give unit="mM", '
        'its initial value as in "0.05 uM", and write its derivative in mM per ms',
    ),
    "a state per second": (
        lambda: State("r", "-r", unit="1/s"),
        'unit of state r: equations count in 1/ms, so a state cannot be in 1/s; give unit="1/ms"',
    ),
    "a state in percent": (
        lambda: State("r", "-r", unit="%"),
        "unit of state r: equations count in 1, so a state cannot be in %",
    ),
    "a time constant": (
        lambda: Gate("n", inf=0.5, tau="0.005 sec"),
        "tau of gate n: '0.005 sec' has a unit, and expressions have none: they count in ms, mV, "
        "mM and so on; write the number in ms alone, or give it to a parameter",
    ),
    "a helper": (lambda: Membrane(helpers={"shift": "5 mV"}), "helper shift: '5 mV' has a unit"),
    "a conductance of the cell": (
        lambda: Membrane(channels=[Channel("K", g="1000 nS", E=-77)]),
        "g_K: 1 uS is the whole cell's, and the membrane has no area to spread it over; give it "
        "one, area=1000 in um2, or g_K in mS/cm2: over 1000 um2 that is 100",
    ),
    "a capacitance of the cell": (
        lambda: Membrane(C_m="200 pF"),
        "C_m: 0.2 nF is the whole cell's, and the membrane has no area to spread it over; give it "
        "one, area=1000 in um2, or C_m in uF/cm2: over 1000 um2 that is 20",
    ),
}


@pytest.mark.parametrize("case", STATED)
def test_a_stated_unit_is_never_dropped(case: str) -> None:
    make, expected = STATED[case]
    assert told(make).startswith(expected)


def test_stated_units_are_converted() -> None:
    assert State("Ca_i", "0", initial="0.05 uM", unit="mM", scale="1 uM").initial == 5e-5
    assert State("Ca_i", "0", initial="0.05 uM", unit="mmol/L").unit == "mM"
    assert Parameter("T", "295.15 K").value == 22.0
    assert Parameter("k", 5, unit="1/s").value == 0.005
    per_area = xr.DataArray([1.0, 2.0], dims="cell", attrs={"units": "S/m2"})
    assert Channel("K", g=per_area, E="-0.077 V").g.values.tolist() == pytest.approx([0.1, 0.2])
    assert Channel("K", g="1 nS/um2", E="-0.077 V").g == pytest.approx(100)
    assert Channel("K", g=1, E="-0.077 V").E == -77
    membrane = Membrane(helpers={"x": "q10(3, T)"}, parameters={"T": "279.45 K"}, celsius="300 K")
    assert membrane.celsius == 26.85
    assert membrane.parameters["T"].value == 6.3


@pytest.mark.parametrize(
    "text", ["1e3*8.31*(273+T)/(2*96485)*log(2/x)", "25*log(2/x)", "2e1 if V > 0 else x", "3/x",
             ".5e2+x"]
)  # fmt: skip
def test_an_expression_may_begin_with_a_number(text: str) -> None:
    channel = Channel("Ca", g=1, E=text)
    assert str(channel.E) == text
    assert Membrane(channels=channel, parameters={"x": 1.5, "T": 20}).channels == (channel,)


def test_texts_of_any_length_are_read_at_once() -> None:
    begun = time.process_time()
    for text in ("1" * 20_000 + "." + "1" * 20_000 + "x", "1" * 40_000, "1." * 20_000, "(" * 40_000,
                 "-" * 40_000, "1e" * 20_000, " " * 40_000, "1 m" + "*m" * 20_000):  # fmt: skip
        for make in (
            lambda: Channel("L", g=1, E=text),  # noqa: B023
            lambda: Channel("L", g=text, E=0),  # noqa: B023
            lambda: Gate("m", inf=0.5, tau=text),  # noqa: B023
            lambda: Gate(text, inf=0.5, tau=1),  # noqa: B023
            lambda: State("x", "0", unit=text),  # noqa: B023
            lambda: Parameter("x", 1, unit=text),  # noqa: B023
            lambda: Membrane(doi=text),  # noqa: B023
        ):
            assert len(told(make)) < 1000
    assert time.process_time() - begun < 5


def test_numbers_beyond_floating_point() -> None:
    assert told(lambda: Gate("m", alpha=10**400, beta=1)) == (
        "alpha of gate m: this number is larger than 1e308"
    )
    for value in (10**400, -(10**400), math.nan, math.inf, "1e999", Decimal("1e999"), 1 + 2j):
        for make in (
            lambda: Channel("L", g=value, E=0),  # noqa: B023
            lambda: Channel("L", g=1, E=value),  # noqa: B023
            lambda: Gate("m", alpha=value, beta=1),  # noqa: B023
            lambda: State("x", "0", initial=value),  # noqa: B023
            lambda: State("x", "0", scale=value),  # noqa: B023
            lambda: Membrane(celsius=value),  # noqa: B023
            lambda: Parameter("x", value),  # noqa: B023
        ):
            told(make)


def test_an_empty_array_in_a_document() -> None:
    array = {"dims": ["cell"], "values": [], "coords": {}}
    assert told(lambda: Membrane.from_dict({"channels": {"L": {"g": array, "E": 0}}})) == (
        "the array is empty; give at least one value"
    )


def squid() -> Membrane:
    return load("hodgkin-huxley-1952")


RESETS = (
    "that V is set back when it reaches a threshold (integrate-and-fire, Izhikevich) is no "
    "equation and cannot be written: here a spike is what the channels' currents make of V"
)
CAUSES = {
    "a reset": (
        lambda: Membrane.from_dict({**squid().to_dict(), "reset": {"V": -65}}),
        f"a model: there is no reset: {RESETS}; it has name",
    ),
    "a threshold": (
        lambda: Membrane.from_dict({**squid().to_dict(), "threshold": 30}),
        f"a model: there is no threshold: {RESETS}; it has name",
    ),
    "a delay": (
        lambda: Gate("n", alpha="0.1*V(t-5)", beta=1),
        "alpha of gate n: equations cannot look back in time: there are no delays. A row of states "
        "that follow one another, dx/dt = (V - x)/tau, comes near to one\n"
        "    0.1*V(t-5)\n        ^^^^^^",
    ),
    "volts": (
        lambda: na(alpha="4*exp(-(V+0.065)/0.018)", beta=1),
        "alpha of gate m: this is too large for a number at V = -64.968 mV. V is in mV here: if "
        "this was written for V in volts, write (V/1000) where it says V, and rates per ms\n",
    ),
    "no volts": (
        lambda: na(alpha="exp(1e7*V)", beta=1),
        "alpha of gate m: this is too large for a number at V = 0.032 mV\n",
    ),
    "a conductance as an expression": (
        lambda: Channel("K", g="36*n**4", E=-77),
        "g_K: '36*n**4' is an expression, and g is a number (mS/cm2) or an array; what opens the "
        'channel are its gates, or an expression open="...", which multiply g; or write out its '
        "current",
    ),
    "T": (
        lambda: squid().replace(T=20),
        "there is no T: the temperature is celsius (°C); hodgkin-huxley-1952 has C_m, celsius",
    ),
    "T where nothing depends on it": (
        lambda: load("wang-buzsaki-1996").replace(temperature=20),
        "there is no temperature: the temperature is celsius (°C), and nothing in this model "
        "depends on it; wang-buzsaki-1996 has C_m",
    ),
    "T in a document": (
        lambda: Membrane.from_dict({**squid().to_dict(), "T": 20}),
        "a model: there is no T: the temperature is celsius (°C); it has name",
    ),
    "both ways of being open": (
        lambda: Channel("K", g=1, E=0, open="0.5", current="V"),
        "channel K: its current is written out, so open has no effect",
    ),
}


@pytest.mark.parametrize("case", CAUSES)
def test_what_is_told_is_the_cause(case: str) -> None:
    make, expected = CAUSES[case]
    assert told(make).startswith(expected)


MEANT = {
    "hh": "hodgkin-huxley-1952",
    "HH": "hodgkin-huxley-1952",
    "hh1952": "hodgkin-huxley-1952",
    "HH-52": "hodgkin-huxley-1952",
    "squid": "hodgkin-huxley-1952",
    "hodgkin": "hodgkin-huxley-1952",
    "Hodgkin Huxley": "hodgkin-huxley-1952",
    "wb": "wang-buzsaki-1996",
    "wang": "wang-buzsaki-1996",
    "interneuron": "golomb-2007 or pospischil-2008-fs or wang-buzsaki-1996",
    "rothman": "rothman-manis-2003-ic or rothman-manis-2003-ii",
    "wang buzsaki 1995": "wang-buzsaki-1996",
    "br77": "beeler-reuter-1977",
    "traub": "traub-miles-1991",
    "cs77": "connor-stevens-1977",
    "crustacean": "connor-stevens-1977",
}
LISTED = "see loligo.models() for what it has"


@pytest.mark.parametrize("name", MEANT)
def test_the_model_that_was_meant(name: str) -> None:
    message = told(lambda: load(name))
    assert message.startswith(f"there is no model {name!r} (did you mean {MEANT[name]}?) in the")
    assert LISTED in message


def test_what_is_no_model(tmp_path: Path) -> None:
    assert told(lambda: load("")).startswith(f"the name of the model is empty; {LISTED}")
    assert told(lambda: load("qqq")).startswith("there is no model 'qqq' in the library, and no")
    assert told(lambda: load(Path("."))).startswith("cannot read the model .: it is a folder")
    assert told(lambda: load("hodgkin-huxley-1952.toml")).endswith(
        'the library has it: lo.load("hodgkin-huxley-1952")'
    )
    binary = tmp_path / "a.toml"
    binary.write_bytes(b"ab\ncd\xff\x00")
    assert told(lambda: load(binary)) == (
        f"cannot read the model {binary}: it is no text (byte 5, in line 2, column 3); a model is "
        "a TOML file"
    )
    recording = tmp_path / "rec.nc"
    recording.write_bytes(b"\x89HDF\x00")
    assert told(lambda: load(recording)).endswith(f'opened by loligo.open("{recording}")')
    assert told(lambda: load(Pulse(1, 2, 3))) == (  # type: ignore[arg-type]
        "load takes the name of a model or the path of a TOML file, not "
        "Pulse(start=1, duration=2, amplitude=3)"
    )
    for path in ("a" * 300 + ".toml", "a" * 3000):
        assert " 'aaa" in told(lambda path=path: load(path))
    for no_path in (b"a.toml", 5, None, ["a.toml"]):
        message = told(lambda no_path=no_path: squid().save(no_path))  # type: ignore[arg-type]
        assert message.startswith("a path is text, such as 'shock.nc', not a")
    assert told(lambda: squid().save("~nobody-of-that-name/a.toml")) == (
        "'~nobody-of-that-name/a.toml': nobody here has that name, or no home"
    )
    assert "is a model already" in told(lambda: load(squid()))  # type: ignore[arg-type]
    assert told(lambda: Region(Pulse(1, 2, 3), 1, 1)).startswith("a region needs a Membrane, not P")  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform != "linux", reason="a file that lets nobody read it there")
def test_a_file_that_fails_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.symlink_to("/proc/self/mem")
    assert told(lambda: load(path)).startswith(f"cannot read the model {path}: ")


def test_reversals_in_volts_are_noticed() -> None:
    with pytest.warns(UserWarning, match="E_Na = 0.05, E_K = -0.077, E_L = -0.054 would be next"):
        squid().replace(E_Na=0.05, E_K=-0.077, E_L=-0.054)
    with pytest.warns(UserWarning, match="here, and E_Na = 0.05 would be next to nothing"):
        squid().replace(E_Na=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Membrane(channels=Channel("x", g=1, E=0))
        Membrane(channels=Channel("x", g=1, E=[0, -70]))


def test_a_capacitance_in_farads_is_noticed() -> None:
    with pytest.warns(UserWarning, match=r"C_m = 1e-06 would be next to nothing. If this is in F/"):
        squid().replace(C_m=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        squid().replace(C_m="1e-6 F/cm2")


def test_a_channel_of_a_scheme_says_when_it_conducts() -> None:
    scheme = Scheme("K", ["C", "O"], ["C <-> O: 0.1*exp(V/20), 0.1"])
    assert told(lambda: Membrane(channels=Channel("K", g=1, E=-77), schemes=scheme)) == (
        "channel K: nothing says in which of its scheme's states it conducts (C, O); give "
        'open="O", say'
    )
    Membrane(channels=Channel("K", g=1, E=-77, open="O"), schemes=scheme)
    Membrane(channels=Channel("x", g=1, E=-77), schemes=scheme)  # to be watched alone


SCHEMES = {
    "C <- O: 1, 2": "scheme X: between two states write <-> (and back) or -> (no way back)\n"
    "    C <- O: 1, 2\n      ^^",
    "C <-> O: 1": "scheme X: C <-> O has two rates, forth and back, after the colon, and 1 are",
    "C -> O: 1, 2": "scheme X: C -> O has one rate after the colon, and 2 are written here",
    "C <-> O: 1, 2+": "scheme X: rate of C <-> O: something is missing after this\n    2+\n     ^",
    "C <-> P: 1, 2": "scheme X: C <-> P: 1, 2: there is no state P; it has C, O",
    "C <-> C: 1, 2": "scheme X: C <-> C: 1, 2: it leads from C to itself",
    "C to O": 'scheme X: a transition is written such as "C <-> O: alpha, beta", or "O -> I: k"',
    "C -> O: max(1, 2)": None,
    "C ⇌ O: max(1, 2), 3": None,
    "C<->O:1,2": None,
}


@pytest.mark.parametrize("text", SCHEMES)
def test_transitions(text: str) -> None:
    expected = SCHEMES[text]
    if expected is None:
        scheme = Scheme("X", ["C", "O"], [text])
        assert Scheme("X", ["C", "O"], map(str, scheme.transitions)) == scheme
    else:
        assert told(lambda: Scheme("X", ["C", "O"], [text])).startswith(expected)


def test_schemes() -> None:
    def scheme(states: object = ("C", "O"), ways: object = ("C <-> O: 1, 2",), **more: object):  # type: ignore[no-untyped-def]
        return told(lambda: Scheme("X", states, ways, **more))  # type: ignore[arg-type]

    assert scheme(["C", "O", "I"]).startswith("scheme X: no transition joins I to C; a scheme's")
    assert scheme(["C"]).startswith("scheme X: it needs two states at least")
    assert scheme(["C", "C"]) == "scheme X: the state C is named twice"
    assert scheme(["C", "time"]).startswith("a state cannot be called time")
    assert scheme("CO") == "scheme X: states is a list of texts, not 'CO'"
    assert scheme(ways="C <-> O: 1, 2").startswith("scheme X: transitions is a list of texts")
    assert scheme(ways=["C <-> O: 1, 2", "O -> C: 3"]) == (
        "scheme X: O -> C: 3: the rate from O to C was given before; if there are two ways, add "
        "their rates in one transition"
    )
    assert scheme(eliminated="P") == "scheme X: eliminated: there is no state P; it has C, O"
    assert scheme(initial={"C": 0.3}) == (
        "scheme X: initial: C is 0.3, and the occupancies of all states sum to 1"
    )
    assert scheme(initial={"P": 1}) == "scheme X: initial: there is no state P; it has C, O"
    assert scheme(initial={"C": -0.5, "O": 1.5}).startswith("initial_C must be at least 0")
    two = [Scheme(name, ["C", "O"], ["C <-> O: 1, 2"]) for name in "XY"]
    assert told(lambda: Membrane(schemes=two)) == (
        "C is both the state C of scheme X and the state C of scheme Y; rename one of them"
    )
    assert told(lambda: Membrane(schemes=Scheme("X", ["C", "O"], ["C -> O: V"]))).startswith(
        "scheme X: rate from C to O: it is -64.97 at V = -64.968 mV; it cannot be negative"
    )
    assert told(lambda: Membrane(schemes=Scheme("X", ["C", "O"], ["C -> O: W"]))).startswith(
        "scheme X: rate from C to O: unknown name W"
    )


def test_occupancies_that_are_given() -> None:
    membrane = Membrane(
        channels=Channel("K", g=1, E=-77, open="O"),
        schemes=Scheme("K", ["C", "O"], ["C <-> O: 0.1*exp(V/20), 0.1"]),
    )
    assert told(lambda: simulate(membrane, None, 1, initial={"V": -60, "C": 1})) == (
        "initial: C is 1 less the other occupancies of its scheme: leave it out. It is no state in "
        "the model; its states are V, O"
    )
    assert "initial_O is a share of channels" in told(
        lambda: simulate(membrane, None, 1, initial={"V": -60, "O": 2})
    )


def test_a_run_away_that_a_reset_would_have_caught() -> None:
    # Izhikevich 2003, doi:10.1109/TNN.2003.820440, without its rule
    quadratic = Channel("I", current="-(0.04*V**2 + 5*V + 140 - u)")
    membrane = Membrane(channels=quadratic, states=State("u", "0.02*(0.2*V - u)", initial=-14))
    for solver in (None, Exponential(dt=0.01)):
        message = told(lambda: simulate(membrane, Step(1, 10), 50, solver=solver))  # noqa: B023
        assert message.startswith("the run diverged at t = ")
        assert message.endswith(
            ". If the paper sets V back when it reaches a threshold (integrate-and-fire, "
            "Izhikevich): such a rule is no equation, and cannot be written here"
        )


def test_a_rate_in_volts_is_noticed() -> None:
    with pytest.warns(UserWarning, match="jumps from") as caught:
        na(inf="1/(1+exp(-(V+0.04)/0.01))", tau=1)
    assert [str(each.message) for each in caught] == [
        "inf of gate m jumps from 0 to 1 within 1 mV of 0 and is constant elsewhere. V is in mV "
        "here: if this was written for V in volts, write (V/1000) where it says V, and rates per ms"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        na(inf="1/(1+exp(-(V+40)/0.1))", tau="1 if V > 0 else 2")
        na(inf="1/(1+exp(-(V+0.04)/5))", tau="3")


def test_a_start_in_volts_is_noticed() -> None:
    quick = Exponential(dt=0.05, engine="numpy")
    with pytest.warns(UserWarning, match="initial = -0.065 would be next to nothing"):
        simulate(squid(), None, 1, initial=-0.065, solver=quick)
    with pytest.warns(UserWarning, match="initial={'V': -65, 'm': 0.05, ...}"):
        simulate(squid(), None, 1, initial=(-65, 0.05, 0.6, 0.32), solver=quick)
    with pytest.warns(UserWarning, match="the initial V = -0.065 would be next to nothing"):
        simulate(squid(), None, 1, initial={"V": -0.065}, solver=quick)


def test_a_list_of_channels_is_told_that_each_has_its_name_in_the_heading(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('C_m = 1\n[[channels]]\nname = "K"\n')
    said = told(lambda: load(path))
    assert said.endswith("each has its name in the heading: [channels.NAME], not [[channels]]")
