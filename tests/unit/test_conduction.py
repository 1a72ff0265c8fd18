"""Conduction velocity from spikes, and what cable theory says of an axon."""

from __future__ import annotations

import numpy as np
import pytest
import xarray

import loligo as lo
from axon_recording import axon_recording
from loligo.errors import RunError, UsageError

LENGTH = 8e4


def fired(*rows: object, position=None, myelin=None) -> xarray.Dataset:
    """A recording of spikes alone; each row holds a lane's first spike at every place."""
    lanes = [np.asarray(row, dtype=float) for row in rows]
    where = np.linspace(500, 9500, lanes[0].size) if position is None else np.asarray(position)
    dims = ("lane", "position") if len(lanes) > 1 else ("position",)
    table = np.array(lanes) if len(lanes) > 1 else lanes[0]
    there = np.isfinite(table)
    coords = {"position": where}
    if myelin is not None:
        coords["myelin"] = ("position", np.asarray(myelin))
    return xarray.Dataset(
        {
            "spike_count": (dims, there.astype(int)),
            "spike_time": ("event", table[there], {"threshold": 0.0}),
        },
        coords,
    )


def test_a_wave_to_the_right_and_one_to_the_left():
    place = np.linspace(500, 9500, 40)
    rec = fired(1 + place / 5e3, 9 - place / 2.5e3)  # 5 m/s, and 2.5 m/s backwards
    velocity = lo.conduction_velocity(rec)
    assert velocity.values == pytest.approx([5.0, -2.5], rel=1e-12)
    assert velocity.attrs["units"] == "m/s"
    assert (velocity.uncertainty < 1e-9).all()
    assert velocity.outcome.values.tolist() == ["travelled", "travelled"]


def test_what_became_of_a_wave_that_did_not_travel_through():
    place = np.linspace(500, 9500, 40)
    nowhere = np.full(40, np.nan)
    stopped = np.where(place < 5000, place, np.nan)
    met = np.minimum(place, 10_000 - place) / 1e3
    began = np.maximum(place, 10_000 - place) / 1e3
    velocity = lo.conduction_velocity(fired(nowhere, stopped, met, began))
    assert velocity.isnull().all()
    assert velocity.outcome.values.tolist() == ["no spike", "blocked", "collided", "began inside"]


def test_a_wave_that_goes_on_beyond_places_that_do_not_fire():
    place = np.linspace(500, 9500, 40)
    right, left = place / 5e3, (10_000 - place) / 5e3
    some = (place > 4000) & (place < 6000)  # some of the places that are measured
    all_of_it = (place > 2000) & (place < 8000)
    both = np.minimum(right, left)  # one from each end, both stopped
    rows = [
        np.where(gap, np.nan, time) for time in (right, left, both) for gap in (some, all_of_it)
    ]
    one_sided = np.where(place > 2000, np.nan, right)  # stopped before the middle
    outcome = lo.conduction_velocity(fired(*rows, one_sided)).outcome.values.tolist()
    assert outcome == [
        "skipped places", "skipped places", "skipped places", "skipped places",
        "blocked", "no spike", "no spike",
    ]  # fmt: skip
    nodes = np.where(np.arange(40) % 2 > 0, np.nan, right)  # every other node is silent
    assert str(lo.conduction_velocity(fired(nodes)).outcome.values) == "skipped places"


def test_a_wave_that_slows_down_is_uncertain_by_how_much():
    place = np.linspace(0, 10_000, 101)
    time = np.where(place < 5000, place / 10e3, 0.5 + (place - 5000) / 5e3)  # 10, then 5 m/s
    velocity = lo.conduction_velocity(fired(time, position=place))
    assert 5 < float(velocity) < 10
    assert float(velocity.uncertainty) == pytest.approx(2.5, rel=0.02)
    first = lo.conduction_velocity(fired(time, position=place), between=(500, "4.5 mm"))
    assert float(first) == pytest.approx(10.0, rel=1e-9)


def test_only_nodes_count_where_there_is_myelin():
    place = np.arange(40) * 250.0
    myelin = np.arange(40) % 4 != 0
    time = np.floor(place / 1000)  # V under the myelin rises all at once
    velocity = lo.conduction_velocity(fired(time, position=place, myelin=myelin))
    assert float(velocity) == pytest.approx(1.0)
    assert float(velocity.uncertainty) == pytest.approx(0.0, abs=1e-9)


def test_of_several_spikes_the_one_that_is_asked_for():
    place = np.linspace(500, 9500, 10)
    times = np.stack((place / 5e3, 10 + place / 4e3), axis=1)  # the second is slower
    rec = xarray.Dataset(
        {
            "spike_count": ("position", np.full(10, 2)),
            "spike_time": ("event", times.ravel(), {"threshold": 0.0}),
        },
        {"position": place},
    )
    for spike, velocity in ((0, 5.0), (1, 4.0), (-1, 4.0)):
        assert float(lo.conduction_velocity(rec, spike=spike)) == pytest.approx(velocity)
    assert str(lo.conduction_velocity(rec, spike=2).outcome.values) == "no spike"


def test_another_threshold_is_looked_for_in_V():
    rec = axon_recording()
    velocity = lo.conduction_velocity(rec, threshold=-30)
    assert float(velocity) == pytest.approx(float(lo.conduction_velocity(rec)), rel=1e-3)


def test_of_two_places_there_is_no_uncertainty():
    velocity = lo.conduction_velocity(fired([1.0, 3.0], position=[0, 8000]))
    assert float(velocity) == pytest.approx(4.0)
    assert np.isnan(velocity.uncertainty)


def test_the_squids_axon_by_another_scheme():
    """An axon that loligo did not simulate, coarsely: 160 compartments, steps of 0.01 ms."""
    velocity = lo.conduction_velocity(axon_recording())
    assert float(velocity) == pytest.approx(18.73, rel=5e-3)
    back = lo.conduction_velocity(axon_recording(shocks=((LENGTH, 0.5, 0.2, 20e3),)))
    assert float(back) == pytest.approx(-float(velocity), rel=1e-6)
    both = axon_recording(shocks=((0.0, 0.5, 0.2, 20e3), (LENGTH, 0.5, 0.2, 20e3)))
    assert str(lo.conduction_velocity(both).outcome.values) == "collided"
    assert float(lo.conduction_velocity(both, ("1 cm", "3 cm"))) > 18
    assert float(lo.conduction_velocity(both, ("5 cm", "7 cm"))) < -18


@pytest.mark.parametrize(
    ("given", "wording"),
    [
        ({"between": 5}, "between=5: give two places, such as"),
        ({"between": (0, "5 mV")}, "mV"),
        ({"between": ("9 mm", "9.1 mm")}, r"needs two places, and 0 recorded from 9000 to 9100 um"),
        ({"spike": 0.5}, "spike=0.5: give the number of a spike"),
    ],
)
def test_impossible_questions_say_what_is_possible(given, wording):
    with pytest.raises(lo.LoligoError, match=wording):
        lo.conduction_velocity(fired(np.arange(10.0)), **given)


def test_a_membrane_conducts_nowhere():
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(1, 1, 20), 5)
    with pytest.raises(UsageError, match="needs the recording of an axon, with its positions"):
        lo.conduction_velocity(rec)


# ------------------------------------------------------------------------ cable theory

LEAK = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.1, E=-65)])


def test_the_length_constant_of_a_leak():
    """sqrt(d/(4 R g)): 4 um, 100 ohm cm, 0.1 mS/cm2 make 1 mm."""
    axon = lo.Axon(LEAK, 1000, [4.0, 16.0], 100)
    for gates in ("steady", "frozen"):
        found = lo.length_constant(axon, gates=gates)
        assert found.dims == ("diameter",)
        assert found.values == pytest.approx([1000.0, 2000.0], rel=1e-8)


def test_frozen_gates_leave_the_chord_conductances_of_1952():
    """About 0.68 mS/cm2 at rest: g_Na m^3 h + g_K n^4 + g_l."""
    axon = lo.Axon(lo.load("hodgkin-huxley-1952"), "10 cm", 476, 35.4)
    m, h, n = 0.05296, 0.59599, 0.31773
    chord = 120 * m**3 * h + 36 * n**4 + 0.3
    found = float(lo.length_constant(axon, gates="frozen"))
    assert found == pytest.approx(np.sqrt(1e7 * 476 / (4 * 35.4 * chord)), rel=1e-3)
    assert float(lo.length_constant(axon)) < found  # potassium channels open on depolarisation


@pytest.mark.parametrize("ends", ["sealed", ("sealed", -65), (-65, "sealed")])
def test_the_input_resistance_is_what_a_long_run_finds(ends):
    """Three regions of different membrane and diameter, against the simulated steady state."""
    leaky = LEAK.replace(g_L=0.4)
    parts = ((LEAK, 700, 4), (leaky, 500, 8), (LEAK, 900, 2))
    regions = [lo.Region(*part, compartments=900) for part in parts]
    axon = lo.Axon(regions=regions, axial_resistivity=100, ends=ends)
    for place in (300, 1000, 2100 if ends == "sealed" else 1600):
        rec = lo.simulate(
            axon, lo.at(place, lo.Step(0, 1e-3)), 150, record=["V"], sample_interval=150,
            solver=lo.Exponential(0.05),
        )  # fmt: skip
        settled = rec.V.isel(time=-1)
        moved = np.interp(place, rec.position.values, settled.values + 65)
        found = float(lo.input_resistance(axon, place))
        assert moved / 1e-3 == pytest.approx(found, rel=2e-3)


def test_what_has_no_length_constant_is_refused():
    squid = lo.load("hodgkin-huxley-1952")
    two = lo.Axon(regions=[lo.Region(squid, 10, 4), lo.Region(LEAK, 10, 4)], axial_resistivity=100)
    with pytest.raises(UsageError, match="2 regions has a length constant in each"):
        lo.length_constant(two)
    cone = lo.Axon(regions=[lo.Region(LEAK, 10, 4, 8)], axial_resistivity=100)
    with pytest.raises(UsageError, match="tapers"):
        lo.input_resistance(cone)
    axon = lo.Axon(LEAK, 1000, 4, 100)
    with pytest.raises(UsageError, match="not one place of the axon, which is 1000 um long"):
        lo.input_resistance(axon, 2000)
    with pytest.raises(UsageError, match="gates='open' is neither 'steady' nor 'frozen'"):
        lo.length_constant(axon, gates="open")
    with pytest.raises(UsageError, match="asked of an axon"):
        lo.length_constant(LEAK)
    nothing = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0, E=-65)])
    with pytest.raises(RunError, match="no single resting potential"):
        lo.length_constant(lo.Axon(nothing, 1000, 4, 100))
