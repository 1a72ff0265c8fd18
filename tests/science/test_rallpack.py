"""Rallpack (Bhalla, Bilitch & Bower 1992, doi:10.1016/0166-2236(92)90085-2): 1, 2 and 3.

1, the passive cable, and 2, the passive tree, are computed from theory; of 3, the squid's axon,
there is our own solution at finer and finer steps and compartments. The files of the benchmark's
authors are not part of this project: the tests that read them are skipped where they are absent.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import loligo as lo
from passive_cable import step_response, tree_response

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "rallpack"
SHAPE = {"length": 1000.0, "diameter": 1.0, "axial_resistivity": 100.0}
PASSIVE = {"axial_resistivity": 100.0, "conductance": 0.025, "capacitance": 1.0, "current": 0.1}
# um, from the root to the leaves; each branch ends in two of the next
LENGTHS = (32, 25.4, 20.16, 16, 12.7, 10.08, 8, 6.35, 5.04, 4)
DIAMETERS = (16, 10.08, 6.35, 4, 2.52, 1.587, 1, 0.63, 0.397, 0.25)
TREE = tuple(zip(LENGTHS, DIAMETERS, strict=True))
LEAK = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.025, E=-65)])
SQUID = lo.load("hodgkin-huxley-1952").replace(g_L=0.025, E_L=-65)
INTO_THE_FIRST = lo.at(0, lo.Step(0, 0.1))
ENDS = [0, 1000]


def reference(name: str):
    """Times (ms) and V (mV) of one of the benchmark's files."""
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"the reference data of Rallpack are absent: {path}")
    return np.loadtxt(path).T * 1e3


def apart(found, true) -> float:
    """By the benchmark's own measure of 1 and 2: root mean square over range."""
    return float(np.sqrt(np.mean((found - true) ** 2)) / np.ptp(true))


def run(membrane, length, diameter, compartments, dt, **options):
    axon = lo.Axon(membrane, length, diameter, 100.0, compartments=compartments)
    return lo.simulate(axon, INTO_THE_FIRST, 250, record="V", positions=[0, length],
                       solver=lo.Exponential(dt), **options)  # fmt: skip


# -------------------------------------------------------------------------------- 1, the cable


@pytest.fixture(scope="module")
def cable():
    return run(LEAK, 1000, 1, 1000, 0.005)


def test_rallpack_1_is_the_analytic_solution(cable):
    for v in cable.V:
        exact = step_response(float(v.position), v.time.values, length=1000, diameter=1, **PASSIVE)
        assert np.abs(v.values + 65 - exact).max() < 1e-4 * np.ptp(exact)


@pytest.mark.parametrize("end", [0, 1])
def test_rallpack_1_at_the_very_ends_is_the_analytic_solution_too(cable, end):
    """As the benchmark's files have it; the centre of the first compartment is 0.5 um away."""
    exact = step_response(ENDS[end], cable.time.values, length=1000, diameter=1, **PASSIVE)
    assert apart(cable.V[end] + 65, exact) < 4e-4


def test_the_two_analytic_solutions_are_one():
    """The series of the modes and the contour in Laplace's domain, on all of the run."""
    time = np.array([0.05, 0.5, 5.0, 40.0, 250.0])
    both = tree_response([(1000, 1)], time, **PASSIVE)
    for end, found in zip(ENDS, both, strict=True):
        modes = step_response(end, time, length=1000, diameter=1, terms=40_000, **PASSIVE)
        # what is left out of the series at x = 0 falls as the inverse of how much is summed
        assert np.abs(found - modes).max() < 1e-4


@pytest.mark.parametrize(("end", "name"), [(0, "ref_cable.0"), (1, "ref_cable.x")])
def test_rallpack_1_is_the_benchmarks_own_solution(cable, end, name):
    time, v = reference(name)
    # the file is of the very end, not of the first centre
    assert apart(np.interp(time, cable.time, cable.V[end]), v) < 4e-4


# --------------------------------------------------------------------------------- 2, the tree


@pytest.fixture(scope="module")
def cylinder():
    """What the tree is equivalent to, by Rall's 3/2 power of the diameters."""
    return run(LEAK, 320, 16, 320, 0.005)


def test_a_tree_by_the_law_of_3_2_is_a_cylinder():
    """Rall 1962, doi:10.1111/j.1749-6632.1962.tb54120.x: where the diameters to the power of 3/2
    add up at each branching and all leaves are as far in length constants, exactly."""
    halved = 2 ** (-2 / 3 * np.arange(10))
    exact = tuple(zip(32 * np.sqrt(halved), 16 * halved, strict=True))
    time = np.array([0.05, 0.5, 5.0, 40.0, 250.0])
    tree, one = tree_response(exact, time, **PASSIVE), tree_response([(320, 16)], time, **PASSIVE)
    assert np.abs(tree - one).max() < 1e-9 * one.max()
    # the benchmark's sizes are rounded to three or four digits
    rounded = tree_response(TREE, time, **PASSIVE)
    assert np.abs(rounded - one).max() < 2e-3 * one.max()


@pytest.mark.parametrize("end", [0, 1], ids=["root", "leaf"])
def test_rallpack_2_is_its_equivalent_cylinder(cylinder, end):
    time = cylinder.time.values[1:]
    exact = tree_response([(320, 16)], time, **PASSIVE)[end]
    assert apart(cylinder.V[end, 1:] + 65, exact) < 1e-4
    assert apart(cylinder.V[end, 1:] + 65, tree_response(TREE, time, **PASSIVE)[end]) < 1e-3


@pytest.mark.parametrize(("end", "name"), [(0, "ref_branch.0"), (1, "ref_branch.x")])
def test_rallpack_2_is_the_benchmarks_own_solution(cylinder, end, name):
    time, v = reference(name)
    assert apart(np.interp(time, cylinder.time, cylinder.V[end]), v) < 1e-3
    assert apart(tree_response(TREE, time[1:], **PASSIVE)[end] - 65, v[1:]) < 1e-3


# --------------------------------------------------------------------------------- 3, the axon

STEPS = (0.005, 0.0025)
COMPARTMENTS = (500, 1000, 2000)


@cache
def axon(compartments: int, dt: float):
    return run(SQUID, 1000, 1, compartments, dt, initial=-65)


def spikes(rec) -> np.ndarray:
    return lo.spike_times(rec).values


def without_steps(coarse, fine):
    """Richardson's extrapolation, of order 2, from halving to nothing."""
    return fine + (fine - coarse) / 3


def converged(quantity):
    """Without steps or compartments: the parabola through three lengths of a compartment at 0.

    A compartment's centre lies half of it away from the end, so the order is 1 at the end that
    the current goes into, and 2 at the other.
    """
    at = [without_steps(*(quantity(axon(n, dt)) for dt in STEPS)) for n in COMPARTMENTS]
    return (at[0] - 6 * at[1] + 8 * at[2]) / 3


def test_rallpack_3_spikes_when_a_converged_solution_does():
    """The converged solution by Richardson's extrapolation, of order 2 in the step."""
    coarse, fine = (spikes(axon(1000, dt)) for dt in (0.01, 0.005))
    assert [int(np.isfinite(each).sum()) for each in coarse] == [18, 17]
    limit = without_steps(coarse, fine)
    assert np.nanmax(np.abs(coarse - limit)) < 0.01
    assert np.nanmax(np.abs(fine - limit)) < 0.0025


@pytest.mark.slow
def test_rallpack_3_converges_with_its_compartments_too():
    at = [without_steps(*(spikes(axon(n, dt))[1] for dt in STEPS)) for n in COMPARTMENTS]
    coarse, fine = (np.nanmax(np.abs(one - other)) for one, other in pairwise(at))
    assert coarse / fine == pytest.approx(4, rel=0.05)


@pytest.mark.slow
def test_rallpack_3_is_our_own_converged_solution():
    """The benchmark's measures: when it spikes, how long between, how high and deep, its shape."""
    found, limit = axon(1000, 0.005), converged(spikes)
    assert np.array_equal(np.isfinite(spikes(found)), np.isfinite(limit))
    assert np.nanmax(np.abs(spikes(found) - limit)) < 0.0025
    assert np.nanmax(np.abs(np.diff(spikes(found) - limit))) < 5e-4
    V = converged(lambda rec: rec.V.values)
    for end in (0, 1):
        assert apart(found.V.values[end], V[end]) < 5e-3
        late = found.time.values > 50  # all spikes but the first few are alike
        assert np.ptp(found.V.values[end, late]) == pytest.approx(np.ptp(V[end, late]), rel=1e-3)


@pytest.mark.parametrize(("end", "name"), [(0, "ref_axon.0.genesis"), (1, "ref_axon.x.genesis")])
def test_rallpack_3_agrees_with_genesis(end, name):
    time, v = reference(name)
    rises = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    crossings = time[rises] - v[rises] * np.diff(time)[rises] / np.diff(v)[rises]
    # the file too is of 1,000 compartments
    limit = without_steps(*(spikes(axon(1000, dt))[end] for dt in STEPS))
    for mine in (spikes(axon(1000, 0.005))[end], limit):
        mine = mine[np.isfinite(mine)]
        assert crossings.size == mine.size
        assert np.abs(mine - crossings).max() < 0.005
