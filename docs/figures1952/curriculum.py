"""Numbers that a course tells of the squid's axon, and the call that gives each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from docs.figures1952.setting import squid, wave

import loligo as lo

HEAD = "| | usual | found | by |\n|---|---|---|---|"


@dataclass(frozen=True)
class Number:
    """A number as courses tell it, to so many digits, and what gives it; ``last`` is how much of
    the last digit it may be off: half of it, or all where it was cut off and not rounded."""

    what: str
    usual: str
    unit: str
    found: Callable[[], float]
    call: str
    last: float = 0.5001

    def agrees(self) -> bool:
        """Whether what is found rounds to the usual number."""
        return abs(self.found() - float(self.usual)) <= self.error

    @property
    def error(self) -> float:
        """How far the usual number may be off."""
        return self.last * 10.0 ** -len(self.usual.partition(".")[2])


@cache
def _spike() -> Any:
    rec = lo.simulate(squid, lo.Pulse(5, 1, 20), 40, sample_interval=0.01)
    return lo.spike_shape(rec).isel(spike=0)


@cache
def _by_duration() -> Any:
    return lo.experiments.strength_duration(squid, duration=[0.1, 1, 10])


@cache
def _special() -> Any:
    return lo.experiments.bifurcation(squid)["special"]


def _at(kind: str, which: int) -> float:
    """The current of a special point of the diagram, uA/cm2."""
    points = _special()
    return float(points.current.values[points.kind.values == kind][which])


def _nernst() -> float:
    """What E_Na changes by where the ratio of concentrations is ten times as large, mV."""
    ten = [squid.with_concentrations(Na=(1, out)) for out in (1, 10)]
    ends = [float(lo.simulate(each, duration=0.1).E_Na[0]) for each in ten]
    return ends[1] - ends[0]


def _state(name: str) -> Number:
    usual = {"V": "-64.9964", "m": "0.05296", "h": "0.59599", "n": "0.31773"}[name]
    what, unit = ("resting potential", "mV") if name == "V" else (f"{name} at rest", "")
    return Number(what, usual, unit, lambda: float(lo.rest(squid)[name]), "lo.rest(squid)")


_SHAPE = "lo.spike_shape(lo.simulate(squid, lo.Pulse(5, 1, 20), 40))"
_DURATION = "lo.experiments.strength_duration(squid)"
_CYCLES = "lo.experiments.bifurcation(squid)"
NUMBERS = (
    *map(_state, "Vmhn"),
    Number("peak after 20 µA/cm² for 1 ms", "40.5", "mV",
           lambda: float(_spike().peak_voltage), _SHAPE),
    Number("width at half of its height", "1.47", "ms",
           lambda: float(_spike().AP_duration_half_width), _SHAPE, last=1.0),
    Number("lowest V afterwards", "-76.2", "mV",
           lambda: float(_spike().AHP_depth_abs), _SHAPE),
    Number("threshold for a shock", "6.505", "mV",
           lambda: float(lo.experiments.threshold(squid).threshold),
           "lo.experiments.threshold(squid)"),
    Number("threshold for 1 ms", "6.92", "µA/cm²",
           lambda: float(_by_duration().threshold.sel(duration=1)), _DURATION),
    Number("rheobase", "2.24", "µA/cm²", lambda: float(_by_duration().rheobase), _DURATION),
    Number("chronaxie", "1.65", "ms", lambda: float(_by_duration().chronaxie), _DURATION),
    Number("rate at 10 µA/cm²", "68.3", "Hz",
           lambda: float(lo.experiments.fi_curve(squid, [10.0]).rate[0]),
           "lo.experiments.fi_curve(squid)"),
    Number("fold of cycles: from here on it can go on firing", "6.26", "µA/cm²",
           lambda: _at("fold of cycles", 0), _CYCLES),
    Number("upper Hopf point: the last oscillation dies away", "154.5", "µA/cm²",
           lambda: _at("Hopf", -1), _CYCLES),
    Number("largest I_Na at 0 mV, held from −65 mV", "-1457", "µA/cm²",
           lambda: float(lo.experiments.iv_curve(squid, voltage=[0.0]).peak_inward[0]),
           "lo.experiments.iv_curve(squid)"),
    Number("RT/F·ln 10 at 6.3 °C", "55.4", "mV", _nernst,
           "squid.with_concentrations(Na=(1, 10))"),
    Number("conduction, 476 µm, 35.4 Ω·cm, 18.5 °C", "18.73", "m/s",
           lambda: float(wave(18.5).velocity), "lo.travelling_wave(axon)"),
    Number("the same at 6.3 °C", "12.3", "m/s",
           lambda: float(wave(6.3).velocity), "lo.travelling_wave(axon)"),
)  # fmt: skip


def row(one: Number) -> str:
    """A number as a row of the page's table."""
    places = len(one.usual.partition(".")[2])
    unit = f", {one.unit}" if one.unit else ""
    return f"| {one.what}{unit} | {one.usual} | {one.found():.{places + 1}f} | `{one.call}` |"
