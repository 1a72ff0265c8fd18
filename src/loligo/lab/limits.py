"""What a link may say: one table, which Python and the page both read, so that both agree.

A stimulus is written as on the command line, ``pulse=5,40,10`` as ``--pulse 5 40 10``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loligo.lab.cuts import FAMILY, FIBRE
from loligo.lab.drugs import drugs
from loligo.model import Membrane
from loligo.stimulus import ENTRIES

VERSION = 1

_HUGE = 1e6
_LONGEST = 100_000.0  # ms of a run: some cells burst twice a minute
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


def word(name: str, *words: str) -> dict[str, Any]:
    """One of some words, usually the first; or, of one thing in angle brackets, a name of such a
    thing of the model, usually none."""
    if words[0].startswith("<"):
        return {"name": name, "of": words[0].strip("<>"), "usual": ""}
    return {"name": name, "words": list(words), "usual": words[0]}


def _current(name: str, **more: Any) -> dict[str, Any]:
    return number(name, -_HUGE, _HUGE, **more)


# What a tab remembers besides the simulation, as a link says it: ``steps=first:-100,last:40``.
# ``each``: a number for each of some things of the model. What is usually None follows the model.
_OWN: list[dict[str, Any]] = [
    {
        "word": "steps",
        "fields": [
            number("holding", -140, 120, usual=-65), number("first", -140, 120, usual=-85),
            number("last", -140, 120, usual=55), number("number", 1, 40, whole=True, usual=15),
            number("start", 0, 100, usual=2), number("width", 0.5, 500, usual=10),
            word("shown", "<channels>"),
        ],
    },
    {"word": "block", "each": "drugs"},
    {
        "word": "curves",
        "fields": [
            word("gates", "inf", "tau", "rates"), word("strength", "current", "charge"),
            word("others", "pace", "steady", "frozen"), _current("current", usual=0),
            number("most", 0, _HUGE, open=True, usual=None), word("upwards", "<states>"),
            number("from_V", -1000, 1000, usual=None), _current("from_y", usual=None),
        ],
    },
    {
        "word": "axon",
        "fields": [
            number("diameter", 1, 10_000, usual=476), number("length", 5, 1000, usual=60),
            word("sheath", "bare", "myelin"), number("fibre", 0.5, 100, usual=10),
            number("g_ratio", 0.1, 0.99, usual=0.7), word("side", "left", "right", "both"),
            number("lag", 0, 20, usual=0), number("first", 0, 1000, usual=18),
            number("second", 0, 1000, usual=42),
        ],
    },
    {
        "word": "live",
        "fields": [
            _current("hold", usual=0), _current("held", usual=None), _current("poke", usual=None),
            number("speed", 0, _HUGE, open=True, usual=None),
            number("sweep", 0, 1e5, open=True, usual=None),
        ],
    },
]  # fmt: skip


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
        "duration": number("duration", 0, _LONGEST, open=True),
        "sample": number("sample", 0.001, 1000),
        "threshold": number("threshold", -1000, 1000),
        "initial": number("initial", -1000, 1000),
        "state": number("state", -_HUGE, _HUGE),
        "cursor": number("cursor", 0, _LONGEST),
    },
    "usual": {"duration": 50.0, "sample": 0.05, "solver": ["taylor", 1e-8]},
    "words": {
        "tab": r"[a-z]{1,20}",
        "language": r"[a-z]{2}",
        "theme": r"light|dark",
        "panels": r"[A-Za-z_][0-9A-Za-z_]{0,40}(?:,[A-Za-z_][0-9A-Za-z_]{0,40}){0,20}",
    },
    "own": _OWN,
    # not what may be said, but how it is computed
    "family": FAMILY,
    "fibre": FIBRE,
}  # fmt: skip


def known(model: Membrane, solvers: Sequence[str] = ("Taylor", "Exponential")) -> dict[str, Any]:
    """What a link may say of a model: its parameters with their bounds, its states and channels,
    what blocks which of these, and the solvers that there are for it."""
    usual = {"low": -1e9, "high": 1e9}
    return {
        "parameters": {
            name: {"name": name, **_BOUNDED.get(name, usual)} for name in model.parameters
        },
        "states": _states(model),
        "channels": [channel.name for channel in model.channels],
        "drugs": drugs(model),
        "solvers": list(solvers),
    }


def _states(model: Membrane) -> list[str]:
    from loligo.system.outline import outline_of

    return list(outline_of(model).states)
