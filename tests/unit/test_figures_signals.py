"""What is read out of a recording: lanes, edges, the intervals with current, words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import figures_recording as recordings
import loligo as lo
from loligo.errors import UsageError
from loligo.figures.content import captions, injected, signals
from loligo.figures.content.recorded import picture
from loligo.figures.style import THEMES

LIGHT = THEMES["light"]


def line(rec):
    found = signals.read(rec)
    return injected.current(found, "I_stim", found.lanes[0])


def test_a_pulse_has_vertical_edges_at_its_times():
    time, current = line(recordings.recording())
    jumps = np.flatnonzero(np.diff(time) == 0)
    assert time[jumps].tolist() == pytest.approx([5.0, 45.0])
    assert current[jumps].tolist() == [0.0, 10.0]
    assert current[jumps + 1].tolist() == [10.0, 0.0]
    slopes = np.diff(current)[np.diff(time) > 0]
    assert not slopes.any()  # nothing is interpolated across an edge


def test_a_smooth_current_has_no_steps():
    time, _ = line(recordings.sine())
    assert np.all(np.diff(time) > 0)


def test_a_ramp_is_smooth_until_it_ends():
    rec = recordings.changed(lambda t, _: np.where((t >= 5) & (t < 45), t - 5, 0.0), "ramp")
    time, _ = line(rec)
    assert time[np.flatnonzero(np.diff(time) == 0)].tolist() == pytest.approx([45.0])


def test_one_sample_of_current_is_a_pulse_not_a_triangle():
    rec = recordings.changed(lambda t, _: np.where(np.abs(t - 20) < 0.01, 10.0, 0.0), "brief")
    time, current = line(rec)
    assert injected.intervals(time, current) == [pytest.approx((20.0, 20.05))]


@pytest.mark.parametrize("start", [5.0, 5.013, 20.049])
def test_a_pulse_between_two_samples_is_drawn_from_the_provenance(start):
    pulse = lo.Pulse(start=start, duration=0.02, amplitude=400).to_dict()
    bare = recordings.changed(
        lambda t, _: np.where((t >= start) & (t < start + 0.02), 400.0, 0.0), "brief"
    )
    time, current = line(recordings.with_provenance(bare, pulse, 50.0))
    assert injected.intervals(time, current) == [pytest.approx((start, start + 0.02))]
    assert np.trapezoid(current, time) == pytest.approx(400 * 0.02, rel=1e-6)


def test_a_total_current_is_shown_per_area():
    pulse = lo.Pulse(5, 40, "2 nA").to_dict()
    rec = recordings.recording(amplitude=2e5 / 1000.0)
    text = json.dumps({"stimulus": pulse, "duration": 50.0, "model": {"area": 1000.0}})
    time, current = line(rec.assign_attrs(provenance=text))
    assert current.max() == pytest.approx(200.0)
    assert injected.intervals(time, current) == [pytest.approx((5.0, 45.0))]


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "{}", '{"stimulus": 5, "duration": 1}', '{"stimulus": {"kind": "odd"}}'],
)
def test_a_foreign_provenance_is_no_reason_to_fail(text):
    time, current = line(recordings.recording().assign_attrs(provenance=text))
    assert injected.intervals(time, current) == [pytest.approx((5.0, 45.0))]


def test_an_edited_current_is_shown_as_it_is():
    pulse = lo.Pulse(5, 40, 10).to_dict()
    rec = recordings.with_provenance(recordings.sine(), pulse, 50.0)
    _, current = line(rec)
    assert current.min() < -9


def test_a_sine_is_on_from_start_to_end():
    found = signals.read(recordings.sine())
    on = injected.stretches(injected.when_on(found, found.lanes), 50 / 400)
    assert on == [pytest.approx((5.0, 45.0), abs=0.1)]


def test_a_train_is_on_in_each_of_its_pulses():
    rec = recordings.changed(lambda t, _: np.where(t % 10 < 2 - 1e-9, 5.0, 0.0), "train")
    found = signals.read(rec)
    on = injected.stretches(injected.when_on(found, found.lanes), 0.05)
    assert len(on) == 5
    assert on[1] == pytest.approx((10.0, 12.0))


def test_a_sweep_without_recorded_current_knows_when_it_is_on():
    sweep = recordings.lanes([0, 5, 10]).drop_vars("I_stim")
    pulse = lo.Pulse(5, 40, [0.0, 5.0, 10.0]).to_dict()
    found = signals.read(recordings.with_provenance(sweep, pulse, 50.0))
    assert injected.when_on(found, found.lanes) == [pytest.approx((5.0, 45.0))]


def test_thinning_keeps_every_peak():
    rng = np.random.default_rng(3)
    time = np.arange(200_001) * 0.05
    values = rng.normal(size=time.size)
    values[rng.integers(0, time.size, 40)] = 50.0
    few_time, few = signals.thinned(time, values, 1000)
    assert few.size <= 4 * 1000
    assert (few == 50).sum() >= len(np.unique(np.flatnonzero(values == 50) * 1000 // time.size))
    assert np.all(np.diff(few_time) > 0)
    assert (few_time[0], few_time[-1]) == (time[0], time[-1])


def test_thinning_keeps_gaps():
    time = np.linspace(0, 1, 100_000)
    values = np.where((time > 0.4) & (time < 0.6), np.nan, 1.0)
    few_time, few = signals.thinned(time, values, 100)
    gap = few_time[np.isnan(few)]
    assert gap.min() == pytest.approx(0.4, abs=0.02)
    assert gap.max() == pytest.approx(0.6, abs=0.02)


def test_conditions_are_told_in_words():
    told = {
        lo.Pulse(5, 40, 10): "10 µA/cm² from 5 to 45 ms",
        lo.Pulse(5, 40, "-2 nA"): "−2 nA from 5 to 45 ms",
        lo.Step(5, 3): "3 µA/cm² from 5 ms on",
        lo.PulseTrain(5, 1, 20, 10, 3): "3 pulses of 20 µA/cm² for 1 ms, every 10 ms from 5 ms",
        lo.Sine(5, 40, 10, 50): "sine of 10 µA/cm², 50 Hz, from 5 to 45 ms",
        lo.Noise(5, 40, 2, tau=3, seed=1): "noise of 2 µA/cm², τ 3 ms, from 5 to 45 ms",
        lo.Pulse(5, 40, [0.0, 20.0]): "0 to 20 µA/cm² from 5 to 45 ms",
        lo.Pulse(5, 5, 10) + lo.Step(20, 1): "10 µA/cm² from 5 to 10 ms + 1 µA/cm² from 20 ms on",
    }
    assert {s: captions.stimulus(s.to_dict()) for s in told} == told


def test_words_of_a_picked_lane_are_its_own():
    pulse = lo.Pulse(5, 40, [0.0, 10.0, 20.0])
    provenance = json.dumps({"stimulus": pulse.to_dict(), "model": {"celsius": 6.3}})
    text = captions.conditions({"provenance": provenance}, {"amplitude": 10.0})
    assert text == "10 µA/cm² from 5 to 45 ms, 6.3 °C"


@pytest.mark.parametrize(
    ("broken", "wording"),
    [
        (lambda r: 5, "a int cannot be drawn; give the recording that lo.simulate"),
        (lambda r: r.V, r"a DataArray cannot be drawn; .*lo.plot\(rec, panels=\['V'\]\)"),
        (lambda r: "x.nc", r"a file is opened first: lo.plot\(lo.open\('x.nc'\)\)"),
        (lambda r: Path("x.nc"), r"lo.plot\(lo.open\('x.nc'\)\)"),
        (lambda r: [r, r], r"one after the other: lo.plot\(control, blocked\)"),
        (lambda r: r[["spike_count", "spike_time"]], r'holds no variable over time .*record=\["V"'),
        (lambda r: r.isel(time=[3]), "holds 1 sample over time, and a line needs two; simulate"),
        (lambda r: r.isel(time=[]), "holds 0 samples"),
        (lambda r: r.isel(time=[3, 2, 1]), "times must be finite and increasing; sort it by time"),
    ],
)
def test_what_is_not_a_recording_is_refused(broken, wording):
    with pytest.raises(UsageError, match=wording):
        signals.read(broken(recordings.recording()))


@pytest.mark.parametrize(
    ("panels", "wording"),
    [
        (
            ("V", "gate"),
            r"'gate' is not a panel \(did you mean gates\?\); choose from 'V', 'gates'",
        ),
        (("states",), "nothing to show in panel 'states': the recording holds no state"),
        ((), "panels is empty; name at least one of 'V', 'gates'"),
        ((3,), "3 is not a panel"),
        ("m_K", "'m_K' is not a panel"),
    ],
)
def test_panels_that_do_not_exist_are_refused_with_those_that_do(panels, wording):
    with pytest.raises(UsageError, match=wording):
        picture(signals.read(recordings.recording()), panels, LIGHT)


def test_without_V_the_remedy_is_named():
    rec = recordings.only(recordings.recording(), "m", "h")
    with pytest.raises(
        UsageError, match=r"no V; simulate with record=None .*panels=\(\'m\', \'h\'\)"
    ):
        picture(signals.read(rec), None, LIGHT)
    assert len(picture(signals.read(rec), ("gates",), LIGHT).panels) == 1


def test_a_variable_that_is_nowhere_a_number_is_named():
    rec = recordings.recording()
    rec = rec.assign(V=("time", np.full(rec.time.size, np.nan), rec.V.attrs))
    with pytest.raises(UsageError, match="V is not a number anywhere"):
        picture(signals.read(rec), None, LIGHT)


def test_colours_do_not_depend_on_the_choice_of_panels():
    found = signals.read(recordings.renamed())
    whole = picture(found, ("gates", "conductances", "currents"), LIGHT)
    alone = picture(found, ("G_A", "m"), LIGHT)
    colours = {trace.name: trace.colour for panel in whole.panels for trace in panel.traces}
    for panel in alone.panels:
        assert colours[panel.traces[0].name] == panel.traces[0].colour
    assert colours["m"] == colours["h"] == colours["G_Na"] == LIGHT.channels["Na"]
    assert colours["n"] == colours["I_K"] == LIGHT.channels["K"]
    dashes = {trace.name: trace.dashes for trace in whole.panels[0].traces}
    assert dashes["m"] == dashes["n"] == ()
    assert dashes["h"] != ()


def test_quantities_of_two_units_never_share_an_axis():
    found = signals.read(recordings.recording())
    panels = picture(found, (("V", "m", "h"),), LIGHT).panels
    assert [len(panel.traces) for panel in panels] == [1, 2]


def test_values_at_an_edge_are_those_just_after_it():
    found = signals.read(recordings.recording())
    (panel,) = picture(found, ("stimulus",), LIGHT).panels
    at = panel.traces[0].at(np.array([0.0, 4.99, 5.0, 44.99, 45.0, 50.0]))
    assert at.tolist() == [0, 0, 10, 10, 0, 0]


def test_v_is_the_voltage_of_a_recording_that_says_nothing_else() -> None:
    measured = xr.Dataset({"V": ("time", [-65.0, 20.0, -70.0])}, {"time": [0.0, 1.0, 2.0]})
    assert signals.read(measured).names("voltage") == ("V",)
