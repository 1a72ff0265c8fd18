"""Rest, gates and the action potential of a membrane, against equations written anew and SciPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

import loligo as lo
from hh_scipy import currents, derivative, rates, rest, steady
from loligo.figures.page.gates import gates_chart

SQUID = lo.load("hodgkin-huxley-1952")
PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)])
MODELS = ("connor-stevens-1977", "hodgkin-huxley-1952", "traub-miles-1991", "wang-buzsaki-1996")


# ---- at rest


def slope(function: Callable[[float], float], at: float, step: float = 0.05) -> float:
    """To the eighth order."""
    weights = {1: 672, 2: -168, 3: 32, 4: -3}
    return sum(w * (function(at + k * step) - function(at - k * step))
               for k, w in weights.items()) / (840 * step)  # fmt: skip


def linear() -> np.ndarray:
    """The Jacobian at rest, of differences of a high order."""
    y = np.array(steady(rest()))

    def rate(x: float, row: int, column: int) -> float:
        moved = y.copy()
        moved[column] = x
        return derivative(0, moved, 0.0, 120.0)[row]

    steps = (0.05, 1e-3, 1e-3, 1e-3)
    return np.array([
        [slope(lambda x, i=i, j=j: rate(x, i, j), y[j], steps[j]) for j in range(4)]
        for i in range(4)
    ])  # fmt: skip


def test_the_squid_at_rest() -> None:
    found = lo.experiments.resting_state(SQUID)
    V, m, h, n = steady(rest())
    chords = np.array([120 * m**3 * h, 36 * n**4, 0.3])
    assert float(found.V) == pytest.approx(V, abs=1e-9)
    assert found.conductance.values == pytest.approx(chords, rel=1e-10)
    flows = np.array(currents((V, m, h, n)))
    assert found.channel_current.values == pytest.approx(flows, rel=1e-9)
    assert found.share.values == pytest.approx(
        [flows[0] / (flows[0] + flows[2]), 1.0, flows[2] / (flows[0] + flows[2])], rel=1e-9
    )
    assert found.driving_force.values == pytest.approx(V - np.array([50, -77, -54.387]), rel=1e-9)
    against = slope(lambda x: -derivative(0, steady(x), 0, 120.0)[0], V)
    assert float(found.input_resistance) == pytest.approx(1 / against, rel=1e-9)
    assert float(found.time_constant) == pytest.approx(1 / chords.sum(), rel=1e-9)


def test_the_squid_resonates() -> None:
    found = lo.experiments.resting_state(SQUID)
    matrix = linear()

    def impedance(hertz: float) -> float:
        s = 2j * np.pi * hertz / 1e3
        return abs(np.linalg.solve(s * np.eye(4) - matrix, [1, 0, 0, 0])[0])

    best = minimize_scalar(lambda f: -impedance(f), bounds=(30, 120), method="bounded",
                           options={"xatol": 1e-10})  # fmt: skip
    assert float(found.resonance) == pytest.approx(best.x, rel=1e-5)
    assert float(found.resonance_height) == pytest.approx(-best.fun / impedance(0), rel=1e-7)
    assert float(found.input_resistance) == pytest.approx(impedance(0), rel=1e-7)
    rings = max(np.linalg.eigvals(matrix).imag) / (2 * np.pi) * 1e3
    assert float(found.ringing) == pytest.approx(rings, rel=1e-7)


@pytest.mark.parametrize(
    ("make", "current", "words"),
    [
        (lambda: SQUID, 0, "Current flows outward through K 100 %"),
        (lambda: SQUID, 10, "no stable rest and may fire by itself"),
        (lambda: PASSIVE, 0, "Input resistance 3.333 kΩ·cm²; time constant 3.333 ms"),
        (lambda: lo.Membrane(C_m=1), 0, "every voltage is an equilibrium"),
    ],
    ids=["squid", "fires", "passive", "nothing"],
)
def test_rest_in_words(make: Callable[[], lo.Membrane], current: float, words: str) -> None:
    found = lo.experiments.resting_state(make(), current=current)
    assert words in found.attrs["summary"]
    assert np.isnan(float(found.resonance)) == (words[0] != "C")
    lo.plot(found)


# ---- gates


def test_the_squids_rates_are_the_papers() -> None:
    found = lo.experiments.rate_functions(SQUID, voltage=[-90, -55, -40, 0, 30])
    names = ("m_alpha", "m_beta", "h_alpha", "h_beta", "n_alpha", "n_beta")
    for name, expected in zip(names, rates(found.voltage.values), strict=True):
        assert found[name].values == pytest.approx(expected, rel=1e-13), name
    a, b = found.m_alpha, found.m_beta
    assert found.m_inf.values == pytest.approx((a / (a + b)).values, rel=1e-13)
    assert found.m_tau.values == pytest.approx((1 / (a + b)).values, rel=1e-13)
    warm = lo.experiments.rate_functions(SQUID.replace(celsius=16.3), voltage=[-40])
    assert float(warm.m_alpha[0]) == pytest.approx(3.0, rel=1e-12)
    assert float(warm.m_inf[0]) == pytest.approx(float(found.m_inf[2]), rel=1e-12)


def test_where_gates_are_half_open_and_slowest() -> None:
    found = lo.experiments.rate_functions(SQUID)
    for k, name in enumerate("mhn"):

        def both(V: float, k: int = k) -> tuple[float, float]:
            return rates(V)[2 * k], rates(V)[2 * k + 1]

        half = brentq(lambda V, f=both: f(V)[0] - f(V)[1], -90, 0, xtol=1e-13)
        slow = minimize_scalar(lambda V, f=both: sum(f(V)), bounds=(-99, 0), method="bounded",
                               options={"xatol": 1e-9})  # fmt: skip
        assert float(found.half.sel(gate=name)) == pytest.approx(half, abs=1e-9)
        assert float(found.slowest.sel(gate=name)) == pytest.approx(1 / slow.fun, rel=1e-12)
        assert float(found.slowest_at.sel(gate=name)) == pytest.approx(slow.x, abs=1e-4)


def test_other_kinds_of_gates() -> None:
    """One that is given by inf and tau, one that is always steady, and a scheme."""
    crab = lo.experiments.rate_functions(lo.load("connor-stevens-1977"), voltage=[-60, -40])
    assert crab.a_alpha.values == pytest.approx((crab.a_inf / crab.a_tau).values)
    assert (crab.a_alpha + crab.a_beta).values == pytest.approx(1 / crab.a_tau.values)
    cell = lo.experiments.rate_functions(lo.load("wang-buzsaki-1996"))
    assert "m_tau" not in cell
    assert float(cell.m_alpha.sel(voltage=-35)) == pytest.approx(1.0)
    assert np.isnan(float(cell.slowest.sel(gate="m")))
    scheme = lo.Scheme("K", states=["C", "O"], transitions=["C <-> O: 0.1*exp(V/20), 0.05"])
    patch = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65), lo.Channel("K", g=10, E=-77, open="O")],
        schemes=[scheme],
    )  # fmt: skip
    found = lo.experiments.rate_functions(patch, voltage=[-20, 0])
    assert found.C_to_O.values == pytest.approx(0.1 * np.exp([-1, 0]))
    assert found.O_inf.values == pytest.approx(1 / (1 + 0.5 * np.exp([1, 0])))
    lo.plot(patch)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_drawn_by_its_gates(name: str) -> None:
    model = lo.load(name)
    chart = gates_chart(lo.experiments.rate_functions(model), None)
    steady_states = chart.panels[0]
    drawn = [layer.label for layer in steady_states.layers]  # type: ignore[union-attr]
    assert drawn == [f"`{gate.name}`" for gate in model.gates]  # symbols, set as such
    m, h = steady_states.layers[:2]
    assert (m.colour, m.dashes, h.colour) == ("Na", (), "Na")  # type: ignore[union-attr]
    assert h.dashes  # type: ignore[union-attr]
    assert [panel.y.unit for panel in chart.panels] == ["1", "ms", "1/ms", "1/ms"]


def test_a_model_is_drawn_in_one_call() -> None:
    assert len(lo.plot(SQUID, theme="dark", size=(800, 450)).axes) == 4
    for wrong, words in (
        (lambda: lo.plot(PASSIVE), "no gates"),
        (lambda: lo.plot(SQUID, panels=["V"]), "one figure"),
        (lambda: lo.plot(SQUID.replace(g_Na=[1, 2])), "varies"),
    ):
        with pytest.raises(lo.LoligoError, match=words):
            wrong()


# ---- the action potential


@pytest.fixture(scope="module")
def squids() -> xr.Dataset:
    return lo.experiments.action_potential(SQUID)


@pytest.mark.slow
def test_the_squids_action_potential(squids: xr.Dataset) -> None:
    """Of a displacement of V, the charges integrated beside the states."""
    start = steady(rest())
    start[0] += float(squids.shock)
    still = np.array(currents(steady(rest())))

    def flow(t: float, y: np.ndarray) -> list[float]:
        return [*derivative(t, y[:4], 0.0, 120.0), *(np.array(currents(y[:4])) - still)]

    time = squids.time.values
    made = solve_ivp(flow, (0, time[-1]), [*start, 0, 0, 0], "DOP853", rtol=1e-11, atol=1e-12,
                     t_eval=time, dense_output=True)  # fmt: skip
    assert squids.V.values == pytest.approx(made.y[0], abs=2e-5)
    assert squids.charge.values == pytest.approx(made.y[4:, -1], rel=1e-6)
    moved = made.y[4:6, -1] / 96.48533212  # nC per pmol of an ion with one charge: Na and K
    assert squids.entry.values[:2] == pytest.approx(-moved, rel=1e-6)
    assert np.isnan(squids.entry.values[2])  # the leak does not say what carries it
    fine = np.linspace(0, time[-1], 400_001)
    V = made.sol(fine)[0]
    assert float(squids.peak) == pytest.approx(V.max(), abs=1e-4)
    assert float(squids.latency) == pytest.approx(fine[V.argmax()], abs=1e-4)
    assert float(squids.undershoot) == pytest.approx(V[V.argmax() :].min(), abs=1e-4)
    rise = np.gradient(V, fine)
    assert float(squids.upstroke) == pytest.approx(rise.max(), rel=1e-4)
    assert float(squids.downstroke) == pytest.approx(rise[V.argmax() :].min(), rel=1e-4)
    assert float(squids.threshold) == pytest.approx(6.50507, abs=5e-6)
    above = fine[V.max() - float(squids.amplitude) / 2 < V]
    assert float(squids.half_width) == pytest.approx(above[-1] - above[0], abs=1e-4)


@pytest.mark.slow
def test_charge_is_conserved(squids: xr.Dataset) -> None:
    """What flowed through the channels is what the capacitance has lost."""
    lost = -(squids.V[-1] - squids.V[0]).item() * 1.0
    assert float(squids.charge.sum()) == pytest.approx(lost, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_an_action_potential(name: str) -> None:
    found = lo.experiments.action_potential(lo.load(name))
    assert float(found.peak) > 10
    assert float(found.charge.sel(channel="Na")) < -50
    assert "mV at once" in found.attrs["summary"]
    lo.plot(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SQUID.replace(E_L=-30.0, g_L=0.6), "It fires by itself; V peaks"),
        (lambda: PASSIVE, "No displacement of V excites it"),
        (lambda: lo.Membrane(C_m=1), "No action potential was seen"),
        (lambda: SQUID.replace(g_Na=0), "No displacement of V excites it"),
    ],
    ids=["pacemaker", "passive", "nothing", "no sodium"],
)
def test_no_action_potential_is_said(make: Callable[[], lo.Membrane], words: str) -> None:
    found = lo.experiments.action_potential(make())
    assert words in found.attrs["summary"]
    assert np.isnan(float(found.threshold))
    lo.plot(found)


@pytest.mark.slow
def test_too_weak_a_shock_is_refused() -> None:
    with pytest.raises(lo.LoligoError, match="strength is 1 or more"):
        lo.experiments.action_potential(SQUID, strength=0.9)
