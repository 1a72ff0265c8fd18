"""What is found of a model without dimensions, and told of it, has no units."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.analysis.dimensionless import is_of_dimensionless, unitless, without_units

pytestmark = pytest.mark.filterwarnings("ignore")
_UNITS = re.compile(r"\d ?(mV|ms|Hz|[µu]A|kΩ|mS)\b|\((mV|ms|Hz|nC|µA|mS|kΩ)")


@pytest.fixture(scope="module")
def nagumo() -> lo.Membrane:
    """FitzHugh's equations (1961, Biophysical Journal 1:445)."""
    current = lo.Channel("F", g=1, E=0, current="V**3/3 - V + w")
    return lo.Membrane(
        C_m=1, channels=[current],
        states=[lo.State("w", "0.08*(V + 0.7 - 0.8*w)", initial=-0.6)], name="fitzhugh-nagumo",
    )  # fmt: skip


def _texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text"))]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", ["strength_duration", "phase_plane", "threshold", "fi_curve"])
def test_an_experiment_says_and_draws_no_units(nagumo, name: str, language: str) -> None:
    with lo.language(language):
        found = getattr(lo.experiments, name)(nagumo)
        figure = lo.plot(found)
    assert not _UNITS.search(found.attrs["summary"])
    assert not [text for text in _texts(figure) if _UNITS.search(text)]


def test_a_story_has_no_units(nagumo) -> None:
    told: Any = lo.narrate(lo.simulate(nagumo, lo.Pulse(20, 60, 0.5), 100))
    assert told.dimensionless
    assert "It fired" in told.text
    assert not _UNITS.search(told.text)
    assert not [text for text in _texts(lo.plot(told)) if _UNITS.search(text)]
    squid = lo.load("hodgkin-huxley-1952")
    assert "mV" in lo.narrate(lo.simulate(squid, lo.Pulse(5, 1, 20), 20)).text


def test_a_model_in_mv_is_none_without_units() -> None:
    """Its currents are formulas, none of which says where it reverses."""
    import json

    leak = lo.Channel("L", g=0.1, E=0, current="0.1*(V + 65)")
    assert not is_of_dimensionless(json.dumps(lo.Membrane(C_m=1, channels=[leak]).to_dict()))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a ramp of 0.3 µA/cm²/ms to 0.4 µA/cm²", "a ramp of 0.3 to 0.4"),
        ("bei 23,5 Hz, um 5,9 ms für jedes mV", "bei 0,0235, um 5,9 für jedes V"),
        ("from 20 to 25.5 Hz, −3 mV", "from 0.02 to 0.0255, −3"),
        ("Charge (nC/cm², inward negative): 1.2", "Charge (inward negative): 1.2"),
        ("3 msec, 4 mVs and 5 muscles", "3 msec, 4 mVs and 5 muscles"),
    ],
)
def test_units_are_left_out_and_rates_count_in_the_models_time(said: str, expected: str) -> None:
    assert unitless(said) == expected


def test_a_dataset_without_units_has_its_numbers() -> None:
    import xarray as xr

    found = xr.Dataset(
        {"rate": ("amplitude", [20.0, 40.0], {"units": "Hz", "label": "at 5 mV"}),
         "share": ("amplitude", [0.1, 0.2], {"units": "1"})},
        {"amplitude": ("amplitude", [1.0, 2.0], {"units": "uA/cm2"})},
    )  # fmt: skip
    bare = without_units(found)
    np.testing.assert_allclose(bare.rate, [0.02, 0.04])
    assert {bare[name].attrs["units"] for name in ("rate", "amplitude", "share")} == {"1"}
    assert bare.rate.attrs["label"] == "at 5"
    np.testing.assert_array_equal(bare.amplitude, found.amplitude)
