"""Rallpack (Bhalla, Bilitch & Bower 1992, doi:10.1016/0166-2236(92)90085-2): 1 and 3.

The files of the benchmark's authors are not part of this project: the tests that read them are
skipped where they are absent. All else is computed here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import loligo as lo
from passive_cable import step_response

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "rallpack"
SHAPE = {"length": 1000.0, "diameter": 1.0, "axial_resistivity": 100.0}
INTO_THE_FIRST = lo.at(0, lo.Step(0, 0.1))
ENDS = [0, 1000]


def reference(name: str):
    """Times (ms) and V (mV) of one of the benchmark's files."""
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"the reference data of Rallpack are absent: {path}")
    return np.loadtxt(path).T * 1e3


@pytest.fixture(scope="module")
def cable():
    leak = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.025, E=-65)])
    axon = lo.Axon(leak, **SHAPE, compartments=1000)
    return lo.simulate(axon, INTO_THE_FIRST, 250, record="V", positions=ENDS,
                       solver=lo.Exponential(0.005))  # fmt: skip


@pytest.fixture(scope="module")
def axons():
    """Rallpack 3 at three steps, by step."""
    squid = lo.load("hodgkin-huxley-1952").replace(g_L=0.025, E_L=-65)
    axon = lo.Axon(squid, **SHAPE, compartments=1000)
    return {
        dt: lo.simulate(axon, INTO_THE_FIRST, 250, record="V", positions=ENDS, initial=-65,
                        solver=lo.Exponential(dt))
        for dt in (0.01, 0.005)
    }  # fmt: skip


def test_rallpack_1_is_the_analytic_solution(cable):
    for v in cable.V:
        exact = step_response(
            float(v.position), v.time.values, **SHAPE, conductance=0.025, capacitance=1.0,
            current=0.1,
        )  # fmt: skip
        assert np.abs(v.values + 65 - exact).max() < 1e-4 * np.ptp(exact)


@pytest.mark.parametrize(("end", "name"), [(0, "ref_cable.0"), (1, "ref_cable.x")])
def test_rallpack_1_is_the_benchmarks_own_solution(cable, end, name):
    time, v = reference(name)
    mine = np.interp(time, cable.time, cable.V[end])
    # by the benchmark's measure; the file is of the very end, not of the first centre
    assert np.sqrt(np.mean((mine - v) ** 2)) < 4e-4 * np.ptp(v)


def test_rallpack_3_spikes_when_a_converged_solution_does(axons):
    """The converged solution by Richardson's extrapolation, of order 2 in the step."""
    coarse, fine = (lo.spike_times(rec).values for rec in axons.values())
    assert [int(np.isfinite(each).sum()) for each in coarse] == [18, 17]
    converged = fine + (fine - coarse) / 3
    assert np.nanmax(np.abs(coarse - converged)) < 0.01
    assert np.nanmax(np.abs(fine - converged)) < 0.0025


@pytest.mark.parametrize(("end", "name"), [(0, "ref_axon.0.genesis"), (1, "ref_axon.x.genesis")])
def test_rallpack_3_agrees_with_genesis(axons, end, name):
    time, v = reference(name)
    rises = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    crossings = time[rises] - v[rises] * np.diff(time)[rises] / np.diff(v)[rises]
    mine = lo.spike_times(axons[0.005])[end].values
    mine = mine[np.isfinite(mine)]
    assert crossings.size == mine.size
    assert np.abs(mine - crossings).max() < 0.005
