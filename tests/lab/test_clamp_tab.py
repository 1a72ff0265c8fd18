"""The lab's tab Clamp: its currents are those of an ideal clamp, its curves those of Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from hh_scipy import rates
from in_page import computed
from loligo.lab.drugs import drugs

SQUID = "hodgkin-huxley-1952"
FAMILY = {"holding": -65.0, "first": -90.0, "last": 60.0, "number": 16, "start": 2.0, "width": 12.0}
MEASURE = """
const { family, doses } = given;
const channels = $experiments_channels.channelsOf(model.manifest);
const parameters = $experiments_channels.drugged(channels, {}, doses, given.drugs);
const changed = { ...base, parameters };
const record = channels.map((channel) => channel.current);
const drawn = $experiments_currents.protocol(changed, family, 240);
const runs = model.lanes(drawn.simulation, drawn.columns, { record });
const measured = $experiments_currents.alone(changed, family, 320);
const lanes = model.lanes(measured.simulation, measured.columns, { record });
const looked = $experiments_channels.looked(channels).map((channel) => channel.current);
const gated = channels.filter((channel) => channel.gated).map((channel) => channel.current);
const found = (among) => among.map((run) => $experiments_currents.peak(run.time,
  $experiments_currents.together(run, looked), looked.length > 1));
const lasts = $experiments_currents.upToPeaks(family, found(lanes).map(({ when }) => when), 320);
const closer = $experiments_currents.alone(changed, family, 1280, lasts);
const peaks = found(model.lanes(closer.simulation, closer.columns, { record }));
const value = peaks.map((peak) => peak.value);
return {
  parameters, looked, gated, value, when: peaks.map((peak) => peak.when),
  steady: lanes.map((run) => $experiments_currents.together(run, gated).at(-1)),
  turn: $experiments_currents.reversal($experiments_currents.steps(family), value),
  time: Array.from(runs[0].time),
  currents: runs.map((run) => record.map((name) => Array.from(run.values[name]))),
};
"""
MODULES = ("experiments/channels.js", "experiments/currents.js")


def measured(name: str = SQUID, doses: dict[str, float] | None = None, **family: float) -> Any:
    whole = {**FAMILY, **family}
    return computed(
        MEASURE, name, *MODULES, family=whole, doses=doses or {}, drugs=drugs(lo.load(name))
    )


def potentials() -> np.ndarray:
    return np.linspace(FAMILY["first"], FAMILY["last"], int(FAMILY["number"]))


@pytest.mark.slow
def test_currents_are_those_that_gates_relax_to_at_each_potential() -> None:
    """Under a clamp each gate goes to its steady state as an exponential: written anew here."""
    found = measured()
    time, step = np.array(found["time"]), np.array(found["time"]) - FAMILY["start"]
    held = (time >= FAMILY["start"]) & (time < FAMILY["start"] + FAMILY["width"])

    def gates(V: float) -> tuple[np.ndarray, np.ndarray]:
        opening, closing = np.array(rates(V)[::2]), np.array(rates(V)[1::2])
        return opening / (opening + closing), opening + closing

    before, _ = gates(FAMILY["holding"])
    for V, rows in zip(potentials(), found["currents"], strict=True):
        goal, speed = gates(V)
        m, h, n = goal[:, None] + (before - goal)[:, None] * np.exp(-speed[:, None] * step[held])
        expected = np.stack(
            [120 * m**3 * h * (V - 50), 36 * n**4 * (V + 77), 0.3 * (V + 54.387) + 0 * m]
        )
        np.testing.assert_allclose(np.array(rows)[:, held], expected, atol=2e-3, rtol=2e-6)


@pytest.mark.slow
def test_a_family_is_that_of_a_clamp_in_python_to_the_last_bit() -> None:
    found = measured()
    start, width, holding = FAMILY["start"], FAMILY["width"], FAMILY["holding"]
    end = found["time"][-1]
    clamp = lo.VoltageClamp(0, start, holding) + lo.VoltageClamp(start, width, potentials())
    clamp += lo.VoltageClamp(start + width, end + 0.1 - start - width, holding)
    rec = lo.simulate(
        lo.load(SQUID), clamp, end, initial=holding, record=["I_Na", "I_K", "I_L"],
        sample_interval=width / 240, solver=lo.Taylor(portable=True),
    )  # fmt: skip
    rows = np.stack([rec[name].values for name in ("I_Na", "I_K", "I_L")], axis=1)
    np.testing.assert_array_equal(found["currents"], rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", [SQUID, "connor-stevens-1977", "wang-buzsaki-1996"])
def test_the_curves_are_those_of_the_experiment(name: str) -> None:
    found = measured(name)
    own = lo.experiments.iv_curve(
        lo.load(name), voltage=potentials(), holding=FAMILY["holding"], duration=FAMILY["width"]
    )
    largest = np.abs(own.peak_inward.values).max()
    np.testing.assert_allclose(found["value"], own.peak_inward.values, atol=2e-6 * largest)
    np.testing.assert_allclose(found["steady"], own.steady.values, atol=1e-6 * largest)
    assert found["turn"] == pytest.approx(float(own.reversal), abs=0.5)


@pytest.mark.slow
def test_a_drop_blocks_what_the_drug_blocks() -> None:
    squid = lo.load(SQUID)
    for dose in (1.0, 3.3, 47.0):
        found = measured(doses={"Na": dose, "K": 2.0}, number=2)["parameters"]
        treated = squid.with_drug(lo.TTX(f"{dose} nM")).with_drug(lo.TEA("2 mM"))
        for key in ("g_Na", "g_K"):
            assert found[key] == pytest.approx(treated.parameters[key].value, rel=1e-14)
    stevens = lo.load("connor-stevens-1977")
    found = measured("connor-stevens-1977", doses={"A": 40.0}, number=2)["parameters"]
    assert found["g_A"] == pytest.approx(stevens.block("A", 0.4).parameters["g_A"].value, rel=1e-14)


@pytest.mark.slow
def test_a_leak_is_not_among_what_is_steady() -> None:
    found = measured("connor-stevens-1977")
    assert found["looked"] == ["I_Na"]
    assert found["gated"] == ["I_Na", "I_K", "I_A"]


@pytest.mark.slow
def test_an_extreme_lies_between_samples_at_the_edge_or_nowhere() -> None:
    """Of parabolas, whose extreme is known, in the middle of samples and at their ends."""
    code = """
      const time = Float64Array.from({ length: 41 }, (_, k) => k / 4);
      return given.at.map((at) => $experiments_currents.peak(time,
        time.map((t) => given.sign * ((t - at) ** 2 - 7)), given.lowest));
    """
    for sign, lowest in ((1.0, True), (-1.0, False)):
        places = [3.1, 5.0, 0.07, 9.9]
        found = computed(code, SQUID, *MODULES, at=places, sign=sign, lowest=lowest)
        for at, each in zip(places, found, strict=True):
            if lowest:
                assert each["when"] == pytest.approx(at, abs=0.13 if at in (0.07, 9.9) else 1e-9)
        assert found[0]["value"] == pytest.approx(
            -7 * sign if lowest else max(3.1, 6.9) ** 2 * -1 + 7
        )
