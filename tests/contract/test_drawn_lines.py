"""Between the samples a drawn line is the solution, as `Taylor(1e-12)` has it at many more."""

from __future__ import annotations

import json

import numpy as np
import pytest

import loligo as lo
from loligo.figures.content import solution
from loligo.figures.content.between import at, curved

SQUID = lo.load("hodgkin-huxley-1952")
LIBRARY = {
    "hodgkin-huxley-1952": 10.0,
    "connor-stevens-1977": 15.0,
    "traub-miles-1991": 3.0,
    "wang-buzsaki-1996": 1.0,
}


def drawn(rec, panel="V", **more):
    """Of a panel every line: (times, values)."""
    axes = lo.plot(rec, panels=[panel], **more).axes[0]
    lines = [one.get_xydata().T for one in axes.lines if len(one.get_xdata()) > 2]
    assert lines
    return lines


def apart(line, dense, name="V") -> float:
    values = dense[name].values
    return float(np.abs(np.interp(dense.time.values, *line) - values).max())


def both(model, stimulus, duration=30.0, interval=0.05, record=None):
    rec = lo.simulate(model, stimulus, duration, sample_interval=interval, record=record)
    dense = lo.simulate(
        model, stimulus, duration, sample_interval=0.001, solver=lo.Taylor(1e-12), record=["V"]
    )
    return rec, dense


@pytest.mark.parametrize("interval", [0.05, pytest.param(0.2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name",
    [n if n.startswith("hodgkin") else pytest.param(n, marks=pytest.mark.slow) for n in LIBRARY],
)
def test_every_membrane_of_the_library_is_drawn_within_20_microvolts(name, interval):
    rec, dense = both(lo.load(name), lo.Pulse(5, 20, LIBRARY[name]), interval=interval)
    assert rec.spike_count > 0
    (line,) = drawn(rec)
    assert apart(line, dense) < 0.02
    assert line[1].max() == pytest.approx(dense.V.values.max(), abs=0.01)


@pytest.mark.parametrize(
    "stimulus",
    [
        lo.PulseTrain(5.013, 0.52, 40, interval=6.7, count=3),
        lo.Pulse(5.001, 0.003, 3000),  # between two samples, even finer ones
        pytest.param(lo.Ramp(2.02, 10.07, 20) + lo.Pulse(11.11, 3, -5), marks=pytest.mark.slow),
    ],
)
def test_edges_between_samples_are_kept(stimulus):
    rec, dense = both(SQUID.replace(celsius=18.5), stimulus)
    (line,) = drawn(rec)
    assert apart(line, dense) < 0.02


def test_gates_and_currents_are_drawn_as_they_are():
    stimulus = lo.Pulse(5, 10, 15)
    rec = lo.simulate(SQUID, stimulus, 20)
    dense = lo.simulate(SQUID, stimulus, 20, sample_interval=0.001, solver=lo.Taylor(1e-12))
    for panel, names in (("gates", "mhn"), ("currents", ("I_Na", "I_K", "I_L"))):
        for line, name in zip(drawn(rec, panel), names, strict=True):
            assert apart(line, dense, name) < 1e-4 * np.ptp(dense[name].values), name


def test_lanes_and_parts_of_a_recording_are_drawn_as_they_are():
    stimulus = lo.Pulse(5, [1.0, 2.0, 20.0], 12)
    model = SQUID.replace(g_Na=[100.0, 120.0])
    rec, dense = both(model, stimulus, 20)
    some = rec.isel(duration=[0, 2], g_Na=1)
    for line, length in zip(drawn(some), (1.0, 20.0), strict=True):
        assert apart(line, dense.sel(duration=length, g_Na=120)) < 0.02
    part = rec.isel(duration=2, g_Na=0, time=slice(120, 200))
    (line,) = drawn(part)
    assert (line[0][0], line[0][-1]) == (part.time.values[0], part.time.values[-1])
    within = dense.sel(duration=20, g_Na=100).isel(time=slice(6000, 9951))
    assert apart(line, within) < 0.02
    two = lo.plot(rec.isel(duration=0, g_Na=0), rec.isel(duration=2, g_Na=1), panels=["V"])
    lines = [one.get_xydata().T for one in two.axes[0].lines if len(one.get_xdata()) > 2]
    assert apart(lines[1], dense.sel(duration=20, g_Na=120)) < 0.02


def test_what_was_changed_since_is_drawn_as_it_is_now():
    rec = lo.simulate(SQUID, lo.Pulse(5, 1, 20), 20)
    rec["V"] = rec.V + 3.0
    (line,) = drawn(rec)
    assert np.abs(np.interp(rec.time.values, *line) - rec.V.values).max() < 0.005
    assert abs(line[1].max() - float(rec.V.max())) < 1


def test_noise_is_held():
    """Between the steps of a run under noise nothing is known: no vertex is beyond both samples."""
    rec = lo.simulate(SQUID, lo.Noise(0, 20, 5, interval=0.01, seed=1), 20, sample_interval=0.01)
    (line,) = drawn(rec)
    after = np.clip(np.searchsorted(rec.time.values, line[0]), 1, rec.time.size - 1)
    low = np.minimum(rec.V.values[after], rec.V.values[after - 1])
    high = np.maximum(rec.V.values[after], rec.V.values[after - 1])
    assert ((line[1] > low - 0.01) & (line[1] < high + 0.01)).all()


def test_an_axon_in_time_is_drawn_through_all_of_its_steps():
    axon = lo.Axon(SQUID.replace(celsius=18.5), "3 cm", 476, 35.4)
    stimulus = lo.at(0, lo.Pulse(0.2, 0.3, 50e3)) + lo.at("2 cm", lo.Clamp(1.52, 1.01, -40))
    given = {"positions": [0, 12345, "2 cm"], "record": ["V"]}
    rec = lo.simulate(axon, stimulus, 4, **given)
    dense = lo.simulate(axon, stimulus, 4, sample_interval=rec.attrs["dt"], **given)
    for line, place in zip(drawn(rec), dense.position, strict=True):
        assert apart(line, dense.sel(position=place)) < 0.02


@pytest.mark.parametrize(
    "more", [{"duration": 1e9}, {"sample_interval": 1e-9}, {"duration": "long"}, {"solver": None}]
)
def test_a_file_that_asks_for_more_than_a_figure_is_worth_is_drawn_as_it_is(more, monkeypatch):
    begun = []
    rec = lo.simulate(SQUID, lo.Pulse(5, 1, 20), 20)
    monkeypatch.setattr("loligo.again.rerun", lambda *_, **__: begun.append(1))
    rec.attrs["provenance"] = json.dumps(json.loads(rec.attrs["provenance"]) | more)
    (line,) = drawn(rec)
    assert not begun
    assert np.abs(np.interp(rec.time.values, *line) - rec.V.values).max() < 0.005


def test_what_takes_long_all_the_same_is_given_up(monkeypatch):
    monkeypatch.setattr("loligo.figures.content.solution._LONGEST", 0.0)
    solution._made_before.cache_clear()
    rec = lo.simulate(SQUID, lo.Pulse(5, 1, 20), 20)
    (line,) = drawn(rec)
    assert np.abs(np.interp(rec.time.values, *line) - rec.V.values).max() < 0.005


def test_another_figure_of_the_same_recording_makes_no_other_run(monkeypatch):
    rec = lo.simulate(SQUID, lo.Pulse(5, 1, 21), 20)
    (first,) = drawn(rec)
    monkeypatch.setattr("loligo.again.rerun", None)
    (again,) = drawn(rec, theme="dark")
    np.testing.assert_array_equal(again, first)
    rec["V"] = rec.V + 1.0
    (changed,) = drawn(rec)
    assert np.abs(np.interp(rec.time.values, *changed) - rec.V.values).max() < 0.005


def test_a_curve_alone_is_as_good_as_its_samples():
    """Without a provenance: polynomials of neighbouring samples, none across an edge."""
    x = np.arange(0, 10.0001, 0.05)
    bent = lambda t: np.sin(2 * t) + 3 * np.abs(t - 3.333)  # noqa: E731
    line = curved(x, bent(x), np.array([3.333]))
    fine = np.arange(0, 10, 0.001)
    assert np.abs(np.interp(fine, *line) - bent(fine)).max() < 3e-5 * np.ptp(bent(x))
    assert np.abs(at(x, bent(x)[None], np.array([3.333]), fine[::7])[0] - bent(fine[::7])).max() < (
        0.1  # the one interval with the edge is straight
    )
    step = (x > 5).astype(float)
    assert np.ptp(curved(x, step, np.array([]))[1]) == 1.0
