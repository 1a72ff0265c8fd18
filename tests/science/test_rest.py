"""Where membranes stand still, against equations written anew and SciPy's root finders."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

import loligo as lo

SQUID = lo.load("hodgkin-huxley-1952")


# ---- the squid's equations, from the paper (V from -65 mV), at 6.3 degC


def x_over_expm1(x: float) -> float:
    return 1.0 if x == 0 else x / np.expm1(x)


def rates(v: float) -> dict[str, tuple[float, float]]:
    """alpha and beta of each gate, of the depolarisation."""
    return {
        "m": (x_over_expm1((25 - v) / 10), 4 * np.exp(-v / 18)),
        "h": (0.07 * np.exp(-v / 20), 1 / (np.exp((30 - v) / 10) + 1)),
        "n": (0.1 * x_over_expm1((10 - v) / 10), 0.125 * np.exp(-v / 80)),
    }


def flow(state: np.ndarray, current: float = 0.0) -> np.ndarray:
    V, m, h, n = state
    ions = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.387)
    gates = [a * (1 - x) - b * x for (a, b), x in zip(rates(V + 65).values(), (m, h, n))]  # noqa: B905
    return np.array([current - ions, *gates])


def steady(V: float) -> np.ndarray:
    return np.array([V, *(a / (a + b) for a, b in rates(V + 65).values())])


def jacobian(state: np.ndarray) -> np.ndarray:
    """By hand but for the slopes of the rates, which are differences of a high order."""
    V, m, h, n = state
    found = np.zeros((4, 4))
    found[0] = [
        -(120 * m**3 * h + 36 * n**4 + 0.3), -120 * 3 * m**2 * h * (V - 50),
        -120 * m**3 * (V - 50), -36 * 4 * n**3 * (V + 77),
    ]  # fmt: skip
    weights = {1: 672, 2: -168, 3: 32, 4: -3}  # /840: eighth order
    for row, (name, x) in enumerate(zip("mhn", (m, h, n), strict=True), start=1):
        a, b = rates(V + 65)[name]
        found[row, row] = -(a + b)

        def rate(v: float, name: str = name, x: float = x) -> float:
            a, b = rates(v)[name]
            return a * (1 - x) - b * x

        step = 0.1
        found[row, 0] = sum(
            w * (rate(V + 65 + k * step) - rate(V + 65 - k * step)) for k, w in weights.items()
        ) / (840 * step)  # fmt: skip
    return found


def root(current: float, low: float, high: float) -> float:
    return brentq(lambda V: flow(steady(V), current)[0], low, high, xtol=1e-14, rtol=1e-15)


@pytest.mark.parametrize("current", [0.0, 3.0, 10.0, -20.0])
def test_squid_rests_where_its_equations_say(current: float) -> None:
    found = lo.rest(SQUID, current=current)
    V = root(current, -150, 0)
    expected = steady(V)
    for name, value in zip(("V", "m", "h", "n"), expected, strict=True):
        assert float(found[name]) == pytest.approx(value, rel=0, abs=1e-11 if name != "V" else 1e-9)
    assert float(found.G_K) == pytest.approx(36 * expected[3] ** 4, rel=1e-9)
    assert float(found.I_Na + found.I_K + found.I_L) == pytest.approx(current, abs=1e-10)
    modes = np.linalg.eigvals(jacobian(expected))
    modes = modes[np.lexsort((-modes.imag, -modes.real))]
    assert found.eigenvalue_real.values == pytest.approx(modes.real, rel=1e-9)
    assert found.eigenvalue_imag.values == pytest.approx(modes.imag, rel=1e-8, abs=1e-9)
    assert bool(found.stable) == bool((modes.real < 0).all()) == (current != 10.0)


def test_squid_rests_at_the_known_place() -> None:
    found = lo.rest(SQUID)
    assert float(found.V) == pytest.approx(-64.9963793, abs=5e-8)
    assert "-64.9964 mV" in found.attrs["summary"]


def test_the_slope_of_the_steady_current_is_its_derivative() -> None:
    """Also where there is a region in which it falls."""
    curve = lo.steady_state(SQUID, V=[-75, -65, -50, 0])
    for V, slope, current in zip(
        curve.V.values, curve.slope_conductance.values, curve.I_ionic.values, strict=True
    ):
        assert current == pytest.approx(-flow(steady(V))[0], rel=1e-11)
        weights, step = {1: 672, 2: -168, 3: 32, 4: -3}, 0.05
        exact = -sum(
            w * (flow(steady(V + k * step))[0] - flow(steady(V - k * step))[0])
            for k, w in weights.items()
        ) / (840 * step)
        assert slope == pytest.approx(exact, rel=1e-9)


def test_lanes_of_numbers_and_currents_cross() -> None:
    found = lo.rest(SQUID.replace(g_L=[0.2, 0.3]), current=[0.0, 4.0, 10.0])
    assert found.V.dims == ("g_L", "current")
    alone = lo.rest(SQUID.replace(g_L=0.3), current=4.0)
    assert float(found.V.sel(g_L=0.3, current=4.0)) == float(alone.V)
    assert "2 an unstable equilibrium alone" in found.attrs["summary"]


def test_all_equilibria_are_found_between_a_fold() -> None:
    """Wang & Buzsaki's two lower equilibria meet and vanish as the current grows: just before,
    they lie closer together than the first scan's steps."""
    model = lo.load("wang-buzsaki-1996")
    V = np.linspace(-64, -57, 701)
    curve = lo.steady_state(model, V=V)
    top = int(curve.I_ionic.values.argmax())
    finer = np.linspace(V[top - 1], V[top + 1], 201)
    most = float(lo.steady_state(model, V=finer).I_ionic.max())
    close = lo.rest(model, current=most - 1e-4)
    low, middle, high = close.V_equilibria.values
    assert 0 < middle - low < 0.5
    assert close.stable_equilibria.values.tolist() == [True, False, False]
    beyond = lo.rest(model, current=most + 1e-4)
    assert beyond.V_equilibria.size == 1
    assert not beyond.stable
    assert high == pytest.approx(float(beyond.V), abs=0.01)


def test_what_is_kept_constant_neither_grows_nor_decays() -> None:
    buffer = [lo.State("B", "k_off*CaB - k_on*B", 1), lo.State("CaB", "k_on*B - k_off*CaB", 0)]
    cell = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65)], states=buffer,
        parameters={"k_on": 2, "k_off": 1},
    )  # fmt: skip
    found = lo.rest(cell)
    assert bool(found.stable)
    assert found.eigenvalue_real.values == pytest.approx([0.0, -0.3, -3.0])
    assert float(found.B) == pytest.approx(1 / 3)
    assert float(found.CaB) == pytest.approx(2 / 3)
    assert lo.steady_state(cell, V=-50).slope_conductance == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("make", "current", "words"),
    [
        (lambda: SQUID, 10, "no stable rest and may fire by itself: at -59.5706 mV"),
        (lambda: lo.Membrane(C_m=1), 0, "without any conductance every voltage"),
        (lambda: lo.Membrane(C_m=1), 1, "balance nowhere between -1000 and 500 mV"),
        (lambda: lo.load("traub-miles-1991"), 0, "other equilibria: -62.2079 mV (unstable)"),
        (lambda: SQUID, 7, "decays by e in 18.2 ms, swinging at 88.1 Hz"),
    ],
    ids=["fires", "continuum", "nowhere", "several", "rings"],
)
def test_rest_is_told_in_words(make: object, current: float, words: str) -> None:
    assert words in lo.rest(make(), current=current).attrs["summary"]  # type: ignore[operator]


def test_a_state_without_a_steady_value_is_said() -> None:
    grows = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65)], states=[lo.State("Q", "0.1", 0)])
    assert "no steady value at any voltage" in lo.rest(grows).attrs["summary"]
    held = lo.steady_state(grows, V=[-60, -50])
    assert np.isnan(held.Q.values).all()
    assert "In 2 of 2 lanes" in held.attrs["summary"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lo.rest("hodgkin-huxley-1952"), 'lo.load("hodgkin-huxley-1952")'),
        (lambda: lo.rest(lo.Axon(SQUID, 1000, 10, 35)), "axon.regions[0].membrane"),
        (lambda: lo.rest(SQUID, current="3 mV"), "is a voltage"),
        (lambda: lo.rest(SQUID, current="1 nA"), "no area"),
        (lambda: lo.steady_state(SQUID, V=[]), "empty"),
        (lambda: lo.steady_state(SQUID, V="3 nA"), "is a current"),
    ],
)
def test_what_cannot_be_asked(call: object, words: str) -> None:
    with pytest.raises(lo.LoligoError) as told:
        call()  # type: ignore[operator]
    assert words in str(told.value)


def test_a_total_current_is_spread_over_the_area() -> None:
    spread = lo.rest(SQUID.replace(area=1000), current="1 nA")
    assert float(spread.V) == pytest.approx(float(lo.rest(SQUID, current=100).V), abs=1e-12)
