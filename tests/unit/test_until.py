"""Runs that end before their time: what is kept, lane by lane, and what is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.errors import LoligoError

SQUID = lo.load("hodgkin-huxley-1952")
STEP = lo.Step(5, 10)


@pytest.mark.parametrize(
    "solver",
    [None, pytest.param(lo.Exponential(0.01), marks=pytest.mark.slow)],
    ids=["default", "Exponential"],
)
@pytest.mark.parametrize("until", [lo.Spikes(2), "V > -20", "m>=0.5", "V < -0.2 V"], ids=str)
def test_what_is_kept_is_the_beginning_of_the_whole(solver: Any, until: Any) -> None:
    whole = lo.simulate(SQUID, STEP, 60, solver=solver)
    rec = lo.simulate(SQUID, STEP, 60, solver=solver, until=until)
    kept = rec.sizes["time"]
    if isinstance(until, str):
        name, limit = ("m", 0.5) if until[0] == "m" else ("V", -20.0)
        met = np.flatnonzero(whole[name].values > limit) if "<" not in until else np.array([], int)
        assert kept == (met[0] + 1 if met.size else whole.sizes["time"])
    else:
        second = float(whole.spike_time[1])
        assert rec.time[-2] < second <= rec.time[-1]
        assert int(rec.spike_count) == 2
        assert np.isnan(rec.spike_peak[1])
        assert rec.spike_peak[0] == whole.spike_peak[0]
    for name in ("V", "m", "I_Na", "time"):
        assert np.array_equal(rec[name], whole[name][:kept])
    assert rec.attrs["until"].startswith(until.told() if not isinstance(until, str) else until[0])
    assert lo.rerun(rec).identical(rec) or lo.rerun(rec).equals(rec)


def test_a_lane_ends_by_itself() -> None:
    sweep = lo.Step(5, [0, 7, 20])
    whole = lo.simulate(SQUID, sweep, 60)
    rec = lo.simulate(SQUID, sweep, 60, until=lo.Spikes(2))
    assert rec.spike_count.values.tolist() == [0, 2, 2]
    assert rec.attrs["until"] == "2 spikes in 2 of 3 lanes"
    for k, amplitude in enumerate((0, 7, 20)):
        kept = int(rec.V[k].notnull().sum())
        assert np.array_equal(rec.V[k, :kept], whole.V[k, :kept])
        assert np.isnan(rec.V[k, kept:]).all()
        one = lo.simulate(SQUID, lo.Step(5, amplitude), 60, until=lo.Spikes(2))
        assert one.sizes["time"] == kept
        assert np.array_equal(one.V, rec.V[k, :kept])
    assert lo.rerun(rec).equals(rec)


def test_a_long_run_is_not_run_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from loligo.run.adaptive import AdaptiveCourse

    told: list[float] = []
    arrived = AdaptiveCourse.arrived
    monkeypatch.setattr(
        AdaptiveCourse, "arrived",
        lambda self: (told.append(float(self.journey.clock[0].max())), arrived(self))[1],
    )  # fmt: skip
    for record in (None, ["spikes"]):
        rec = lo.simulate(SQUID, STEP, 1e5, until=lo.Spikes(3), record=record)
        assert int(rec.spike_count) == 3
        assert max(told) < 5e4
        told.clear()


@pytest.mark.slow
def test_an_axon_ends_when_all_places_have() -> None:
    axon = lo.Axon(SQUID, "1 cm", 476, 35.4, compartments=20)
    stimulus = lo.at(0, lo.Pulse(0.5, 0.2, 5000))
    for positions in (None, [0, "0.8 cm"]):
        rec = lo.simulate(axon, stimulus, 20, until=lo.Spikes(1), positions=positions)
        assert (rec.spike_count == 1).all()
        assert rec.time[-2] < rec.spike_time.max() <= rec.time[-1]
        also = lo.simulate(axon, stimulus, 20, until="V > 0", positions=positions)
        assert abs(also.sizes["time"] - rec.sizes["time"]) <= 1
        assert lo.rerun(rec).equals(rec)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (3, "until is 3, but ends a run by until=lo.Spikes(10), or a condition"),
        ("V ? 3", "until='V > -20'"),
        ("W > 3", "until: W is not recorded"),
        ("V > 3 nA", "is a current, but a voltage in mV is wanted"),
        ("__import__('os').x > 3", "ends a run by"),
        ("V > [1, 2]", "until"),
    ],
)
def test_what_cannot_end_a_run(until: Any, words: str) -> None:
    with pytest.raises(LoligoError) as told:
        lo.simulate(SQUID, None, 5, until=until)
    assert words in str(told.value)


@pytest.mark.parametrize("count", [0, 1.5, True, "3", None])
def test_a_count_of_spikes_is_a_whole_number(count: Any) -> None:
    with pytest.raises(LoligoError, match="takes a whole number, 1 or more"):
        lo.Spikes(count)


@pytest.mark.slow
@pytest.mark.parametrize("until", ["3 spikes", "V > 20"])
@pytest.mark.parametrize(
    "stimulus",
    [STEP, STEP + lo.Shock(8, 20), lo.Step(5, [0, 7, 20])],
    ids=["step", "shock", "lanes"],
)
def test_the_reference_ends_early(
    until: str, stimulus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on for some ms after the sample that is the last, and no further."""
    from loligo.run import reference

    came: list[float] = []
    segment = reference._Lane._segment
    monkeypatch.setattr(
        reference._Lane, "_segment",
        lambda self, a, b, start: (came.append(b), segment(self, a, b, start))[1],
    )  # fmt: skip
    whole = lo.simulate(SQUID, stimulus, 70, solver=lo.Reference(1e-11))
    came.clear()
    rec = lo.simulate(SQUID, stimulus, 70, solver=lo.Reference(1e-11), until=until)
    ends = float(rec.time[-1])
    assert ends == 70 or max(came) < ends + 25
    assert np.nanmax(abs(rec.V - whole.V[..., : rec.sizes["time"]])) < 1e-5
    lanes = rec.V.values.reshape(-1, rec.sizes["time"])
    assert sorted({int(n) for n in np.isfinite(lanes).sum(axis=1)}) == sorted(
        {
            min(_kept(row, until), row.size)
            for row in whole.V.values.reshape(-1, whole.sizes["time"])
        }
    )


def _kept(v: np.ndarray, until: str) -> int:
    above = v > 20 if until[0] == "V" else np.cumsum((v[1:] >= 0) & (v[:-1] < 0)) >= 3
    return int(np.argmax(above)) + (1 if until[0] == "V" else 2) if above.any() else v.size


@pytest.mark.slow
def test_the_reference_ends_early_along_an_axon(monkeypatch: pytest.MonkeyPatch) -> None:
    from loligo.run.axon import reference

    came: list[float] = []
    segment = reference._Run._segment
    monkeypatch.setattr(
        reference._Run, "_segment",
        lambda self, a, b, start: (came.append(b), segment(self, a, b, start))[1],
    )  # fmt: skip
    axon = lo.Axon(SQUID, "1 cm", 476, 35.4, compartments=11)
    rec = lo.simulate(
        axon, lo.at(0, lo.Pulse(0.5, 0.2, 20000)), 200, solver=lo.Reference(1e-6), until="1 spike"
    )
    assert max(came) < 15
    assert rec.time[-2] < rec.spike_time.max() <= rec.time[-1]
    assert rec.V.notnull().all()


@pytest.mark.slow
def test_what_is_found_by_halving_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    from loligo.run.fixed import FixedCourse

    came: list[float] = []
    arrived = FixedCourse.arrived
    monkeypatch.setattr(
        FixedCourse, "arrived",
        lambda self: (came.append(self.done * self.schedule.dt), arrived(self))[1],
    )  # fmt: skip
    noise = STEP + lo.Noise(
        0, 2000, 2, tau=2, interval=0.0015, seed=[1, 2, 3]
    )  # too fine for Taylor
    rec = lo.simulate(SQUID, noise, 2000, until=lo.Spikes(3))
    assert max(came) < 400
    assert rec.spike_count.values.tolist() == [3, 3, 3]
    assert float(rec.V_error.max()) < 0.1
    stiff = lo.simulate(SQUID, lo.Step(5, [-60, 10]), 500, until="V < -90 mV")
    assert stiff.attrs["until"] == "V < -90.0 in 1 of 2 lanes"
    assert np.isfinite(stiff.V[1]).all()
    fine = lo.simulate(SQUID, lo.Step(5, [-60, 10]), 100, until="V < -90 mV")
    kept = int(fine.V[0].notnull().sum())
    assert np.array_equal(fine.V[0, :kept], stiff.V[0, :kept])


@pytest.mark.parametrize(
    "solver",
    [lo.Exponential(), pytest.param(lo.Taylor(), marks=pytest.mark.slow)],
    ids=["Exponential", "Taylor"],
)
def test_what_a_clamp_does_to_V_ends_no_run(solver: Any) -> None:
    clamps = lo.VoltageClamp(2, 1, 0) + lo.VoltageClamp(3, 1, -90) + lo.VoltageClamp(4, 1, 10)
    rec = lo.simulate(SQUID, clamps + lo.Pulse(20, 50, 10), 60, solver=solver, until="2 spikes")
    assert rec.spike_time.values == pytest.approx([21.852, 36.790], abs=5e-3)
    assert rec.time[-2] < rec.spike_time[1] <= rec.time[-1]
    assert np.abs(rec.V).max() < 100


def _away(slope: Any) -> lo.Membrane:
    """dV/dt = a u² with u = V + 65: u = 1/(1/u0 − a t), endless at t = 1/(a u0)."""
    channel = lo.Channel("X", g=slope, E=-65, current="-g_X*(V-E_X)**2")
    return lo.Membrane(C_m=1, channels=[channel], name="away")


@pytest.mark.parametrize(
    "solver",
    [None, lo.Exponential(0.002), pytest.param(lo.Reference(), marks=pytest.mark.slow)],
    ids=str,
)
def test_a_lane_lost_after_its_own_end_is_not_lost(solver: Any) -> None:
    """The first three are endless within the run; the last never comes to its end."""
    slopes, u0, dt = np.array([0.11, 0.053, 0.041, 0.001]), 1.0, 0.25
    asked = {"solver": solver, "sample_interval": dt, "initial": u0 - 65.0}
    rec = lo.simulate(_away(slopes), None, 60, until="V > -45", **asked)
    assert rec.attrs["until"] == "V > -45.0 in 3 of 4 lanes"
    assert not rec.status.values.any()
    for k, slope in enumerate(slopes.tolist()):
        time = np.arange(0, 60 + dt, dt)
        with np.errstate(divide="ignore"):
            u = 1 / (1 / u0 - slope * time)
        met = np.flatnonzero((u > 20) | (u < 0))
        kept = met[0] + 1 if met.size else time.size
        got = rec.V[k].dropna("time")
        assert got.size == kept
        # what is off by e at u0 is off by e (u/u0)² at u
        within = 1e-3 if solver else 1e-7 * (u[:kept].max() / u0) ** 2
        np.testing.assert_allclose(got, u[:kept] - 65, rtol=0, atol=within)
        alone = lo.simulate(_away(slope), None, 60, until="V > -45", **asked)
        np.testing.assert_array_equal(alone.V, got)
    with pytest.warns(match="2 of 2 lanes could not be run"):
        rec = lo.simulate(_away(slopes[:2]), None, 60, until="V > 1e9", **asked)
    assert np.isnan(rec.V).all()
