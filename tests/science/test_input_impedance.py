"""Input impedance against the linearised equations written anew, and against what is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import held_gates as exact
import loligo as lo
from loligo.errors import LoligoError

impedance = lo.experiments.input_impedance
SQUID = "hodgkin-huxley-1952"
EACH = pytest.mark.parametrize("name", sorted(exact.LIBRARY))
PASSIVE = lo.Membrane(C_m=2, channels=[lo.Channel("L", g=0.4, E=-65)], name="passive")


def rates(model: dict, state: np.ndarray) -> np.ndarray:
    """Of V and the gates that move; C_m is 1."""
    V, found = state[0], []
    moving = iter(state[1:])
    gates = {}
    for _, _, kinetics in model.values():
        for name, k in kinetics.items():
            gates[name] = k.inf(V) if k.tau is None else next(moving)
            if k.tau is not None:
                found.append((k.inf(V) - gates[name]) / k.tau(V))
    total = sum(exact.conductance(model, c, gates) * (V - model[c][1]) for c in model)
    return np.array([-total, *found])


def rest(model: dict, current: float = 0.0) -> np.ndarray:
    def balance(V: float) -> float:
        gates = exact.steady(model, V)
        return current - sum(exact.conductance(model, c, gates) * (V - model[c][1]) for c in model)

    grid = np.linspace(-120.3, -50.1, 300)
    k = int(np.argmax(np.array([balance(V) for V in grid]) < 0))
    V = brentq(balance, grid[k - 1], grid[k], xtol=1e-13)
    every = [k for _, _, kinetics in model.values() for k in kinetics.values()]
    moving = [k.inf(V) for k in every if k.tau is not None]
    return np.array([V, *moving])


def jacobian(model: dict, at: np.ndarray) -> np.ndarray:
    """By differences of sixth order."""
    columns = []
    for k in range(at.size):
        h = 2e-3 * np.eye(at.size)[k] * (10 if k == 0 else 1)
        terms = [w * (rates(model, at + j * h) - rates(model, at - j * h))
                 for j, w in ((1, 45), (2, -9), (3, 1))]  # fmt: skip
        columns.append(sum(terms) / (60 * h[k]))
    return np.array(columns).T


def linearised(J: np.ndarray, f: np.ndarray) -> np.ndarray:
    return np.array([np.linalg.inv(2j * np.pi * x / 1e3 * np.eye(len(J)) - J)[0, 0] for x in f])


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("current", [0.0, -3.0])
def test_the_linearised_membrane_and_a_chirp_agree_with_equations_written_anew(
    name: str, current: float
) -> None:
    model = exact.LIBRARY[name]
    found = impedance(lo.load(name), current=current)
    J = jacobian(model, rest(model, current))
    Z = linearised(J, found.frequency.values)
    assert np.abs(found.impedance * np.exp(1j * np.radians(found.phase)) / Z - 1).max() < 1e-7
    Z = linearised(J, found.probed.values)
    assert np.abs(found.zap * np.exp(1j * np.radians(found.zap_phase)) / Z - 1).max() < 1e-5
    assert float(found.input_resistance) == pytest.approx(-np.linalg.inv(J)[0, 0], rel=1e-7)
    assert float(found.time_constant) == pytest.approx(-1 / J[0, 0], rel=1e-8)
    slowest = -1 / np.linalg.eigvals(J).real.max()
    assert float(found.slowest) == pytest.approx(slowest, rel=1e-7)
    best = minimize_scalar(
        lambda f: -abs(linearised(J, np.array([f]))[0]), bounds=(1, 300), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    if best.x < 1.01:
        assert np.isnan(found.resonance)
        assert "does not resonate" in found.attrs["summary"]
    else:
        assert float(found.resonance) == pytest.approx(best.x, rel=1e-5)
        assert float(found.Q) == pytest.approx(-best.fun / abs(np.linalg.inv(J)[0, 0]), rel=1e-7)


@pytest.mark.slow
def test_a_passive_membrane_is_a_resistor_and_a_capacitor() -> None:
    found = impedance(PASSIVE, frequency=[1, 10, 100, 300])
    Z = 2.5 / (1 + 2j * np.pi * found.frequency.values / 1e3 * 5)
    np.testing.assert_allclose(found.impedance, np.abs(Z), rtol=1e-12)
    np.testing.assert_allclose(found.phase, np.degrees(np.angle(Z)), rtol=1e-12)
    np.testing.assert_allclose(found.zap, np.abs(Z), rtol=1e-6)
    assert float(found.time_constant) == pytest.approx(5)
    assert float(found.slowest) == pytest.approx(5)
    assert np.isnan(found.Q)


@pytest.mark.slow
def test_what_is_nonlinear_shows_with_a_large_chirp() -> None:
    squid = lo.load(SQUID)
    small, large = (impedance(squid, amplitude=a) for a in (0.002, 1))
    assert np.abs(small.zap - small.impedance.interp(frequency=small.probed)).max() < 5e-3
    assert np.abs(large.zap - small.zap).max() > 0.05


def test_without_a_stable_rest_nothing_is_measured() -> None:
    found = impedance(lo.load(SQUID), current="10 uA/cm2")
    assert np.isnan(found.impedance).all()
    assert np.isnan(found.zap).all()
    assert np.isnan(found.input_resistance)
    assert "no stable rest" in found.attrs["summary"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"frequency": []}, "frequency is empty"),
        ({"frequency": [10, 1]}, "increasing order"),
        ({"frequency": [0, 1]}, "frequency"),
        ({"frequency": ["5 mV"]}, "frequency"),
        ({"current": [0, 1]}, "current is one number"),
        ({"amplitude": 0}, "amplitude"),
        ({"duration": "1 mV"}, "duration"),
    ],
)
def test_wrong_input_says_what_to_do(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(LoligoError, match=words):
        impedance(lo.load(SQUID), **asked)
