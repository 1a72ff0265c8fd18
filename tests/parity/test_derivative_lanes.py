"""Derivatives of states have the same bits in any company: alone, in lanes, in vectors of any
width, on any number of threads, in blocks, in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.engine.engines import ENGINES, Llvm
from loligo.run.pace import Pace
from paced import simulate

LANES = 19
MODEL = lo.load("morris-lecar-1981")
ASKED = ["g_Ca", "E_K", "C_m", "amplitude", "start", "duration", "tau_n", "E_L", "g_K"]
"""Nine: a lane by itself has eight of them side by side, and one more."""
SOLVERS = {"usual": lo.Taylor(1e-10), "portable": lo.Taylor(1e-10, portable=True)}


def sample(lane: slice = slice(None)) -> tuple[lo.Membrane, Any]:
    """Lanes that differ in numbers of the model and of the pulse, edges included."""
    draw = np.random.default_rng(3)

    def around(value: float) -> Any:
        values = value * draw.uniform(0.8, 1.2, LANES)
        return xr.DataArray(values[lane], dims="case")

    values = {n: around(float(MODEL.parameters[n].value)) for n in ("g_Ca", "E_K")}
    return MODEL.replace(**values), lo.Pulse(around(5.0), around(40.0), around(100.0))


def run(solver: lo.Taylor, lane: slice = slice(None), **settings: Any) -> xr.Dataset:
    model, pulse = sample(lane)
    return simulate(
        model, pulse, 60, solver=solver, sample_interval=5, initial="rest",
        record=["V", "dn_dg_Ca"], sensitivities=ASKED, progress=False, **settings,
    )  # fmt: skip


def bits(rec: xr.Dataset, case: int | None = None) -> dict[str, bytes]:
    shown = rec if case is None else rec.isel(case=case)
    return {str(n): v.values.tobytes() for n, v in shown.data_vars.items() if "spike" not in v.dims}


def spikes(rec: xr.Dataset, case: int) -> dict[str, list[float]]:
    """Of a lane, those that there are: how many places there are depends on the others."""
    one = rec.isel(case=case)
    return {
        str(n): v.values[: int(one.spike_count)].tolist()
        for n, v in one.data_vars.items() if "spike" in v.dims
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOLVERS)
def test_any_width_and_number_of_threads(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    solver = SOLVERS[kind]
    expected = run(solver)
    assert int(expected.spike_count.max()) > 0
    assert "dspike_time_dduration" in expected
    for width in (1, 4, 8, 16):
        xr.testing.assert_equal(run(solver, pace=Pace(width=width)), expected)
    for case in (0, 11, LANES - 1):
        alone = run(solver, slice(case, case + 1))
        assert bits(alone, 0) == bits(expected, case)
        assert spikes(alone, 0) == spikes(expected, case)
    monkeypatch.setenv("LOLIGO_THREADS", "3")
    xr.testing.assert_equal(run(solver, pace=Pace(width=4)), expected)
    monkeypatch.setitem(ENGINES, "llvm", Llvm(capacity=65))
    xr.testing.assert_equal(run(solver, pace=Pace(width=4)), expected)


@pytest.mark.slow
def test_both_engines() -> None:
    """Steps differ by roundings of their length."""
    one, other = run(SOLVERS["usual"]), run(lo.Taylor(1e-10, engine="numpy"))
    for name in one.data_vars:
        a, b = one[name].values, other[name].values
        assert np.nanmax(np.abs(a - b)) <= 1e-8 * np.nanmax(np.abs(b)), name


@pytest.mark.slow
def test_in_files(tmp_path: Path) -> None:
    """What a spike's time changes with, units and lanes without a spike among it, is opened as it
    was kept: of a recording and of a sweep, in blocks of any size."""
    model, pulse = sample()
    asked: dict[str, Any] = {
        "solver": SOLVERS["usual"], "sample_interval": 5, "initial": "rest", "record": ["V"],
        "sensitivities": ["g_Ca", "start"],
    }  # fmt: skip
    whole = lo.simulate(model, pulse, 60, **asked)
    assert set(whole.spike_count.values.tolist()) != {1}
    lo.save(whole, tmp_path / "one.nc")
    swept = lo.sweep(model, pulse, 60, store=tmp_path / "s.zarr", block=7, **asked).load()
    lo.save(swept, tmp_path / "swept.nc")
    assert swept.status.attrs["flag_values"].dtype == whole.status.dtype
    for rec in (swept, lo.open(tmp_path / "one.nc").load(), lo.open(tmp_path / "swept.nc").load()):
        xr.testing.assert_equal(rec, whole)
        assert rec.dspike_time_dg_Ca.attrs == whole.dspike_time_dg_Ca.attrs
    assert whole.dspike_time_dg_Ca.units == "ms/(mS/cm2)"
