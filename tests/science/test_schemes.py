"""Kinetic schemes against independent integrations and closed forms."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import null_space

import loligo as lo
from loligo.system.outline import outline_of

SQUID = lo.load("hodgkin-huxley-1952")


def name(open_: int, free: int) -> str:
    """A state of the sodium channel: how many m gates are open, and whether h is."""
    return "O" if (open_, free) == (3, 1) else f"C{open_}" if free else f"I{open_}"


STATES = [name(i, j) for j in (0, 1) for i in range(4)]


def eight_states(**asked: Any) -> lo.Membrane:
    """m**3 h as the eight states that its gates make (Hille 2001, Ion Channels of Excitable
    Membranes, 3rd ed., fig. 18.1; Hodgkin & Huxley 1952 for the rates)."""
    ways = [f"{name(i, j)} <-> {name(i + 1, j)}: {3 - i}*alpha_m, {i + 1}*beta_m"
            for j in (0, 1) for i in range(3)]  # fmt: skip
    ways += [f"{name(i, 0)} <-> {name(i, 1)}: alpha_h, beta_h" for i in range(4)]
    return lo.Membrane(
        C_m=1,
        celsius=6.3,
        helpers={
            "phi": "q10(3, 6.3)",
            "alpha_m": "phi*0.1*(V+40)/(1-exp(-(V+40)/10))",
            "beta_m": "phi*4*exp(-(V+65)/18)",
            "alpha_h": "phi*0.07*exp(-(V+65)/20)",
            "beta_h": "phi/(1+exp(-(V+35)/10))",
        },
        schemes=lo.Scheme("Na", STATES, ways, **asked),
        channels=[lo.Channel("Na", g=120, E=50, open="O"), *SQUID.channels[1:]],
    )


@pytest.mark.slow
def test_gates_and_the_scheme_that_they_make_are_one() -> None:
    shock, solver = lo.Pulse(2, 20, 12), lo.Taylor(1e-10)
    with_gates = lo.simulate(SQUID.replace(celsius=12), shock, 25, solver=solver)
    with_states = lo.simulate(eight_states().replace(celsius=12), shock, 25, solver=solver)
    m, h = with_gates.m, with_gates.h
    assert float(abs(with_states.V - with_gates.V).max()) < 2e-6
    assert float(abs(with_states.I_Na - with_gates.I_Na).max()) < 2e-5
    assert float(abs(with_states.O - m**3 * h).max()) < 1e-8
    assert float(abs(with_states.I0 - (1 - m) ** 3 * (1 - h)).max()) < 1e-8
    total = sum(with_states[state] for state in STATES)
    assert float(abs(total - 1).max()) < 1e-15


@pytest.mark.slow
def test_fixed_steps_approach_it_in_second_order() -> None:
    shock, membrane = lo.Pulse(2, 5, 20), eight_states()
    exact = lo.simulate(SQUID, shock, 10, solver=lo.Taylor(1e-11)).V
    errors = [
        float(abs(lo.simulate(membrane, shock, 10, solver=lo.Exponential(dt=dt)).V - exact).max())
        for dt in (0.005, 0.0025)
    ]
    assert 3.6 < errors[0] / errors[1] < 4.4
    assert errors[1] < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("eliminated", ["O", "C2"])
def test_which_one_is_eliminated_changes_nothing(eliminated: str) -> None:
    shock, solver = lo.Pulse(1, 5, 20), lo.Taylor(1e-10)
    one = lo.simulate(eight_states(), shock, 8, solver=solver)
    other = lo.simulate(eight_states(eliminated=eliminated), shock, 8, solver=solver)
    assert other[eliminated].attrs == one[eliminated].attrs
    assert float(abs(one.V - other.V).max()) < 2e-6
    assert float(abs(one[eliminated] - other[eliminated]).max()) < 1e-8


HERG = """\
title = "hERG in five states, as in Wang et al. 1997, J. Physiol. 502:45-60, rates made up"
C_m = 1.0

[parameters]
k_f = "0.0237 1/ms"
k_b = "0.0368 1/ms"

[helpers]
alpha = "0.022348*exp(0.01176*V)"

[schemes.Kr]
meaning = "hERG"
states = ["C1", "C2", "C3", "O", "I"]
transitions = [
    "C1 <-> C2: alpha, 0.047002*exp(-0.0631*V)",
    "C2 <-> C3: k_f, k_b",
    "C3 <-> O: 0.013733*exp(0.038198*V), 0.0000689*exp(-0.04178*V)",
    "O <-> I: 0.090821*exp(0.023391*V), 0.006497*exp(-0.03268*V)",
    "C3 -> I: 0.001*exp(0.02*V)",   # and no way back
]
eliminated = "C3"
initial = { C1 = 1.0 }

[channels.Kr]
g = 0.9
E = -88.0
open = "O"

[channels.L]
g = 0.05
E = -40.0
"""


def herg(v: float) -> np.ndarray:
    """The rates written anew: dx/dt = Q x for C1, C2, C3, O, I, per ms."""
    a, b = 0.022348 * np.exp(0.01176 * v), 0.047002 * np.exp(-0.0631 * v)
    opens, closes = 0.013733 * np.exp(0.038198 * v), 0.0000689 * np.exp(-0.04178 * v)
    i, r, direct = 0.090821 * np.exp(0.023391 * v), 0.006497 * np.exp(-0.03268 * v), 0.001
    q = np.zeros((5, 5))
    for source, target, rate in (
        (0, 1, a), (1, 0, b), (1, 2, 0.0237), (2, 1, 0.0368), (2, 3, opens), (3, 2, closes),
        (3, 4, i), (4, 3, r), (2, 4, direct * np.exp(0.02 * v)),
    ):  # fmt: skip
        q[target, source] += rate
        q[source, source] -= rate
    return q


def flow(t: float, x: np.ndarray, injected: float) -> np.ndarray:
    v, occupied = x[0], x[1:]
    currents = 0.9 * occupied[3] * (v + 88) + 0.05 * (v + 40)
    return np.concatenate([[injected - currents], herg(v) @ occupied])


KR = ["C1", "C2", "C3", "O", "I"]
QUICK = lo.Exponential(dt=0.05, engine="numpy")  # compiles nothing


@pytest.fixture(scope="module")
def kr(tmp_path_factory: pytest.TempPathFactory) -> lo.Membrane:
    path: Path = tmp_path_factory.mktemp("kr") / "kr.toml"
    path.write_text(HERG)
    return lo.load(path)


def test_against_an_integration_written_anew(kr: lo.Membrane) -> None:
    rec = lo.simulate(kr, lo.Pulse(20, 100, 3), 200, solver=lo.Taylor(1e-10))
    start = np.array([rec[each].values[0] for each in ("V", *KR)])
    assert abs(flow(0, start, 0)).max() < 1e-11  # at rest
    assert start[1:] == pytest.approx(steady(float(start[0])), abs=1e-12)
    for injected, span in zip((0, 3, 0), pairwise((0, 20, 120, 200)), strict=True):
        exact = solve_ivp(flow, span, start, "DOP853", rtol=1e-12, atol=1e-13, args=(injected,),
                          dense_output=True)  # fmt: skip
        during = rec.sel(time=slice(*span))
        for row, each in enumerate(("V", *KR)):
            assert during[each].values == pytest.approx(exact.sol(during.time)[row], abs=3e-7)
        start = exact.y[:, -1]


def steady(v: float) -> np.ndarray:
    occupied = null_space(herg(v))[:, 0]
    return occupied / occupied.sum()


def test_with_v_held_it_begins_in_its_steady_state(kr: lo.Membrane) -> None:
    held = lo.simulate(kr, None, 0.1, initial=[-90.0, -20.0, 40.0], record=["V", *KR], solver=QUICK)
    for lane, v in enumerate((-90.0, -20.0, 40.0)):
        first = [float(held[each][lane, 0]) for each in KR]
        assert first == pytest.approx(steady(v), abs=1e-10)


def test_lanes_and_given_occupancies(kr: lo.Membrane) -> None:
    given = {"V": -60, "C1": 0.1, "C2": 0.2, "O": [0.3, 0.4], "I": 0.1}
    rec = lo.simulate(
        kr.replace(g_Kr=[0.5, 1.0]), None, 5, initial=given, record=["V", *KR], solver=QUICK
    )
    assert rec.C3.isel(time=0).values.ravel() == pytest.approx([0.3, 0.2, 0.3, 0.2])
    total = sum(rec[each] for each in KR)
    assert float(abs(total - 1).max()) < 1e-15


def test_a_scheme_without_way_back_ends_where_it_must() -> None:
    drug = lo.Scheme("B", ["F", "B"], ["F -> B: 0.1"], initial={"F": 1})
    membrane = lo.Membrane(schemes=drug, channels=lo.Channel("L", g=0.3, E=-65, open="F"))
    rec = lo.simulate(membrane, None, 20, initial={"V": -65, "B": 0.0})
    assert rec.B.values == pytest.approx(1 - np.exp(-0.1 * rec.time.values), abs=1e-8)


def test_where_rest_depends_on_the_beginning_it_is_asked_for() -> None:
    def trapped(**asked: Any) -> lo.Membrane:
        ways = ["C -> I1: 0.1", "C -> I2: 0.02"]
        scheme = lo.Scheme("B", ["C", "I1", "I2"], ways, **asked)
        return lo.Membrane(schemes=scheme, channels=lo.Channel("L", g=0.3, E=-65, open="I1"))

    with pytest.raises(lo.LoligoError, match="constant, and nothing says what it is: give"):
        lo.simulate(trapped(), None, 1, solver=QUICK)
    given = trapped(initial={"C": 0.6, "I2": 0.4}, eliminated="I2")
    rec = lo.simulate(given, None, 1, solver=QUICK)
    shares = [float(rec[each][0]) for each in ("C", "I1", "I2")]
    assert shares == pytest.approx([0, 0.6 * 5 / 6, 0.4 + 0.6 / 6], abs=1e-12)


def test_given_occupancies_leave_none_below_zero() -> None:
    scheme = lo.Scheme("B", ["C", "O", "I"], ["C <-> O: 1, 1", "O <-> I: 1, 1"])
    cell = lo.Membrane(schemes=scheme, channels=lo.Channel("L", g=0.3, E=-65, open="O"))

    def begin(**given: Any) -> list[Any]:
        rec = lo.simulate(cell, None, 1, initial={"V": -60, **given}, solver=QUICK,
                          record=["C", "O", "I"])  # fmt: skip
        return [rec[each].values[..., 0].tolist() for each in ("C", "O", "I")]

    # I is as large as O once it is steady, and C is what is left
    assert begin(O=0.4) == pytest.approx([0.2, 0.4, 0.4], abs=1e-12)
    assert begin(O=1, I=0) == [0, 1, 0]
    with pytest.raises(lo.LoligoError, match=r"with the given O there would be -1 of C, .*give I"):
        begin(O=1)
    with pytest.raises(lo.LoligoError, match=r"given O and I there would be -0.2 of C.*give less"):
        begin(O=0.6, I=0.6)
    with pytest.warns(UserWarning, match="1 of 2 lanes could not be run.* -1 of C"):
        closed, opened, _ = begin(O=[0.4, 1])
    assert closed[0] == pytest.approx(0.2, abs=1e-12)
    assert opened[0] == 0.4
    assert np.isnan([closed[1], opened[1]]).all()


def test_it_is_a_document(kr: lo.Membrane, tmp_path: Path) -> None:
    assert lo.Membrane.from_dict(kr.to_dict()) == kr
    kr.save(tmp_path / "again.toml")
    assert lo.load(tmp_path / "again.toml") == kr
    assert outline_of(kr).states == ("V", "C1", "C2", "O", "I")
    assert outline_of(kr).occupancies == ("C1", "C2", "O", "I")
    about = outline_of(kr).about
    assert about["C3"] == {"units": "1", "long_name": "occupancy of C3 (hERG)", "role": "state"}
    assert kr.schemes[0].rates["C3", "I"].text == "0.001*exp(0.02*V)"


def test_how_it_is_shown(kr: lo.Membrane) -> None:
    shown = str(kr.equations)
    assert "I_Kr = g_Kr O (V − E_Kr)" in shown
    assert "C1 ⇌ C2 : alpha, k_C2_C1" in shown
    assert "C3 → I  : k_C3_I" in shown
    assert "dC2/dt  = alpha C1 + k_b C3 − (k_C2_C1 + k_f) C2" in shown
    assert "C3      = 1 − C1 − C2 − O − I" in shown
    assert "k_C3_I  = 0.001*exp(0.02*V)" in shown
    tex = kr.equations.latex
    assert r"C_{1} \rightleftharpoons C_{2} &: \alpha,\quad k_{\mathrm{C2},\mathrm{C1}}" in tex
    assert tex.count("{") == tex.count("}")


@pytest.mark.slow
def test_it_is_explained(kr: lo.Membrane) -> None:
    told = str(lo.explain(kr, "O"))
    assert "dO/dt" in told
    assert "C3" in str(lo.explain(kr, "C3"))


@pytest.mark.slow
def test_an_axon_of_channels_in_schemes_conducts() -> None:
    def velocity(membrane: lo.Membrane) -> float:
        axon = lo.Axon(membrane, "4 cm", 476, 35.4)
        rec = lo.simulate(axon, lo.at(0, lo.Pulse(0.5, 0.2, 20_000)), 6, positions=["1 cm", "3 cm"])
        first, last = lo.spike_times(rec).values[:, 0]
        apart = float(np.ptp(rec.position.values)) / 1000  # mm
        return apart / (last - first)

    warm = {"celsius": 18.5}
    assert velocity(eight_states().replace(**warm)) == pytest.approx(
        velocity(SQUID.replace(**warm)), rel=2e-3
    )
