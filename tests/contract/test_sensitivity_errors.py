"""What cannot be differentiated is told, with what can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo

SQUID = lo.load("hodgkin-huxley-1952")
PULSE = lo.Pulse(1, 1, 5)
CASES: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "misspelt": (SQUID, PULSE, {"sensitivities": ["g_NA"]}, "did you mean g_Na"),
    "number": (SQUID, PULSE, {"sensitivities": 3}, "must be a list of names"),
    "two": (SQUID, PULSE + PULSE, {"sensitivities": ["amplitude"]}, "stimulus0.amplitude"),
    "whole": (SQUID, lo.PulseTrain(1, 1, 5, 2, 3), {"sensitivities": ["count"]}, "whole number"),
    "rest": (SQUID, PULSE, {"sensitivities": ["initial.V"]}, "is not given"),
    "state": (SQUID, PULSE, {"sensitivities": ["m"]}, "by where it begins, initial.m"),
    "noise": (SQUID, lo.Noise(0, 5, 1, seed=1), {"sensitivities": ["g_Na"]}, "follows samples"),
    "fixed": (SQUID, PULSE, {"sensitivities": ["g_Na"], "solver": lo.Exponential()}, "lo.Taylor"),
    "gpu": (SQUID, PULSE, {"sensitivities": ["g_Na"], "solver": lo.Taylor(engine="cuda")}, "GPU"),
    "axon": (lo.Axon(SQUID, 1e4, 476, 35.4), None, {"sensitivities": ["g_Na"]}, "along an axon"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_differentiated(case: str) -> None:
    model, stimulus, asked, words = CASES[case]
    with pytest.raises(lo.LoligoError, match=words):
        lo.simulate(model, stimulus, 5, **asked)


def test_waveforms_are_told_apart() -> None:
    wave = lo.Waveform(np.linspace(0, 5, 51), np.sin(np.linspace(0, 5, 51)))
    with pytest.raises(lo.LoligoError, match="Waveform follows samples"):
        lo.simulate(SQUID, wave, 5, sensitivities=["g_Na"])
