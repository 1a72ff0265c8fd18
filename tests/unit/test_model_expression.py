"""Text to expression: what is read, and what it is worth."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from loligo.errors import ModelError
from loligo.model.expression import Call, Name, Number, parse
from loligo.model.tree import evaluate, names_in, walk


def value(text: str, **env: float) -> float:
    return float(evaluate(parse(text).tree, env))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("+3", 3),
        ("7-2-1", 4),
        ("8/4/2", 1),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5),
        ("pi", math.pi),
        ("exp(1)", math.e),
        ("log(10)", math.log(10)),
        ("log10(1000)", 3),
        ("sqrt(2)", math.sqrt(2)),
        ("sin(1)", math.sin(1)),
        ("cos(1)", math.cos(1)),
        ("tanh(1)", math.tanh(1)),
        ("sinh(1)", math.sinh(1)),
        ("cosh(1)", math.cosh(1)),
        ("abs(-3)", 3),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2)", 3),
        ("where(1 < 2, 5, 6)", 5),
        ("5 if 2 < 1 else 6", 6),
        ("1 if 1 < 2 < 3 else 0", 1),
        ("1 if 1 < 2 > 3 else 0", 0),
        ("1 if 1 == 1 and not 2 != 2 else 0", 1),
        ("1 if 2 < 1 or 2 <= 2 else 0", 1),
        ("exprel(0)", 1),
        ("exprel(1)", math.e - 1),
        (" \t1 +\n 2 ", 3),
    ],
)
def test_values(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15)


def test_literals_are_exact_fractions() -> None:
    tree = parse("0.1").tree
    assert isinstance(tree, Number)
    assert tree.value == Fraction(1, 10)
    assert tree.text == "0.1"


def test_exprel_keeps_its_digits_near_zero() -> None:
    x = 1e-9
    assert value("exprel(x)", x=x) == pytest.approx(1 + x / 2, rel=1e-15)


def test_q10_is_its_factor_ten_degrees_up() -> None:
    assert value("q10(3, 6.3)", celsius=16.3) == pytest.approx(3)
    assert value("q10(3, 6.3)", celsius=6.3) == 1
    assert parse("q10(3, 6.3)").names == {"celsius"}


def test_nernst_potential_of_potassium() -> None:
    # RT/F = 25.2618 mV at 20 degC with the CODATA 2018 constants, both exact since 2019
    millivolt = 1000 * 8.31446261815324 * 293.15 / 96485.33212331002
    computed = value("nernst(1, K_o, K_i)", K_o=20, K_i=400, celsius=20)
    assert computed == pytest.approx(millivolt * math.log(20 / 400), rel=1e-14)
    assert computed == pytest.approx(-75.68, abs=0.01)
    assert value("nernst(2, 1, 10)", celsius=20) == pytest.approx(-29.08, abs=0.01)


def test_arrays_broadcast() -> None:
    v = np.array([-65.0, -40.0])
    got = evaluate(parse("4*exp(-(V+65)/18)").tree, {"V": v})
    np.testing.assert_allclose(got, 4 * np.exp(-(v + 65) / 18), rtol=1e-15)


def test_no_python_exception_for_what_is_not_finite() -> None:
    assert math.isinf(value("1/x", x=0.0))
    assert math.isnan(value("log(-1)"))
    assert math.isinf(value("exp(1000)"))


def test_names_and_spans_point_into_the_text() -> None:
    text = "0.1*(V + 40) / tau_m"
    expression = parse(text)
    assert expression.names == {"V", "tau_m"} == names_in(expression.tree)
    for node in walk(expression.tree):
        start, end = node.span
        if isinstance(node, Name):
            assert text[start:end] == node.id
        if isinstance(node, Number):
            assert text[start:end] == node.text


def test_spans_count_leading_blanks_and_lines() -> None:
    text = "  1 +\n  tau"
    span = next(node.span for node in walk(parse(text).tree) if isinstance(node, Name))
    assert text[slice(*span)] == "tau"


def test_conditionals_become_where() -> None:
    tree = parse("a if V > 0 else b").tree
    assert isinstance(tree, Call)
    assert tree.op == "where"
    assert tree == parse("where(V > 0, a, b)").tree


def test_trees_compare_without_their_spans() -> None:
    assert parse("a+b").tree == parse(" a  +  (b) ").tree
    assert parse("a+b") != parse(" a+b")


HOSTILE = [
    "__import__('os').system('true')",
    "().__class__.__bases__",
    "V.__class__",
    "lambda: 1",
    "[x for x in (1,2)]",
    "(x for x in y)",
    "{1: 2}",
    "f'{V}'",
    "'text'",
    "b'x'",
    "(y := 3)",
    "x[0]",
    "print(V)",
    "eval(V)",
    "exp(*V)",
    "exp(x=V)",
    "exp(**V)",
    "exp",
    "exp(exp)",
    "True",
    "None",
    "...",
    "1j",
    "0x10",
    "0b1",
    "1_000",
    "010",
    "V;V",
    "V\0",
    "V # comment",
    "V \\\n + 1",
    "import os",
    "yield V",
    "await V",
    "V,",
    "a, b",
    "*a",
    "a is b",
    "a in b",
    "a @ b",
    "a // b",
    "a % b",
    "a & b",
    "a | b",
    "~a",
    "a << 2",
    "a^2",
    "a = 2",
    "not a",
    "a and b",
    "(a < b) + 1",
    "a < b",
    "where(a, 1, 2)",
    "where(a < 1, b < 2, 2)",
    "",
    "   ",
    "(",
    ")",
    "(a))",
    "()",
    "a +",
    "* a",
    "a b",
    "2 a",
    "2a",
    "1.2.3",
    "1e",
    "1e5e5",
    "\u2212V",  # a true minus
    "\uff36",  # a full-width V, which Python itself would read as V
    "\u03b1",
    "V\u00b2",
    "\u202eV",
    "\U0001d415",
    "\ud800",
    "__x__",
    "exp()",
    "exp(1, 2)",
    "where(1 < 2, 3)",
    "nernst(1, 2)",
    "min(1)",
    "1e999999999",
    "1e400",
    "1e-999999999",
    "9" * 5000,
    "0." + "3" * 41,
    "9**9**9",
    "9**9**9**9",
    "V**1000",
    "V**-1000",
    "2**(10*100)",
    "((((2**99)**99)**99)**99)",
    "(" * 101 + "V" + ")" * 101,
    "(" * 3000 + "V",
    "-" * 3999 + "V",
    "not " * 900 + "V",
    "V**" * 1200 + "V",
    "V+" * 1999 + "V",
    "exp(" * 150 + "V" + ")" * 150,
    "1 if V>0 else " * 200 + "1",
    "V" * 4001,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_with_an_error_of_ours(text: str) -> None:
    with pytest.raises(ModelError):
        parse(text)


@pytest.mark.parametrize("thing", [None, 3, b"V", ["V"], object()])
def test_only_text_is_parsed(thing: object) -> None:
    with pytest.raises(ModelError, match="is a text such as"):
        parse(thing)  # type: ignore[arg-type]


def test_a_long_sum_is_still_read() -> None:
    assert value("+".join(["1"] * 90)) == 90


def test_ordinary_large_constants_are_read() -> None:
    assert value("96485.33212331002**2") == pytest.approx(96485.33212331002**2)
    assert value("1.5**(1/3)") == pytest.approx(1.5 ** (1 / 3))
