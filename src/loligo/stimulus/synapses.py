"""Synaptic input: currents and conductances that rise and decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Labelled, Value, grid
from loligo.stimulus.applied import DURATION, START, Quantity, within
from loligo.stimulus.base import AMPLITUDE, CONDUCTANCES, Shape, Stimulus, Times, plain
from loligo.stimulus.lines import Lines
from loligo.stimulus.noise import Noise
from loligo.stimulus.played import Played, just_after

TAU = Quantity("ms", "time constant of the decay", timing=False, bounds={"above": 0.0})
RISE = Quantity("ms", "time constant of the rise", timing=False, bounds=None)


@dataclass(frozen=True, eq=False, repr=False)
class Alpha(Shape):
    """A current that rises and decays: an alpha function, s exp(1 - s) with s = t/tau.

    It reaches `amplitude` one `tau` after its start (Rall 1967, doi:10.1152/jn.1967.30.5.1138).

    Parameters
    ----------
    start, tau : Value
        ms; `tau` above 0.
    amplitude : Value
        Of the peak, µA/cm², or nA if it says so.

    Raises
    ------
    StimulusError, UnitError
        As for :class:`Pulse`.

    Examples
    --------
    >>> synapse = Alpha(start=5, tau=2, amplitude=10)
    >>> synapse.value(7)
    10.0
    >>> round(synapse.integral(0, 100), 9) == round(2 * 10 * np.e, 9)
    True
    """

    kind: ClassVar[str] = "alpha"
    caption: ClassVar[str] = "alpha function of {current} from {start} on, with tau = {tau}"
    example: ClassVar[str] = "Alpha(start=5, tau=2, amplitude=10)"
    quantities: ClassVar[Any] = {"start": START, "tau": TAU, "amplitude": AMPLITUDE}

    start: Value
    tau: Value
    amplitude: Value

    def value(self, t: Times) -> Any:
        start, tau, amplitude = self._numbers(*self.parameters)
        return plain(amplitude * _alpha(np.asarray(t, dtype=np.float64) - start, tau))

    def integral(self, a: Times, b: Times) -> Any:
        start, tau, amplitude = self._numbers(*self.parameters)
        left, right = (_alpha_left(np.asarray(edge) - start, tau) for edge in (a, b))
        return plain(amplitude * (left - right))

    def breakpoints(self, duration: float) -> Floats:
        return within(self._numbers("start"), duration)

    def window(self) -> tuple[Value, Value]:
        return self.start, np.inf


def _alpha(since: Floats, tau: float) -> Floats:
    s = np.maximum(since, 0.0) / tau
    return s * np.exp(1 - s)


def _alpha_left(since: Floats, tau: float) -> Floats:
    """What is left of its integral at a time."""
    s = np.maximum(since, 0.0) / tau
    return tau * (1 + s) * np.exp(1 - s)


@dataclass(frozen=True, eq=False, repr=False)
class Conductance(Played, Stimulus):
    """A conductance that opens: the current g(t) (`E` - V) flows in, as at a synapse.

    With `duration` it is open for so long; with `tau` it follows an alpha function that peaks one
    `tau` after its start; with `tau` and `rise` it rises with the one and decays with the other
    time constant, g being its peak. Without any of them g is a waveform, which is the dynamic
    clamp: its times count from `start`, and g is 0 outside it. Conductances add up, and to
    currents.

    Parameters
    ----------
    start : Value
        ms.
    g : Value or Waveform
        The peak, mS/cm²; or a total conductance such as ``"20 nS"``, which needs an area. A
        waveform in either, no value below 0.
    E : Value
        The reversal potential, mV.
    duration, tau, rise : Value, optional
        ms, keywords; `duration`, or `tau`, or both `tau` and `rise` (below `tau`).

    Raises
    ------
    StimulusError
        If a number cannot be, or the time course is not said.
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> excitation = Conductance(5, 0.5, E=0, tau=2)
    >>> inhibition = Conductance(4, 1, E=-75, tau=8, rise=1)
    >>> (excitation + inhibition).shapes[1]
    Conductance(start=4, g=1, E=-75, tau=8, rise=1)
    >>> from loligo import Waveform
    >>> Conductance(5, Waveform([0, 2, 10], [0, 0.3, 0], unit="mS/cm2"), E=0).conductance(6)
    0.15
    """

    kind: ClassVar[str] = "conductance"
    unit: ClassVar[str] = ""
    caption: ClassVar[str] = "{g} with E = {E} from {start} on"
    example: ClassVar[str] = "Conductance(start=5, g=0.5, E=0, tau=2)"
    plays: ClassVar[str] = "g"
    sized: ClassVar[bool] = True
    quantities: ClassVar[Any] = {
        "start": START,
        "g": Quantity("", "conductance", linear=True),
        "E": Quantity("mV", "reversal potential of the conductance"),
        "duration": Quantity("ms", DURATION.meaning, timing=True, bounds=None),
        "tau": Quantity("ms", TAU.meaning, bounds=None),
        "rise": RISE,
    }

    start: Value
    g: Any
    E: Value
    duration: Any = None
    tau: Any = None
    rise: Any = None
    g_unit: str = ""

    def __post_init__(self) -> None:
        self._read_quantities()
        self._set(
            "said", (isinstance(self.g_unit, str) and self.g_unit != "") or units.has_unit(self.g)
        )
        if isinstance(self.g, Stimulus):
            return self._read_waveform()
        self._read_conductance()
        self._read_course()

    def _read_course(self) -> None:
        for name in ("duration", "tau", "rise"):
            if getattr(self, name) is not None:
                self._set(name, self._read(getattr(self, name), "ms", name, above=0.0))
        if (self.duration is None) == (self.tau is None) or (
            self.rise is not None and self.tau is None
        ):
            raise StimulusError(
                "Conductance: say how g moves: by a duration, if it opens and shuts; by tau, of an "
                "alpha function; by tau and rise, of both; or by a waveform in place of g. Write "
                f"it as in {self.example}"
            )
        if self.rise is not None:
            both = self._guarded(lambda: grid({"rise": self.rise, "tau": self.tau}))
            if np.any(both.flat("rise") >= both.flat("tau")):
                raise StimulusError(
                    "Conductance: rise must be shorter than tau; where both are the same it is an "
                    "alpha function: leave rise out"
                )

    def _read_waveform(self) -> None:
        given: Any = self.g
        noise = isinstance(given, Noise)
        if not noise:
            self._read_path(CONDUCTANCES)
        path: Any = self.path
        course = [n for n in ("duration", "tau", "rise") if getattr(self, n) is not None]
        if noise or course:
            why = f"{course[0]}=… is left out" if course else "no noise, which would go below 0"
            raise StimulusError(f"Conductance: where a waveform says how g moves, {why}")
        factor = getattr(path.amplitude, "values", path.amplitude)
        if np.min(path.values) * np.max(factor) < 0 or np.max(path.values) * np.min(factor) < 0:
            raise StimulusError(
                f"Conductance: no conductance is below 0, but {path!r} goes down to "
                f"{float(np.min(np.multiply.outer(factor, path.values))):g} {path.unit}"
            )
        self._set("g_unit", path.unit)
        self._set("said", given.said)

    def _read_conductance(self) -> None:
        either = self._units_of("g_unit", CONDUCTANCES)
        value, unit = self._guarded(lambda: units.read_either(self.g, either, "g"))
        least = float(np.min(value.values if isinstance(value, Labelled) else value))
        if least < 0:
            raise StimulusError(
                f"Conductance: g must be 0 {unit} or more, but is {least:g} {unit}; what inhibits "
                f"has an E below V. Write it as in {self.example}"
            )
        self._set("g", value)
        self._set("g_unit", unit)

    # ---- facts

    @property
    def course(self) -> str:
        """Which time course it has, in :data:`loligo.program.synapses.COURSES`."""
        if self.path is not None:
            return "path"
        if self.tau is None:
            return "box"
        return "alpha" if self.rise is None else "biexponential"

    @property
    def parameters(self) -> tuple[str, ...]:  # type: ignore[override]
        """The numbers that it has: those of its time course."""
        if self.path is not None:
            return ("start", "E", *self.of_path)
        return tuple(name for name in self.quantities if getattr(self, name) is not None)

    @property
    def inputs(self) -> Mapping[str, str]:  # type: ignore[override]
        """Of a membrane's System."""
        return {"stim.G": f"g_{self.course}", "stim.GE": f"gE_{self.course}"}

    @property
    def still(self) -> bool:  # type: ignore[override]
        """Whether it is constant between edges."""
        return self.path.still if self.path is not None else self.course == "box"

    @property
    def total(self) -> bool:
        """Whether it is that of the whole cell, to be spread over an area."""
        return self.g_unit == "uS"

    def in_equations(self, name: str, value: Any, read: Callable[[str], Any]) -> Any:
        """A total conductance (uS) as that of a unit of area (mS/cm2)."""
        scaled = self.total and name in self.linear
        return value * (_MS_CM2 / read("area")) if scaled else value

    def unit_of(self, name: str) -> str:
        return self.g_unit if name == "g" else super().unit_of(name)

    def breakpoints(self, duration: float) -> Floats:
        if self.path is not None:
            return within(self._numbers("start")[0] + self.path.start + self.path.time, duration)
        if self.course == "box":
            return super().breakpoints(duration)
        return within(self._numbers("start"), duration)

    def window(self) -> tuple[Value, Value]:
        if self.path is not None:
            first, lasts = self.path.window()
            start = self.start
            moved = isinstance(start, Labelled)
            return start.with_values(start.values + first) if moved else start + first, lasts
        return self.start, np.inf if self.duration is None else self.duration

    @property
    def shapes(self) -> tuple[Any, ...]:
        """This conductance alone."""
        return (self,)

    # ---- in one lane

    def conductance(self, t: Times) -> Any:
        """g at a time (ms), mS/cm² or µS; at an edge, the value just after it."""
        if self.path is not None:
            late = np.asarray(t, dtype=np.float64) - self._numbers("start")[0]
            return self.path.value(just_after(t, late) if self.path.leaps else late)
        start, g = self._numbers("start", "g")
        since = np.asarray(t, dtype=np.float64) - start
        if self.course == "box":
            (duration,) = self._numbers("duration")
            return plain(np.where((since >= 0) & (since < duration), g, 0.0))
        (tau,) = self._numbers("tau")
        if self.course == "alpha":
            return plain(g * _alpha(since, tau))
        (rise,) = self._numbers("rise")
        return plain(g * _rise_and_decay(since, tau, rise))

    def opened(self, a: Times, b: Times) -> Any:
        """The integral of g from `a` to `b` (ms), exactly."""
        (start,) = self._numbers("start")
        a, b = (np.asarray(edge, dtype=np.float64) - start for edge in (a, b))
        if self.path is not None:
            return self.path.integral(a, b)
        (g,) = self._numbers("g")
        if self.course == "box":
            (duration,) = self._numbers("duration")
            return g * (np.clip(b, 0.0, duration) - np.clip(a, 0.0, duration))
        (tau,) = self._numbers("tau")
        if self.course == "alpha":
            return g * (_alpha_left(a, tau) - _alpha_left(b, tau))
        (rise,) = self._numbers("rise")
        return g * (_left(a, tau, rise) - _left(b, tau, rise))

    def put(self, name: str, t: Times) -> Any:
        g = self.conductance(t)
        return g if name == "stim.G" else g * self._numbers("E")[0]

    def cumulative(self, edges: Times) -> Floats:
        """Integral of a waveform of amplitude 1 up to each edge (ms), but for a constant."""
        return self.path.cumulative(np.asarray(edges) - self._numbers("start")[0])

    def streamed(self, t: Times) -> Any:
        return self.conductance(t)

    def lines(self) -> Lines:
        """Its waveform, of amplitude 1, from knot to knot."""
        return self.path.lines(self._numbers("start")[0])

    def value(self, t: Times) -> Any:
        """The current that is known beforehand: none."""
        return plain(np.zeros(np.shape(t)))

    def integral(self, a: Times, b: Times) -> Any:
        """The charge that is known beforehand: none."""
        return plain(np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))))

    def scaled(self, factor: float) -> Conductance:
        """The same, `factor` times as large; `factor` not below 0."""
        if factor < 0:
            raise StimulusError(
                f"{self!r} cannot be scaled by {factor:g}: no conductance is below 0"
            )
        return replace(self, g=self.g * factor)

    @classmethod
    def sentence(cls, document: Mapping[str, Any]) -> str:
        waveform = isinstance(document.get("g"), Mapping) and "kind" in document["g"]
        return _FOLLOWS if waveform else cls.caption

    def at_place(self) -> Conductance:
        """The same as a total conductance, uS: what a place of an axon takes.

        Raises
        ------
        StimulusError
            If it says that it is a density.
        """
        if self.total:
            return self
        if self.said:
            raise StimulusError(
                f"lo.at: the conductance of {self!r} is that of a unit of area, but a place takes "
                "a total conductance; give it in uS, for example '10 nS' or the plain number 0.01"
            )
        if self.path is not None:
            return replace(self, g=replace(self.path, unit="uS"), g_unit="uS")
        return replace(self, g_unit="uS")

    def _unsaid(self) -> set[str]:
        unsaid = {name for name in ("duration", "tau", "rise") if getattr(self, name) is None}
        return unsaid | ({"g_unit"} if self.g_unit != "uS" else set())


_FOLLOWS = "given conductance with E = {E} from {start} on"
_MS_CM2 = 1e5  # 1 uS/um2


def _rise_and_decay(since: Floats, tau: float, rise: float) -> Floats:
    """exp(-t/tau) - exp(-t/rise) after the start, as a part of its peak."""
    t = np.maximum(since, 0.0)
    return (np.exp(-t / tau) - np.exp(-t / rise)) / _peak(tau, rise)


def _peak(tau: float, rise: float) -> float:
    when = np.log(tau / rise) * tau * rise / (tau - rise)
    return float(np.exp(-when / tau) - np.exp(-when / rise))


def _left(since: Floats, tau: float, rise: float) -> Floats:
    """What is left of its integral at a time."""
    t = np.maximum(since, 0.0)
    return (tau * np.exp(-t / tau) - rise * np.exp(-t / rise)) / _peak(tau, rise)
