"""What equations conserve, and what is given, while the other states are made steady."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import loligo as lo
from cells import SQUID_H, SQUID_M, SQUID_N, calcium
from loligo.errors import LoligoError
from loligo.run.conserved import combinations
from loligo.run.initial import initial_states, plain_kernel
from loligo.run.pose import pose
from loligo.run.status import Status

LEAK = lo.Channel("L", g=0.3, E=-65)
QUICK = lo.Exponential(0.05, engine="numpy")
NAMES = ("C1", "C2", "O", "I")


def markov(start: Any = (1, 0, 0, 0), **values: Any) -> lo.Membrane:
    """A channel of four occupancies, written as states."""
    rates = ("beta*C2 - alpha*C1", "alpha*C1 + 2*O - (beta + k)*C2", "k*C2 + b*I - (2 + a)*O",
             "a*O - b*I")  # fmt: skip
    membrane = lo.Membrane(
        channels=[LEAK, lo.Channel("Kr", g=1, E=-90, current="g_Kr*O*(V - E_Kr)")],
        states=[lo.State(n, r, x) for n, r, x in zip(NAMES, rates, start, strict=True)],
        helpers={"alpha": "0.1*(V+40)/(1-exp(-(V+40)/10))", "beta": "4*exp(-(V+65)/18)"},
        parameters={"k": 1, "a": 0.1, "b": 0.2},
    )
    return membrane.replace(**values) if values else membrane


def shares(V: float, k: float = 1.0, a: float = 0.1, b: float = 0.2) -> np.ndarray:
    """The occupancies at a held V, by detailed balance along the chain."""
    alpha = 0.1 * (V + 40) / -np.expm1(-(V + 40) / 10)
    beta = 4 * np.exp(-(V + 65) / 18)
    chain = np.cumprod([1.0, alpha / beta, k / 2.0, a / b])
    return chain / chain.sum()


def buffered(**values: Any) -> lo.Membrane:
    """A pool with a buffer, two of which make a third thing."""
    bound = "k_on*Ca*B - k_off*CaB"
    membrane = lo.Membrane(
        channels=[LEAK],
        states=[
            lo.State("Ca", f"(Ca_0 - Ca)/tau - ({bound}) + 0*V", 0.1),
            lo.State("B", f"-({bound})", 3.0),
            lo.State("CaB", f"{bound} - 2*(r*CaB**2 - s*D)", 0.5),
            lo.State("D", "r*CaB**2 - s*D", 0.25),
        ],
        parameters={"k_on": 2.0, "k_off": 0.5, "Ca_0": 0.4, "tau": 20, "r": 0.3, "s": 0.1},
    )
    return membrane.replace(**values) if values else membrane


def sodium(**values: Any) -> lo.Membrane:
    """All that flows through the membrane is sodium, and it stays inside."""
    membrane = lo.Membrane(
        celsius=20,
        channels=[lo.Channel("Na", g=0.1, E="nernst(1, Na_o, Na)")],
        states=[lo.State("Na", "-c*I_Na", 10, scale=10)],
        parameters={"Na_o": 140, "c": 1e-4},
    )
    return membrane.replace(**values) if values else membrane


def begin(model: Any, initial: Any = "rest", solver: Any = QUICK, **options: Any) -> Any:
    """The first sample."""
    names = options.pop("record", None)
    rec = lo.simulate(
        model, None, 0.05, initial=initial, solver=solver, sample_interval=0.05, record=names
    )
    return rec.isel(time=0)


# ------------------------------------------------------------------------ what is conserved


def found(model: lo.Membrane) -> list[dict[str, float]]:
    kernel = plain_kernel(model)
    names = kernel.program.states
    numbers = {n: np.array([float(p.value)]) for n, p in model.parameters.items()}
    weights = combinations(kernel.program, numbers, (*names[1:], "V"))
    if weights is None:
        return []
    rows = ({n: w for n, w in zip(names, row, strict=True) if w} for row in weights[0])
    return [row for row in rows if row]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (markov(), [dict.fromkeys(NAMES, 1.0)]),
        (markov(a=0, b=0), [{"C1": 1, "C2": 1, "O": 1}, {"I": 1}]),
        (buffered(), [{"B": 1, "CaB": 1, "D": 2}]),
        (buffered(r=0, s=0), [{"B": 1, "CaB": 1}, {"D": 1}]),
        (sodium(), [{"V": 1, "Na": -1e4}]),
        (calcium(), []),
        (lo.load("hodgkin-huxley-1952"), []),
        (lo.load("wang-buzsaki-1996"), []),
        (lo.load("wang-buzsaki-1996").replace(phi=0), [{"h": 1}, {"n": 1}]),
    ],
)
def test_what_is_conserved_is_found_at_the_numbers_of_the_model(
    model: lo.Membrane, expected: list[dict[str, float]]
) -> None:
    scaled = [{n: w / row[next(iter(row))] for n, w in row.items()} for row in found(model)]
    assert scaled == [pytest.approx(row, rel=1e-14) for row in expected]


@pytest.mark.parametrize(
    "solver", [QUICK, lo.Exponential(0.05), lo.Taylor(), lo.Reference()], ids=repr
)
def test_occupancies_written_as_states_begin_with_their_sum(solver: Any) -> None:
    """At rest, where V is the root of the balance with detailed balance in the channel."""

    def balance(V: float) -> float:
        return 0.3 * (V + 65) + shares(V)[2] * (V + 90)

    V = brentq(balance, -80, -50, xtol=1e-13)
    at = begin(markov(), solver=solver)
    assert float(at.V) == pytest.approx(V, abs=1e-10)
    assert [float(at[n]) for n in NAMES] == pytest.approx(shares(V), rel=1e-11)
    held = begin(markov(), -20.0, solver=solver)
    assert [float(held[n]) for n in NAMES] == pytest.approx(shares(-20.0), rel=1e-11)


def test_a_sweep_keeps_each_lanes_total() -> None:
    inactive, start = np.array([0.0, 0.05, 0.4]), np.array([1.0, 0.5, 2.0])
    model = markov(start=(start, 0, 0, 0), a=inactive)
    at = begin(model, -30.0, record=list(NAMES))
    for i, a in enumerate(inactive):
        for j, total in enumerate(start):
            lane = [float(at[n].isel(a=i, initial_C1=j)) for n in NAMES]
            assert lane == pytest.approx(total * shares(-30.0, a=a), rel=1e-11, abs=1e-15)


def test_a_buffer_keeps_what_there_is_of_it() -> None:
    """B + CaB + 2 D is 4; Ca is 0.4, CaB = B Ca k_on/k_off, D = 3 CaB^2."""
    B = brentq(lambda B: B + 1.6 * B + 2 * 3 * (1.6 * B) ** 2 - 4.0, 0, 4, xtol=1e-15)
    expected = [0.4, B, 1.6 * B, 3 * (1.6 * B) ** 2]
    for initial in ("rest", -70.0):
        at = begin(buffered(), initial)
        assert [float(at[n]) for n in ("Ca", "B", "CaB", "D")] == pytest.approx(expected, rel=1e-11)
    # with the pool held elsewhere the buffer follows it
    at = begin(buffered(), {"V": -70, "Ca": 0.1})
    B = brentq(lambda B: B + 0.4 * B + 6 * (0.4 * B) ** 2 - 4.0, 0, 4, xtol=1e-15)
    assert [float(at[n]) for n in ("Ca", "B", "CaB")] == pytest.approx([0.1, B, 0.4 * B], rel=1e-11)


def test_what_does_not_change_stays_where_it_was_put() -> None:
    frozen = lo.load("wang-buzsaki-1996").replace(phi=0)
    at = begin(frozen, {"V": -60, "h": 0.3, "n": 0.2})
    assert (float(at.h), float(at.n)) == (0.3, 0.2)
    assert float(begin(markov(start=(0.7, 0, 0, 0.3), a=0, b=0), -30.0).I) == 0.3


TOLD = [
    (markov(start=(None,) * 4), -30.0,
     "the equations keep C1 + C2 + O + I constant, and nothing says what it is: give C1, C2, O and "
     "I an initial value, in the model (initial of its State) or in initial={...}"),
    (markov(start=(1, 0, 0, None)), "rest", "give I an initial value"),
    (markov(), {"V": -30, "O": 0.5},
     "initial: the equations keep C1 + C2 + O + I constant, and only a part of it is given; give "
     "C1, C2 and I too, or none of these states"),
    (markov(), {"V": -30, "C1": 0.7, "O": 0.5, "I": 0.1},
     "initial: with the given C1, O and I there would be -0.3 of C2, since C1 + C2 + O + I stays "
     "constant and is 1 in the model; give C2 too"),
    (sodium(), "rest",
     "the equations keep V - 10000 Na constant, so that V rests where that says, and nothing says "
     "what it is: give V, for example initial=-65"),
    (lo.load("wang-buzsaki-1996").replace(phi=0), -60.0,
     "nothing changes h in these equations, and nothing says what it is: give it an initial value, "
     "in the model or in initial={'h': ...}"),
    (lo.Membrane(channels=[LEAK], states=[lo.State("x", "exp(V/20)*(1-x*y)", 0.3),
                                          lo.State("y", "exp(V/10)*(1-x*y)", 0.5)]), -60.0,
     "the equations leave open what x and y are with V held at -60 mV: more than one value stands "
     "still; give them initial values: initial={'x': ..., ...}"),
    (lo.Membrane(channels=[LEAK], states=[lo.State("Q", "1 + 0*V", 0)]), "rest",
     "some state has no steady value at any voltage, so that the membrane has no rest; give that "
     "state, for example initial={'Q': 0}, or all: initial={'V': ..., ...}"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "initial", "message"), TOLD, ids=[m[:40] for _, _, m in TOLD])
def test_what_is_not_said_is_asked_for(model: lo.Membrane, initial: Any, message: str) -> None:
    with pytest.raises(LoligoError) as told:
        begin(model, initial)
    assert message in str(told.value)


def test_all_but_one_of_what_adds_up_may_be_given() -> None:
    at = begin(markov(), {"V": -30, "C1": 0.2, "O": 0.5, "I": 0.1})
    assert float(at.C2) == pytest.approx(0.2, rel=1e-14)
    every = {"C1": 0.2, "C2": 0.1, "O": 0.1, "I": 0.1}  # another total, and said so
    assert float(begin(markov(), {"V": -30, **every}).I) == 0.1


def test_where_v_takes_part_a_given_v_is_enough() -> None:
    """V held, sodium settles where its reversal potential is that V."""
    at = begin(sodium(), -20.0)
    nernst = 8.31446261815324 * 293.15 / 96485.33212 * 1e3
    assert float(at.Na) == pytest.approx(140 * np.exp(20 / nernst), rel=1e-9)


# ------------------------------------------------------------------------------ what is given


@pytest.mark.parametrize("solver", [QUICK, lo.Taylor(), lo.Reference()], ids=repr)
def test_given_states_count_while_the_others_are_made_steady(solver: Any) -> None:
    """A gate that depends on calcium begins at its value for the calcium that is given."""
    at = begin(calcium(), {"V": -65, "Ca": 0.01}, solver=solver)
    assert float(at.q) == pytest.approx(1 / 1.05, rel=1e-12)
    assert float(at.Ca) == 0.01


def test_given_states_count_lane_by_lane() -> None:
    Ca = np.array([1e-4, 1e-3, 0.01])
    at = begin(calcium(), {"V": -65, "Ca": Ca}, record=["q", "m"])
    opens = 200 * Ca / (1 + 100 * Ca)
    assert at.q.values == pytest.approx(opens / (opens + 0.05), rel=1e-12)
    alone = begin(calcium(), {"V": -65, "Ca": 1e-3})
    assert float(at.q[1]) == float(alone.q)


def test_rest_with_given_states_is_where_v_stands_still_with_them() -> None:
    """Sodium current shut: n and the leak alone balance."""
    squid = lo.load("hodgkin-huxley-1952")
    at = begin(squid, {"h": 0.0})

    def balance(V: float) -> float:
        a, b = 0.01 * (V + 55) / -np.expm1(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)
        return 36 * (a / (a + b)) ** 4 * (V + 77) + 0.3 * (V + 54.387)

    assert float(at.V) == pytest.approx(brentq(balance, -76, -56, xtol=1e-13), abs=1e-10)
    assert float(at.h) == 0.0


def test_an_integrator_that_is_given_needs_no_steady_value() -> None:
    model = lo.Membrane(
        channels=[LEAK, lo.Channel("K", g=1, E=-90, gates=[SQUID_N])], states=[lo.State("Q", "I_K")]
    )
    for initial in ({"V": -65, "Q": 0}, {"Q": 0}):
        at = begin(model, initial)
        V = float(at.V)
        a, b = 0.01 * (V + 55) / -np.expm1(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)
        assert float(at.n) == pytest.approx(a / (a + b), rel=1e-12)
        assert float(at.Q) == 0


def test_a_given_gate_leaves_the_bits_of_the_others() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    held, given = begin(squid, -50.0), begin(squid, {"V": -50.0, "h": 0.2})
    assert float(given.m) == float(held.m)
    assert float(given.n) == float(held.n)


def test_behind_a_condition_a_state_stays_as_the_model_says() -> None:
    def model(start: Any) -> lo.Membrane:
        return lo.Membrane(channels=[LEAK], states=[lo.State("x", "where(V>-20, 1-x, 0)", start)])

    assert float(begin(model(0.3)).x) == 0.3
    assert float(begin(model(0.3), 0.0).x) == pytest.approx(1.0, abs=1e-15)
    with pytest.raises(LoligoError, match="leave open what x is with V held at -65 mV"):
        begin(model(None), -65.0)


# ------------------------------------------------------------------------------ lane by lane


def test_a_lane_without_rest_does_not_stop_the_others() -> None:
    squid = lo.load("hodgkin-huxley-1952").replace(E_L=[-54.387, -10.0, -60.0])
    options = {"record": ["V"], "sample_interval": 0.05, "threshold": 0.0}
    kernel = plain_kernel(squid)
    problem = pose(squid, None, 1.0, initial="rest", **options)
    begun = initial_states(kernel, problem.cells[0])
    assert begun.status is not None
    assert begun.status.tolist() == [Status.FINE, Status.NO_REST, Status.FINE]
    assert begun.why[Status.NO_REST].startswith("the membrane has no stable resting potential")
    assert np.isfinite(begun.states).all()
    alone = pose(squid.replace(E_L=-60.0), None, 1.0, initial="rest", **options)
    assert np.array_equal(initial_states(kernel, alone.cells[0]).states[:, 0], begun.states[:, 2])


# --------------------------------------------------------------------------- along an axon


def two_membranes() -> lo.Axon:
    spiking = lo.Membrane(
        name="spiking",
        channels=[
            lo.Channel("Na", g=120, E=50, gates=[SQUID_M, SQUID_H]),
            lo.Channel("L", g=0.3, E=-60),
        ],
    )
    pool = lo.Membrane(
        name="pool", channels=[LEAK], states=[lo.State("c", "-0.01*I_L - c/20", initial=0)]
    )
    regions = [lo.Region(m, 2000, 50, compartments=3) for m in (spiking, pool)]
    return lo.Axon(regions=regions, axial_resistivity=100)


def test_an_axon_of_two_membranes_goes_on_where_it_ended() -> None:
    axon, step = two_membranes(), lo.Exponential(0.005)
    shock = lo.at(0, lo.Pulse(0.5, 1, 30.0))
    whole = lo.simulate(axon, shock, 4, solver=step, sample_interval=1)
    first = lo.simulate(axon, shock, 2, solver=step, sample_interval=1)
    second = lo.simulate(axon, None, 2, solver=step, sample_interval=1, initial=first)
    for name in ("V", "m", "h", "c"):
        late = whole[name].sel(time=slice(2, None)).values
        assert second[name].values == pytest.approx(late, abs=2e-3, nan_ok=True), name
    started = second.isel(time=0).drop_vars("time")
    for name in ("h", "c"):
        assert np.array_equal(started[name], first[name].isel(time=-1), equal_nan=True)


def test_a_state_of_one_of_an_axons_membranes_may_be_given() -> None:
    begun = lo.simulate(two_membranes(), None, 0.1, initial={"V": -60, "c": 0.1, "h": 0.5})
    assert np.array_equal(begun.c.values[0], [np.nan] * 3 + [0.1] * 3, equal_nan=True) or (
        np.array_equal(begun.c.isel(time=0).values, [np.nan] * 3 + [0.1] * 3, equal_nan=True)
    )
    with pytest.raises(LoligoError, match="no state 'd' in the model; its states are V, m, h, c"):
        lo.simulate(two_membranes(), None, 0.1, initial={"V": -60, "d": 0.1})


def test_the_region_without_a_rest_is_named() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    hot = lo.Region(squid.replace(E_L=50), 1000, 10, name="hot")
    axon = lo.Axon(regions=[lo.Region(squid, 1000, 10), hot], axial_resistivity=100)
    with pytest.raises(LoligoError, match=r"^region 2 \(hot\): the membrane has no stable resting"):
        lo.simulate(axon, None, 1)


def test_a_membrane_continues_one_place_of_an_axons_recording() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    rec = lo.simulate(lo.Axon(squid, 1000, 10, 100, compartments=4), None, 0.1)
    with pytest.raises(LoligoError, match=r"a recording of 4 places along an axon.*rec\.isel"):
        lo.simulate(squid, None, 1, initial=rec)
    one = begin(squid, rec.isel(position=1))
    assert float(one.h) == float(rec.h.isel(position=1, time=-1))


def test_a_run_continues_where_a_gate_is_a_little_above_1() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    rec = lo.simulate(squid, None, 0.1, solver=QUICK, sample_interval=0.05)
    rec["h"] = rec.h * 0 + 1.00004
    onward = lo.simulate(squid, None, 0.1, initial=rec, solver=QUICK, sample_interval=0.05)
    assert float(onward.h[0]) == 1.00004
    assert lo.rerun(onward).identical(onward) or float(lo.rerun(onward).h[0]) == 1.00004


# ------------------------------------------------------------------- what is 0 to all digits


@pytest.mark.parametrize(
    ("half", "slope"),
    [
        (45.0, 0.45),
        *(
            pytest.param(half, slope, marks=pytest.mark.slow)
            for half in (-40.0, 45.0)
            for slope in (0.5, 0.1)
        ),
    ],
)
def test_a_steep_instantaneous_gate_does_not_diverge(half: float, slope: float) -> None:
    """1/(1 + exp(z))**3 and its slope where exp(z) or its powers are infinite."""
    gate = lo.Gate("m", power=3, inf=f"1/(1+exp(-(V-({half}))/{slope}))", instantaneous=True)
    model = lo.Membrane(channels=[LEAK, lo.Channel("Na", g=1, E=50, gates=[gate])])

    def rate(t: float, y: Any) -> list[float]:
        z = (y[0] - half) / slope
        m = 1 / (1 + np.exp(-z)) if z > -500 else 0.0
        return [5.0 - 0.3 * (y[0] + 65) - m**3 * (y[0] - 50)]

    truth = solve_ivp(rate, (0, 3), [-65.0], method="DOP853", rtol=1e-11, atol=1e-11).y[0, -1]
    for solver, off in (
        (lo.Exponential(0.01), 1e-3), (lo.Exponential(0.01, engine="numpy"), 1e-3),
        (lo.Exponential(0.01, precision="float32"), 1e-2),
        (lo.Taylor(1e-8), 1e-6), (lo.Taylor(1e-12), 1e-9), (lo.Reference(), 1e-8),
    ):  # fmt: skip
        rec = lo.simulate(model, lo.Step(0, 5), 3, initial=-65, solver=solver, record="V")
        assert float(rec.V[-1]) == pytest.approx(truth, abs=off), solver


@pytest.mark.parametrize("celsius", [7.936, 25.54, 31.0])
def test_a_temperature_of_many_decimals_hides_no_conservation(celsius: float) -> None:
    """As an exact number 3.132**((7.936 - 25.54)/10) has thousands of digits."""
    rates = {"C": "b*O - a*C", "O": "a*C - b*O - 0.2*O + 0.1*I", "I": "0.2*O - 0.1*I"}
    start = {"C": 0.3, "O": 0.5, "I": 0.2}
    cell = lo.Membrane(
        channels=[LEAK, lo.Channel("K", g=2, E=-80, current="g_K*O*(V - E_K)")],
        states=[lo.State(name, rate, start[name]) for name, rate in rates.items()],
        helpers={"phi": "q10(3.132, 25.54)", "a": "phi*exp((V+50)/20)", "b": "phi*2"},
        celsius=celsius,
    )
    for initial in ("rest", -40.0):
        rec = lo.simulate(cell, None, 1, initial=initial, solver=QUICK)
        V, *occupied = (float(rec[n][0]) for n in ("V", "C", "O", "I"))
        ratio = np.exp((V + 50) / 20) / 2  # O/C by detailed balance, and I is twice O
        balanced = np.array([1, ratio, 2 * ratio]) / (1 + 3 * ratio)
        assert np.abs(occupied - balanced).max() < 1e-12
        flows = 0.3 * (V + 65) + 2 * occupied[1] * (V + 80)
        assert initial == V or abs(flows) < 1e-10


def test_of_shares_beyond_floating_point_nothing_is_known_to_be_conserved() -> None:
    """A huge rate that is told from nothing by no digit is no rate of 0."""
    cell = markov(k=1e300)
    kernel = plain_kernel(cell)
    numbers = {n: np.array([float(p.value)]) for n, p in cell.parameters.items()}  # type: ignore[arg-type]
    huge = {**numbers, "a": np.array([np.inf])}
    found = combinations(kernel.program, huge, [*NAMES, "V"])
    assert found is None or not found[0][:, [3, 4]].any()
