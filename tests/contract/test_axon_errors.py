"""What a person can get wrong about an axon, and what they are told: where, and what to do."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.explanation import cost

SQUID = lo.load("hodgkin-huxley-1952")
AXON = lo.Axon(SQUID, "1 cm", 476, 35.4, compartments=20)
SHOCK = lo.Pulse(0.1, 0.2, 3e3)
CLAMP = lo.Clamp(0.1, 1, 0)


def regions(*given, **more):
    return lo.Axon(regions=list(given), axial_resistivity=35.4, **more)


def piece(length=100, diameter=10, **more):
    return lo.Region(SQUID, length, diameter, **more)


MADE = {
    "length is 0": (lambda: lo.Axon(SQUID, 0, 476, 35.4), "length must be above 0 um"),
    "negative length": (lambda: piece(length=-3), "length must be above 0 um"),
    "diameter is 0": (lambda: piece(diameter=0), "diameter must be above 0 um"),
    "one of many diameters": (lambda: piece(diameter=[10, -1]), "diameter must be above 0 um"),
    "wrong unit": (lambda: lo.Axon(SQUID, "10 mV", 476, 35.4), "length: '10 mV' is a voltage"),
    "no resistivity": (lambda: lo.Axon(SQUID, 100, 10), "axial_resistivity, in ohm cm"),
    "no diameter": (lambda: lo.Axon(SQUID, 100, axial_resistivity=35.4), "needs its diameter"),
    "a name for a membrane": (lambda: lo.Region("squid", 1, 1), r'lo.load\("squid"\) gives it'),
    "lengths over lanes": (lambda: piece(length=[1, 2]), "length must be one number"),
    "both ways": (lambda: lo.Axon(SQUID, 1, 1, 1, regions=[piece()]), "give either regions"),
    "no regions": (lambda: regions(), "regions is empty"),
    "not a region": (lambda: regions(piece(), SQUID), "region 2 is <Membrane"),
    "an overlap": (
        lambda: regions(piece(), piece(start=90)),
        r"region 2 .* begins at 90 um, but region 1 ends at 100 um: they overlap from 90 to 100",
    ),
    "a gap": (
        lambda: regions(piece(), piece(start=120)),
        r"region 2 .* begins at 120 um, but region 1 ends at 100 um: they leave a gap from 100",
    ),
    "regions is a number": (lambda: lo.Axon(regions=5, axial_resistivity=1), "regions is 5; give"),
    "myelin": (lambda: piece(myelin="no"), "myelin is 'no'; give True or False"),
    "not at 0": (lambda: regions(piece(start=5)), "the axon begins at 0 um: they leave a gap"),
    "an end": (lambda: regions(piece(), ends="open"), "the left end is 'open'; it can be 'sealed'"),
    "three ends": (lambda: regions(piece(), ends=("sealed", "sealed", 1)), "ends has 3 entries"),
    "accuracy": (lambda: regions(piece(), accuracy=2), "accuracy is 2; give a fraction"),
    "half a compartment": (lambda: piece(compartments=0.5), "compartments is 0.5; give a whole"),
    "g-ratio": (lambda: lo.Myelin(100, 10, 1.2), "g_ratio must be below 1"),
    "no such parameter": (lambda: AXON.replace(g_na=1), r"did you mean g_Na"),
    "not a document": (lambda: lo.Axon.from_dict({"kind": "axon"}), "does not describe an axon"),
    "before the axon": (lambda: lo.at(-1, SHOCK), "place must be at least 0 um"),
    "several places": (lambda: lo.at([0, 1], SHOCK), "lo.at takes one place"),
    "a density": (lambda: lo.at(0, lo.Pulse(1, 1, "10 uA/cm2")), "is a current density, in uA/cm2"),
    "twice it": (lambda: lo.at(0, 2 * lo.Pulse(1, 1, "1 uA/cm2")), "a place takes a total current"),
    "no stimulus": (lambda: lo.at(0, 5), "lo.at takes a place and a stimulus"),
    "a clamp without a place": (lambda: lo.at(0, SHOCK) + CLAMP, "no place along the axon; say"),
    "a clamp for no time": (lambda: lo.Clamp(0, 0, 0), "Clamp: duration must be above 0 ms"),
    "a clamp in nA": (lambda: lo.Clamp(0, 1, "3 nA"), "Clamp: voltage: '3 nA' is a current"),
    "no resistance": (lambda: lo.Clamp(0, 1, 0, 0), "series_resistance must be 1e-09 Mohm or more"),
    "a clamp and a current": (lambda: lo.at(0, CLAMP + SHOCK), "at a place of an axon .* alone"),
    "a current and a clamp": (lambda: lo.at(0, SHOCK + CLAMP), "at a place of an axon .* alone"),
    "a scaled clamp": (lambda: 2 * lo.at(0, CLAMP), "is no current: it cannot be scaled"),
    "without a place": (lambda: lo.at(0, SHOCK) + SHOCK, "has no place along the axon; say where"),
}


@pytest.mark.parametrize("what", MADE)
def test_what_cannot_be_made(what):
    make, message = MADE[what]
    with pytest.raises(lo.LoligoError, match=message):
        make()


RUNS = {
    "off the axon": (
        {"stimulus": lo.at("2 cm", SHOCK)},
        r"at\(20000, .* is off the axon: the place 20000 um lies beyond its right end at 10000 um",
    ),
    "not placed clamp": (
        {"stimulus": CLAMP},
        r"an axon is clamped at a place: lo.at\(0, VoltageClamp",
    ),
    "a clamp after the run": (
        {"stimulus": lo.at(0, lo.Clamp(5, 1, 0))},
        "lies wholly outside the run: it begins at 5 ms",
    ),
    "two at once": (
        {"stimulus": lo.at(0, CLAMP) + lo.at(0, lo.Clamp(0.5, 1, -20))},
        "two clamps at 0 um are on at the same time, from 0.5 ms on; let one end",
    ),
    "too near": (
        {"stimulus": lo.at(1000, CLAMP) + lo.at(1010, CLAMP)},
        r"the clamps at 1000 and 1010 um lie between the same centres of compartments \(500 um",
    ),
    "not placed": ({"stimulus": SHOCK}, r"an axon is stimulated at a place: lo.at\(0, Pulse"),
    "not a stimulus": ({"stimulus": 5}, "stimulus must be placed along the axon"),
    "after the run": ({"stimulus": lo.at(0, lo.Pulse(9, 1, 1))}, "lies wholly outside the run"),
    "Taylor": ({"solver": lo.Taylor()}, "lo.Taylor runs single membranes"),
    "float32": (
        {"solver": lo.Exponential(precision="float32")},
        "axons are computed in float64, not in float32: leave precision out",
    ),
    "recorded off the axon": ({"positions": [0, 20000]}, "positions: 20000 um is off the axon"),
    "nested positions": ({"positions": [[1, 2], [3, 4]]}, "positions is nested; give one list"),
    "a current along it": (
        {"stimulus": lo.at(0, lo.Pulse(0, 1, xr.DataArray([1.0, 2.0], dims="position")))},
        r"amplitude varies along 'position', but a current is injected at places: lo\.at",
    ),
    "recorded nowhere": ({"positions": []}, "positions is empty"),
    "no such record": ({"record": ["n", "Ca"]}, "the model has no 'Ca'"),
    "just off the axon": (
        {"stimulus": lo.at(10000.01, SHOCK)},
        "the place 10000.01 um lies beyond its right end at 10000 um",
    ),
    "a reversed recording": (
        {"initial": lo.simulate(AXON, None, 0.1).isel(position=slice(None, None, -1))},
        "its position 0 is 9750 um, but the axon's compartment there is at 250 um",
    ),
    "a longer axon's recording": (
        {"initial": lo.simulate(AXON.replace(length="2 cm"), None, 0.1)},
        "its position 0 is 500 um, but the axon's compartment there is at 250 um",
    ),
    "another axon's recording": (
        {"initial": lo.simulate(AXON.replace(compartments=10), None, 0.1)},
        "it has 10 positions, but the axon has 20 compartments",
    ),
}


@pytest.mark.parametrize("what", RUNS)
def test_what_cannot_be_run(what):
    given, message = RUNS[what]
    with pytest.raises(lo.LoligoError, match=message):
        lo.simulate(AXON, given.pop("stimulus", None), 2, **given)


def test_a_membrane_has_no_places():
    with pytest.raises(lo.LoligoError, match="a membrane has no places: give the stimulus alone"):
        lo.simulate(SQUID, lo.at(0, SHOCK), 2)
    with pytest.raises(lo.LoligoError, match="positions are places along an axon"):
        lo.simulate(SQUID, None, 2, positions=[0])


def test_a_membrane_has_no_place_to_clamp():
    with pytest.raises(lo.LoligoError, match="a membrane has no places"):
        lo.simulate(SQUID, lo.at(0, CLAMP), 2)
    with pytest.raises(lo.LoligoError, match="but the membrane has no area"):
        lo.simulate(SQUID, lo.Clamp(0.1, 1, 0, 1e-3), 2)


def test_a_held_end_is_not_clamped():
    held = lo.Axon(SQUID, "1 cm", 476, 35.4, compartments=20, ends=(-65, "sealed"))
    with pytest.raises(lo.LoligoError, match="clamp at 0 um is at an end that is held at -65 mV"):
        lo.simulate(held, lo.at(0, CLAMP), 2)


def test_a_run_that_will_not_fit_says_how_much_it_needs_before_it_takes_any():
    long = lo.Axon(SQUID, "10 cm", 476, 35.4, compartments=1_000_000)
    with pytest.raises(lo.LoligoError, match=r"needs [\d.]+ TB of memory \(1 axons × 1,000,000"):
        lo.simulate(long, None, 1000)


def test_too_many_compartments_are_refused():
    with pytest.raises(lo.LoligoError, match=r"would have [\d,]+ compartments, more than"):
        lo.simulate(lo.Axon(SQUID, "100 m", 1, 35.4, accuracy=1e-8), None, 1)


def test_a_run_that_diverges_says_when_and_where():
    axon = lo.Axon(SQUID, 100, 10, 35.4, compartments=5)
    message = (
        r"diverged at t = [\d.e-]+ ms: V is no longer finite. Just before, it was .* um\. Check"
    )
    for engine in ("llvm", "numpy"):
        solver = lo.Exponential(0.01, engine=engine)
        with pytest.raises(lo.LoligoError, match=message):
            lo.simulate(axon, lo.at(0, lo.Step(0.3, 1e305)), 1, solver=solver)


def blow(E="-65"):
    """A state that becomes infinite at t = 1.47 ms."""
    return lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=E)],
                       states=[lo.State("z", "z*z + 1", initial=0.1)], name="blow")  # fmt: skip


LOST = r"diverged at t = (\S+) ms: z is no longer finite. Just before, it was (\S+) at (\S+) um\. "
BEGIN = {"V": -65, "z": xr.DataArray([0.0, 0.1, 0.05], dims="position")}


@pytest.mark.parametrize("engine", ["llvm", "numpy"])
@pytest.mark.parametrize("E", [-65, "-65 + z"])
def test_a_state_that_is_lost_is_named_with_where_it_began(engine, E):
    """Whether or not V depends on it, wherever it is in a call of the engine."""
    axon = lo.Axon(blow(E), 600, 10, 100, compartments=3)
    solver = lo.Exponential(0.01, engine=engine)
    told = []
    for duration in (2, 10):
        with pytest.raises(lo.LoligoError, match=LOST) as found:
            lo.simulate(axon, None, duration, initial=BEGIN, solver=solver)
        told.append(str(found.value))
    assert told[0] == told[1]
    when, last, where = re.search(LOST, told[0]).groups()
    assert 1.4 < float(when) < 1.7
    assert np.isfinite(float(last))
    assert float(where) == 300


def test_of_several_axons_the_lane_is_named():
    axon = lo.Axon(blow(), 600, [10, 20], 100, compartments=3)
    begin = {
        "V": -65,
        "z": xr.DataArray([-9.0, 0.1], dims="diameter", coords={"diameter": [10, 20]}),
    }
    with pytest.warns(UserWarning, match="um in the lane diameter = 20"):
        lo.simulate(axon, None, 2, initial=begin, solver=lo.Exponential(0.01))


def test_the_reference_says_what_it_lost_and_where():
    axon = lo.Axon(blow(), 600, 10, 100, compartments=3)
    message = r"failed at t = 1.4\d+ ms: (d?z/?d?t?) is .*not? .*finite.* at 300 um\. Check"
    with pytest.raises(lo.LoligoError, match=message):
        lo.simulate(axon, None, 10, initial=BEGIN, solver=lo.Reference(1e-6))


def test_an_axon_without_rest_offers_a_holding_potential():
    pacemaker = SQUID.replace(E_L=50)
    with pytest.raises(lo.LoligoError, match="give a holding potential, for example initial=-65"):
        lo.simulate(lo.Axon(pacemaker, 1000, 10, 35.4), None, 1)


def test_an_end_too_far_from_rest_is_no_crash():
    with pytest.raises(lo.LoligoError, match="no stable resting state"):
        lo.simulate(AXON.replace(ends=1e308), None, 1)


def test_a_taper_to_almost_nothing_is_refused():
    needle = lo.Region(SQUID, "10 cm", 500, 1e-6)
    with pytest.raises(lo.LoligoError, match=r"region 1 .* cut the taper into several regions"):
        lo.simulate(regions(needle), None, 1)


def test_the_cost_is_a_membranes():
    with pytest.raises(lo.LoligoError, match=r"give axon\.regions\[0\]\.membrane"):
        cost(AXON)
    with pytest.raises(lo.LoligoError, match=r"axon\.regions\[1\]\.membrane"):
        lo.explain(regions(piece(), piece()), "m")


def test_dimensions_that_the_recording_has_are_refused():
    wide = xr.DataArray(np.array([10.0, 20.0]), dims="position")
    with pytest.raises(lo.LoligoError, match="diameter varies along 'position'"):
        lo.simulate(lo.Axon(SQUID, 1000, wide, 35.4), None, 1)


def test_ten_thousand_compartments_need_little_memory():
    """What is not recorded is not kept, however long the run: 96 numbers, as is stated before."""
    fine = lo.Axon(SQUID, "10 cm", 476, 35.4, compartments=10_000)
    shock = lo.at(0, lo.Pulse(0.1, 0.2, 3e4))
    lo.simulate(fine, shock, 0.5, record=["V"], positions=[0])  # what is made once is made
    tracemalloc.start()
    rec = lo.simulate(fine, shock, 2, record=["V"], positions=[0, "5 cm"], sample_interval=0.01)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rec.V.shape == (2, 201)
    assert rec.attrs["compartments"] == 10_000
    assert most < 10_000 * 8 * 96
