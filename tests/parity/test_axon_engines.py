"""The axon's engines and solvers against each other; lanes and threads against single runs."""

from __future__ import annotations

import numpy as np
import pytest

import loligo as lo
from cells import calcium
from few import FEW
from fired import fired
from loligo.run.pace import Pace
from paced import simulate
from references import reference

SQUID = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
# what makes a short, thin axon of each fire
MEMBRANES = {name: lo.load(name) for name in FEW} | {"calcium": calcium()}
STIMULUS = lo.at(0, lo.Pulse(0.3, 0.5, 40)) + lo.at(600, lo.Sine(1, 1, 10, 2000))


def mixed() -> lo.Axon:
    """Several structures, a cone, myelin, one end held; some regions are one compartment long."""
    node = lo.Region(SQUID, 20, 8, name="node")
    cone = lo.Region(SQUID.replace(g_Na=60), 300, 8, 12, name="cone", compartments=11)
    return lo.Axon(
        regions=[node, lo.Myelin(200, 8, compartments=3), node, cone,
                 lo.Region(lo.load("wang-buzsaki-1996"), 150, 10, compartments=4)],
        axial_resistivity=70, ends=("sealed", -60),
    )  # fmt: skip


def axon(name: str) -> lo.Axon:
    if name == "mixed":
        return mixed()
    return lo.Axon(MEMBRANES[name], 1000, 10, 100, compartments=13)


def worst(one, other, name: str) -> float:
    a, b = one[name], other[name]
    assert a.dims == b.dims
    assert (np.isnan(a) == np.isnan(b)).all()
    return float(abs(a - b).max().fillna(0.0))


@pytest.mark.parametrize("name", [*MEMBRANES, "mixed"])
def test_both_engines_do_the_same(name):
    runs = [
        lo.simulate(axon(name), STIMULUS, 2.5, solver=lo.Exponential(0.01, engine=engine))
        for engine in ("llvm", "numpy")
    ]
    assert runs[0].V.max() > -20
    for variable in runs[0].data_vars:
        scale = max(1.0, float(abs(runs[0][variable]).max()))
        assert worst(*runs, variable) < 1e-9 * scale, variable


@pytest.mark.parametrize(
    "name",
    ["hodgkin-huxley-1952", "mixed",
     *(pytest.param(n, marks=pytest.mark.slow) for n in MEMBRANES if n[0] != "h")],
)  # fmt: skip
def test_the_step_converges_to_the_method_of_lines(name):
    true = reference(axon(name), STIMULUS, 2.5, solver=lo.Reference(1e-10))
    errors = []
    for dt in (0.005, 0.0025, 0.00125):
        rec = lo.simulate(axon(name), STIMULUS, 2.5, solver=lo.Exponential(dt))
        errors.append([worst(rec, true, variable) for variable in ("V", *_gates(rec))])
        assert rec.spike_count.equals(true.spike_count)
    errors = np.array(errors)
    assert errors[-1, 0] < 0.05
    assert (errors[-1, 1:] < 1e-3).all()
    orders = np.log2(errors[:-1] / errors[1:])
    assert orders[-1, 0] > 1.85


def _gates(rec):
    return [name for name, v in rec.data_vars.items() if v.attrs.get("role") == "gate"]


def test_the_located_spikes_are_those_of_the_method_of_lines():
    true = reference(axon("hodgkin-huxley-1952"), STIMULUS, 2.5, solver=lo.Reference(1e-10))
    rec = lo.simulate(axon("hodgkin-huxley-1952"), STIMULUS, 2.5, solver=lo.Exponential(0.001))
    assert fired(true).size == 13
    assert np.abs(fired(rec) - fired(true)).max() < 1e-4


@pytest.mark.parametrize("name", ["hodgkin-huxley-1952", "passive"])
def test_one_compartment_is_a_membrane(name):
    """The same current, spread over all of it, with every solver."""
    leak = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)])
    membrane = leak if name == "passive" else MEMBRANES[name]
    short = lo.Axon(membrane, 50, 10, 100, compartments=1)
    area = np.pi * 50 * 10
    alone = reference(membrane, lo.Pulse(0.3, 0.5, 30), 2, solver=lo.Reference(1e-11))
    shock = lo.at(0, lo.Pulse(0.3, 0.5, 30 * area * 1e-5))
    for solver, close in ((lo.Reference(1e-11), 1e-6), (lo.Exponential(0.001), 0.02)):
        rec = lo.simulate(short, shock, 2, solver=solver)
        assert float(abs(rec.V[0] - alone.V).max()) < close


@pytest.mark.parametrize("threshold", [-50.0, 0.0, 39.5, 40.4])
def test_both_references_find_the_same_spikes(threshold):
    """Also one that V, of 40.5 mV at the peak, is above for less than a step."""
    options = {"solver": lo.Reference(1e-11), "threshold": threshold, "record": ["spikes"]}
    squid = lo.load("hodgkin-huxley-1952")
    alone = reference(squid, lo.Pulse(0.5, 1, 20), 12, **options)
    short = lo.Axon(squid, 50, 10, 100, compartments=1)
    shock = lo.at(0, lo.Pulse(0.5, 1, 20 * np.pi * 50 * 10 * 1e-5))
    rec = reference(short, shock, 12, **options)
    assert fired(alone).size == 1
    assert fired(rec) == pytest.approx(fired(alone), abs=1e-8)


def sweep() -> lo.Axon:
    return lo.Axon(SQUID.replace(g_Na=[90, 120]), 3000, [100, 300, 476], 35.4, compartments=29)


def test_lanes_are_single_runs_to_the_last_bit():
    shock = lo.at(0, lo.Pulse([0.1, 0.2], 0.3, 3e3))
    many = lo.simulate(sweep(), shock, 1.5)
    assert many.V.dims == ("diameter", "g_Na", "start", "position", "time")
    for k, width in enumerate(many.diameter.values):
        for i, g in enumerate(many.g_Na.values):
            one = lo.Axon(SQUID.replace(g_Na=g), 3000, width, 35.4, compartments=29)
            for j, start in enumerate(many.start.values):
                single = lo.simulate(one, lo.at(0, lo.Pulse(start, 0.3, 3e3)), 1.5, record="V",
                                     solver=lo.Exponential(many.attrs["dt"]))  # fmt: skip
                assert (single.V.values == many.V.values[k, i, j]).all()


@pytest.mark.parametrize("ends", ["killed", -50])
def test_the_rest_of_held_ends_does_not_depend_on_other_lanes(ends):
    def run(g):
        axon = lo.Axon(SQUID.replace(g_L=g), 1000, 10, 35.4, compartments=15, ends=ends)
        return lo.simulate(axon, None, 0.1, record="V", solver=lo.Exponential(0.01))

    many = run([0.1, 0.3, 1.0])
    for k, g in enumerate(many.g_L.values):
        assert (run(g).V.values == many.V.values[k]).all()


def test_threads_and_calls_change_nothing(monkeypatch):
    shock = lo.at(0, lo.Pulse(0.1, 0.3, 3e3))
    runs = []
    for threads, pace in (("1", Pace()), ("3", Pace(amount=1))):
        monkeypatch.setenv("LOLIGO_THREADS", threads)
        runs.append(simulate(sweep(), shock, 1.5, pace=pace))
    assert runs[0].identical(runs[1])


def test_a_recording_goes_on_where_it_ended():
    whole = lo.simulate(mixed(), lo.at(0, lo.Pulse(0.1, 0.3, 20)), 2, solver=lo.Exponential(0.01))
    first = lo.simulate(mixed(), lo.at(0, lo.Pulse(0.1, 0.3, 20)), 1, solver=lo.Exponential(0.01))
    second = lo.simulate(mixed(), None, 1, initial=first, solver=lo.Exponential(0.01))
    late = whole.V.sel(time=slice(0.999, None))
    # the first two steps of a run are damped ones
    assert np.abs(second.V.values - late.values).max() < 0.05


def test_fewer_positions_are_some_of_all():
    shock = lo.at(0, lo.Pulse(0.1, 0.3, 20))
    every = lo.simulate(mixed(), shock, 1)
    centres = every.position.values[[0, 3, 9, -1]]
    some = lo.simulate(mixed(), shock, 1, positions=centres[::-1])
    assert some.position.values.tolist() == centres.tolist()
    for name in some.data_vars:
        if name not in ("spike_time", "I_stim"):
            assert some[name].equals(every[name].sel(position=some.position)), name
    assert lo.spike_times(some).equals(lo.spike_times(every).sel(position=some.position))


def test_a_file_and_a_rerun_give_the_same_recording(tmp_path):
    rec = lo.simulate(mixed(), STIMULUS, 1.5, positions=[0, 400])
    for suffix in (".nc", ".npz", ".csv"):
        back = lo.open(lo.save(rec, tmp_path / f"axon{suffix}"))
        assert back.identical(rec)
    assert lo.rerun(back).identical(rec)
    assert rec.attrs["model_kind"] == "axon"
    assert rec.region.values.tolist() == ["node", "cone"]
