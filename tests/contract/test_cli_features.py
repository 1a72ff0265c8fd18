"""``loligo features``: the table of a saved recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import loligo as lo
from commands import called


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def measured() -> None:
    """Another program's table: three bell-shaped spikes on a step of 5 mV from 100 to 300 ms."""
    time = np.arange(0, 400, 0.1)
    V = -70 + 5.0 * ((time >= 100) & (time < 300))
    for at in (150, 200, 260):
        V = V + 90 * np.exp(-(((time - at) / 0.5) ** 2))
    np.savetxt("cell.csv", np.c_[time, V], "%.6f", ",", header="t (ms),Vm (mV)", comments="")


def test_a_file_is_described(capsys: pytest.CaptureFixture[str], measured: None) -> None:
    given = ("features", "cell.csv", "--pulse", "100", "200", "50 pA", "--output", "table.csv")
    status, out, err = called(capsys, *given)
    assert (status, err) == (0, "")
    assert out.startswith("wrote table.csv (")
    lines = [line.split() for line in out.splitlines()]
    assert ["spike_count", "3", "number", "of", "spikes"] in lines
    assert ["time_to_first_spike", "50", "ms", "latency", "of", "the", "first", "spike"] in lines
    found = lo.open("table.csv")
    assert float(found.doublet_ISI) == pytest.approx(50, abs=1e-6)
    assert float(found.peak_voltage) == pytest.approx(25, abs=0.01)
    assert found.doublet_ISI.attrs["units"] == "ms"
    # without a word about the stimulus, what needs it is not known and not shown
    status, out, err = called(capsys, "features", "cell.csv", "--threshold", "-20 mV")
    assert status == 0
    assert "spike_count" in out
    assert "time_to_first_spike" not in out


def test_many_cells_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    squid = lo.load("hodgkin-huxley-1952")
    rec = lo.simulate(squid, lo.Pulse(5, 40, [0.0, 10.0, 20.0]), 50)
    lo.save(rec, "sweep.nc")
    status, out, _ = called(capsys, "features", "sweep.nc", "-o", "table.xlsx")
    assert status == 0
    assert "cells" in out
    assert "median" in out
    assert lo.open("table.xlsx").equals(lo.features(rec))


def test_what_cannot_be_says_why(capsys: pytest.CaptureFixture[str], measured: None) -> None:
    for words, told in {
        ("none.csv",): "error: cannot read none.csv: there is no such file",
        ("model.toml",): "error: model.toml is no recording: features are those of a .nc",
        ("cell.csv", "--threshold", "high"): "error: --threshold: 'high' does not begin with a",
        ("cell.csv", "-o", "table.png"): "error: --output table.png",
        ("cell.csv", "--derivative-threshold", "-1"): "error: --derivative-threshold must be above",
    }.items():
        status, out, err = called(capsys, "features", *words)
        assert status == 2, words
        assert out == ""
        assert err.startswith(told), err
