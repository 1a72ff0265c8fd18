"""Whatever is handed to any public function, what comes out is an error of ours, before the run."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.stimulus import ENTRIES

WRONG: Mapping[str, Any] = {
    "nan": float("nan"), "inf": float("inf"), "10**400": 10**400, "-10**400": -(10**400),
    "negative": -1, "complex": 1j, "True": True, "no text": "", "text": "a", "bytes": b"x",
    "zero byte": "\0", "half a letter": "\ud800", "empty list": [], "ragged list": [[1, 2], [3]],
    "list of text": ["a"], "list of None": [None], "tuple": (1, "a"), "set": {1}, "dict": {},
    "object": object(), "type": int, "array of text": np.array(["a"]), "0-d": np.array(1.0),
    "2-d": np.ones((2, 2)), "nan within": np.array([np.nan, 1.0]), "None": None,
    "date": np.datetime64("2020-01-01"), "array of objects": np.array([object()], dtype=object),
    "empty DataArray": xr.DataArray([], dims="x"), "Dataset": xr.Dataset(),
    "function": lambda *given: None,
}  # fmt: skip

LEAK = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65)])
AXON = lo.Axon(LEAK, 1000, 10, 35.4, compartments=10)
FIXED = lo.Exponential(0.1)


def right() -> dict[str, dict[str, Any]]:
    """Arguments that each function takes; those that are not named have defaults."""
    rec = lo.simulate(LEAK, lo.Pulse(1, 1, 20), 3, solver=FIXED)
    along = lo.simulate(AXON, lo.at(0, lo.Pulse(1, 1, 1)), 2, solver=FIXED)
    pulse = {"start": 1, "duration": 1, "amplitude": 1}
    return {
        "Axon": {"membrane": LEAK, "length": 1000, "diameter": 10, "axial_resistivity": 35},
        "Channel": {"name": "L", "g": 0.3, "E": -65},
        "Chirp": {**pulse, "frequency_start": 1, "frequency_end": 2},
        "Clamp": {"start": 1, "duration": 1, "voltage": -60},
        "Drug": {"name": "X", "concentration": 1, "half_dose": 1, "ion": "K"},
        "Exponential": {"dt": 0.01},
        "Gate": {"name": "m", "alpha": "1", "beta": "1"},
        "Membrane": {"channels": [lo.Channel("L", g=0.3, E=-65)]},
        "Myelin": {"length": 1000, "diameter": 10},
        "Noise": {**pulse, "tau": 1, "seed": 1},
        "Pulse": pulse,
        "PulseTrain": {**pulse, "interval": 2, "count": 2},
        "Ramp": pulse,
        "Region": {"membrane": LEAK, "length": 1000, "diameter": 10},
        "Sine": {**pulse, "frequency": 50},
        "State": {"name": "x", "derivative": "-x", "initial": 1},
        "Step": {"start": 1, "amplitude": 1},
        "TEA": {"concentration": 1},
        "TTX": {"concentration": 1},
        "Waveform": {"time": [0, 1], "values": [0, 1]},
        "at": {"place": 0, "stimulus": lo.Pulse(1, 1, 1)},
        "conduction_velocity": {"rec": along},
        "explain": {"model": LEAK},
        "input_resistance": {"axon": AXON},
        "length_constant": {"axon": AXON},
        "load": {"name_or_path": "hodgkin-huxley-1952"},
        "open": {"path": "nothing.nc"},
        "rerun": {"rec": rec},
        "save": {"rec": rec, "path": "here.npz"},
        "simulate": {
            "model": LEAK, "stimulus": lo.Pulse(1, 1, 1), "duration": 2, "solver": FIXED,
        },
        "spike_shape": {"rec": rec},
        "spike_times": {"rec": rec},
    }  # fmt: skip


# a second each, or checked by what they share with another: in the slow half
LONG = {"animate", "plot", "travelling_wave", "explain", "input_resistance", "length_constant"}
NO_ARGUMENTS = {"LoligoError", "experiments", "models", "Taylor", "Reference"}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    os.chdir(tmp_path_factory.mktemp("here"))
    return right()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def raw(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, str]:
    """What came out that is no error of ours: argument and value -> the exception."""
    came: dict[str, str] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        for what, value in WRONG.items():
            try:
                function(**{**arguments, name: value})
            except lo.LoligoError:
                pass
            except Exception as error:
                came[f"{name}={what}"] = f"{type(error).__name__}: {error}"
    return came


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({*lo.__all__} - LONG - NO_ARGUMENTS))
def test_only_errors_of_ours_come_out(good: dict[str, dict[str, Any]], name: str) -> None:
    if name not in good:
        pytest.skip("its arguments are tried elsewhere")
    assert raw(getattr(lo, name), good[name]) == {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(LONG - {"plot", "animate", "travelling_wave"}))
def test_nor_of_what_takes_longer(good: dict[str, dict[str, Any]], name: str) -> None:
    assert raw(getattr(lo, name), good[name]) == {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["plot", "animate"])
def test_nor_of_figures(good: dict[str, dict[str, Any]], name: str) -> None:
    rec = lo.simulate(LEAK, lo.Pulse(1, 1, 20), 3, solver=FIXED)
    arguments = {"rec": rec} if name == "plot" else {"rec": rec, "path": "x.gif", "frames": 2}
    came = raw(getattr(lo, name), arguments)
    assert {k: v for k, v in came.items() if not k.startswith("progress=")} == {}


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_a_stimulus_that_lacks_a_number_says_how_it_is_written(name: str) -> None:
    kind = getattr(lo, name)
    own = kind.__name__  # Clamp is VoltageClamp
    with pytest.raises(lo.LoligoError, match=rf"^{own}: .*; write it as in {own}\("):
        kind(nonsense=1)
    assert "nonsense" not in inspect.signature(kind).parameters
    assert "start" in inspect.signature(kind).parameters


def test_nothing_is_computed_before_a_mistake_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: Any) -> None:
        raise AssertionError("the run had begun")

    monkeypatch.setattr("loligo.simulation.solve", run)
    for arguments in ({"timings": []}, {"timings": 3}, {"progress": "yes"}, {"record": 5}):
        with pytest.raises(lo.LoligoError, match=next(iter(arguments))):
            lo.simulate(LEAK, None, 1, **arguments)


def test_a_number_in_place_of_a_stimulus_is_told_what_it_could_mean() -> None:
    with pytest.raises(lo.LoligoError, match=r"a constant current is lo\.Step\(0, 10\)"):
        lo.simulate(LEAK, 10, 50)


def test_rounding_is_no_mistake() -> None:
    train = lo.PulseTrain(1, 0.1 * 3, 20, interval=0.3, count=4)
    assert train.integral(0, 10) == pytest.approx(20 * 1.2, rel=1e-12)
    as_one = lo.simulate(LEAK, lo.Pulse(1, 1.2, 20), 5, solver=FIXED).V
    assert float(abs(lo.simulate(LEAK, train, 5, solver=FIXED).V - as_one).max()) < 1e-10
    assert lo.simulate(LEAK, None, 0.3, sample_interval=0.1 * 3, solver=FIXED).sizes["time"] == 2
    assert lo.Waveform([0, 0.1 * 3, 0.3, 1], [0, 1, 2, 0]).integral(0, 1) == pytest.approx(0.85)
    with pytest.raises(lo.LoligoError, match="the pulses overlap"):
        lo.PulseTrain(1, 0.3001, 20, interval=0.3, count=4)
    with pytest.raises(lo.LoligoError, match="time goes back"):
        lo.Waveform([0, 0.3001, 0.3, 1], [0, 1, 2, 0])
