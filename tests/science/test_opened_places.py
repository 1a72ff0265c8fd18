"""Conductances and charges at places of axons, against cable theory and the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.errors import StimulusError

G, E_L, R, D, L = 0.3, -60.0, 100.0, 50.0, 5000.0  # mS/cm2, mV, ohm cm, um, um
PASSIVE = lo.Membrane(name="passive", C_m=1.0, channels=[lo.Channel("L", g=G, E=E_L)])
SQUID = lo.Axon(
    lo.load("hodgkin-huxley-1952"), length="1 cm", diameter=476, axial_resistivity=35.4,
    compartments=40,
)  # fmt: skip


def cable(compartments: int) -> lo.Axon:
    return lo.Axon(PASSIVE, L, D, R, compartments=compartments)


def input_resistance(place: float) -> float:
    """Mohm, of a sealed cable at a place (Rall 1959)."""
    constant = np.sqrt(D * 1e-4 / (4 * R * G * 1e-3)) * 1e4  # um
    endless = np.pi / 2 * np.sqrt((D * 1e-4) ** 3 * G * 1e-3 / R) * 1e6  # uS, one way
    both = np.tanh(place / constant) + np.tanh((L - place) / constant)
    return 1 / (endless * both)


def test_a_conductance_divides_the_voltage_with_the_cable() -> None:
    """At rest in the end: V = (E_L + g R E)/(1 + g R); of second order in the compartments."""
    place, g, reversal = 1234.0, 0.05, 0.0
    resistance = input_resistance(place)
    truth = (E_L + g * resistance * reversal) / (1 + g * resistance)
    off = []
    for compartments in (40, 320):
        rec = lo.simulate(
            cable(compartments), lo.at(place, lo.Conductance(0, g, E=reversal, duration=61)), 60,
            solver=lo.Exponential(0.05), positions=[place], sample_interval=60,
        )  # fmt: skip
        off.append(abs(float(rec.V[0, -1]) - truth))
        flows = float(rec.I_stim[-1])
        assert abs(flows - g * (reversal - truth)) < 5e-5 * abs(flows)
    assert off[0] < 3e-4
    assert off[1] < 1e-5


@pytest.mark.slow
def test_a_charge_stays_on_the_membrane() -> None:
    """What a passive cable keeps of a charge: Q exp(-t/tau) in all, wherever it has spread."""
    for when in (1.0, 1.013):
        axon = cable(50)
        rec = lo.simulate(axon, lo.at(2000, lo.Shock(when, "0.2 nC")), 5, sample_interval=0.05)
        capacity = np.pi * D * L / 50 * 1e-5  # nF
        kept = ((rec.V - E_L).sum("position") * capacity).values  # pC
        time = rec.time.values
        late = time > when + 1e-9
        expected = 200 * np.exp(-(time[late] - when) * G)
        assert np.abs(kept[late] / expected - 1).max() < 2e-4
        before = time < when - 0.02
        assert np.abs(kept[before]).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    "what",
    [
        lo.at(3003, lo.Conductance(0.5, 25, E=0, tau=1)),
        lo.at(9000, lo.Conductance(1, lo.Waveform([0, 1, 2], [0, 40, 0]), E=0))
        + lo.at(9000, lo.Pulse(1.5, 0.3, 500)) + lo.at(1000, lo.Alpha(1, 0.5, 300)),
        lo.at(0, lo.Conductance(1.0031, 25, E=0, duration=2) + lo.Alpha(2, 1, 200)),
        lo.at(5000, lo.Conductance(1, 25, E=0, tau=1, rise=0.2)),
    ],
    ids=["alpha", "waveform and currents", "at an end", "rise and decay"],
)  # fmt: skip
def test_of_second_order_in_time(what: Any) -> None:
    truth = lo.simulate(SQUID, what, 4, solver=lo.Reference(1e-10))
    assert float(truth.spike_count.max()) == 1
    off = []
    for dt in (0.01, 0.0025):
        rec = lo.simulate(SQUID, what, 4, solver=lo.Exponential(dt))
        off.append([float(np.abs(rec[n] - truth[n]).max()) for n in ("V", "I_stim")])
    # by two halvings: where in a step an edge lies is another at each
    for coarse, fine in zip(*off, strict=True):
        assert 3.4**2 < coarse / fine < 4.6**2
    assert off[0][0] < 0.5
    numpy = lo.simulate(SQUID, what, 4, solver=lo.Exponential(0.01, engine="numpy"))
    compiled = lo.simulate(SQUID, what, 4, solver=lo.Exponential(0.01))
    assert np.abs(numpy.V - compiled.V).max() < 1e-9
    assert lo.rerun(compiled).equals(compiled)


@pytest.mark.slow
def test_a_shock_between_steps_is_of_second_order() -> None:
    what = lo.at(4000, lo.Shock(1, "0.6 nC"))
    truth = lo.simulate(SQUID, what, 2, solver=lo.Reference(1e-10))
    assert float(truth.V.sel(time=1.0).max()) > 10  # just after it
    assert float(truth.V.sel(time=0.95).max()) < -64
    soon = {"time": slice(1.0, 1.2)}
    off = [
        float(np.abs(lo.simulate(SQUID, what, 2, solver=lo.Exponential(dt)).V - truth.V)
              .sel(soon).max())
        for dt in (0.01, 0.005)
    ]  # fmt: skip
    assert off[0] < 0.3
    assert off[0] / off[1] > 3.5


def test_what_a_place_takes() -> None:
    assert lo.at(0, lo.Conductance(1, 2, E=0, tau=1)).points[0].stimulus.g_unit == "uS"
    assert lo.at(0, lo.Conductance(1, "20 nS", E=0, tau=1)).points[0].stimulus.g == 0.02
    for wrong, words in (
        (lo.Conductance(1, "2 mS/cm2", E=0, tau=1), "give it in uS, for example '10 nS'"),
        (lo.Shock(1, 7), 'give it in nC, lo.Shock(1, "5 nC")'),
        (lo.Shock(1, "7 nC/cm2"), "at a place of an axon a shock is a charge"),
        (lo.Waveform([0, 1], [0, 1], unit="mV"), "is in mV, and no current"),
    ):
        with pytest.raises(StimulusError, match=None) as told:
            lo.at(0, wrong)
        assert words in str(told.value)
    both = lo.at(500, lo.Conductance(1, 2, E=0, tau=1)) + lo.at(500, lo.Clamp(0, 2, -65))
    with pytest.raises(StimulusError, match="opens at 500 um, where V is clamped"):
        lo.simulate(SQUID, both, 3)
