"""The lab's axon: the wave along it is that of Python's axon, compartment by compartment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from in_page import computed as in_page
from loligo.lab.cuts import FIBRE

SQUID = "hodgkin-huxley-1952"
MODULES = ("experiments/fibre.js", "experiments/channels.js", "engine/cable.js")
RUN = """
const { fibre, parameters, pulses, dt, lasts } = given;
const made = $experiments_fibre.cut(fibre, given.table, given.count);
const channels = $experiments_channels.channelsOf(model.manifest);
const own = { ...model.defaults, ...parameters };
const numbers = $experiments_fibre.membraneAlong(made, fibre, channels, own, given.table);
const last = made.area.length - 1;
const axon = { area: made.area, link: made.link, numbers, threshold: 0,
  pulses: pulses.map((each) => ({ ...each, at: each.at === "last" ? last : each.at })) };
const cable = new $engine_cable.Cable(model, axon, dt);
const rows = [Array.from(cable.V)];
const per = Math.round(0.1 / dt);
cable.advance(Math.round(lasts / dt), ({ steps, V }) => {
  if (steps % per === 0) rows.push(Array.from(V));
});
return { rows, position: Array.from(made.position) };
"""
WAVE = """
const { parameters, fibre, shocks, table } = given;
const wave = new $experiments_wave.Wave(model, parameters, fibre, shocks, table);
while (!wave.done) wave.advance(1000);
return { velocity: wave.velocity(...given.between), met: wave.met(), lasts: wave.lasts,
  passed: wave.passed.filter(Number.isFinite).length, count: wave.passed.length };
"""
BARE = {"diameter": 476.0, "length": 6e4, "resistivity": 35.4, "g_ratio": None}


def computed(code: str, name: str, *modules: str, **given: Any) -> Any:
    return in_page(code, name, *modules, table=dict(FIBRE), **given)


def run(**given: Any) -> np.ndarray:
    found = computed(RUN, SQUID, *MODULES, **given)
    return np.array(found["rows"])


@pytest.mark.slow
def test_a_myelinated_axon_is_that_of_python() -> None:
    """Its internodes have the sheath's capacitance and leak alone, its nodes ten times the
    channels."""
    pulse = {"at": 0, "start": 0.1, "duration": 0.1, "amplitude": 3.5}
    fibre = {"diameter": 10.0, "length": 2.4e4, "resistivity": 35.4, "g_ratio": 0.7}
    found = run(fibre=fibre, parameters={"celsius": 18.5}, pulses=[pulse], dt=0.005, lasts=2.0)
    rec = lo.simulate(
        lo.experiments.myelinated(0.7, 1000, 10), lo.at(0, lo.Pulse(0.1, 0.1, 3.5)), 2,
        solver=lo.Exponential(dt=0.005), sample_interval=0.1,
    )  # fmt: skip
    expected = rec.V.transpose("time", "position").values
    assert found.shape == expected.shape
    assert found.max() > 30
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
def test_its_velocity_is_that_of_the_wave() -> None:
    """Against the travelling wave, which knows neither compartments nor steps: to half a per
    cent; and as the root of the diameter."""
    modules = ("experiments/wave.js",)
    given = {"parameters": {"celsius": 18.5}, "shocks": {"side": "left", "lag": 0}}
    found = computed(WAVE, SQUID, *modules, fibre=BARE, between=[2e4, 4e4], **given)
    squid = lo.load(SQUID).replace(celsius=18.5)
    wave = lo.travelling_wave(lo.Axon(squid, 6e4, 476, 35.4))
    assert found["velocity"] == pytest.approx(float(wave.velocity), rel=5e-3)
    assert found["passed"] == found["count"]
    thin = {**BARE, "diameter": 119.0, "length": 3e4}
    half = computed(WAVE, SQUID, *modules, fibre=thin, between=[1e4, 2e4], **given)
    assert half["velocity"] == pytest.approx(found["velocity"] / 2, rel=2e-3)


@pytest.mark.slow
def test_two_waves_meet_in_the_middle_and_later_nearer_to_the_late_one() -> None:
    given = {"parameters": {"celsius": 18.5}, "fibre": BARE, "between": [1e4, 5e4]}
    modules = ("experiments/wave.js",)
    both = computed(WAVE, SQUID, *modules, shocks={"side": "both", "lag": 0}, **given)
    assert both["met"] == pytest.approx(3e4, abs=500)
    late = computed(WAVE, SQUID, *modules, shocks={"side": "both", "lag": 1.0}, **given)
    assert late["met"] == pytest.approx(3e4 + 1e3 * 18.7 / 2, rel=0.02)
    one = computed(WAVE, SQUID, *modules, shocks={"side": "right", "lag": 0}, **given)
    assert one["met"] is None
    assert one["velocity"] == pytest.approx(-18.7, rel=5e-3)


@pytest.mark.slow
def test_without_sodium_nothing_passes() -> None:
    found = computed(
        WAVE, SQUID, "experiments/wave.js", parameters={"g_Na": 0.0}, fibre=BARE,
        shocks={"side": "left", "lag": 0}, between=[2e4, 4e4],
    )  # fmt: skip
    assert found["passed"] < found["count"] / 2
    assert found["velocity"] is None


@pytest.mark.slow
def test_an_axon_without_a_rest_begins_where_its_model_does() -> None:
    """A pacemaker's: the page's profiles are those of Python for the same link."""
    name = "plant-1981"
    code = """const shocks = { side: "left", lag: 0 };
      const wave = new $experiments_wave.Wave(model, {}, given.fibre, shocks, given.table);
      while (!wave.done) wave.advance(1000);
      return { rows: wave.rows.map((row) => Array.from(row)), initial: wave.initial };"""
    found = computed(code, name, "experiments/wave.js", fibre=BARE)
    rec = lo.from_link(f"#v=1&model={name}&tab=axon").simulate()
    V = rec.V.transpose("time", "position").values
    assert found["initial"] is None
    assert V[0, 0] == lo.load(name).start["V"]
    assert np.array_equal(np.array(found["rows"], dtype=np.float32), V.astype(np.float32))
