"""The compiled solve along an axon against dense linear algebra, at all sizes and scales."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loligo.engine.coupled import Line, Points
from loligo.engine.kernel import Schedule
from loligo.engine.llvm.course import CompiledCourse
from trying import examples

DT = 0.01
SCHEDULE = Schedule(DT, 10, 10, 2, 0.0, 1e-9, 1e-9)


def one_step(line: Line, points: Points, voltage, injected, damped=0):
    """V after a step of axons without any membrane current."""
    course = CompiledCourse(line, [], points, SCHEDULE, voltage)
    flags = np.full((1, line.axons), damped, dtype=np.int64)
    course.advance(range(line.axons), injected[None], flags, 0, 1)
    return course.voltage()


def dense_step(line: Line, points: Points, voltage, injected, axon: int):
    """The same from 50-digit arithmetic: V + 2 u."""
    n = line.compartments
    with mpmath.workdps(50):
        matrix, right = mpmath.zeros(n), mpmath.zeros(n, 1)
        for i in range(n):
            matrix[i, i] += 2 * mpmath.mpf(line.capacity[axon, i]) / mpmath.mpf(DT)
        for i in range(n - 1):
            g = mpmath.mpf(line.link[axon, i])
            flow = g * (mpmath.mpf(voltage[axon, i + 1]) - mpmath.mpf(voltage[axon, i]))
            right[i] += flow
            right[i + 1] -= flow
            for j, k in ((i, i + 1), (i + 1, i)):
                matrix[j, j] += g
                matrix[j, k] -= g
        for j, place in enumerate(points.place.tolist()):
            g, held = points.conductance[axon, j], points.potential[axon, j]
            matrix[place, place] += mpmath.mpf(g)
            right[place] += mpmath.mpf(injected[axon, j])
            right[place] += mpmath.mpf(g) * (mpmath.mpf(held) - mpmath.mpf(voltage[axon, place]))
        u = mpmath.lu_solve(matrix, right)
        return np.array([float(mpmath.mpf(voltage[axon, i]) + 2 * u[i]) for i in range(n)])


@pytest.mark.parametrize("stiff", [1e-6, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 17, 41])
def test_a_step_is_that_of_dense_algebra(count, stiff):
    rng = np.random.default_rng(count)
    axons = 2
    line = Line(
        area=np.ones((axons, count)),
        capacity=rng.uniform(0.1, 10, (axons, count)),
        link=stiff * rng.uniform(0.1, 10, (axons, count - 1)),
    )
    place = np.unique([0, count // 2, count - 1])
    points = Points(
        place, rng.uniform(0, 5, (axons, place.size)), rng.normal(-65, 5, (axons, place.size))
    )
    voltage = rng.normal(-65, 10, (axons, count))
    injected = rng.normal(0, 100, (axons, place.size))
    found = one_step(line, points, voltage, injected)
    for axon in range(axons):
        exact = dense_step(line, points, voltage, injected, axon)
        assert np.abs(found[axon] - exact).max() < 1e-11 * np.abs(exact).max()


def test_fine_compartments_keep_the_charge():
    """Links 1e7 times the capacity's conductance: the mean of V still moves as the charge says."""
    count = 100
    line = Line(np.ones((1, count)), np.full((1, count), 1e-3), np.full((1, count - 1), 2e6))
    points = Points(np.array([0]), np.zeros((1, 1)), np.zeros((1, 1)))
    voltage = np.full((1, count), -65.0)
    found = one_step(line, points, voltage, np.array([[1.0]]))
    moved = np.sum(1e-3 * (found + 65.0))
    assert moved == pytest.approx(DT * 1.0, rel=1e-9)


def test_two_halves_are_two_backward_euler_steps():
    rng = np.random.default_rng(3)
    line = Line(np.ones((1, 11)), rng.uniform(1, 2, (1, 11)), rng.uniform(1, 200, (1, 10)))
    points = Points(np.array([4]), np.zeros((1, 1)), np.zeros((1, 1)))
    voltage, injected = rng.normal(-65, 5, (1, 11)), np.array([[50.0]])
    matrix = np.diag(line.capacity[0])
    for i, g in enumerate(line.link[0]):
        matrix[i : i + 2, i : i + 2] += 0.5 * DT * g * np.array([[1, -1], [-1, 1]])
    expected = voltage[0]
    for _ in range(2):
        right = line.capacity[0] * expected
        right[4] += 0.5 * DT * 50.0
        expected = np.linalg.solve(matrix, right)
    found = one_step(line, points, voltage, injected, damped=1)
    assert np.allclose(found[0], expected, rtol=1e-13)


@given(count=st.integers(1, 70), seed=st.integers(0, 999))
@settings(max_examples=examples(30), deadline=None)
def test_charge_stays_where_nothing_lets_it_out(count, seed):
    rng = np.random.default_rng(seed)
    line = Line(
        np.ones((1, count)),
        10.0 ** rng.uniform(-3, 3, (1, count)),
        10.0 ** rng.uniform(-3, 6, (1, count - 1)),
    )
    none = Points(np.empty(0, dtype=np.int64), np.empty((1, 0)), np.empty((1, 0)))
    voltage = rng.normal(-65, 30, (1, count))
    found = one_step(line, none, voltage, np.empty((1, 0)))
    before, after = np.sum(line.capacity * voltage), np.sum(line.capacity * found)
    # V is known to an ulp, and so is what neighbours exchange: link dt V, lost here, found there
    exchanged = DT * np.sum(line.link) * np.abs(voltage).max()
    rounding = 1e-13 * np.sum(line.capacity * np.abs(voltage)) + 2.3e-16 * exchanged
    assert abs(after - before) < rounding
