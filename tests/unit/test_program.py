"""The arithmetic between solvers and engines: building, pruning, hoisting, storing."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import loligo as lo
from loligo.engine.numpy.kernel import OPERATIONS as NUMPY
from loligo.engine.numpy.kernel import evaluate
from loligo.program import Assignment, Block, Builder, Program
from loligo.program.arithmetic import MASKS, OPERATIONS, prune
from loligo.program.coupled import cable
from loligo.program.passes.transform import hoist
from loligo.program.scheme import Adaptive, Coupled
from loligo.program.sources import Source
from loligo.system.equations import build

LANES = 5
FIXED = ("p", "q")
MOVING = ("x", "y")
# where a last bit decides between two values far apart, dividing by multiplying shows
STEPS = frozenset({"floor", "lt", "le", "eq"})


def same(one: Any, other: Any) -> bool:
    return np.array_equal(
        np.broadcast_to(one, LANES), np.broadcast_to(other, LANES), equal_nan=True
    )


@st.composite
def programs(
    draw: st.DrawFn, without: frozenset[str] = frozenset()
) -> tuple[Block, dict[str, Any]]:
    """A random block, unpruned, and what NumPy makes of each assignment as it is written."""
    b = Builder()
    inputs = {
        name: np.array(draw(st.lists(st.floats(-3, 3), min_size=LANES, max_size=LANES)))
        for name in (*FIXED, *MOVING)
    }
    numbers = {b.input(name): value for name, value in inputs.items()}
    numbers |= {b.const(v): np.float64(v) for v in draw(st.lists(st.floats(-2, 2), max_size=3))}
    masks: dict[int, Any] = {}
    operations = sorted(OPERATIONS.keys() - without - {"narrow", "widen"})
    with np.errstate(all="ignore"):
        for op in draw(st.lists(st.sampled_from(operations), min_size=1, max_size=25)):
            wants = ["mask"] * 2 if op in ("and", "or", "not") else ["number"] * 3
            wants[0] = "mask" if op == "where" else wants[0]
            pools = [masks if want == "mask" else numbers for want in wants[: OPERATIONS[op]]]
            if not all(pools):
                continue
            args = [draw(st.sampled_from(sorted(pool))) for pool in pools]
            value = NUMPY[op](*(pool[i] for pool, i in zip(pools, args, strict=True)))
            (masks if op in MASKS else numbers)[b.apply(op, *args)] = value
    picked = draw(st.lists(st.sampled_from(sorted(numbers)), min_size=1, max_size=4, unique=True))
    block = Block(tuple(b.assignments), tuple((f"out{k}", i) for k, i in enumerate(picked)))
    return block, {
        "inputs": inputs,
        "values": {f"out{k}": numbers[i] for k, i in enumerate(picked)},
    }


@given(programs())
@settings(max_examples=60, deadline=None)
def test_a_block_means_what_was_written(case: tuple[Block, dict[str, Any]]) -> None:
    block, told = case
    found = evaluate(block, told["inputs"])
    assert all(same(found[name], told["values"][name]) for name in block.names)


@given(programs())
@settings(max_examples=60, deadline=None)
def test_pruning_changes_no_value_and_leaves_only_what_is_needed(
    case: tuple[Block, dict[str, Any]],
) -> None:
    block, told = case
    smaller = prune(block)
    found = evaluate(smaller, told["inputs"])
    assert all(same(found[name], told["values"][name]) for name in block.names)
    used = {i for _, i in smaller.outputs} | {i for a in smaller.assignments for i in a.args}
    assert used == set(range(len(smaller.assignments)))
    assert prune(smaller) == smaller


def both(block: Block, inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], Block]:
    """The block's values straight, and by way of what `hoist` makes of it."""
    prepare, constants, rest = hoist({"b": block}, frozenset(FIXED))
    fixed = evaluate(prepare, inputs)
    assert tuple(fixed) == constants
    left = rest["b"]
    assert not set(left.inputs) & set(FIXED)
    return evaluate(block, inputs), evaluate(left, {**inputs, **fixed}), left


@given(programs(without=frozenset({"div"})))
@settings(max_examples=80, deadline=None)
def test_hoisting_changes_no_bit(case: tuple[Block, dict[str, Any]]) -> None:
    block, told = case
    straight, hoisted, _ = both(prune(block), told["inputs"])
    assert all(same(straight[name], hoisted[name]) for name in straight)


@given(st.floats(-1e3, 1e3), st.floats(0.01, 100), st.floats(0.01, 100))
@settings(max_examples=60, deadline=None)
def test_a_division_by_what_is_fixed_becomes_a_product_within_an_ulp(
    x: float, p: float, q: float
) -> None:
    b = Builder()
    divisor = b.add(b.input("p"), b.mul(b.input("p"), b.input("q")))
    block = b.block({"y": b.div(b.input("x"), divisor)})
    straight, hoisted, left = both(
        block, {"x": np.array([x]), "p": np.array([p]), "q": np.array([q])}
    )
    assert left.count() == {"mul": 1}
    assert abs(straight["y"] - hoisted["y"]) <= 1.5 * np.spacing(np.abs(straight["y"]))


def test_hoisting_moves_everything_that_depends_on_parameters_alone() -> None:
    b = Builder()
    p, q, x = b.input("p"), b.input("q"), b.input("x")
    rate = b.apply("exp", b.mul(p, q))
    block = b.block({"a": b.mul(x, rate), "b": b.add(rate, b.apply("sqrt", p)), "p": p})
    prepare, constants, rest = hoist({"s": block, "t": block}, frozenset(FIXED))
    assert rest["s"] == rest["t"]  # what two blocks share is computed once
    assert rest["s"].count() == {"mul": 1}
    assert prepare.count() == {"mul": 1, "exp": 1, "sqrt": 1, "add": 1}
    assert len(constants) == 3


def test_a_constant_never_has_the_name_of_anything_in_a_model() -> None:
    b = Builder()
    names = ["k0", "k1", "dt", "lead", "t0"]
    block = b.block({n: b.mul(b.input(n), b.apply("exp", b.input("p"))) for n in names})
    _, constants, rest = hoist({"b": block}, frozenset({"p"}))
    assert not set(constants) & set(names)
    assert set(rest["b"].inputs) == {*names, *constants}


@pytest.mark.parametrize("op", ["add", "mul", "min", "max", "eq", "and", "or"])
def test_the_order_of_arguments_of_a_commutative_operation_makes_no_second_value(op: str) -> None:
    b = Builder()
    x, y = b.input("x"), b.input("y")
    if op in ("and", "or"):
        x, y = b.apply("lt", x, y), b.apply("le", x, y)
    assert b.apply(op, x, y) == b.apply(op, y, x)


@pytest.mark.parametrize("op", ["sub", "div", "pow", "lt", "le"])
def test_the_order_of_arguments_of_other_operations_counts(op: str) -> None:
    b = Builder()
    x, y = b.input("x"), b.input("y")
    assert b.apply(op, x, y) != b.apply(op, y, x)


def test_equal_expressions_are_one_value() -> None:
    b = Builder()
    x = b.input("x")
    assert b.input("x") == x
    assert b.const(2) == b.const(2.0)
    assert b.apply("exp", b.mul(b.const(2), x)) == b.apply("exp", b.mul(x, b.const(2.0)))


def test_minus_zero_is_not_zero() -> None:
    b = Builder()
    plus, minus, one = b.const(0.0), b.const(-0.0), b.const(1.0)
    found = evaluate(b.block({"p": b.div(one, plus), "m": b.div(one, minus)}), {})
    assert (found["p"], found["m"]) == (np.inf, -np.inf)


def test_only_what_changes_no_value_is_spared() -> None:
    b = Builder()
    x, zero, one = b.input("x"), b.const(0), b.const(1)
    assert b.add(x, zero) == b.add(zero, x) == b.sub(x, zero) == x
    assert b.mul(x, one) == b.mul(one, x) == b.div(x, one) == x
    # 0*x is NaN where x is infinite
    assert b.mul(x, zero) not in (x, zero)
    assert evaluate(b.block({"y": b.mul(x, zero)}), {"x": np.inf})["y"] != 0


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 8, 15, 64, 100])
def test_a_whole_power_is_made_of_few_products(n: int) -> None:
    b = Builder()
    block = b.block({"y": b.power(b.input("x"), n)})
    assert block.count().get("mul", 0) <= 2 * max(n, 1).bit_length()
    found = evaluate(block, {"x": np.array([-1.25, 0.5, 3.0])})["y"]
    assert found == pytest.approx(np.array([-1.25, 0.5, 3.0]) ** n, rel=1e-14)


def test_wrong_arguments_are_refused() -> None:
    b = Builder()
    with pytest.raises(TypeError, match="add takes 2 arguments, not 1"):
        b.apply("add", b.input("x"))
    with pytest.raises(KeyError):
        b.apply("system", b.input("x"))


def test_count_leaves_out_inputs_and_constants() -> None:
    b = Builder()
    x = b.input("x")
    assert b.block({"y": x, "z": b.const(3)}).count() == {}
    assert b.block({"y": b.add(b.mul(x, x), b.const(3))}).count() == {"mul": 1, "add": 1}


def test_a_block_reads_as_text() -> None:
    b = Builder()
    text = str(b.block({"y": b.mul(b.input("x"), b.const(0.1))}))
    assert text == "%0 = x\n%1 = 0.1\n%2 = mul %0 %1\ny := %2"


# ------------------------------------------------------------------------------ JSON


def offer() -> Block:
    b = Builder()
    return b.block({".I": b.input("x"), ".G": b.const(0.3)})


def a_program(block: Block) -> Program:
    scheme = Coupled(offer=offer(), sample=block)
    return Program((), ("x", "y"), (), (), ("p", "q"), block.names, scheme)


def a_series(order: int) -> Block:
    """Of x' = -x, without end."""
    b = Builder()
    terms = {f"x[{k}]": b.mul(b.const((-1.0) ** k), b.input("x")) for k in range(order + 1)}
    return b.block({**terms, ".step": b.const(0.1)})


def an_adaptive_program() -> Program:
    b = Builder()
    sample = b.block({"x": b.input("x")})
    scheme = Adaptive(
        order=3, series=a_series(3), careful_order=2, careful=a_series(2), sample=sample
    )
    return Program((), ("x",), (), (), (), ("x",), scheme)


@given(programs())
@settings(max_examples=40, deadline=None)
def test_json_keeps_a_program_exactly(case: tuple[Block, dict[str, Any]]) -> None:
    program = a_program(case[0])
    again = Program.from_dict(json.loads(json.dumps(program.to_dict())))
    assert again == program
    assert again.to_dict() == program.to_dict()  # -0.0 == 0.0, but their hexadecimals differ


def test_json_keeps_a_program_of_any_scheme() -> None:
    system = build(lo.load("hodgkin-huxley-1952"))
    sources = (Source("pulse", "stimulus0"),)
    written = [
        lo.Exponential().program(system, sources),
        lo.Exponential(precision="float32").program(system, sources),
        lo.Taylor().program(system, sources),
        cable(system, ("V", "m")),
        an_adaptive_program(),
    ]
    for program in written:
        again = Program.from_dict(json.loads(json.dumps(program.to_dict())))
        assert again == program
        assert type(again.scheme) is type(program.scheme)
        assert again.scheme.orders == program.scheme.orders


@pytest.mark.parametrize(
    "value", [0.1, -0.0, 5e-324, 1.7976931348623157e308, np.inf, -np.inf, np.pi]
)
def test_json_keeps_every_constant(value: float) -> None:
    b = Builder()
    program = a_program(b.block({"x": b.const(value)}))
    again = Program.from_dict(json.loads(json.dumps(program.to_dict())))
    assert again.blocks["sample"].assignments[0].value.hex() == float(value).hex()


def document() -> dict[str, Any]:
    b = Builder()
    x, y = b.input("x"), b.const(0.1)
    mask = b.apply("lt", x, y)
    return json.loads(json.dumps(a_program(b.block({"x": b.apply("where", mask, x, y)})).to_dict()))


def adaptive_document() -> dict[str, Any]:
    return json.loads(json.dumps(an_adaptive_program().to_dict()))


def changed(*path: Any, to: Any, of: Callable[[], dict[str, Any]] = document) -> dict[str, Any]:
    broken = copy.deepcopy(of())
    place: Any = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return broken


def without(*path: Any, of: Callable[[], dict[str, Any]] = document) -> dict[str, Any]:
    broken = copy.deepcopy(of())
    place: Any = broken
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return broken


ROWS = ("blocks", "sample", 0)  # input x, const 0.1, lt, where
OUT = ("blocks", "sample", 1)
SERIES = ("blocks", "series")
MALFORMED = {
    "a list": [],
    "a text": "program",
    "nothing": None,
    "empty": {},
    "states a text": changed("states", to="xy"),
    "states numbers": changed("states", to=[1, 2]),
    "blocks a list": changed("blocks", to=[]),
    "a block a number": changed("blocks", "sample", to=3),
    "a block without outputs": changed("blocks", "sample", to=[[]]),
    "unknown operation": changed(*ROWS, 2, to=["system", 0]),
    "operation a list": changed(*ROWS, 2, to=[["add"], 0, 1]),
    "an empty row": changed(*ROWS, 2, to=[]),
    "too few arguments": changed(*ROWS, 2, to=["lt", 0]),
    "too many arguments": changed(*ROWS, 2, to=["lt", 0, 1, 1]),
    "an argument later": changed(*ROWS, 2, to=["lt", 0, 3]),
    "an argument itself": changed(*ROWS, 2, to=["lt", 0, 2]),
    "an argument negative": changed(*ROWS, 2, to=["lt", 0, -1]),
    "an argument a float": changed(*ROWS, 2, to=["lt", 0, 1.0]),
    "an argument a truth": changed(*ROWS, 2, to=["lt", 0, True]),
    "an argument a text": changed(*ROWS, 2, to=["lt", 0, "1"]),
    "a constant no hexadecimal": changed(*ROWS, 1, to=["const", "0.1 or so"]),
    "a constant a number": changed(*ROWS, 1, to=["const", 0.1]),
    "a constant too large": changed(*ROWS, 1, to=["const", "0x1p99999"]),
    "a constant missing": changed(*ROWS, 1, to=["const"]),
    "two constants": changed(*ROWS, 1, to=["const", "0x1p0", "0x1p0"]),
    "an input a number": changed(*ROWS, 0, to=["input", 3]),
    "an input missing": changed(*ROWS, 0, to=["input"]),
    "a mask added": changed(*ROWS, 3, to=["add", 2, 2]),
    "a number for a mask": changed(*ROWS, 3, to=["where", 0, 0, 1]),
    "an output nowhere": changed(*OUT, 0, to=["x", 4]),
    "an output before": changed(*OUT, 0, to=["x", -1]),
    "an output a float": changed(*OUT, 0, to=["x", 1.5]),
    "an output a mask": changed(*OUT, 0, to=["x", 2]),
    "an output nameless": changed(*OUT, 0, to=[1]),
    "an input that there is not": changed(*ROWS, 0, to=["input", "z"]),
    "an output of another name": changed(*OUT, 0, to=["y", 3]),
    "an output too many": changed(*OUT, to=[["x", 3], ["y", 3]]),
    "an output twice": changed(*OUT, to=[["x", 3], ["x", 3]]),
    "an output missing": changed(*OUT, to=[]),
    "a record too many": changed("records", to=["x", "y"]),
    "no scheme": without("scheme"),
    "an unknown scheme": changed("scheme", to="hasty"),
    "a scheme a list": changed("scheme", to=["coupled"]),
    "another scheme": changed("scheme", to="fixed"),
    "a block that is wanting": without("blocks", "offer"),
    "a block that no scheme has": changed("blocks", "system", to=document()["blocks"]["sample"]),
    "a block of another scheme": changed("blocks", "room", to=document()["blocks"]["sample"]),
    "a number for a block": changed("blocks", "order", to=3),
    "no orders": without("orders"),
    "orders a list": changed("orders", to=[3, 2]),
    "orders where there is no series": changed("orders", to={"series": 3}),
    "an order of what is no series": changed("orders", "sample", to=1, of=adaptive_document),
    "an order too few": changed("orders", "series", to=2, of=adaptive_document),
    "an order too many": changed("orders", "series", to=4, of=adaptive_document),
    "an order a float": changed("orders", "series", to=3.0, of=adaptive_document),
    "an order a truth": changed("orders", "series", to=True, of=adaptive_document),
    "an order negative": changed("orders", "series", to=-3, of=adaptive_document),
    "an order without end": changed("orders", "series", to=10**12, of=adaptive_document),
    "an order missing": without("orders", "series", of=adaptive_document),
    "no order of careful steps": changed("orders", "careful", to=0, of=adaptive_document),
    "an order without its series": without("blocks", "careful", of=adaptive_document),
    "a coefficient missing": without(*SERIES, 1, 2, of=adaptive_document),
    "an unknown precision": changed("precision", to="float16"),
    "a precision a list": changed("precision", to=["float64"]),
}


def test_the_documents_that_are_broken_below_are_sound_themselves() -> None:
    assert Program.from_dict(document()).blocks["sample"].names == ("x",)
    assert Program.from_dict(adaptive_document()) == an_adaptive_program()


@pytest.mark.parametrize("broken", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_document_is_refused(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"not a|output|invalid hexadecimal|unpack"):
        Program.from_dict(broken)


def test_a_program_is_checked_when_it_is_made() -> None:
    b = Builder()
    fits, reads = b.block({"x": b.input("x")}), b.block({"x": b.input("z")})
    assert set(a_program(fits).blocks) == {"offer", "sample"}
    with pytest.raises(ValueError, match="'sample' reads 'z', which there is not"):
        a_program(reads)
    with pytest.raises(ValueError, match="'offer' does not yield what it should"):
        Program((), ("x",), (), (), (), ("x",), Coupled(offer=fits, sample=fits))
    with pytest.raises(ValueError, match="a series without an order"):
        Adaptive(order=3, series=a_series(3), careful=a_series(2), sample=fits)


def test_an_assignment_is_a_value() -> None:
    assert Assignment("add", (0, 1)) == Assignment("add", (0, 1))
    assert hash(Assignment("const", value=0.5)) == hash(Assignment("const", value=0.5))
