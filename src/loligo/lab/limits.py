"""What a link may say: one table, which Python and the page both read, so that both agree.

A stimulus is written as on the command line, ``pulse=5,40,10`` as ``--pulse 5 40 10``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loligo.model import Membrane
from loligo.stimulus import ENTRIES

VERSION = 1

_HUGE = 1e6
# as `loligo.model` reads them; the others may be any number
_BOUNDED: Mapping[str, Mapping[str, Any]] = {
    "C_m": {"low": 0, "high": _HUGE, "open": True},
    "area": {"low": 0, "high": 1e12, "open": True},
    "celsius": {"low": -273.15, "high": 1000, "open": True},
}


def number(name: str, low: float, high: float, **more: Any) -> dict[str, Any]:
    """A number: from where to where it may be.

    ``open``: `low` itself is refused. ``whole``: only whole numbers. ``usual``: it need not be
    written, and then is this.
    """
    return {"name": name, "low": low, "high": high, **more}


_START = number("start", -_HUGE, _HUGE)
_LENGTH = number("duration", 0, _HUGE, open=True)
_AMPLITUDE = number("amplitude", -_HUGE, _HUGE)
_BOX = [_START, _LENGTH, _AMPLITUDE]
_DENSITY = {"unit": "uA/cm2"}
_NO_RIG = {"series_resistance": None, "amplifier": None, "resistance_unit": ""}


def _stimulus(
    name: str, kind: str, most: int, values: list[Any], fixed: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    word = ENTRIES[name].option.removeprefix("--")
    return {"name": name, "word": word, "kind": kind, "most": most, "values": values,
            "settings": [], "fixed": dict(fixed), **more}  # fmt: skip


def frequency(name: str) -> dict[str, Any]:
    return number(name, 0, 1e5)


LIMITS: Mapping[str, Any] = {
    "version": VERSION,
    "longest": 8000,  # characters of a fragment
    "samples": 200_000,
    "stimuli": [
        _stimulus("Pulse", "pulse", 8, _BOX, _DENSITY),
        _stimulus(
            "PulseTrain", "pulse_train", 2,
            [*_BOX, number("interval", 0, _HUGE, open=True),
             number("count", 1, 10_000, whole=True)],
            _DENSITY, ordered=["duration", "interval"],
        ),
        _stimulus("Ramp", "ramp", 1, _BOX, _DENSITY),
        _stimulus(
            "Sine", "sine", 1, [*_BOX, frequency("frequency")], _DENSITY,
            settings=[number("phase", -_HUGE, _HUGE, usual=0)],
        ),
        _stimulus(
            "Chirp", "chirp", 1,
            [*_BOX, frequency("frequency_start"), frequency("frequency_end")], _DENSITY,
        ),
        _stimulus(
            "Noise", "noise", 1, _BOX, {**_DENSITY, "generator": 2},
            settings=[
                number("seed", 0, 2**53 - 1, whole=True, usual=1),
                number("tau", 0, _HUGE, open=True, usual=None),
                number("mean", -_HUGE, _HUGE, usual=0),
                number("interval", 1e-3, _HUGE, usual=0.025),
            ],
        ),
        _stimulus(
            "VoltageClamp", "clamp", 6, [_START, _LENGTH, number("voltage", -1000, 1000)], _NO_RIG,
            settings=[number("to", -1000, 1000, usual=None)],
        ),
    ],
    # the page's kernels are made for one tolerance
    "solvers": [
        {"word": "taylor", "kind": "Taylor", "value": number("tolerance", 1e-8, 1e-8)},
        {"word": "exponential", "kind": "Exponential", "value": number("dt", 0.001, 1)},
    ],
    "numbers": {
        "duration": number("duration", 0, 10_000, open=True),
        "sample": number("sample", 0.001, 1000),
        "threshold": number("threshold", -1000, 1000),
        "initial": number("initial", -1000, 1000),
        "state": number("state", -_HUGE, _HUGE),
        "cursor": number("cursor", 0, 10_000),
    },
    "usual": {"duration": 50.0, "sample": 0.05, "solver": ["taylor", 1e-8]},
    "words": {
        "tab": r"[a-z]{1,20}",
        "language": r"[a-z]{2}",
        "theme": r"light|dark",
        "panels": r"[A-Za-z_][0-9A-Za-z_]{0,40}(?:,[A-Za-z_][0-9A-Za-z_]{0,40}){0,20}",
    },
}  # fmt: skip


def known(model: Membrane, solvers: Sequence[str] = ("Taylor", "Exponential")) -> dict[str, Any]:
    """What a link may say of a model: its parameters with their bounds, its states, and the
    solvers that there are for it."""
    usual = {"low": -1e9, "high": 1e9}
    return {
        "parameters": {
            name: {"name": name, **_BOUNDED.get(name, usual)} for name in model.parameters
        },
        "states": _states(model),
        "solvers": list(solvers),
    }


def _states(model: Membrane) -> list[str]:
    from loligo.system.outline import outline_of

    return list(outline_of(model).states)
