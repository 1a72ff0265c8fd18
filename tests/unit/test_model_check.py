"""Singular and senseless expressions are found when a membrane is built."""

from __future__ import annotations

import numpy as np
import pytest

from loligo.errors import ModelError
from loligo.model import Channel, Gate, Membrane, State


def build(**gate: object) -> Membrane:
    return Membrane(channels=[Channel("X", g=1, E=0, gates=[Gate("x", **gate)])])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "alpha",
    [
        "0.1*(V+40)/(1-exp(-(V+40)/10))",
        "0.1*(V+40)/(1-exp(-0.1*(V+40)))",
        "(40+V)/(exp((V+40)/10)-1)/10",
        "-0.32*(V+54)/(exp(-(V+54)/4)-1)",
        "(V+40)*0.1*(1-exp(-(V+40)/10))**-1",
        "0.1*exprel((V+40)/10)",
        "(V+40)**2/(cosh((V+40)/10)-1)",
        "where(V > -30, 1/(V+40), 1)",
        "1/(V+40) if V > -30 else 1",
        "1/(V**2+1)",
        "1/(V+150.5)**2",
        "exp(-V/3)",
        "(V+200)/(1+exp(-V/0.5))",
    ],
)
def test_fine(alpha: str) -> None:
    build(alpha=alpha, beta=1)


@pytest.mark.parametrize(
    ("alpha", "volt"),
    [
        ("0.1*(V+41)/(1-exp(-(V+40)/10))", "-40"),
        ("0.1*(V+40)/(1-exp(-(V+40.1)/10))", "-40.1"),
        ("1/(V+40)**2", "-40"),
        ("abs(1/(V+40.123))", "-40.123"),
        ("(V+40)/(cosh((V+40)/10)-1)+1e9", "-40"),
        ("where(V > -50, 1/abs(V+40), 1)", "-40"),
        ("abs(V)**-0.5", "0"),
        ("1/abs(V-149.9)", "149.9"),
    ],
)
def test_poles_are_named(alpha: str, volt: str) -> None:
    with pytest.raises(ModelError, match=f"infinite at V = {volt} mV"):
        build(alpha=alpha, beta=1)


@pytest.mark.parametrize(
    ("gate", "problem"),
    [
        ({"alpha": "-1", "beta": "1"}, "cannot be negative"),
        ({"alpha": "V", "beta": "1"}, "cannot be negative"),
        ({"inf": "0.5", "tau": "0"}, "must be above 0"),
        ({"inf": "-0.1", "tau": "1"}, "cannot be negative"),
        ({"inf": "0.5", "tau": "V+90"}, "must be above 0"),
        ({"inf": "0.5", "tau": "1", "rate": "-2"}, "cannot be negative"),
        ({"inf": "0.5", "tau": "sqrt(V+70)"}, "is not a number at V = -70"),
        ({"inf": "0.5", "tau": "log(V)"}, "is not a number"),
        ({"inf": "0.5", "tau": "exp(exp(-V))"}, "is too large for a number"),
        ({"inf": "0.5", "tau": "1/(V-V)"}, "divided by zero"),
        ({"inf": "0.5", "tau": "1/(1/0)"}, "divided by zero"),
    ],
)
def test_values_that_cannot_be(gate: dict[str, str], problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        build(**gate)


def test_a_fit_may_lose_its_sign_far_out() -> None:
    build(alpha="0.01*(V+120)", beta=1)
    with pytest.raises(ModelError, match="negative"):
        build(alpha="0.01*(V+90)", beta=1)


def test_helpers_potentials_currents_and_states_are_checked_too() -> None:
    with pytest.raises(ModelError, match="helper a"):
        Membrane(helpers={"a": "1/V"})
    with pytest.raises(ModelError, match="E_K"):
        Membrane(channels=[Channel("K", g=1, E="log(-1)")])
    with pytest.raises(ModelError, match="current of channel K"):
        Membrane(channels=[Channel("K", current="1/(V+3)")])
    with pytest.raises(ModelError, match="derivative of state x"):
        Membrane(states=[State("x", "x/(V+3)")])


def test_a_pole_seen_through_a_helper() -> None:
    with pytest.raises(ModelError, match="beta of gate x: this is infinite at V = -33 mV"):
        Membrane(
            channels=[Channel("X", g=1, E=0, gates=[Gate("x", alpha=1, beta="1/u**2")])],
            helpers={"u": "V+33"},
        )


def test_the_constant_field_current_is_fine() -> None:
    # Goldman 1943, Hodgkin & Katz 1949: 0/0 at 0 mV, and removable
    u = "V/25.7"
    Membrane(
        channels=[Channel("K", current=f"P*{u}*(K_i-K_o*exp(-{u}))/(1-exp(-{u}))")],
        parameters={"P": 1, "K_i": 140, "K_o": 5},
    )


def test_what_depends_on_a_state_is_tried_at_its_typical_value() -> None:
    Membrane(states=[State("x", "1/x - x", scale=2)])
    with pytest.raises(ModelError, match="infinite at V"):
        Membrane(states=[State("x", "1/(V+50*x)", initial=1)])


def test_arrays_are_tried_at_both_ends() -> None:
    def tau(values: object) -> Membrane:
        return Membrane(
            channels=[Channel("X", g=1, E=0, gates=[Gate("x", inf=1, tau="tau_x")])],
            parameters={"tau_x": values},
        )

    tau(np.linspace(1, 5, 3))
    with pytest.raises(ModelError, match="must be above 0"):
        tau(np.array([3.0, -1.0, 2.0]))


def test_many_zeros_are_refused_in_bounded_time() -> None:
    wild = "+".join(["abs(sin(999*V)/sin(999.0*V))"] * 60)
    with pytest.raises(ModelError, match="too much is divided by zero"):
        build(alpha=wild, beta=1)
