"""What a figure in time consists of: traces on axes, one panel above the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from loligo.figures.content import labels
from loligo.figures.content.labels import Label


@dataclass(frozen=True, eq=False)
class Trace:
    """One line: its vertices, its look, and what its numbers mean; ``aside`` if it is there for
    comparison, without a head of its own in an animation."""

    name: str
    label: Label
    time: np.ndarray
    values: np.ndarray
    colour: str
    dashes: tuple[float, ...] = ()
    aside: bool = False

    def at(self, times: np.ndarray) -> np.ndarray:
        """The line's value; where it jumps, the value after the jump; before it begins and after
        it ends, that of its end."""
        after = np.searchsorted(self.time, times, side="right")
        low = np.clip(after - 1, 0, self.time.size - 1)
        high = np.clip(after, 0, self.time.size - 1)
        step = self.time[high] - self.time[low]
        part = np.where(step > 0, (times - self.time[low]) / np.where(step > 0, step, 1.0), 0.0)
        return self.values[low] + np.clip(part, 0.0, 1.0) * (self.values[high] - self.values[low])

    def covers(self, times: np.ndarray) -> np.ndarray:
        """Which of ``times`` the line has a value of its own at."""
        slack = 1e-9 * max(1.0, abs(float(self.time[-1])))
        return (times >= self.time[0] - slack) & (times <= self.time[-1] + slack)


@dataclass(frozen=True)
class Axis:
    """An axis of values.

    Attributes
    ----------
    heading, unit : str
        As they are printed.
    limits : (float, float)
    weight : float
        The panel's share of the page's height.
    scale : int
        The power of ten taken out of its numbers.
    rest : float or None
        The resting potential, where it is shown.
    zero : bool
        Whether a rule marks 0.
    cut : bool
        Whether something lies beyond the limits, and is left out.
    """

    heading: str
    unit: str
    limits: tuple[float, float]
    weight: float
    scale: int = 0
    rest: float | None = None
    zero: bool = False
    cut: bool = False

    @property
    def words(self) -> str:
        """The heading and, in brackets, the unit with its power of ten."""
        inside = self.unit_words
        return f"{self.heading} ({inside})" if inside and self.heading else self.heading

    @property
    def unit_words(self) -> str:
        """``kV`` for 10⁶ mV."""
        return labels.scaled(self.unit, self.scale)


@dataclass(frozen=True, eq=False)
class Panel:
    """Traces on one axis.

    Attributes
    ----------
    axis, traces
    lanes : bool
        Whether the traces are lanes of one variable, or recordings of it.
    key : (Label, str) or None
        What the lanes' labels are values of, and its unit.
    ordered : bool
        Whether the traces are in the order of what tells them apart, the lowest first: so are
        their labels then, from the bottom up.
    spare : int
        In which round the panel is left out where there is no room for all, from 1; 0 for never.
    """

    axis: Axis
    traces: tuple[Trace, ...]
    lanes: bool = False
    key: tuple[Label, str] | None = None
    ordered: bool = False
    spare: int = 0


@dataclass(frozen=True, eq=False)
class Picture:
    """All that a figure in time shows. ``on`` are the intervals with injected current."""

    start: float
    end: float
    panels: tuple[Panel, ...]
    on: tuple[tuple[float, float], ...]
    title: str = ""
    subtitle: str = ""
    time_unit: str = "ms"  # empty where nothing has a unit

    @property
    def sparer(self) -> Picture | None:
        """The same without the panels that are left out next; None where all have to stay."""
        rounds = {panel.spare for panel in self.panels if panel.spare}
        if not rounds:
            return None
        kept = tuple(panel for panel in self.panels if panel.spare != min(rounds))
        return replace(self, panels=kept)


# ------------------------------------------------------------------------ limits

_NOTHING = 1e-6  # of currents and conductances that balance: what a solver is off


def padded(low: float, high: float) -> tuple[float, float]:
    """A little beyond what is shown; an axis around a value that stays the same."""
    span = high - low
    if span <= 1e-6 * max(abs(low), abs(high), 1e-9):  # within what a solver is off
        span = abs(high) or 1.0
        return low - 0.5 * span, high + 0.5 * span
    return low - 0.06 * span, high + 0.06 * span


def spread(low: float, high: float, least: float) -> tuple[float, float]:
    """A little beyond what is shown, and at least so much: what hardly moves looks as if."""
    missing = max(0.0, least - (high - low)) / 2
    return padded(low - missing, high + missing)


def _voltage_limits(low: float, high: float) -> tuple[float, float]:
    return spread(low, high, 20.0)


def _gate_limits(low: float, high: float) -> tuple[float, float]:
    return padded(min(low, 0.0), max(high, 1.0))


def _zero_based(low: float, high: float) -> tuple[float, float]:
    low, high = min(low, 0.0), max(high, 0.0)
    return padded(low, high) if high - low > _NOTHING else (-0.1, 1.0)


# by a variable's role
LIMITS: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "voltage": _voltage_limits,
    "gate": _gate_limits,
    "conductance": _zero_based,
    "current": _zero_based,
    "stimulus": _zero_based,
}
