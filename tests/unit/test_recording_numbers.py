"""What a recording says of itself: the numbers that differ between lanes, what was left out, what
made it; and that whatever can vary can be saved, opened and made again."""

from __future__ import annotations

import datetime
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import loligo as lo
from few import FEW

SQUID = lo.load("hodgkin-huxley-1952")
SUFFIXES = (".nc", ".npz", ".csv")


def along(*values: float, dim: str = "student", **more: Any) -> xr.DataArray:
    return xr.DataArray(list(values), dims=dim, **more)


def test_every_number_that_varies_is_a_coordinate_with_its_unit() -> None:
    model = SQUID.replace(g_Na=along(100, 120), E_K=along(-77, -80), g_K=[30.0, 36.0])
    first = lo.Pulse(1, 1, along(5, 20))
    second = lo.Pulse(
        5, along(1, 2, dim="case"), xr.DataArray([[5, 20], [1, 2]], dims=("case", "student"))
    )
    rec = lo.simulate(
        model, first + second, 6, initial={"V": along(-65, -60), "h": 0.5}, record=["spikes"]
    )
    told = {
        name: (c.dims, c.values.tolist(), c.attrs["units"])
        for name, c in rec.coords.items()
        if name not in ("time", "spike")
    }
    assert told == {
        "g_Na": (("student",), [100, 120], "mS/cm2"),
        "E_K": (("student",), [-77, -80], "mV"),
        "g_K": (("g_K",), [30, 36], "mS/cm2"),
        "amplitude_1": (("student",), [5, 20], "uA/cm2"),
        "amplitude_2": (("case", "student"), [[5, 20], [1, 2]], "uA/cm2"),
        "duration": (("case",), [1, 2], "ms"),
        "initial_V": (("student",), [-65, -60], "mV"),
    }
    assert float(rec.isel(student=1).g_Na) == 120
    assert rec.duration.attrs["long_name"] == "stimulus duration (stimulus 2)"


def test_labels_of_a_persons_own_stay_and_the_number_stands_beside_them() -> None:
    own = along(0.1, 0.12, dim="g_Na", coords={"g_Na": [0.1, 0.12]}, attrs={"units": "S/cm2"})
    rec = lo.simulate(SQUID.replace(g_Na=own), None, 1)
    assert rec.g_Na.values.tolist() == [0.1, 0.12]
    assert rec.g_Na_value.values == pytest.approx([100, 120])
    assert rec.g_Na_value.attrs["units"] == "mS/cm2"
    unlabelled = lo.simulate(SQUID.replace(g_Na=along(100, 120, dim="g_Na")), None, 1)
    assert unlabelled.sel(g_Na=120).V.dims == ("time",)
    other = lo.simulate(SQUID.replace(g_Na=along(100, 120, dim="E_Na")), None, 1)
    assert other.g_Na.dims == ("E_Na",)
    assert "initial" in lo.simulate(SQUID, None, 1, initial=[-65, -60]).indexes


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_such_numbers_are_never_taken_for_time_or_voltage(suffix: str, tmp_path: Path) -> None:
    stimulus = lo.Pulse(0.5, along(0.1, 0.2), 10)
    rec = lo.simulate(SQUID, stimulus, 1, initial=along(-65, -60), record=["spikes"])
    for some in (rec, rec.drop_vars("time"), rec[["spike_count"]], rec.drop_attrs()):
        xr.testing.assert_identical(lo.open(lo.save(some, tmp_path / f"x{suffix}")), some)


def test_of_axons_too() -> None:
    axon = lo.Axon(
        SQUID.replace(g_Na=along(100, 120)), "4 mm", along(400, 476), 35.4, compartments=8
    )
    stimulus = lo.at(0, lo.Pulse(0.5, 0.2, along(2e4, 3e4))) + lo.at("2 mm", lo.Pulse(1, 0.2, 1e3))
    rec = lo.simulate(axon, stimulus, 2)
    for name, values, unit in (
        ("g_Na", [100, 120], "mS/cm2"),
        ("diameter", [400, 476], "um"),
        ("amplitude", [2e4, 3e4], "nA"),
    ):
        assert (rec[name].dims, rec[name].values.tolist()) == (("student",), values)
        assert rec[name].attrs["units"] == unit
    assert rec.spike_time.dims == ("student", "position", "spike")
    assert rec.status.dims == ("student",)
    again = lo.simulate(axon, None, 1, initial=rec.isel(time=-1)) if "m" in rec else rec
    assert "initial_V" not in again.coords  # it varies along the axon


@pytest.mark.parametrize("interval", [0.05, 0.1, 0.025, 0.02, 1 / 64, 0.3, 1e-3, 7.0])
def test_times_are_the_decimals_that_they_look_like(interval: float) -> None:
    rec = lo.simulate(SQUID, None, 21, sample_interval=interval, record=["V"])
    for k in (0, 1, 2, 3, rec.time.size // 2, rec.time.size - 1):
        written = f"{round(k * interval * 10**6) / 10**6:.6f}"
        assert float(rec.V.sel(time=float(written))) == float(rec.V[k])


def test_what_was_not_recorded_is_named_and_can_be_had() -> None:
    rec = lo.simulate(SQUID, lo.Pulse(1, 1, [10, 20]), 5)
    left_out, _, how = rec.attrs["not_recorded"].partition("; simulate again with record=")
    assert left_out.split(", ")[:4] == ["m", "h", "n", "phi"] or left_out.startswith("m, h, n")
    whole = lo.simulate(SQUID, lo.Pulse(1, 1, [10, 20]), 5, record=json.loads(how))
    assert set(left_out.split(", ")) <= set(whole.data_vars)
    assert "not_recorded" not in whole.attrs
    assert "not_recorded" not in lo.simulate(SQUID, None, 1).attrs
    spikes = lo.simulate(SQUID, None, 1, record=["spikes"]).attrs["not_recorded"]
    assert spikes.startswith("V, m, h, n")


def test_software_machine_and_date_and_nothing_of_people() -> None:
    rec = lo.simulate(SQUID, None, 1)
    made = json.loads(rec.attrs["provenance"])["made"]
    for package in ("numpy", "llvmlite"):
        assert made[package] == metadata.version(package)
    assert made["python"] == platform.python_version()
    assert made["processor"].startswith(platform.machine())
    today = datetime.datetime.now(datetime.UTC).date()
    assert abs(datetime.date.fromisoformat(made["date"]) - today) <= datetime.timedelta(days=1)
    assert platform.node() not in json.dumps(made) or len(platform.node()) < 3
    assert "/" not in json.dumps(made)
    assert rec.equals(lo.rerun(rec))


# Whatever varies ------------------------------------------------------------------------------

STIMULI: dict[str, Any] = {
    "pulse": (lo.Pulse, {"start": 1.0, "duration": 1.0, "amplitude": 10.0}),
    "step": (lo.Step, {"start": 1.0, "amplitude": 10.0}),
    "train": (lo.PulseTrain, {"start": 1.0, "duration": 0.2, "amplitude": 10.0, "interval": 0.5,
                              "count": 3.0}),
    "ramp": (lo.Ramp, {"start": 1.0, "duration": 1.0, "amplitude": 10.0}),
    "sine": (lo.Sine, {"start": 0.5, "duration": 1.0, "amplitude": 10.0, "frequency": 500.0}),
    "chirp": (lo.Chirp, {"start": 0.5, "duration": 1.0, "amplitude": 10.0,
                         "frequency_start": 100.0, "frequency_end": 500.0}),
    "noise": (lo.Noise, {"start": 0.5, "duration": 1.0, "amplitude": 10.0, "seed": 3, "tau": 1.0}),
}  # fmt: skip


def comes_back(rec: xr.Dataset, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        back = lo.open(lo.save(rec, tmp_path / f"rec{suffix}"))
        xr.testing.assert_identical(back, rec)
    assert lo.rerun(back).equals(rec)


def varied(value: float, whole: bool = False) -> list[float]:
    return [value, value + 1 if whole else 1.1 * value or 0.1]


OTHERS = [pytest.param(n, marks=pytest.mark.slow) for n in FEW if n != SQUID.name]


@pytest.mark.parametrize("name", [SQUID.name, *OTHERS])
def test_any_parameter_of_any_model(name: str, tmp_path: Path) -> None:
    model = lo.load(name)
    for parameter, what in [*model.parameters.items(), ("area", None)]:
        value = 1e3 if what is None else float(what.value)
        stimulus = lo.Pulse(
            1, 1, 0.1 if what is None else 10, unit="nA" if what is None else "uA/cm2"
        )
        swept = model.replace(**{parameter: varied(value)})
        rec = lo.simulate(swept, stimulus, 1.5, initial=-65)
        assert rec[parameter].values.tolist() == varied(value)
        comes_back(rec, tmp_path)


@pytest.mark.parametrize("kind", STIMULI)
def test_any_number_of_any_stimulus(kind: str, tmp_path: Path) -> None:
    made, numbers = STIMULI[kind]
    for number, value in numbers.items():
        values = [1, 2] if number == "seed" else varied(value, whole=number == "count")
        stimulus = made(**{**numbers, number: values})
        rec = lo.simulate(SQUID, stimulus, 2.5, initial=-65)
        assert rec[number].values.tolist() == values
        comes_back(rec, tmp_path)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".xlsx"])
def test_what_experiments_found(suffix: str, tmp_path: Path) -> None:
    """Tables without a time, and with one; words and truth values among them."""
    if suffix == ".xlsx":
        pytest.importorskip("openpyxl")
    axon = lo.Axon(SQUID.replace(celsius=18.5), "3 cm", 476, 35.4, accuracy=0.05)
    lengths = xr.Dataset(
        {"velocity": ("diameter", [10.0, 20.0], {"units": "m/s"}),
         "outcome": ("diameter", ["travelled", "no spike"])},
        {"diameter": [200.0, 476.0]},
        {"experiment": "velocity", "title": "a table"},
    )  # fmt: skip
    for found in (lo.experiments.direction(axon), lo.experiments.passive(), lengths):
        xr.testing.assert_identical(lo.open(lo.save(found, tmp_path / f"x{suffix}")), found)
    with pytest.raises(lo.LoligoError, match="needs a 'time'"):
        lo.save(lengths.drop_attrs(), tmp_path / f"x{suffix}")
