"""What follows samples as a value: documents, what is refused, and in which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tomli_w

import loligo as lo
from loligo.errors import LoligoError
from loligo.stimulus.document import from_dict

WAVE = lo.Waveform([0, 5, 5.5, 20], [-65, -65, 40, -65], unit="mV")
VALUES: list[Any] = [
    lo.VoltageClamp([1, 2], 10, WAVE),
    lo.VoltageClamp(1, 10, 2 * WAVE, series_resistance="4 ohm*cm2"),
    lo.VoltageClamp(1, 10, lo.Noise(0, 10, 5, tau=3, mean=[-65, -50], seed=[1, 2])),
    lo.VoltageClamp(1, 10, lo.Waveform([0, 1, 2], [1, 2, 3], hold=True)),
    lo.Conductance(1, lo.Waveform([0, 1, 2], [0, 20, 0], unit="nS"), E=[0, -75]),
    lo.Conductance(1, 0.5, E=0, tau=2, rise=0.5) + lo.Shock(3, "5 nC/cm2") + lo.Alpha(1, 2, 3),
    lo.Waveform([0, 1, 2], [1, 2, 3], hold=True),
    lo.Shock(1, "2 nC"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_documents_are_exact(value: Any) -> None:
    document = value.to_dict()
    again = from_dict(json.loads(json.dumps(document, allow_nan=False)))
    assert again == value or again.to_dict() == document
    assert repr(again) == repr(value)
    if "None" not in repr(document):  # TOML has no null
        assert tomli_w.dumps(document)


def test_a_waveform_of_earlier_documents_does_not_hold() -> None:
    assert "hold" not in lo.Waveform([0, 1], [1, 2]).to_dict()
    older = {"kind": "waveform", "time": [0, 1], "values": [[1, 2]], "case": 0, "unit": "nA"}
    assert from_dict(older) == lo.Waveform([0, 1], [1, 2], unit="nA")


@pytest.mark.parametrize(
    "voltage",
    [
        {"kind": "pulse", "start": 0, "duration": 1, "amplitude": 1},
        {"kind": "clamp", "start": 0, "duration": 1, "voltage": 1},
        {"kind": "sum", "shapes": []},
        {"kind": "waveform"},
        {"kind": "waveform", "time": [0, 1], "values": [0, 1], "evil": 1},
        {"kind": "waveform", "time": [0, 1], "values": [0, 1], "amplitude": {"kind": "noise"}},
        {"kind": ["waveform"]},
        {"kind": "noise", "start": 0, "duration": 1, "amplitude": "x"},
        {"dims": ["time"], "values": "0"},
        "__import__('os')",
        None,
    ],
)
def test_a_hostile_document_is_refused(voltage: Any) -> None:
    document = {"kind": "clamp", "start": 0, "duration": 1, "voltage": voltage}
    with pytest.raises(LoligoError):
        from_dict(document)
    with pytest.raises(LoligoError):
        from_dict({"kind": "conductance", "start": 0, "g": voltage, "E": 0})


MISTAKES: list[tuple[Callable[[], Any], str]] = [
    (lambda: lo.VoltageClamp(0, 5, lo.Pulse(0, 1, 1)), "voltage is a number, or follows lo.Wave"),
    (lambda: lo.VoltageClamp(0, 5, lo.Noise(0, 5, 1)), "give the noise a correlation time"),
    (lambda: lo.VoltageClamp(0, 9, lo.Noise(0, 5, 1, tau=3)), "its command must last as long"),
    (
        lambda: lo.VoltageClamp(0, 9, lo.Waveform([0, 1], [0, 1], unit="nA")),
        'is in nA; give it unit="mV"',
    ),
    (lambda: lo.VoltageClamp(0, 9, WAVE, to=5), "leave one of the two out"),
    (lambda: lo.VoltageClamp(0, -9, 5), "duration must be above 0 ms, but is -9 ms"),
    (
        lambda: lo.VoltageClamp(0, 9, lo.Waveform([0, 1], [0, 1], start=[0, 1])),
        "give the array as the start of the VoltageClamp",
    ),
    (lambda: lo.Conductance(0, lo.Waveform([0, 1], [0, -1]), E=0), "goes down to -1 mS/cm2"),
    (lambda: lo.Conductance(0, lo.Waveform([0, 1], [0, 1]), E=0, tau=3), "tau=… is left out"),
    (lambda: lo.Conductance(0, lo.Noise(0, 9, 1, tau=3), E=0), "no noise, which would go below"),
    (lambda: lo.Conductance(0, 1, tau=3), "missing a required argument: 'E'"),
    (lambda: lo.Conductance(0, 1, E=0), "Conductance: say how g moves"),
    (lambda: lo.Conductance(0, 1, E=0, tau=3) * -1, "no conductance is below 0"),
    (lambda: lo.Pulse(0, 1, 1) + WAVE, "is in mV, and no current: it may be a command"),
    (lambda: lo.Waveform([0, 1], [0, 1], hold="yes"), "hold is True, for steps that last"),
    (lambda: lo.Waveform([0, 1], [0, 1], unit="kg"), "unit is 'kg', but a stimulus is a current"),
]


@pytest.mark.parametrize(("make", "words"), MISTAKES)
def test_mistakes_are_told_with_a_remedy(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(LoligoError) as told:
        make()
    assert words in str(told.value)


def test_what_a_run_refuses() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    for stimulus, solver, words in (
        (WAVE, None, "give it in place of the dots: lo.VoltageClamp("),
        (lo.VoltageClamp(0, 5, 0) + lo.VoltageClamp([9, 4], 3, 9), None, "same time, from 4 ms on"),
        (lo.Conductance(0, "2 nS", E=0, tau=1), None, "a total conductance (uS), but the membrane"),
        (lo.Shock(0, "2 nC"), None, "a whole charge (nC), but the membrane has no area"),
        (lo.Clamp(0, 5, 0, series_resistance=5), None, "a whole resistance (Mohm), but the memb"),
    ):
        with pytest.raises(LoligoError) as told:
            lo.simulate(squid, stimulus, 10, solver=solver)
        assert words in str(told.value)


def test_a_whole_charge_is_spread_over_the_area() -> None:
    squid = lo.load("hodgkin-huxley-1952").replace(area=2e8, C_m=0.5)  # 2 cm2
    shock = lo.Shock(1, "7 nC")
    rec = lo.simulate(squid, shock, 2)
    assert np.isclose(rec.V.sel(time=1.0) - rec.V.sel(time=0.95), 7 / 2 / 0.5, atol=1e-3)


def _deep() -> dict[str, Any]:
    inner: dict[str, Any] = {"kind": "shock", "start": 0, "amplitude": 1}
    for _ in range(5000):
        inner = {"kind": "sum", "shapes": [inner]}
    return inner


_CLAMP = {"kind": "clamp", "start": 0, "duration": 1, "voltage": 0}
_OPEN = {"kind": "conductance", "start": 0, "g": 1, "E": 0, "tau": 1}


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "sum", "shapes": 3},
        {"kind": "sum", "shapes": None},
        # plain numbers would be taken to be in another unit than these
        {"kind": "shock", "start": 0, "amplitude": 1, "amplitude_unit": "pC"},
        {"kind": "shock", "start": 0, "amplitude": 1, "amplitude_unit": [1]},
        {**_OPEN, "g_unit": "nS"},
        {**_OPEN, "g_unit": {}},
        {**_CLAMP, "series_resistance": 1, "resistance_unit": "GOhm"},
        {**_CLAMP, "series_resistance": 1, "resistance_unit": ["Mohm"]},
        {**_CLAMP, "resistance_unit": "Mohm"},
        {**_CLAMP, "amplifier": {"kind": "amplifier", "compensation": None}},
        {**_CLAMP, "amplifier": {"kind": "amplifier", "level": [[1, 2]]}},
    ],
    ids=repr,
)
def test_a_document_of_another_form_is_refused(document: Any) -> None:
    with pytest.raises(LoligoError):
        from_dict(document)


def test_sums_in_sums_end_somewhere() -> None:
    with pytest.raises(LoligoError, match="too deeply"):
        from_dict(_deep())


def test_a_level_is_one_number() -> None:
    with pytest.raises(LoligoError, match="level is"):
        lo.Amplifier(level=np.array([[1, 2], [3, 4]]))  # type: ignore[arg-type]


def test_a_recording_that_tells_of_sums_in_sums_is_drawn_all_the_same() -> None:
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Shock(1, 2), 3)
    told = json.loads(rec.attrs["provenance"])
    inner: Any = {"kind": "shock", "start": 0, "amplitude": 1}
    for _ in range(300):
        inner = {"kind": "sum", "shapes": [inner]}
    rec.attrs["provenance"] = json.dumps({**told, "stimulus": inner})
    assert lo.plot(rec)
