"""Axons as values: regions, myelin, ends, documents, compartments, places."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.run.axon.compartments import shares
from loligo.run.axon.cut import cut_to_pieces
from loligo.run.axon.pose import pose
from loligo.run.axon.resolution import counts_of, length_constant, step_for
from loligo.run.initial import plain_kernel
from loligo.run.problem import Problem, Uncut
from loligo.stimulus.place import Placed
from loligo.system.outline import outline_of

SQUID = lo.load("hodgkin-huxley-1952")


def posed(axon: lo.Axon, stimulus=None, **more):
    given = {"record": None, "sample_interval": 0.05, "initial": "rest", "threshold": 0}
    return pose(axon, stimulus, 1.0, positions=None, **{**given, **more})


def cut(uncut: Uncut) -> Problem:
    membranes = [uncut.axon.regions[group.regions[0]].membrane for group in uncut.groups]
    return cut_to_pieces(uncut, [plain_kernel(membrane) for membrane in membranes], "numpy")


def parts_of(axon: lo.Axon):
    return cut(posed(axon)).along.parts


def outlines(axon: lo.Axon):
    return [outline_of(region.membrane) for region in axon.regions]


def fibre() -> lo.Axon:
    node = lo.Region(SQUID, 2, 6, name="node", start=0)
    return lo.Axon(
        regions=[node, lo.Myelin(1000, 10, [0.6, 0.7]), lo.Region(SQUID, 50, 6, 12)],
        axial_resistivity=70, ends=("killed", "-70 mV"), accuracy=1e-2, name="a fibre",
    )  # fmt: skip


def test_a_document_holds_all_of_an_axon():
    for axon in (fibre(), lo.Axon(SQUID, "10 cm", [100, 476], "35.4 ohm*cm", compartments=7)):
        again = lo.Axon.from_dict(json.loads(json.dumps(axon.to_dict())))
        assert again == axon
        assert hash(again) == hash(axon)
    assert len(fibre().to_dict()["membranes"]) == 2  # each once


def test_a_placed_stimulus_is_a_document_too():
    placed = 2 * (
        lo.at(0, lo.Pulse(1, 1, [1, 2]) + lo.Step(0, 1)) + lo.at("1 mm", lo.Noise(0, 1, 1))
    )
    assert Placed.from_dict(json.loads(json.dumps(placed.to_dict()))) == placed
    assert [point.place for point in placed.points] == [0, 1000]
    assert placed.points[0].stimulus.shapes[1].amplitude == 2


def test_placed_stimuli_are_subtracted():
    one, other = (lo.at(x, lo.Pulse(0.1, 0.2, 10)) for x in (0, 50))
    assert (one - other).points[1].stimulus.shapes[0].amplitude == -10
    assert (-one).points[0].stimulus.shapes[0].amplitude == -10
    with pytest.raises(lo.LoligoError, match="has no place along the axon"):
        one - lo.Pulse(0.1, 0.2, 10)


def test_a_membrane_without_channels_makes_an_axon():
    bare = lo.Axon(lo.Membrane(C_m=1), 100, 10, 100, compartments=3)
    rec = lo.simulate(bare, lo.at(0, lo.Pulse(0, 1, 1)), 1, initial=-65)
    assert float(rec.V.mean("position")[-1]) == pytest.approx(-65 + 1 / (np.pi * 1e3 * 1e-5))


def test_ends_may_be_an_array():
    pair = lo.Axon(SQUID, 100, 10, 100, ends=np.array([1.0, 2.0])).ends
    assert [end.voltage for end in pair] == [1, 2]


def test_replace_reaches_every_membrane_that_has_the_parameter():
    changed = fibre().replace(g_Na=60, g_L=[0.1, 0.2], accuracy=1e-4)
    assert [r.membrane.parameters.get("g_Na") is not None for r in changed.regions] == [1, 0, 1]
    assert changed.regions[2].membrane.parameters["g_Na"].value == 60
    assert changed.regions[1].membrane.parameters["g_L"].value.shape == (2,)
    assert changed.accuracy == 1e-4
    assert changed.ends == fibre().ends
    assert changed.regions[1].myelin


def test_myelin_is_its_layers_in_series():
    """As many cylinders, one in the other, as the sheath is thick, up to the last one's part."""
    radius, layers = 5.0, 100
    outer = radius + 0.018 * layers
    region = lo.Myelin(1000, 2 * radius, radius / outer)
    membrane = region.membrane.parameters
    middles = radius + 0.018 * (np.arange(layers) + 0.5)
    series = radius * np.sum(1 / middles)  # of equal capacitances per area
    assert membrane["C_m"].value == pytest.approx(0.05 / series, rel=1e-5)
    assert membrane["g_L"].value == pytest.approx(0.5 / series, rel=1e-5)
    assert lo.Myelin(1000, 10, C_m=0.01, g_L=0.02).membrane.parameters["g_L"].value == 0.02


def test_a_cone_has_the_area_and_the_resistance_of_a_cone():
    axon = lo.Axon(regions=[lo.Region(SQUID, 100, 4, 12, compartments=7)], axial_resistivity=50)
    parts = parts_of(axon)
    slant = np.hypot(100, 4)
    assert parts.area.sum() == pytest.approx(np.pi * (2 + 6) * slant)
    # from end to end: R L/(pi r s), in ohm cm over um
    resistance = 1 / parts.ends[0, 0] + np.sum(1 / parts.link[0]) + 1 / parts.ends[0, 1]
    assert resistance == pytest.approx(50 * 100 / (np.pi * 2 * 6) * 1e-2)  # Mohm
    assert parts.position[0] == pytest.approx(100 / 14)
    assert parts.diameter[0, 3] == pytest.approx(8)


def test_regions_get_compartments_for_their_own_length_constant():
    problem = cut(posed(fibre()))
    rate, told = step_for(1e-2, 1.0) / problem.along.dt, outlines(fibre())
    counts = counts_of(fibre(), told, problem.lanes, rate, 1e-2)
    assert counts[0] == 1  # a node is shorter than a compartment
    assert counts == np.bincount(problem.along.parts.region).tolist()
    finer = counts_of(fibre(), told, problem.lanes, rate, 1e-4)
    assert finer[2] == pytest.approx(10 * counts[2], abs=10)
    thin = lo.Axon(SQUID, 1000, [10, 40], 35.4)
    thick = lo.Axon(SQUID, 1000, 40, 35.4)
    # the shortest of the lanes counts, and it grows with the root of the diameter
    one, other = (
        length_constant(a.regions[0], 0, outlines(a)[0], posed(a).lanes, 30.0)
        for a in (thin, thick)
    )
    assert other == pytest.approx(2 * one)


def test_a_current_between_centres_keeps_its_first_moment():
    parts = parts_of(lo.Axon(SQUID, 100, 10, 35.4, compartments=10))
    for place in (0.0, 3.0, 5.0, 12.5, 47.0, 95.0, 99.0, 100.0):
        given = shares(parts, place)
        assert sum(given.values())[0] == pytest.approx(1)
        centre = sum(parts.position[k] * w[0] for k, w in given.items())
        assert centre == pytest.approx(np.clip(place, 5, 95))


def test_a_current_at_a_joint_goes_where_the_resistance_is_small():
    regions = [
        lo.Region(SQUID, 100, [4, 8], compartments=10),
        lo.Region(SQUID, 100, 8, compartments=10),
    ]
    parts = parts_of(lo.Axon(regions=regions, axial_resistivity=35.4))
    at_joint = shares(parts, 100.0)
    # 5 um on either side; a quarter of the section, four times the resistance
    assert at_joint[9] == pytest.approx([0.2, 0.5])
    assert at_joint[10] == pytest.approx([0.8, 0.5])


@pytest.mark.parametrize("compartments", [4, 8, 16])
def test_the_input_resistance_at_a_joint_converges_at_second_order(compartments):
    """Two endless-like cables of different diameters, joined at the electrode: their input
    conductances add up, (pi/2) sqrt(g/R) d^(3/2) tanh(L/lambda) each (Rall 1959)."""
    leak = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.2, E=-65)])
    widths, length, n = (4.0, 10.0), 800.0, compartments
    axon = lo.Axon(
        regions=[lo.Region(leak, length, d, compartments=n) for d in widths],
        axial_resistivity=100,
    )
    rec = lo.simulate(axon, lo.at(length, lo.Step(0, 0.05)), 80, solver=lo.Exponential(0.05))
    conductance = 0.0
    for d in widths:
        constant = np.sqrt(d * 1e7 / (4 * 100 * 0.2))
        axial = np.pi * d**2 / 4 / (100 * constant) * 100  # uS
        conductance += axial * np.tanh(length / constant)
    # V at the joint by the parabolas on either side, continuous there
    v, x = rec.V.isel(time=-1).values + 65, rec.position.values
    sides = [
        np.polyval(np.polyfit(x[k], v[k], 3), length) for k in (slice(n - 4, n), slice(n, n + 4))
    ]
    found = 0.05 / np.mean(sides)
    assert abs(found / conductance - 1) < 0.5 / n**2


def test_what_a_recording_of_an_axon_says():
    rec = lo.simulate(fibre(), lo.at(0, lo.Pulse(0.1, 0.2, 5)) + lo.at(500, lo.Step(0, 0.1)), 0.5,
                      record=["V", "m", "I_stim"])  # fmt: skip
    assert rec.V.dims == ("g_ratio", "position", "time")
    assert rec.I_stim.dims == ("place", "time")
    assert rec.I_stim.attrs["units"] == "nA"
    assert rec.I_stim.sel(place=500).values[0] == 0.1
    assert rec.position.attrs == {"units": "um", "long_name": "position along the axon"}
    assert rec.attrs["compartments"] == rec.sizes["position"]
    assert rec.attrs["accuracy"] == 1e-2
    assert rec.attrs["axial_resistivity"] == 70
    assert rec.attrs["model"] == "a fibre"
    assert rec.attrs["dt"] > 0
    assert rec.attrs["dx_um"] <= 1000
    assert rec.region.values[0] == "node"
    assert rec.myelin.values.sum() == np.sum(rec.region == "internode")
    assert np.isnan(rec.m.where(rec.myelin, drop=True)).all()
    assert np.isfinite(rec.m.where(~rec.myelin, drop=True)).all()


def test_a_dimension_called_diameter_is_not_always_one():
    g = xr.DataArray([1.0, 2.0], dims="diameter", coords={"diameter": [1.0, 2.0]})
    for membrane, width, units in ((SQUID.replace(g_Na=g), 10, None), (SQUID, [10, 20], "um")):
        axon = lo.Axon(membrane, 100, width, 35.4, compartments=2)
        rec = lo.simulate(axon, None, 0.1, initial=-65)
        assert rec.diameter.attrs.get("units") == units


def test_at_rest_an_axon_stays_at_rest():
    """Also where its parts differ and its ends are held: it begins where all currents balance."""
    axon = lo.Axon(
        regions=[lo.Region(SQUID, 500, 10, compartments=20),
                 lo.Region(lo.load("wang-buzsaki-1996"), 500, 10, compartments=20)],
        axial_resistivity=70, ends=(-62, "sealed"),
    )  # fmt: skip
    rec = lo.simulate(axon, None, 5, record="V", threshold=-30)
    assert np.ptp(rec.V.isel(time=0).values) > 0.5
    assert float(abs(rec.V - rec.V.isel(time=0)).max()) < 1e-6
    uniform = lo.simulate(lo.Axon(SQUID, 1000, 10, 70), None, 1, record="V")
    alone = lo.simulate(SQUID, None, 1)
    assert (uniform.V.isel(time=0) == alone.V[0]).all()
    assert uniform.V.attrs["rest"] == alone.V.attrs["rest"]
