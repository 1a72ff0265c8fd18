"""The page's kernels in Node: the bits of Python's portable mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from few import FEW
from in_node import differs, needs_node, row, run_in_node
from loligo.errors import RunError, UsageError
from loligo.lab.kernels import browser_kernel

SOLVERS = {"Taylor": lo.Taylor(portable=True), "Exponential": lo.Exponential(0.025, portable=True)}
ALL = "const found = given.simulations.map((each) => tried(() => told(model.simulate(each))));"
GATE = lo.Gate("n", alpha="0.1*exp(-V/20)", beta="0.05*exp(V/30)/(1 + exp(-V/7))")
SMALL = lo.Membrane(
    C_m=1.3,
    channels=[lo.Channel("K", g=3.0, E=-80, gates=[GATE]), lo.Channel("L", g=0.3, E=-52.7)],
)


SETS = 4  # of what is done at once: each is a kernel of Python's, and its numbers are any


def drawn(rng: np.random.Generator, kind: str, which: int) -> lo.Stimulus | None:
    """Some things that are done at once, in any order; ``which`` says what, chance how much."""
    chosen = np.random.default_rng(SETS + which)  # four that have all kinds between them

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    some = [lo.Pulse(u(-0.04, 19), u(0.05, 20), u(-10, 25)) for _ in range(chosen.integers(0, 5))]
    others: list[Any] = [
        lo.PulseTrain(u(0, 9), u(0.1, 0.9), u(0, 30), interval=u(1, 6), count=int(u(1, 9))),
        lo.Step(u(0, 20), u(0, 8)),
        lo.Ramp(u(0, 9), u(3, 25), u(0, 15)),
        lo.Sine(u(0, 9), u(3, 25), u(0, 6), frequency=u(0, 200), phase=u(0, 3)),
        lo.Chirp(u(0, 9), u(3, 25), u(0, 6), frequency_start=u(0, 50), frequency_end=u(0, 200)),
        lo.Noise(u(-3, 9), u(3, 25), u(0, 3), seed=int(u(0, 1e9)), mean=u(0, 2),
                 tau=[None, u(0.5, 5)][int(chosen.integers(2))]),
    ]  # fmt: skip
    some += [each for each in others if chosen.random() < 0.4]
    if kind == "Taylor" and which % 2:
        held = u(4, 12)
        some += [lo.VoltageClamp(held, 5, u(-100, 40)),
                 lo.VoltageClamp(held + 5, u(1, 9), u(-80, 0), to=u(-80, 40))]  # fmt: skip
    total: Any = None
    for k in chosen.permutation(len(some)):
        total = some[k] if total is None else total + some[k]
    return total


def cases(model: lo.Membrane, kind: str, seed: int, count: int) -> list[tuple[dict[str, Any], Any]]:
    """Simulations as documents, and their recordings."""
    rng, found = np.random.default_rng(seed), list[tuple[dict[str, Any], Any]]()
    for k in range(3 * count):
        changed = {name: p.value * float(rng.uniform(0.93, 1.07))
                   for name, p in model.parameters.items() if rng.random() < 0.6}  # fmt: skip
        stimulus, initial = (
            drawn(rng, kind, k % SETS),
            [None, "rest", float(rng.uniform(-70, -55))][k % 3],
        )
        duration = float(rng.uniform(20, 30))
        asked: dict[str, Any] = {"sample_interval": [0.05, 0.1, 0.13][k % 3], "initial": initial}
        try:
            rec = lo.simulate(model.replace(**changed), stimulus, duration,
                              solver=SOLVERS[kind], **asked)  # fmt: skip
        except RunError:  # it fires by itself, and has no rest
            continue
        shapes = () if stimulus is None else stimulus.shapes
        solver = {**SOLVERS[kind].to_dict(), "kind": kind}
        document = {"parameters": changed, "stimulus": [each.to_dict() for each in shapes],
                    "duration": duration, "solver": solver, **asked}  # fmt: skip
        found.append((document, rec))
        if len(found) == count:
            break
    return found


def compare(model: lo.Membrane, kind: str, seed: int, count: int) -> int:
    """How many runs there were; all of them have the same bits."""
    every = cases(model, kind, seed, count)
    runs = run_in_node(model, ALL, simulations=[document for document, _ in every])
    wrong = {
        k: differs(rec, run) for k, ((_, rec), run) in enumerate(zip(every, runs, strict=True))
    }
    wrong = {k: names for k, names in wrong.items() if names}
    assert not wrong, [(names, every[k][0]) for k, names in wrong.items()][:2]
    return len(every)


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("kind", SOLVERS)
@pytest.mark.parametrize("name", FEW)
def test_a_library_model_has_the_bits_of_python(name: str, kind: str) -> None:
    assert compare(lo.load(name), kind, seed=len(name), count=20) >= 10


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("name", ["destexhe-1996", "pinsky-rinzel-1994"])
def test_a_model_that_says_where_some_states_begin_has_the_bits_of_python(name: str) -> None:
    model = lo.load(name)
    assert 1 < len(model.start) < len(browser_kernel(model)[1]["states"])
    assert compare(model, "Taylor", seed=3, count=3) == 3


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
      const found = {
        lane: told(lanes[2]), single: told(model.simulate(one)), inf: hex(n.inf), tau: hex(n.tau),
        rest: Object.values(model.rest({ g_K: 0 })), spikes: model.lanes(asked, changes,
          { spikesOnly: true }).map((run) => run.time.length),
        unknown: tried(() => model.rest({ g_Kv: 1 })),
        many: tried(() => model.simulate({ ...asked, stimulus: Array(9).fill(pulse) })),
      };
    """
    found = run_in_node(SMALL, body)
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
      const { eigenvalues } = await import("ENGINE/eigenvalues.js");
      const found = given.matrices.map((each) => eigenvalues(each).map(({ re, im }) => [re, im]));
    """
    found = run_in_node(SMALL, body, matrices=[each.tolist() for each in matrices])
    for matrix, pairs in zip(matrices, found, strict=True):
        own = np.sort_complex(np.array([complex(*pair) for pair in pairs]))
        expected = np.sort_complex(np.linalg.eigvals(matrix).astype(complex))
        assert own == pytest.approx(expected, abs=1e-9 * np.abs(expected).max())


def test_a_membrane_with_an_array_has_no_page() -> None:
    with pytest.raises(UsageError, match="its g_L is an array: choose one of its values"):
        browser_kernel(SMALL.replace(g_L=[0.1, 0.3]))
