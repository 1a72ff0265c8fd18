"""The page's kernels in Node: the bits of Python's portable mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from in_page import computed, row
from lab_bits import SOLVERS, along, compared, in_lab
from loligo.errors import UsageError
from loligo.lab.kernels import browser_kernel
from scripted import called, in_node, needs_node

NODE = {"Node": in_node}
GATE = lo.Gate("n", alpha="0.1*exp(-V/20)", beta="0.05*exp(V/30)/(1 + exp(-V/7))")
SMALL = lo.Membrane(
    C_m=1.3,
    channels=[lo.Channel("K", g=3.0, E=-80, gates=[GATE]), lo.Channel("L", g=0.3, E=-52.7)],
)


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("kind", SOLVERS)
def test_a_membrane_has_the_bits_of_python(kind: str) -> None:
    """``python tests/lab_bits.py`` does so with every model of the library, and in Chromium."""
    assert compared("hodgkin-huxley-1952", kind, seed=19, count=20, machines=NODE) == 20


@needs_node
@pytest.mark.slow
def test_a_current_of_any_form_has_the_bits_of_python() -> None:
    """Where a channel's current is no conductance times a voltage, and so C_m is left in V's
    equation."""
    assert compared("fitzhugh-1961", "Taylor", seed=13, count=10, machines=NODE) == 10


@needs_node
@pytest.mark.slow
def test_an_axon_has_the_bits_of_python() -> None:
    assert along("hodgkin-huxley-1952", seed=19, count=20, machines=NODE) == 20
    assert along(SMALL, seed=3, count=6, machines=NODE) == 6


@needs_node
@pytest.mark.slow
def test_a_model_that_says_where_some_states_begin_has_the_bits_of_python() -> None:
    model = lo.load("pinsky-rinzel-1994")
    assert 1 < len(model.start) < len(browser_kernel(model)[1]["states"])
    assert compared("pinsky-rinzel-1994", "Taylor", seed=3, count=3, machines=NODE) == 3


@pytest.mark.slow
def test_chromium_has_the_bits_of_python(chromium: Any) -> None:
    with in_lab(chromium) as page:
        machines = {"Chromium": page}
        for kind in SOLVERS:
            assert compared(SMALL, kind, seed=5, count=6, machines=machines) == 6
        assert along(SMALL, seed=5, count=6, machines=machines) == 6


@needs_node
@pytest.mark.slow
def test_lanes_and_curves_are_what_single_runs_and_analysis_say() -> None:
    body = """
      const pulse = { kind: "pulse", start: 2, duration: 9, amplitude: 1, unit: "uA/cm2" };
      const asked = { stimulus: [pulse], duration: 20, solver: { kind: "Exponential", dt: 0.05 } };
      const changes = { "stimulus.0.amplitude": [0, 3, 9], g_L: [0.3, 0.2, 0.1] };
      const lanes = model.lanes(asked, changes);
      const one = { ...asked, stimulus: [{ ...pulse, amplitude: 9 }], parameters: { g_L: 0.1 } };
      const voltage = Float64Array.of(-80, -52.7, 0, 30);
      const { n } = model.rates({}, voltage);
      return {
        lane: told(lanes[2]), single: told(model.simulate(one)), inf: hex(n.inf), tau: hex(n.tau),
        rest: Object.values(model.rest({ g_K: 0 })), spikes: model.lanes(asked, changes,
          { spikesOnly: true }).map((run) => run.time.length),
        unknown: tried(() => model.rest({ g_Kv: 1 })),
        many: tried(() => model.simulate({ ...asked, stimulus: Array(9).fill(pulse) })),
      };
    """
    found = computed(body, SMALL)
    assert found["lane"] == found["single"]
    voltage = np.array([-80, -52.7, 0, 30])
    alpha = 0.1 * np.exp(-voltage / 20)
    beta = 0.05 * np.exp(voltage / 30) / (1 + np.exp(-voltage / 7))
    assert row(found["tau"]) == pytest.approx(1 / (alpha + beta), rel=1e-11)
    assert row(found["inf"]) == pytest.approx(alpha / (alpha + beta), rel=1e-12)
    assert found["rest"][0] == pytest.approx(-52.7, abs=1e-12)
    assert found["spikes"] == [0, 0, 0]
    assert found["unknown"]["error"] == "the model has no parameter g_Kv"
    assert found["many"]["error"] == "there is room for 8 of the kind pulse"


@needs_node
@pytest.mark.slow
def test_eigenvalues_are_numpys() -> None:
    rng = np.random.default_rng(0)
    matrices = [rng.normal(size=(n, n)) * 10.0 ** rng.uniform(-6, 6, (n, 1)) for n in range(1, 16)]
    body = """
      const { eigenvalues } = $engine_eigenvalues;
      return given.matrices.map((each) => eigenvalues(each).map(({ re, im }) => [re, im]));
    """
    listed = [each.tolist() for each in matrices]
    found = called(body, {"matrices": listed}, "engine/eigenvalues.js")
    for matrix, pairs in zip(matrices, found, strict=True):
        own = np.sort_complex(np.array([complex(*pair) for pair in pairs]))
        expected = np.sort_complex(np.linalg.eigvals(matrix).astype(complex))
        assert own == pytest.approx(expected, abs=1e-9 * np.abs(expected).max())


def test_a_membrane_with_an_array_has_no_page() -> None:
    with pytest.raises(UsageError, match="its g_L is an array: choose one of its values"):
        browser_kernel(SMALL.replace(g_L=[0.1, 0.3]))
