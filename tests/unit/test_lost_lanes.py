"""One lane's failure is its own: the others' numbers are, to the last bit, those that they have
alone; the lost lane's are NaN, and one warning says how many there are, where, when and why."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.errors import RunError
from loligo.run.pace import Pace
from loligo.run.status import Status
from paced import simulate

SQUID = lo.load("hodgkin-huxley-1952")
# C V' = a + 0.05 (V + 65)^2 with a = 1 + what is injected: from -65 mV tan, infinite after
# pi/2 sqrt(20/a); with a < 0 it rests
RUN_AWAY = lo.Membrane(channels=[lo.Channel("X", current="-0.05*(V+65)**2-1")])
SOLVERS: dict[str, Any] = {
    "taylor": lo.Taylor(),
    "taylor in numpy": lo.Taylor(engine="numpy"),
    "exponential": lo.Exponential(),
    "exponential in numpy": lo.Exponential(engine="numpy"),
    "float32": lo.Exponential(precision="float32"),
    "float32 in numpy": lo.Exponential(precision="float32", engine="numpy"),
    "reference": lo.Reference(1e-9),
}


def told(run: Any) -> tuple[xr.Dataset, str]:
    """What a run gives, and its only warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rec = run()
    (one,) = caught
    return rec, str(one.message)


def lost(rec: xr.Dataset) -> np.ndarray:
    return rec.status.values > Status.EXPONENTIAL


def as_alone(rec: xr.Dataset, lane: int, alone: xr.Dataset) -> None:
    """The lane's values and spikes are those of a run of its own."""
    (dim,) = rec.status.dims
    mine = rec.isel({dim: lane})
    for name in alone.data_vars:
        if "time" in alone[name].dims and name in rec:
            assert np.array_equal(mine[name].values, alone[name].values), name
    spikes = lo.spike_times(mine).values
    assert np.array_equal(spikes[np.isfinite(spikes)], lo.spike_times(alone).values)
    assert int(mine.spike_count) == int(alone.spike_count)


def nothing_of_lost(rec: xr.Dataset) -> None:
    gone = lost(rec)
    assert np.isnan(rec.V.values[gone]).all()
    assert np.isfinite(rec.V.values[~gone]).all()
    assert (rec.spike_count.values[gone] == -1).all()
    assert (rec.spike_count.values[~gone] >= 0).all()


def test_of_2000_lanes_a_tenth_without_rest() -> None:
    """A leak that pulls the membrane above its threshold makes it fire for ever."""
    draw = np.random.default_rng(3)
    g_L, E_L = draw.uniform(0.29, 0.31, 2000), np.full(2000, -54.387)
    without = np.sort(draw.choice(2000, 200, replace=False))
    E_L[without] = -20.0

    def sweep(lanes: np.ndarray) -> xr.Dataset:
        values = {"g_L": g_L[lanes], "E_L": E_L[lanes]}
        model = SQUID.replace(**{n: xr.DataArray(v, dims="cell") for n, v in values.items()})
        return lo.simulate(model, lo.Pulse(1, 3, 20), 8)

    rec, said = told(lambda: sweep(np.arange(2000)))
    assert said.startswith("200 of 2,000 lanes could not be run: their values are NaN, their ")
    assert f"In 200 (cell = {without[0]}; " in said
    assert "the membrane has no stable resting potential" in said
    assert np.array_equal(np.flatnonzero(lost(rec)), without)
    assert (rec.status.values[without] == Status.NO_REST).all()
    nothing_of_lost(rec)
    with_rest = np.setdiff1d(np.arange(2000), without)
    others = sweep(with_rest)
    assert np.array_equal(others.V.values, rec.V.values[with_rest])
    assert np.array_equal(others.spike_count.values, rec.spike_count.values[with_rest])
    assert int(others.spike_count.sum()) == with_rest.size
    for lane in (with_rest[0], without[0] - 1, without[0] + 1, with_rest[-1]):
        model = SQUID.replace(g_L=float(g_L[lane]), E_L=float(E_L[lane]))
        as_alone(rec, int(lane), lo.simulate(model, lo.Pulse(1, 3, 20), 8))


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if "numpy" in n else ()) for n in SOLVERS],
)
def test_lanes_that_diverge_do_so_alone_and_each_at_its_own_time(name: str) -> None:
    amplitudes = np.array([-9.0, -0.5, -4.0, 1.0, 0.0, -1.5, 3.0, -2.0, -7.0, 2.0, -1.2])
    run = {"duration": 11, "initial": -65, "solver": SOLVERS[name]}
    rec, said = told(lambda: lo.simulate(RUN_AWAY, lo.Step(0, amplitudes), **run))
    gone = np.flatnonzero(amplitudes > -1)
    assert np.array_equal(np.flatnonzero(lost(rec)), gone)
    assert (rec.status.values[gone] == Status.DIVERGED).all()
    nothing_of_lost(rec)
    assert said.startswith("5 of 11 lanes could not be run")
    when = {
        float(a): float(t) for a, t in re.findall(r"amplitude = (-?[\d.]+) at ([\d.]+) ms", said)
    }
    assert sorted(when) == sorted(amplitudes[gone])
    for amplitude, t in when.items():
        blown = 0.5 * np.pi * np.sqrt(20 / (1 + amplitude))
        assert t == pytest.approx(blown, abs=0.05), amplitude
    for lane in np.flatnonzero(~lost(rec)):
        as_alone(rec, lane, lo.simulate(RUN_AWAY, lo.Step(0, amplitudes[lane]), **run))
    with pytest.raises(RunError, match=r"at t = [\d.]+ ms(:| \(R)") as alone:
        lo.simulate(RUN_AWAY, lo.Step(0, 1.0), **run)
    assert f"t = {when[1.0]:.6g} ms" in str(alone.value)


@pytest.mark.parametrize(
    ("solver", "amount"),
    [("taylor", 5), ("exponential", 3), ("exponential", None), ("float32", 7),
     pytest.param("exponential in numpy", None, marks=pytest.mark.slow)],
)  # fmt: skip
def test_it_makes_no_difference_how_a_run_with_lost_lanes_is_dealt_out(
    solver: str, amount: int | None
) -> None:
    """Edges off the grid and noise of its own in each lane; the last lane, copies of which fill
    the last vector, and a whole vector are among the lost."""
    count = 70
    amplitudes = np.where(np.arange(count) % 3 == 1, 40.0, np.linspace(-9, -3, count))
    amplitudes[-5:] = amplitudes[16:40] = 30.0
    starts = xr.DataArray(np.linspace(0.503, 1.277, count), dims="cell")
    stimulus = lo.Pulse(starts, 9, xr.DataArray(amplitudes, dims="cell"))
    if solver != "taylor":
        stimulus = stimulus + lo.Noise(
            0.4, 9, 0.3, seed=xr.DataArray(np.arange(count), dims="cell")
        )
    run = {"duration": 3, "initial": -66, "solver": SOLVERS[solver], "threshold": -65.8}

    def some(lanes: Any) -> xr.Dataset:
        return simulate(RUN_AWAY, _lanes_of(stimulus, lanes), pace=Pace(amount=amount), **run)

    rec, _ = told(lambda: some(np.arange(count)))
    gone = lost(rec)
    assert np.array_equal(gone, amplitudes > 0)
    nothing_of_lost(rec)
    fine = np.flatnonzero(~gone)
    others = some(fine)
    assert int(others.spike_count.sum()) > 0
    for name in ("V", "spike_count", "spike_time", "spike_peak", "spike_trough"):
        assert np.array_equal(others[name], rec[name][fine], equal_nan=True), name


def _lanes_of(stimulus: Any, lanes: Any) -> Any:
    """The stimulus with some of its lanes."""
    from loligo.lanes import Labelled
    from loligo.stimulus.document import from_dict

    document = stimulus.to_dict()

    def cut(value: Any) -> Any:
        if isinstance(value, dict) and "dims" in value:
            values = Labelled.from_dict(value).values[lanes]
            return Labelled(("cell",), values).to_dict()
        if isinstance(value, dict):
            return {name: cut(each) for name, each in value.items()}
        return [cut(each) for each in value] if isinstance(value, list) else value

    return from_dict(cut(document))


@pytest.mark.parametrize("engine", ["llvm", pytest.param("numpy", marks=pytest.mark.slow)])
def test_a_lane_that_is_too_stiff_for_the_solver_asked_for(engine: str) -> None:
    """A lane whose short steps were nearly enough when its neighbour was lost goes on as alone."""
    gate = lo.Gate("q", inf="1/(1+exp(-(V+40)/5))", tau="tau_q")
    channels = [lo.Channel("L", g=0.3, E=-65), lo.Channel("X", g=0.1, E=0, gates=[gate])]
    model = lo.Membrane(channels=channels, parameters={"tau_q": 1.0})
    taus = np.array([1.0, 1e-7, 2e-4, 0.3, 3e-7])
    run = {"duration": 1.5, "initial": -65, "solver": lo.Taylor(engine=engine)}
    rec, said = told(lambda: lo.simulate(model.replace(tau_q=taus), lo.Pulse(1, 1, 5), **run))
    assert lost(rec).tolist() == [False, True, rec.status[2] == Status.STIFF, False, True]
    assert (rec.status.values[lost(rec)] == Status.STIFF).all()
    assert "the model is too stiff for lo.Taylor: at t = " in said
    for lane in np.flatnonzero(~lost(rec)):
        as_alone(rec, lane, lo.simulate(model.replace(tau_q=taus[lane]), lo.Pulse(1, 1, 5), **run))


def test_a_lane_that_is_too_stiff_and_then_lost() -> None:
    """Too stiff for the default, it goes on with Exponential, and does not end there either."""
    rec, said = told(lambda: lo.simulate(SQUID, lo.Step(1, [0.0, -1e16]), 3))
    assert rec.status.values.tolist() == [Status.FINE, Status.DIVERGED]
    assert "the run diverged at t = 1.00" in said
    assert "Exponential" not in rec.attrs["accuracy"]  # nothing in it was made by that
    as_alone(rec, 0, lo.simulate(SQUID, lo.Step(1, 0.0), 3))
    assert lo.rerun(rec).equals(rec)
    with pytest.raises(RunError, match=r"the run diverged at t = 1\.00"):
        lo.simulate(SQUID, lo.Step(1, -1e16), 3)


def test_a_sweep_that_is_lost_as_a_whole_is_still_one() -> None:
    """Also where it has a single lane: what comes back does not hang on how a sweep is cut."""
    for amplitudes in ([1.0], [1.0, 2.0]):
        rec, said = told(
            lambda amplitudes=amplitudes: lo.simulate(
                RUN_AWAY, lo.Step(0, amplitudes), 20, initial=-65
            )
        )
        count = len(amplitudes)
        assert said.startswith(f"{count} of {count} lanes could not be run")
        assert np.isnan(rec.V).all()
        assert rec.spike_count.values.tolist() == [-1] * count
    spontaneous = SQUID.replace(E_L=-20.0)
    rec, said = told(lambda: lo.simulate(spontaneous, lo.Step(0, [1.0, 2.0]), 20))
    assert rec.status.values.tolist() == [Status.NO_REST] * 2
    assert "give a holding potential, for example initial=-65" in said
    with pytest.raises(RunError, match="no stable resting potential"):
        lo.simulate(spontaneous, lo.Step(0, 1.0), 20)


def test_a_holding_potential_at_which_a_state_is_not_steady() -> None:
    """Ca' = 1 - Ca far below -50 mV; far above it is 1 + Ca + 2 Ca^2, which is never 0."""
    model = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65)],
        states=[lo.State("Ca", "1 + tanh(V+50)*Ca + (1+tanh(V+50))*Ca*Ca", initial=1.0)],
    )
    run = {"duration": 2, "record": ["V", "Ca"]}
    rec, said = told(lambda: lo.simulate(model, None, initial=[-60.0, -40.0, -70.0], **run))
    assert rec.status.values.tolist() == [Status.FINE, Status.NOT_STEADY, Status.FINE]
    assert "no steady value" in said
    for lane, voltage in ((0, -60.0), (2, -70.0)):
        as_alone(rec, lane, lo.simulate(model, None, initial=voltage, **run))


# ------------------------------------------------------------------------------------------- axons


def blow() -> lo.Membrane:
    """A state that is infinite after pi/2 - atan(z) ms."""
    return lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)],
                       states=[lo.State("z", "z*z + 1", initial=0.1)])  # fmt: skip


@pytest.mark.parametrize(
    "solver", [lo.Exponential(), lo.Exponential(engine="numpy"), lo.Reference(1e-6)],
    ids=["llvm", "numpy", "reference"],
)  # fmt: skip
def test_axons_that_are_lost_leave_the_others_alone(solver: Any) -> None:
    z = np.array([-9.0, 0.1, -20.0, 0.3, -5.0])
    diameters = [10.0, 20.0, 30.0, 40.0, 50.0]

    def run(lanes: Any) -> xr.Dataset:
        chosen = np.array(diameters)[lanes]
        begin = {"V": -60, "z": xr.DataArray(z[lanes], dims="diameter",
                                             coords={"diameter": chosen})}  # fmt: skip
        axon = lo.Axon(blow(), 600, chosen, 100, compartments=3)
        stimulus = lo.at(300, lo.Pulse(0.3, 1, 0.1)) if np.ndim(lanes) else None
        record = ["V", "z", "I_L"]
        return lo.simulate(axon, stimulus, 1.6, initial=begin, solver=solver, record=record)

    rec, said = told(lambda: run(np.arange(5)))
    assert lost(rec).tolist() == [False, True, False, True, False]
    when = {float(d): float(t) for d, t in re.findall(r"diameter = (\d+) at ([\d.]+) ms", said)}
    assert sorted(when) == [20, 40]
    assert when[20] == pytest.approx(np.pi / 2 - np.arctan(0.1), abs=0.04)
    assert when[40] == pytest.approx(np.pi / 2 - np.arctan(0.3), abs=0.04)
    assert np.isnan(rec.V.values[lost(rec)]).all()
    assert (rec.spike_count.values[lost(rec)] == -1).all()
    others = run(np.array([0, 2, 4]))
    for name in ("V", "z", "I_L"):
        assert np.array_equal(others[name].values, rec[name].values[[0, 2, 4]]), name


def test_an_axon_without_rest_among_others() -> None:
    def run(E_L: Any) -> xr.Dataset:
        axon = lo.Axon(SQUID.replace(E_L=E_L), 2000, 476, 35.4, compartments=9)
        return lo.simulate(axon, lo.at(0, lo.Pulse(0.2, 0.5, 500)), 2, solver=lo.Exponential(0.01))

    rec, said = told(lambda: run([-54.387, 50.0, -55.0]))
    assert rec.status.values.tolist() == [Status.FINE, Status.NO_REST, Status.FINE]
    assert "In 1 (E_L = 50)" in said
    assert np.array_equal(run([-54.387, -55.0]).V.values, rec.V.values[[0, 2]])
    with pytest.raises(RunError, match="give a holding potential"):
        run(50.0)


def test_an_axon_of_two_membranes_without_rest_among_others() -> None:
    """Of which each part rests by itself, or does not."""

    def run(E_L: Any) -> xr.Dataset:
        regions = [lo.Region(SQUID, 500, 476, compartments=3),
                   lo.Region(SQUID.replace(E_L=E_L), 500, 476, compartments=3)]  # fmt: skip
        axon = lo.Axon(regions=regions, axial_resistivity=35.4)
        return lo.simulate(axon, None, 0.5, solver=lo.Exponential(0.01))

    rec, _ = told(lambda: run([-54.387, 50.0, -50.0]))
    assert rec.status.values.tolist() == [Status.FINE, Status.NO_REST, Status.FINE]
    assert np.array_equal(run([-54.387, -50.0]).V.values, rec.V.values[[0, 2]])


def test_a_figure_shows_the_lanes_that_there_are() -> None:
    rec, _ = told(lambda: lo.simulate(RUN_AWAY, lo.Step(0, [-9.0, 1.0, -5.0]), 6, initial=-65))
    axes = lo.plot(rec).axes[0]
    drawn = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
    assert len(drawn) == 2
    with pytest.raises(lo.LoligoError, match="V is not a number anywhere in the recording"):
        lo.plot(rec.isel(amplitude=[1]))


def test_a_run_continues_from_lanes_that_could_be_run() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    shocks = lo.Pulse(1, 1, [10, -1e15, 20])
    with pytest.warns(UserWarning, match="1 of 3 lanes"):
        rec = lo.simulate(squid, shocks, 3, record=["V", "m", "h", "n"])
    with pytest.raises(lo.LoligoError, match=r"1 of its 3 lanes could not .*rec\.status < 2"):
        lo.simulate(squid, None, 5, initial=rec)
    fine = rec.where(rec.status < 2, drop=True)
    assert lo.simulate(squid, None, 5, initial=fine).amplitude.values.tolist() == [10, 20]
