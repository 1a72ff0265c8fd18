"""Transformations of programs, one by one: the same numbers, fewer operations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import loligo as lo
from few import FEW
from loligo.engine.numpy.kernel import evaluate
from loligo.explanation import cost
from loligo.program import Block, Builder, exponential, taylor
from loligo.program.cost import COLUMNS, KINDS, Cost, costs
from loligo.program.passes.pipeline import Draft, multiply_add, share, stages, to_prepare
from loligo.program.passes.products import regroup
from loligo.run.pose import pose
from loligo.run.recipes import sources
from loligo.system.equations import build

FIXED, COMMON = frozenset({"k", "g"}), frozenset({"lead"})


def product() -> tuple[Builder, dict[str, int]]:
    b = Builder()
    return b, {name: b.input(name) for name in ("lead", "k", "g", "x", "y")}


def values(block: Block, **given: float) -> list[float]:
    inputs = {"lead": 0.01, "k": 3.0, "g": 1.7, "x": -0.3, "y": 11.0, **given}
    return [float(v) for v in evaluate(block, inputs).values()]


def test_factors_that_stand_still_are_multiplied_first() -> None:
    b, v = product()
    written = b.block({"r": b.mul(v["lead"], b.mul(v["x"], b.mul(v["k"], v["y"])))})
    grouped = regroup(written, FIXED, COMMON)
    first = next(a for a in grouped.assignments if a.op == "mul")
    assert {grouped.assignments[i].name for i in first.args} == {"lead", "k"}
    assert values(grouped) == pytest.approx(values(written), rel=1e-15)


def test_what_is_common_to_two_products_is_made_once() -> None:
    b, v = product()
    moves = {n: b.mul(v["lead"], b.mul(v["k"], v[n])) for n in ("x", "y")}
    grouped = regroup(b.block(moves), FIXED, COMMON)
    assert grouped.count() == {"mul": 3}
    assert b.block(moves).count() == {"mul": 4}


def test_a_power_and_a_product_used_twice_stay_as_they_are() -> None:
    b, v = product()
    square = b.mul(v["x"], v["x"])
    written = b.block({"r": b.mul(v["g"], b.mul(square, square)), "s": b.mul(v["k"], square)})
    assert regroup(written, FIXED, COMMON) == written


def test_equal_operations_are_shared() -> None:
    b = Builder(shared=False)
    x = b.input("x")
    twice = b.block({"r": b.add(b.apply("exp", x), b.apply("exp", x))})
    assert twice.count() == {"exp": 2, "add": 1}
    assert share(twice).count() == {"exp": 1, "add": 1}
    assert values(share(twice)) == values(twice)


def test_what_is_fixed_is_prepared_and_products_join_sums() -> None:
    b, v = product()
    written = Draft({"step": b.block({"r": b.add(b.mul(b.mul(v["k"], v["g"]), v["x"]), v["y"])})},
                    FIXED)  # fmt: skip
    made = multiply_add(to_prepare(written))
    assert made.blocks["step"].count() == {"fma": 1}
    assert made.blocks["prepare"].count() == {"mul": 1}
    constants = evaluate(made.blocks["prepare"], {"k": 3.0, "g": 1.7})
    found = values(made.blocks["step"], **{n: float(x) for n, x in constants.items()})
    assert found == pytest.approx(values(written.blocks["step"]), rel=1e-15)


@pytest.mark.parametrize("name", FEW)
def test_no_transformation_changes_what_a_step_does(name: str) -> None:
    model = lo.load(name)
    problem = pose(model, lo.Step(0, 1), 50, record=["V"], sample_interval=0.05, initial="rest",
                   threshold=0)  # fmt: skip
    system, given = build(model), sources(problem.driven)
    draw = np.random.default_rng(4)
    written = exponential.draft(system, given, ("V",), shared=False)
    inputs = {n: float(problem.parameter(n)[0]) for n in problem.lanes.values if "." not in n}
    inputs |= {".dt": 0.01, ".stride": 0.01, "I_stim": 1.0, "V": draw.uniform(-80, 30)}
    inputs |= {n: draw.uniform(0.1, 0.9) for n in system.states[1:]}
    expected = None
    for title, draft in stages(written, exponential.PASSES):
        known = dict(inputs)
        if "prepare" in draft.blocks:
            known |= evaluate(draft.blocks["prepare"], {**inputs, **_stimulus(problem)})
        found = evaluate(draft.blocks["step"], known)
        expected = expected or found
        for state in system.states:
            assert found[state] == pytest.approx(expected[state], rel=1e-12), title


def _stimulus(problem) -> dict[str, float]:
    return {n: float(problem.parameter(n)[0]) for n in problem.lanes.values if "." in n}


@pytest.mark.parametrize(
    "name", [n if n.startswith("h") else pytest.param(n, marks=pytest.mark.slow) for n in FEW]
)
def test_each_transformation_makes_a_step_no_dearer(name: str) -> None:
    rows = cost(lo.load(name))
    assert [r.transformation for r in rows if r.solver == "exponential"] == [
        "as written", *(each.name for each in exponential.PASSES)
    ]  # fmt: skip
    assert len(rows) == (3 + len(exponential.PASSES) + len(taylor.EQUATIONS) + len(taylor.PASSES))
    for before, after in pairwise(rows):
        if after.transformation == "powers of two":
            # each takes three products less than the exponential that it was, and one at most to
            # undo the division by ln 2
            assert after.counts["product"] <= before.counts["product"] + after.counts["function"]
        elif before.solver == after.solver:
            # a function takes some ten operations where the others take one
            assert weight(after) <= weight(before)


def weight(row: Cost) -> float:
    return row.total + 10 * row.counts["function"]


def test_a_model_with_a_condition_has_the_costs_of_both_solvers() -> None:
    kink = lo.Membrane(channels=[lo.Channel("X", current="0.1*abs(V+65)", g=None, E=None)])
    rows = costs(build(kink), (), {"V": 100.0}, 8, 3)
    assert {row.solver for row in rows} == {"exponential", "taylor, order 8"}
    assert all(tuple(row.counts) == KINDS for row in rows)
    assert set(COLUMNS.values()) < set(KINDS)
