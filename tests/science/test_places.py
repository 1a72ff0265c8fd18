"""What is recorded at a place is what is there: against cable theory, finer axons, the command."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import loligo as lo

SQUID = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)])
SHOCK = lo.at(0, lo.Pulse(0.2, 0.3, 50e3))


def squid(compartments: int | None = None, length: str = "4 cm") -> lo.Axon:
    return lo.Axon(SQUID, length, 476, 35.4, compartments=compartments)


@pytest.mark.parametrize("command", [-80.0, 0.0])
def test_v_where_it_is_clamped_is_the_command(command):
    """5 cm is between two centres; V at the nearest one wanders by 5 mV."""
    held = SHOCK + lo.at("5 cm", lo.Clamp(1, 5, command))
    rec = lo.simulate(squid(length="10 cm"), held, 8, record=["V"], positions=["5 cm"])
    on = rec.V.sel(position=50000).where((rec.time > 1) & (rec.time <= 6), drop=True)
    assert float(abs(on - command).max()) < 1e-4 * 80
    assert rec.position.values.tolist() == [50000.0]


@pytest.mark.parametrize("place", [0.0, 3.0, 700.0, 2501.7, 4999.0, 5000.0])
@pytest.mark.parametrize("source", [0.0, 707.0, 3333.3, 5000.0])
def test_a_passive_cable_is_as_cable_theory_has_it_at_any_place(place, source):
    """Injected at y, steady: cosh(a/l) cosh((L - b)/l)/sinh(L/l), a and b the lesser and the
    greater of x and y (Rall 1977)."""
    length, wide, resistivity = 5000.0, 20.0, 100.0
    cable = lo.Axon(PASSIVE, length, wide, resistivity, compartments=101)
    rec = lo.simulate(
        cable, lo.at(source, lo.Step(0, 1)), 70, record="V", positions=[place],
        solver=lo.Exponential(0.05), sample_interval=5,
    )  # fmt: skip
    scale = np.sqrt(wide * 1e-4 / (4 * resistivity * 0.3e-3)) * 1e4  # um
    infinite = resistivity * scale * 1e-4 / (np.pi * (wide * 1e-4) ** 2 / 4) * 1e-6  # Mohm
    low, high = sorted((place, source))
    transfer = np.cosh(low / scale) * np.cosh((length - high) / scale) / np.sinh(length / scale)
    found = float(rec.V[0, -1]) + 65
    assert found == pytest.approx(infinite * transfer, rel=4e-4)  # of 101 compartments
    assert float(rec.V[0, 0]) == pytest.approx(-65, abs=1e-9)  # V does not jump as a current does


def uneven(parts: int) -> lo.Axon:
    """A cone, other membranes, a step of the diameter, a node of one compartment; an end held."""
    node = lo.Region(SQUID.replace(g_Na=600, g_K=200), 20, 150, name="node", compartments=parts)
    return lo.Axon(
        regions=[
            lo.Region(SQUID, 3000, 200, 300, compartments=30 * parts),
            lo.Region(SQUID.replace(g_Na=60), 1500, 150, compartments=15 * parts),
            node,
            lo.Region(SQUID, 2480, 150, compartments=25 * parts),
        ],
        axial_resistivity=35.4, ends=("sealed", -65),
    )  # fmt: skip


def test_v_and_gates_at_places_are_those_of_a_finer_axon():
    places = [0.0, 13.0, 1234.0, 2990.0, 3000.0, 3021.0, 4510.0, 4555.0, 5200.0, 6990.0]
    stimulus = lo.at(100, lo.Pulse(0.1, 0.3, 5e3)) + lo.at(4600, lo.Clamp(0.5, 0.4, -20))
    found = [
        lo.simulate(
            uneven(parts), stimulus, 1.2, record=["V", "m", "I_Na"], positions=places,
            solver=lo.Exponential(0.0025),
        )
        for parts in (1, 3, 9)
    ]  # fmt: skip
    assert np.ptp(found[-1].V.values) > 80
    for name, most in (("V", 0.02), ("m", 0.003)):
        errors = [abs(rec[name] - found[-1][name]).max("time") for rec in found[:2]]
        assert float(errors[1].max()) < most, name
        assert float(errors[1].mean()) < 0.25 * float(errors[0].mean()), name  # of second order


def test_between_centres_v_is_as_good_as_at_them():
    """The wave of a uniform axon at its usual resolution, against the spline of all centres."""
    places = [11111.0, 20000.0, 23456.0, 33333.0]
    every = lo.simulate(squid(), SHOCK, 5)
    some = lo.simulate(squid(), SHOCK, 5, positions=places)
    centres = every.position.values
    for name, most in (("V", 0.03), ("n", 1e-4), ("I_K", 0.5)):
        smooth = CubicSpline(centres, every[name].transpose("position", "time").values)(places)
        assert np.abs(some[name].transpose("position", "time").values - smooth).max() < most, name
    line = np.polyfit(centres[100:-40], lo.spike_times(every).isel(spike=0).values[100:-40], 1)
    late = lo.spike_times(some).sel(position=[20000, 23456]).isel(spike=0).values
    assert np.abs(late - np.polyval(line, [20000, 23456])).max() < 2e-4


def test_places_are_kept_by_files_and_reruns_and_no_lane_depends_on_another(tmp_path):
    wide = np.array([300.0, 476.0])
    stimulus = SHOCK + lo.at(7777, lo.Clamp(1.0, 0.5, [-70.0, 10.0]))
    given = {"positions": [9999, 0, 7777, "2 cm"], "solver": lo.Exponential(0.01)}

    def run(diameter, stimulus):
        axon = lo.Axon(SQUID, "2 cm", diameter, 35.4, compartments=77)
        return lo.simulate(axon, stimulus, 2, record=["V", "h", "I_clamp"], **given)

    many = run(wide, stimulus)
    assert many.position.values.tolist() == [0, 7777, 9999, 20000]
    assert lo.rerun(lo.open(lo.save(many, tmp_path / "places.nc"))).identical(many)
    for diameter in wide:
        for command in (-70.0, 10.0):
            one = run(diameter, SHOCK + lo.at(7777, lo.Clamp(1.0, 0.5, command)))
            lane = many.sel(diameter=diameter, voltage=command)
            for name in ("V", "h", "I_clamp"):
                assert np.array_equal(lane[name].transpose(*one[name].dims), one[name]), name
            assert np.array_equal(lane.spike_count, one.spike_count)


def test_where_v_is_held_nothing_fires_but_a_command_through_the_threshold():
    held = SHOCK + lo.at(15001, lo.Clamp(0.1, 4, -65)) + lo.at(15001, lo.Clamp(4.1, 0.5, 20))
    rec = lo.simulate(squid(length="3 cm"), held, 5, positions=[5000, 15001, 25000])
    times = lo.spike_times(rec)
    assert rec.spike_count.values.tolist()[0] == 2  # the wave, and what the command sets off
    assert times.sel(position=15001).isel(spike=0) == pytest.approx(4.1)
    assert rec.spike_count.values.tolist()[1:] == [1, 1]
