"""Fused exponentials: fewer of them, the same numbers."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import loligo as lo
from few import FEW
from loligo.engine.numpy.kernel import evaluate
from loligo.program import Builder
from loligo.program.lower import lower
from loligo.program.passes.exponentials import fuse_exponentials, powers_of_two
from loligo.system.equations import build


def _rates(*lines: tuple[float, float]):
    """exp(c x + d) for each (c, d)."""
    b = Builder()
    x = b.input("x")
    return b.block(
        {
            f"r{i}": b.apply("exp", b.add(b.mul(b.const(c), x), b.const(d)))
            for i, (c, d) in enumerate(lines)
        }
    )


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([(-1 / 80, -0.8), (-1 / 20, -3.25), (-0.1, -3.5)], 1),
        ([(0.1, 0.0), (0.1, 2.0)], 1),
        ([(0.1, 0.0), (-0.1, 0.0)], 2),  # a reciprocal would cost a division
        ([(0.1, 0.0), (0.1 * 17, 0.0)], 2),  # too high a power
        ([(0.1, 0.0), (0.25, 0.0)], 2),  # no whole multiple
        ([(0.1, -400.0), (0.2, 400.0)], 2),  # the factor would leave the range of doubles
        ([(0.05, 1.0), (0.1, 1.0), (0.15, 1.0)], 1),
    ],
)
def test_powers_of_one_exponential_share_it(lines, left):
    block = _rates(*lines)
    fused = fuse_exponentials(block)
    assert fused.count()["exp"] == left
    for x in (-100.0, -40.0, -1e-9, 0.0, 3.7, 60.0):
        result = evaluate(fused, {"x": x})
        for i, (c, d) in enumerate(lines):
            true = mpmath.exp(mpmath.mpf(c) * mpmath.mpf(x) + mpmath.mpf(d))
            # c and d are rounded in both forms: the argument's own error, and a few ulp
            allowed = 4e-16 * (20 + abs(c * x) + 17 * abs(d))
            assert abs(result[f"r{i}"] - float(true)) <= allowed * float(true)


@pytest.mark.parametrize("name", FEW)
def test_the_equations_of_the_library_keep_their_values(name):
    membrane = lo.load(name)
    block = lower(build(membrane))
    fused = fuse_exponentials(block)
    assert fused.count()["exp"] < block.count()["exp"]
    given = {key: p.value for key, p in membrane.parameters.items()}
    given |= {key: 0.3 for key in block.inputs if key not in given}
    given |= {"V": np.linspace(-150.0, 100.0, 2001), "I_stim": 1.0}
    one, other = evaluate(block, given), evaluate(fused, given)
    for state, values in one.items():
        scale = np.abs(values).max()
        assert np.abs(values - other[state]).max() <= 4e-15 * scale


def test_a_block_without_exponentials_is_left_alone():
    b = Builder()
    block = b.block({"y": b.mul(b.input("x"), b.const(math.pi))})
    assert fuse_exponentials(block) == block


@pytest.mark.parametrize("op", ["exp", "bernoulli"])
@pytest.mark.parametrize(("c", "d"), [(-0.1, -5.5), (1 / 18, 0.0), (1.0, 3.0), (-1.0, 0.0)])
def test_an_exponential_of_a_multiple_becomes_a_power_of_two(op, c, d):
    b = Builder()
    block = b.block({"y": b.apply(op, b.add(b.mul(b.const(c), b.input("x")), b.const(d)))})
    made = powers_of_two(block)
    assert op not in made.count()
    assert made.count()[f"{op}2"] == 1
    x = np.array([-100.0, -40.0, -1e-9, 0.0, 3.7, 60.0, -d / c])
    one, other = (evaluate(each, {"x": x})["y"] for each in (block, made))
    # the argument's own rounding, in either form
    assert np.abs(other / one - 1).max() <= 4e-16 * (4 + np.abs(c * x).max() + abs(d))


def test_an_exponential_of_something_else_stays():
    b = Builder()
    x, y = b.input("x"), b.input("y")
    block = b.block({"y": b.apply("exp", x), "z": b.apply("bernoulli", b.mul(x, y))})
    assert powers_of_two(block) == block


@pytest.mark.parametrize("name", FEW)
def test_powers_of_two_keep_the_equations_of_the_library(name):
    membrane = lo.load(name)
    block = lower(build(membrane))
    made = powers_of_two(block)
    assert made.count()["exp2"] > 0
    given = {key: p.value for key, p in membrane.parameters.items()}
    given |= {key: 0.3 for key in block.inputs if key not in given}
    given |= {"V": np.linspace(-150.0, 100.0, 2001), "I_stim": 1.0}
    one, other = evaluate(block, given), evaluate(made, given)
    for state, values in one.items():
        scale = np.abs(values).max()
        assert np.abs(values - other[state]).max() <= 4e-15 * scale
