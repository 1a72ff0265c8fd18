"""What a person reads after a mistake in a stimulus: what, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loligo.errors import LoligoError, StimulusError, UnitError, UsageError
from loligo.lanes import Labelled
from loligo.stimulus import (
    Chirp,
    Noise,
    Pulse,
    PulseTrain,
    Ramp,
    Sine,
    Step,
    Waveform,
)
from loligo.stimulus.document import from_dict
from loligo.stimulus.window import check

_ARRAY = Labelled(("case",), np.array([1.0, 2.0]))

MISTAKES: list[tuple[Callable[[], Any], type[LoligoError], str]] = [
    (
        lambda: Pulse(5, -1, 10),
        StimulusError,
        "Pulse: duration must be above 0 ms, but is -1 ms; write it as in "
        "Pulse(start=5, duration=40, amplitude=10)",
    ),
    (lambda: Pulse(5, 0, 10), StimulusError, "duration must be above 0 ms, but is 0 ms"),
    (lambda: Ramp(5, 0, 10), StimulusError, "Ramp: duration must be above 0 ms"),
    (lambda: Noise(5, 0, 10), StimulusError, "Noise: duration must be above 0 ms"),
    (lambda: Pulse(5, [1, -2], 10), StimulusError, "but at duration[1] it is -2 ms"),
    (lambda: Pulse(5, 1, float("nan")), StimulusError, "amplitude must be a number, but is nan"),
    (lambda: Pulse(5, 1, float("inf")), StimulusError, "amplitude must be finite"),
    (lambda: Pulse(5, 1, None), StimulusError, "amplitude: None (NoneType) is not a number"),
    (lambda: Pulse(5, 1, True), StimulusError, "amplitude: True (bool) is not a number"),
    (lambda: Pulse(5, 1, [[1, 2]]), StimulusError, "needs names for them; give xarray.DataArray"),
    (
        lambda: Pulse(5, 1, "much"),
        UnitError,
        "Pulse: amplitude: 'much' does not begin with a number",
    ),
    (
        lambda: Pulse("5 mV", 1, 10),
        UnitError,
        "Pulse: start: '5 mV' is a voltage, but a time in ms is wanted; "
        "write a plain number or '10 ms'",
    ),
    (
        lambda: Pulse(5, 1, "10 mV"),
        UnitError,
        "Pulse: amplitude: '10 mV' is a voltage, but a current density in uA/cm2 or a current in "
        "nA is wanted; write '10 uA/cm2' or '10 nA'",
    ),
    (
        lambda: Pulse(5, 1, "10 uA/cmm2"),
        UnitError,
        "'cmm' in 'uA/cmm2' is unknown (did you mean cm",
    ),
    (lambda: Pulse(5, 1, 10, unit="mV"), StimulusError, 'a total current (unit="nA")'),
    (
        lambda: Pulse(5, 1, "10 nA", unit="uA/cm2"),
        UnitError,
        "a current density in uA/cm2 is wanted",
    ),
    (
        lambda: PulseTrain(5, 2, 10, interval=1, count=3),
        StimulusError,
        "PulseTrain: the pulses overlap: each lasts 2 ms, but the next begins 1 ms after it began. "
        "interval is from onset to onset; make it at least 2 ms",
    ),
    (lambda: PulseTrain(5, 2, 10, 5, 2.5), StimulusError, "a whole number of pulses, but is 2.5"),
    (lambda: PulseTrain(5, 2, 10, 5, 0), StimulusError, "count must be at least 1, but is 0"),
    (lambda: Sine(5, 2, 10, -5), StimulusError, "frequency must be at least 0 Hz, but is -5 Hz"),
    (lambda: Chirp(5, 2, 10, 0, "5 ms"), UnitError, "'5 ms' is a time, but a frequency in Hz"),
    (
        lambda: Noise(0, 10, "2 uA/cm2"),
        UnitError,
        "without tau= the noise is white and its amplitude a density of noise; with tau=3 (ms) it "
        "is a standard deviation",
    ),
    (lambda: Noise(0, 10, 2, tau=0), StimulusError, "tau must be above 0 ms, but is 0 ms"),
    (
        lambda: Noise(0, 10, 2, seed=1.5),
        StimulusError,
        "a seed is a whole number from 0 to 2**53 - 1",
    ),
    (lambda: Noise(0, 10, 2, seed=-1), StimulusError, "seed must be at least 0, but is -1"),
    (lambda: Noise(0, 10, 2, seed=2**53), StimulusError, "seed must be below"),
    (lambda: Noise(0, 10, 2, interval=0), StimulusError, "interval must be above 0 ms"),
    (
        lambda: Noise(0, 10, 2, interval=[1, 2]),
        StimulusError,
        "interval is one number for all lanes",
    ),
    (
        lambda: Noise(0, 1e6, 1, seed=1, interval=1e-6).breakpoints(1e6),
        StimulusError,
        "edges within the run, more than the 10000000 that can be handled; its interval is in ms",
    ),
    (lambda: Waveform([0, 1, 2], [1, 2]), StimulusError, "3 times for 2 values"),
    (
        lambda: Waveform([0, 2, 1], [1, 2, 3]),
        StimulusError,
        "time goes back, from 2 to 1 ms after sample 1; sort the samples by time",
    ),
    (
        lambda: Waveform([1, 2]),
        StimulusError,
        "the samples need times; write Waveform(time=[0, 10, 20], values=[0, 5, 0]) or "
        "Waveform([0, 5, 0], interval=10)",
    ),
    (lambda: Waveform([1, 1], [1, 2]), StimulusError, "two samples at different times"),
    (lambda: Waveform([0, 1], [1, 2], interval=3), StimulusError, "times or an interval, not both"),
    (lambda: Waveform(3, interval=1), StimulusError, "but is the single number 3"),
    (lambda: Waveform([0, 1], [1, float("nan")]), StimulusError, "at time[1] it is nan"),
    (lambda: Waveform([0, 1], ["a", "b"]), StimulusError, "the array holds text"),
    (lambda: Waveform([0, 1], ["1 mV", 2]), StimulusError, "the array holds text"),
    (lambda: Waveform([0, 1], [[1, "x"]], case=0), StimulusError, "a table of finite numbers"),
    (lambda: Waveform([0, 1], [[1, 2]], case=1), StimulusError, "case must be below 1"),
    (
        lambda: Pulse(5, 1, 10) + 3,
        StimulusError,
        "cannot be added to 3; a constant current is Step(start=0, amplitude=...)",
    ),
    (
        lambda: Pulse(5, 1, 10) + Step(3, "2 nA"),
        StimulusError,
        "a current density and a total current cannot be added: "
        "Pulse(start=5, duration=1, amplitude=10) is in uA/cm2, "
        "Step(start=3, amplitude=2, unit='nA') in nA",
    ),
    (
        lambda: Pulse(5, 1, 10) * [1, 2],
        StimulusError,
        "scaled by a plain number, not by [1, 2]; to vary it over lanes give the array as its "
        "amplitude",
    ),
    (lambda: Pulse(5, 1, 10) * Step(1, 2), StimulusError, "scaled by a plain number"),
    (lambda: Pulse(5, 1, 10) / 0, StimulusError, "cannot be divided by 0"),
    (lambda: bool(Step(1, 2)), UsageError, "neither true nor false; compare it with `is None`"),
    (
        lambda: Pulse(5, 1, _ARRAY).value(5),
        UsageError,
        "Pulse: amplitude varies over lanes <case: 2, 1 … 2>, and this is about one lane; "
        "choose it with .at(amplitude=...)",
    ),
    (
        lambda: Pulse(5, 1, 2).at(amplitud=3),
        UsageError,
        "Pulse has no parameter 'amplitud' (did you mean amplitude?); it has start, duration, "
        "amplitude",
    ),
    (
        lambda: check(Step(0, 1) + Pulse(60, 1, 2), 50),
        StimulusError,
        "Pulse(start=60, duration=1, amplitude=2) lies wholly outside the run: it begins at 60 ms, "
        "but the run ends at 50 ms; start it earlier or make the run longer (all times are in ms)",
    ),
    (
        lambda: check(Pulse(-5, 5, 2), 50),
        StimulusError,
        "it ends at 0 ms, but the run begins at 0 ms; start it later",
    ),
    (lambda: check(Step(_ARRAY * 50, 1), 50), StimulusError, "it begins at 50 ms"),
    (
        lambda: check(PulseTrain(-50, 1, 2, interval=[5, 10], count=3), 50),
        StimulusError,
        "it ends at -29 ms",
    ),
    (lambda: from_dict({"kind": "puls"}), StimulusError, "'puls' is unknown (did you mean pulse"),
    (
        lambda: from_dict({"kind": "step", "strt": 1}),
        StimulusError,
        "no 'strt' (did you mean start",
    ),
    (
        lambda: from_dict({"kind": "step", "start": 1}),
        StimulusError,
        "Step: missing a required argument: 'amplitude'",
    ),
    (lambda: from_dict([]), StimulusError, "described by named fields"),  # type: ignore[arg-type]
    (
        lambda: from_dict({"kind": "step", "start": {"dims": "x"}, "amplitude": 1}),
        StimulusError,
        "a step cannot be read: an array is written as dims",
    ),
]


@pytest.mark.parametrize(
    ("mistake", "kind", "wording"), MISTAKES, ids=[m[2][:40] for m in MISTAKES]
)
def test_wording(mistake: Callable[[], Any], kind: type[LoligoError], wording: str) -> None:
    with pytest.raises(kind, match=re.escape(wording)) as caught:
        mistake()
    # one message, not a chain of tracebacks
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)
