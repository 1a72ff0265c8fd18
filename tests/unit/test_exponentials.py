"""Fused exponentials: fewer of them, the same numbers."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import loligo as lo
from loligo.engine.numpy_engine import evaluate
from loligo.program import Builder
from loligo.program.exponentials import fuse_exponentials
from loligo.program.lower import lower
from loligo.system import build


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


@pytest.mark.parametrize("name", list(lo.models()))
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
