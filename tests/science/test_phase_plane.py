"""Phase planes against equations written anew: nullclines, fixed points, fields and paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

import held_gates as exact
import loligo as lo
from cells import bistable, calcium
from loligo.errors import LoligoError

plane = lo.experiments.phase_plane
SQUID = lo.load("hodgkin-huxley-1952")
GATES = {name: k for _, _, gates in exact.SQUID.values() for name, k in gates.items()}
FITZHUGH = lo.Membrane(
    C_m=1, channels=[lo.Channel("fast", current="V**3/3 - V"), lo.Channel("slow", current="w")],
    states=[lo.State("w", "(V + 0.7 - 0.8*w)/12.5", initial=-0.6)], name="fitzhugh",
)  # fmt: skip


def squid(V: Any, m: Any, h: Any, n: Any, current: float = 0.0) -> dict[str, Any]:
    """The rates of the axon's states."""
    ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.387)
    gates = {"m": m, "h": h, "n": n}
    moving = {
        x: np.vectorize(lambda v, y, k=GATES[x]: (k.inf(v) - y) / k.tau(v))(V, gates[x])
        for x in "mhn"
    }
    return {"V": current - ionic, **moving}


def split(V: Any, n: Any, current: float = 0.0) -> tuple[Any, Any]:
    """With m steady and h in proportion to what n leaves closed."""
    m = np.vectorize(GATES["m"].inf)(V)
    h = REST["h"] / (1 - REST["n"]) * (1 - n)
    rates = squid(V, m, h, n, current)
    return rates["V"], rates["n"]


def _rest() -> dict[str, float]:
    V = fsolve(lambda V: squid(V[0], *(GATES[x].inf(V[0]) for x in "mhn"))["V"], [-65], xtol=1e-13)
    return {"V": V[0], **{x: GATES[x].inf(V[0]) for x in "mhn"}}


REST = _rest()


def roots(row: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(np.sign(row))))


@pytest.mark.slow
def test_the_squid_s_plane() -> None:
    found = plane(SQUID, current=2, shock=[5, 20])
    V, n = found.along_x.values, found.nullcline_x.values
    assert np.abs(split(V, n, 2.0)[0])[np.isfinite(V)].max() < 1e-9
    V, n = found.along_y.values, found.nullcline_y.values
    assert np.abs(n - [GATES["n"].inf(v) for v in V]).max() < 1e-12
    # every branch is there: as many roots on a line of the grid as a dense scan counts
    lines = np.linspace(-87, 60, 241)
    for v in lines[5::40]:
        dense = split(v, np.linspace(0, 1, 4001), 2.0)[0]
        assert np.count_nonzero(np.abs(found.along_x - v) < 1e-9) == roots(dense), v
    # the field
    V, n = np.meshgrid(found.x, found.y)
    for values, truth in zip((found.field_x, found.field_y), split(V, n, 2.0), strict=True):
        np.testing.assert_allclose(values, truth, rtol=1e-9, atol=1e-9)
    # fixed points
    kinds = []
    for k in range(found.sizes["fixed_x"]):
        at = np.array([found.fixed_x[k], found.fixed_y[k]])
        true = fsolve(lambda z: np.ravel(split(*z, 2.0)), at, xtol=1e-13)
        np.testing.assert_allclose(at, true, atol=1e-9)
        J = np.array([
            (np.ravel(split(*(true + d), 2.0)) - np.ravel(split(*(true - d), 2.0))) / (2 * d.sum())
            for d in np.diag([1e-4, 1e-6])
        ]).T  # fmt: skip
        values = np.linalg.eigvals(J).astype(complex)
        own = found.eigenvalue_real[k].values + 1j * found.eigenvalue_imag[k].values
        np.testing.assert_allclose(np.sort_complex(own), np.sort_complex(values), rtol=1e-5)
        assert bool(found.stable[k]) == (values.real.max() < 0)
        kinds.append(str(found.kind.values[k]))
    assert kinds == ["stable focus", "saddle", "unstable node"]
    assert "h = 0.8735 (1 - n)" in found.attrs["summary"]


@pytest.mark.slow
def test_paths_follow_the_field() -> None:
    found = plane(SQUID, current=2, shock=[5, 20], duration=15)
    for k, shock in enumerate((5, 20)):
        true = solve_ivp(
            lambda _, z: np.ravel(split(*z, 2.0)), (0, 15), [REST["V"] + shock, REST["n"]],
            "DOP853", found.time.values, rtol=1e-11, atol=1e-12,
        )  # fmt: skip
        assert np.abs(found.path_x[k] - true.y[0]).max() < 1e-4
        assert np.abs(found.path_y[k] - true.y[1]).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("others", "m", "h"),
    [
        ("steady", None, None),
        ("frozen", REST["m"], REST["h"]),
        ({"m": "steady", "h": 0.4}, None, 0.4),
        ({"h": "0.85 - n", "m": "frozen"}, REST["m"], lambda n: 0.85 - n),
    ],
)
def test_what_becomes_of_the_others(others: Any, m: Any, h: Any) -> None:
    found = plane(SQUID, others=others, shock=10, duration=1)
    V, n = np.meshgrid(found.x, found.y)
    each = {
        x: np.vectorize(GATES[x].inf)(V) if way is None else way(n) if callable(way) else way
        for x, way in (("m", m), ("h", h))
    }
    rates = squid(V, np.broadcast_to(each["m"], V.shape), np.broadcast_to(each["h"], V.shape), n)
    np.testing.assert_allclose(found.field_x, rates["V"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.field_y, rates["n"], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_two_gates_move_each_by_itself_where_V_is_held() -> None:
    found = plane(SQUID, "m", "h", others={"V": -20, "n": 0.3}, start=[(0.1, 0.9), (0.8, 0.2)],
                  duration=5)  # fmt: skip
    m, h = (GATES[x].inf(-20.0) for x in "mh")
    np.testing.assert_allclose(found.along_x, m, rtol=1e-12)  # upright
    np.testing.assert_allclose(found.nullcline_y, h, rtol=1e-12)
    assert found.kind.values.tolist() == ["stable node"]
    assert float(found.fixed_x[0]) == pytest.approx(m, rel=1e-12)
    t = found.time.values
    for k, (first, second) in enumerate(((0.1, 0.9), (0.8, 0.2))):
        truth = m + (first - m) * np.exp(-t / GATES["m"].tau(-20.0))
        assert np.abs(found.path_x[k] - truth).max() < 1e-8
        truth = h + (second - h) * np.exp(-t / GATES["h"].tau(-20.0))
        assert np.abs(found.path_y[k] - truth).max() < 1e-8


@pytest.mark.slow
def test_fitzhugh_s_own_plane() -> None:
    found = plane(FITZHUGH, current=0.5, shock=[0.3, 1])
    V, w = found.along_x.values, found.nullcline_x.values
    known = np.isfinite(V)
    assert np.abs(w - (V - V**3 / 3 + 0.5))[known].max() < 1e-12
    assert known.sum() > 200
    V, w = found.along_y.values, found.nullcline_y.values
    assert np.abs(w - (V + 0.7) / 0.8).max() < 1e-12
    (true,) = (r.real for r in np.roots([1 / 3, 0, 1 / 0.8 - 1, 0.7 / 0.8 - 0.5]) if not r.imag)
    assert float(found.fixed_x[0]) == pytest.approx(true, rel=1e-12)
    assert found.kind.values.tolist() == ["unstable focus"]  # it goes round for ever
    assert float(found.path_x[0, 3000:].max() - found.path_x[0, 3000:].min()) > 3


@pytest.mark.slow
def test_a_nullcline_may_have_many_values() -> None:
    """With V upwards the cubic has three values at one w."""
    found = plane(FITZHUGH, "w", "V", shock=0.5)
    w, V = found.along_y.values, found.nullcline_y.values
    assert np.abs(w - (V - V**3 / 3))[np.isfinite(w)].max() < 1e-12
    middle = w[np.isfinite(w)]
    grid = np.unique(middle.round(12), return_counts=True)
    assert grid[1].max() >= 3


def test_contours_that_meet_in_a_cell_and_close() -> None:
    from loligo.experiments.plane import contour

    x, y = np.linspace(-2, 2, 41), np.linspace(-1.5, 1.5, 31)
    ring = contour(lambda a, b: a**2 + b**2 - 1, x, y)
    np.testing.assert_allclose(np.hypot(*ring.T), 1, rtol=1e-12)
    np.testing.assert_array_equal(ring[0], ring[-1])
    cross = contour(lambda a, b: (a - 0.013) * (b - 0.02), x, y)
    known = np.isfinite(cross[:, 0])
    off = np.minimum(np.abs(cross[known, 0] - 0.013), np.abs(cross[known, 1] - 0.02))
    assert off.max() < 1e-12
    assert np.count_nonzero(~known) == 1  # two branches
    assert np.isnan(contour(lambda a, b: a + b + 10, x, y)).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "membrane",
    [*map(lo.load, sorted(exact.LIBRARY)), bistable(), calcium(), SQUID.replace(E_L=20),
     SQUID.replace(g_Na=0)],
    ids=str,
)  # fmt: skip
def test_every_membrane_has_a_plane(membrane: lo.Membrane) -> None:
    found = plane(membrane)
    assert found.sizes["fixed_x"] >= 1
    rest = lo.rest(membrane)
    if "n" in rest:
        assert np.abs(found.fixed_x - float(rest.V)).min() < 1e-6
    assert found.attrs["summary"].endswith(".")
    assert np.isfinite(found.path_x).all()


PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_state_has_no_plane(theme: str) -> None:
    found = plane(PASSIVE)
    assert "V alone moves" in found.attrs["summary"]
    assert np.isnan(found.path_y).all()
    lo.plot(found, theme=theme)


WRONG: list[tuple[lo.Membrane, dict[str, Any], str]] = [
    (SQUID, {"y": "q"}, "is no state that moves.*V, m, h, n"),
    (SQUID, {"x": "n", "y": "n"}, "two different states"),
    (SQUID, {"others": "stedy"}, "neither 'steady' nor 'frozen'"),
    (SQUID, {"others": {"n": 0.3}}, "no state besides the two"),
    (SQUID, {"others": {"h": [0.3, 0.4]}}, "held at one number"),
    (SQUID, {"others": {"h": "0.8 - q"}}, "others: .*q"),
    (SQUID, {"x": "m", "others": {"V": "steady"}}, "V is no gate"),
    (SQUID, {"shock": 5, "start": [(0, 0.5)]}, "not both"),
    (SQUID, {"start": [5]}, "row of pairs"),
    (SQUID, {"start": 5}, "row of pairs"),
    (SQUID, {"start": "rest"}, "row of pairs"),
    (SQUID, {"start": [(1, 2, 3)]}, "row of pairs"),
    (SQUID, {"start": (-60, "fast")}, "start"),
    (SQUID, {"start": []}, "start is empty"),
    (SQUID, {"x_range": (50, -50)}, "the lower first"),
    (SQUID, {"y_range": 1}, "pair of numbers"),
    (SQUID, {"shock": []}, "shock is empty"),
    (SQUID, {"current": "2 nA"}, "current"),
    (SQUID, {"duration": -1}, "duration"),
    (PASSIVE, {"y": "n"}, "is no state that moves"),
    (lo.load("wang-buzsaki-1996"), {"y": "m"}, "is no state that moves"),
]


@pytest.mark.parametrize(("membrane", "asked", "words"), WRONG)
def test_wrong_input_says_what_to_do(
    membrane: lo.Membrane, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(LoligoError, match=words):
        plane(membrane, **asked)


@pytest.mark.slow
def test_shocks_and_times_are_those_of_the_model() -> None:
    """Where nothing is given a shock excites, another does not, and the paths go to their end."""
    slow = lo.Membrane(
        C_m=20,
        channels=[
            lo.Channel("Ca", g=4.4, E=120, gates=[
                lo.Gate("m", inf="0.5*(1+tanh((V+1.2)/18))", instantaneous=True),
            ]),
            lo.Channel("K", g=8, E=-84, gates=[
                lo.Gate("w", inf="0.5*(1+tanh((V-2)/30))", tau="10/(0.04*cosh((V-2)/60))"),
            ]),
            lo.Channel("L", g=2, E=-60),
        ],
    )  # fmt: skip
    found = plane(slow)
    tops = found.path_x.max("time").values
    assert tops[0] < -10 < 20 < tops[1]
    assert float(found.time[-1]) > 100
    assert np.ptp(found.path_x.values[:, -100:]) < 5
