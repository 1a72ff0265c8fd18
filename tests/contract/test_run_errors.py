"""What loligo says about runs that cannot be, and what a recording's labels promise."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.errors import LoligoError, RunError, StimulusError, UsageError

CELL = lo.Membrane(C_m=1, area=1000, channels=[lo.Channel("L", g=0.3, E=-65)])


@pytest.fixture(scope="module")
def rec() -> xr.Dataset:
    return lo.simulate(CELL, lo.Pulse(1, 1, 5), 5)


MISTAKES: list[tuple[Callable[[], Any], type[LoligoError], str]] = [
    (lambda: lo.simulate(CELL, None, 1e308), UsageError, "would have inf samples; make it shorter"),
    (
        lambda: lo.simulate(CELL, None, 5, sample_interval=1e-308),
        UsageError,
        "a run of 5 ms with a sample_interval of 1e-308 ms would have inf samples",
    ),
    # the times of the samples need memory even if nothing is recorded along them
    (
        lambda: lo.simulate(CELL, None, 1e13, record=["spikes"]),
        RunError,
        "or take a longer sample_interval",
    ),
    (
        lambda: lo.simulate(CELL, lo.Noise(1, 1, 3, seed=1, interval=1e-308), 5),
        StimulusError,
        "would have 1e+308 grid points up to the end of the run; make its interval longer",
    ),
    (
        lambda: lo.simulate(CELL, lo.Noise(-1e12, 1e15, 3, seed=1), 5),
        StimulusError,
        "would have 4e+13 grid points up to the end of the run; make its interval longer",
    ),
    (
        lambda: lo.Exponential(engine=np.array([1, 2])),  # type: ignore[arg-type]
        UsageError,
        "engine is array([1, 2]); there are 'llvm', 'cuda' and 'numpy'",
    ),
]


@pytest.mark.parametrize(
    ("mistake", "kind", "wording"), MISTAKES, ids=[m[2][:40] for m in MISTAKES]
)
def test_wording(mistake: Callable[[], Any], kind: type[LoligoError], wording: str) -> None:
    with pytest.raises(kind, match=re.escape(wording)):
        mistake()


def test_continuing_from_one_moment_or_none(rec: xr.Dataset) -> None:
    again = lo.simulate(CELL, None, 1, initial=rec.isel(time=30))
    assert float(again.V[0]) == float(rec.V[30])
    with pytest.raises(UsageError, match="has no samples"):
        lo.simulate(CELL, None, 1, initial=rec.isel(time=slice(0)))


def _with(rec: xr.Dataset, key: str, value: Any) -> xr.Dataset:
    told = json.loads(rec.attrs["provenance"]) | {key: value}
    return rec.assign_attrs(provenance=json.dumps(told))


def test_a_provenance_that_cannot_be_read(rec: xr.Dataset) -> None:
    damaged = [
        rec.assign_attrs(provenance="[" * 100_000),
        rec.assign_attrs(provenance=5),
        _with(rec, "solver", "x"),
        _with(rec, "model", []),
    ]
    for each in damaged:
        with pytest.raises(LoligoError):
            lo.rerun(each)


def test_of_joined_recordings_the_first_is_made_again_and_that_is_said(rec: xr.Dataset) -> None:
    joined = xr.concat([rec, lo.simulate(CELL, lo.Pulse(1, 2, 5), 5)], "case", join="outer")
    with pytest.warns(UserWarning, match="the recording has the dimension 'case', and the run"):
        assert lo.rerun(joined).equals(rec)


def test_labels_bear_the_unit_of_their_numbers() -> None:
    total = xr.DataArray([0.1, 0.2], {"amplitude": [0.1, 0.2]}, attrs={"units": "nA"})
    run = lo.simulate(CELL, lo.Pulse(1, 1, total), 2)
    assert run.amplitude.attrs["units"] == "nA"
    run = lo.simulate(CELL, lo.Pulse(1, 1, [1, 2]), 2)
    assert run.amplitude.attrs["units"] == "uA/cm2"
    run = lo.simulate(CELL, lo.Noise(1, 1, [1, 2], seed=1), 2)
    assert run.amplitude.attrs["units"] == "uA/cm2*sqrt(ms)"


def test_labels_in_a_unit_of_their_own_get_none_of_ours() -> None:
    g = xr.DataArray([3.0, 4.0], {"g_L": [3.0, 4.0]}, attrs={"units": "S/m2"})
    run = lo.simulate(CELL.replace(g_L=g), None, 1)
    assert run.g_L.values.tolist() == [3.0, 4.0]
    assert "units" not in run.g_L.attrs
    run = lo.simulate(CELL.replace(g_L=[0.3, 0.4]), None, 1)
    assert run.g_L.attrs["units"] == "mS/cm2"


def test_spikes_are_counted_whatever_the_unit_of_V() -> None:
    """FitzHugh (1961), doi:10.1016/S0006-3495(61)86902-6: V runs from -2 to 2."""
    cell = lo.Membrane(
        channels=[lo.Channel("v", current="V**3/3 - V + w")],
        states=[lo.State("w", "0.08*(V + 0.7 - 0.8*w)")],
    )
    start = {"V": -1, "w": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rec = lo.simulate(cell, lo.Step(1, 0.5), 200, initial=start, sample_interval=0.01)
        above = rec.V.values >= 0
        assert rec.spike_count == (above[1:] & ~above[:-1]).sum() > 3
        starts = {"V": np.array([-1.0, 2.0, 7.0]), "w": 1}
        several = lo.simulate(cell, lo.Step(1, 0.5), 200, initial=starts, threshold=0.5)
        assert (several.spike_count > 3).all()
        squid = lo.load("hodgkin-huxley-1952")
        lo.simulate(squid, lo.Step(1, 10), 40, initial=np.array([-65.0, 0.0, 20.0]))
