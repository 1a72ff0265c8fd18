"""Properties of the parser that must hold for any text at all."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from xml.etree import ElementTree

import hypothesis.strategies as st
import numpy as np
from hypothesis import assume, given, settings

from loligo.errors import LoligoError, ModelError
from loligo.model import Channel, Gate, Membrane
from loligo.model.expression import FUNCTIONS, Call, Name, parse
from loligo.model.latex import latex
from loligo.model.mathml import mathml
from loligo.model.plain import plain
from loligo.model.tree import evaluate, walk
from trying import examples

names = st.sampled_from(["V", "m", "h", "K_o", "tau_1"])
numbers = st.one_of(
    st.integers(0, 10**6).map(str),
    st.floats(1e-99, 1e9).map(repr),
    st.sampled_from(["1e-3", ".5", "5.", "1E2", "pi"]),
)


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", " + ", " - "]), inner).map("".join),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"-({x})"),
        st.tuples(inner, st.sampled_from(["2", "3", "-1", "0.5"])).map(
            lambda p: f"({p[0]})**{p[1]}"
        ),
        st.tuples(st.sampled_from(["exp", "sin", "tanh", "abs", "sqrt"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        st.tuples(inner, inner).map(lambda p: f"min({p[0]}, {p[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"where({p[0]} < {p[1]}, {p[2]}, 1)"),
    )


expressions = st.recursive(st.one_of(names, numbers), combine, max_leaves=12)
env = {"V": -51.5, "m": 0.25, "h": 0.75, "K_o": 20.0, "tau_1": 3.0}


def channel(name: str, alpha: object) -> Membrane:
    gate = Gate(name, alpha=alpha, beta=1)  # type: ignore[arg-type]
    return Membrane(channels=[Channel("Na", g=1, E=0, gates=[gate])])


def refusal(make: Callable[[], object]) -> str | None:
    """The message of an error of ours; any other error passes and fails the test."""
    try:
        make()
    except LoligoError as error:
        return str(error)
    return None


def by_python(text: str) -> float:
    """The same text by Python's own arithmetic; only for text that this file has made."""
    functions = {
        "exp": np.exp, "sin": np.sin, "tanh": np.tanh, "abs": np.abs, "sqrt": np.sqrt,
        "min": np.minimum, "where": np.where, "pi": math.pi,
    }  # fmt: skip
    # numpy numbers throughout, so that division by zero is inf as it is in loligo
    tree = ast.parse(text, mode="eval")

    class Wrap(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.AST:
            call = ast.Call(ast.Name("number", ast.Load()), [node], [])
            return ast.fix_missing_locations(ast.copy_location(call, node))

    code = compile(ast.fix_missing_locations(Wrap().visit(tree)), "test", "eval")
    known = {name: np.float64(value) for name, value in env.items()}
    with np.errstate(all="ignore"):
        return float(eval(code, {"number": np.float64, **functions, **known}))


@given(expressions)
@settings(max_examples=examples(300), deadline=None)
def test_the_same_value_as_python(text: str) -> None:
    try:
        tree = parse(text).tree
    except ModelError as refusal:  # a fraction of thousands of digits, such as (1e-99**3)**3
        assume("too large to be meant" not in str(refusal))
        raise
    got, expected = float(evaluate(tree, env)), by_python(text)
    assert (
        got == expected
        or (math.isnan(got) and math.isnan(expected))
        or math.isclose(got, expected, rel_tol=1e-12)
    )


@given(expressions)
@settings(max_examples=examples(200), deadline=None)
def test_spans_lie_in_the_text_and_names_are_where_they_say(text: str) -> None:
    expression = parse(text)
    for node in walk(expression.tree):
        start, end = node.span
        assert 0 <= start < end <= len(text)
        if isinstance(node, Name):
            assert text[start:end] == node.id
        if isinstance(node, Call) and node.op in FUNCTIONS:
            assert text[start:end].startswith((node.op, "min"))


@given(expressions)
@settings(max_examples=examples(200), deadline=None)
def test_latex_is_balanced(text: str) -> None:
    tex = latex(parse(text).tree)
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")
    assert "--" not in tex.replace(" ", "")
    shown = "".join(ElementTree.fromstring(mathml(tex)).itertext())  # whole, and nothing left raw
    assert not set("\\}&_^") & set(shown)


@given(expressions)
@settings(max_examples=300, deadline=None)
def test_what_is_typed_from_a_tree_is_read_as_the_same_tree(text: str) -> None:
    tree = parse(text).tree
    assert parse(plain(tree)).tree == tree


@given(st.text(max_size=60))
@settings(max_examples=examples(500), deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    message = refusal(lambda: parse(text))
    if message:
        first, line, caret = message.split("\n")
        assert first
        assert set(caret) <= {" ", "^"}
        assert len(line) <= 100


@given(st.text(alphabet="V1.e+-*/()<>= exp,ifelsnotadr_^:'", max_size=40))
@settings(max_examples=examples(500), deadline=None)
def test_almost_expressions_are_read_or_refused(text: str) -> None:
    message = refusal(lambda: parse(text))
    assert message is None or "\n" in message


@given(st.text(max_size=20), st.one_of(st.none(), st.text(max_size=20), st.floats(), st.integers()))
@settings(max_examples=examples(200), deadline=None)
def test_any_gate_is_built_or_refused(name: str, alpha: object) -> None:
    refusal(lambda: channel(name, alpha))


@given(st.floats(-150, 150), st.floats(0.5, 30), st.floats(0.001, 10))
@settings(max_examples=examples(100), deadline=None)
def test_removable_singularities_are_never_refused(v: float, slope: float, scale: float) -> None:
    shift = round(v, 3)
    alpha = f"{scale!r}*(V-({shift}))/(1-exp(-(V-({shift}))/{slope!r}))"
    channel("m", alpha)


@given(st.floats(-149, 149), st.floats(0.5, 30), st.floats(0.05, 5), st.booleans())
@settings(max_examples=examples(100), deadline=None)
def test_poles_are_always_refused(v: float, slope: float, typo: float, left: bool) -> None:
    shift, wrong = round(v, 3), round(v, 3) + (typo if left else -typo)
    alpha = f"(V-({wrong!r}))/(1-exp(-(V-({shift}))/{slope!r}))"
    assert "infinite" in (refusal(lambda: channel("m", alpha)) or "taken")
