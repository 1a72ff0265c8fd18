"""What must cross a process can: values come back equal, and errors with all that they say."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from few import FEW
from loligo.errors import LoligoError, ModelError
from loligo.run.axon.pose import pose as pose_axon
from loligo.run.pose import pose

PULSE = lo.Pulse(5, 40, [1.0, 2.0])
VALUES: dict[str, Any] = {
    "an axon": lo.Axon(lo.load("hodgkin-huxley-1952"), "1 cm", 476, 35.4),
    "lanes": lo.load("hodgkin-huxley-1952").replace(g_Na=[60.0, 120.0]),
    "a pulse": PULSE,
    "a sum": PULSE + lo.Noise(0, 10, 1, tau=2, seed=3) - lo.Step(3, 1),
    "a waveform": lo.Waveform([0.0, 1.0, 0.0], interval=0.5),
    "synapses": lo.Conductance(5, 0.5, 0, tau=2),
    "a shock": lo.Shock(5, 10),
    "a clamp": lo.VoltageClamp(5, 10, [-40.0, 0.0]) + lo.Pulse(1, 1, 3),
    "at a place": lo.at("1 mm", lo.Pulse(1, 1, 50e3)),
    "taylor": lo.Taylor(1e-7),
    "exponential": lo.Exponential(0.01),
    "reference": lo.Reference(1e-9),
    "an end": lo.Spikes(3),
    "a drug": lo.TTX,
}


@pytest.mark.parametrize("what", [*VALUES, *FEW])
def test_values_come_back_equal(what: str) -> None:
    value = VALUES[what] if what in VALUES else lo.load(what)
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert again == value
        assert type(again) is type(value)
    assert copy.deepcopy(value) == value


def test_a_problem_comes_back_and_its_kernel_is_the_same() -> None:
    asked: dict[str, Any] = {
        "record": None, "sample_interval": 0.1, "initial": None, "threshold": 0, "until": None,
    }  # fmt: skip
    squid = lo.load("hodgkin-huxley-1952").replace(g_Na=[60.0, 120.0])
    clamped = lo.VoltageClamp(5, 10, -20, series_resistance="1 ohm*cm2")
    axon = lo.Axon(lo.load("hodgkin-huxley-1952"), "1 cm", 476, 35.4)
    for problem in (
        pose(squid, PULSE.at(amplitude=1.0), 50, **asked),
        pose(squid, clamped, 50, **asked),
        pose_axon(axon, lo.at(0, lo.Pulse(1, 1, 50e3)), 5, positions=None, **asked),
    ):
        again = pickle.loads(pickle.dumps(problem))
        assert again.lanes.dims == problem.lanes.dims
        for name in problem.lanes.values:
            assert np.array_equal(again.lanes.array(name), problem.lanes.array(name))
        groups = getattr(problem, "groups", ()) or problem.cells
        twins = getattr(again, "groups", ()) or again.cells
        for one, other in zip(groups, twins, strict=True):
            assert one.outline.key == other.outline.key
    system = pickle.loads(pickle.dumps(pose(squid, clamped, 50, **asked).cells[0].outline)).build()
    assert "clamp.GV" in system.inputs


def test_errors_come_back_with_where_they_point() -> None:
    kinds = [each for each in vars(lo.errors).values() if isinstance(each, type)]
    for kind in (each for each in kinds if issubclass(each, LoligoError)):
        again = pickle.loads(pickle.dumps(kind("what, where, what to do")))
        assert (type(again), str(again)) == (kind, "what, where, what to do")
    with pytest.raises(ModelError) as told:
        lo.Membrane(channels=[lo.Channel("L", g=1, E="exp(V")])
    again = pickle.loads(pickle.dumps(told.value))
    assert str(again) == str(told.value)
    assert (again.path, again.excerpt) == (told.value.path, told.value.excerpt)
    assert again.excerpt is not None


def test_no_pickle_is_ever_read() -> None:
    package = Path(lo.__file__).parent
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in ("import pickle", "pickle.load", "allow_pickle=True", "import marshal",
                     "import shelve", "import dill", "cloudpickle"):  # fmt: skip
            assert word not in text, f"{path}: {word}"
