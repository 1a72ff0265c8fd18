"""A voltage clamp: V held in a membrane, or at a place of an axon."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Labelled, Value
from loligo.stimulus.amplifier import Amplifier
from loligo.stimulus.applied import DURATION, START, Quantity, within
from loligo.stimulus.base import VOLTAGE, Stimulus, Times, plain
from loligo.stimulus.lines import Lines, Windowed
from loligo.stimulus.played import Course, Played, Straight, just_after, refuse_command

# 0.1 ohm, in Mohm, at a place of an axon: V there misses the command by
# series_resistance/(series_resistance + input resistance) of the step, 2e-5 of it on the squid's
# axon (5 kohm), less on a thinner one.
SERIES = 1e-7
# The electrode's resistance is whole, or that of a unit of area. Below the least V's own rounding
# is all that one would see of the current.
WHOLE, SPECIFIC = "Mohm", "ohm*cm2"
_LEAST = {WHOLE: 1e-9, SPECIFIC: 1e-9}
_OHM_CM2 = 1e-2  # 1 Mohm um2
_RAMP = "V ramped from {voltage.number} to {to} {when}"


@dataclass(frozen=True, eq=False, repr=False)
class VoltageClamp(Played, Stimulus):
    """Hold V: of a membrane, ``lo.VoltageClamp(5, 20, 0)``, or at a place of an axon,
    ``lo.at("1 cm", lo.VoltageClamp(1, 5, 0))``.

    A membrane is clamped ideally if no resistance is given: while the clamp is on, V is the
    command, gates and currents follow, and the electrode gives what they and the command's slope
    ask for (``I_clamp``); before and after V is free. One that ends where the run ends is still on
    in the last sample. With a resistance, and at a place of an
    axon, the electrode's current is (command - V)/resistance. Clamps that follow one another add
    up, and so do currents: they flow into the electrode.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    voltage : Value, Waveform or Noise
        The command, mV. An array is a family of commands, one lane each. It may follow a waveform,
        or noise with a correlation time: their times count from `start`, and a waveform's first and
        last values are kept before and after it.
    series_resistance : Value, optional
        Between electrode and membrane: Mohm, which needs a membrane's area, or text such as
        ``"5 ohm*cm2"``; at least 1e-9 Mohm. Not given: none in a membrane, 0.1 ohm at a place of
        an axon, where V then misses the command by 2e-5 of the step on the squid's axon (some
        2 uV), and by more only where inward current makes the axon's own slope resistance smaller.
    to : Value, optional
        What the command moves to in a straight line, mV: a ramp.
    amplifier : Amplifier, optional
        With it V and its current are what they are in a patch clamp: :class:`Amplifier`. In a
        membrane that has an area; all clamps of a run have the same.

    Raises
    ------
    StimulusError
        If a number cannot be.
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> VoltageClamp(start=1, duration=5, voltage=0)
    VoltageClamp(start=1, duration=5, voltage=0)
    >>> VoltageClamp(0, 100, "-120 mV", to=60).put("clamp.V", 50)
    -30.0
    >>> from loligo import Waveform
    >>> spike = Waveform([0, 5, 5.5, 7, 20], [-65, -65, 40, -75, -65], unit="mV")
    >>> VoltageClamp(10, 50, spike).put("clamp.V", 15.25)
    -12.5
    """

    kind: ClassVar[str] = "clamp"
    unit: ClassVar[str] = ""
    caption: ClassVar[str] = "V held at {voltage} {when}"
    example: ClassVar[str] = "VoltageClamp(start=1, duration=5, voltage=0)"
    _noisy: ClassVar[str] = "VoltageClamp(0, 100, Noise(0, 100, 5, tau=3, mean=-65, unit='mV'))"
    plays: ClassVar[str] = "voltage"
    # whether it is still on where it ends: as the run does
    kept: ClassVar[bool] = False
    quantities: ClassVar[Any] = {
        "start": START,
        "duration": DURATION,
        "voltage": Quantity("mV", "command of the clamp", bounds=None),
        "series_resistance": Quantity(
            WHOLE, "series resistance of the clamp", bounds=None, told="MOhm"
        ),
        "to": Quantity("mV", "command at the end of the clamp", bounds=None),
    }

    start: Value
    duration: Value
    voltage: Any
    series_resistance: Any = None
    to: Any = None
    amplifier: Amplifier | None = None
    resistance_unit: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        self._read_quantities()
        if not isinstance(self.voltage, Stimulus):
            self._set("voltage", self._read(self.voltage, "mV", "voltage"))
        else:
            self._read_command()
        if self.to is not None:
            self._set("to", self._read(self.to, "mV", "to"))
        if self.series_resistance is not None:
            self._read_resistance()
        elif not isinstance(self.resistance_unit, str) or self.resistance_unit != "":
            raise StimulusError(
                f"{type(self).__name__}: resistance_unit is that of series_resistance, which is "
                "not given"
            )
        if self.amplifier is not None:
            self._check_amplifier()

    def _check_amplifier(self) -> None:
        who = type(self).__name__
        if not isinstance(self.amplifier, Amplifier):
            raise StimulusError(
                f"{who}: amplifier must be an amplifier such as lo.{Amplifier.example}, not "
                f"{self.amplifier!r:.60}"
            )
        if self.series_resistance is not None:
            raise StimulusError(
                f"{who}: an amplifier has a series resistance of its own: leave one of them out, "
                "amplifier=lo.Amplifier(series_resistance=...)"
            )

    def _read_command(self) -> None:
        self._read_path((VOLTAGE,))
        refuse_command(type(self).__name__, self.path, self.duration, self._noisy)
        if self.to is not None:
            raise StimulusError(
                f"VoltageClamp: to={self.to!r} is where a command moves in a straight line, but "
                f"this one follows {self.path!r}; leave one of the two out"
            )

    def _read_resistance(self) -> None:
        either = self._units_of("resistance_unit", _LEAST)
        value, unit = self._guarded(
            lambda: units.read_either(self.series_resistance, either, "series_resistance")
        )
        least = float(np.min(value.values if isinstance(value, Labelled) else value))
        if not least >= _LEAST[unit]:
            raise StimulusError(
                f"{type(self).__name__}: series_resistance must be {_LEAST[unit]:g} {unit} or "
                f"more, but is {least:g} {unit}; leave it out for an ideal clamp"
            )
        self._set("series_resistance", value)
        self._set("resistance_unit", unit)

    # ---- facts

    @property
    def parameters(self) -> tuple[str, ...]:  # type: ignore[override]
        """The numbers that it has: with a resistance and a ramp if they were given; of a waveform
        those of that."""
        given = [n for n in ("series_resistance", "to") if getattr(self, n) is not None]
        command = ("voltage",) if self.path is None else self.of_path
        return ("start", "duration", *command, *given)

    @property
    def inputs(self) -> Mapping[str, str]:  # type: ignore[override]
        """Of a membrane's System."""
        ramp = self.to is not None
        if self.amplifier is not None:
            straight = "ramp_command" if ramp else "command"
            command = straight if self.path is None else "path_command"
            return {"amplifier.on": "window", "amplifier.V": command}
        if self.path is not None:
            return _PLAYED if self.ideal else {"clamp.G": "electrode", "clamp.GV": "through_path"}
        if self.series_resistance is not None:
            return {"clamp.G": "electrode", "clamp.GV": "ramp_through" if ramp else "through"}
        held = {"clamp.on": "window", "clamp.V": "ramp_command" if ramp else "command"}
        return {**held, "clamp.slope": "command_slope"} if ramp else held

    @property
    def still(self) -> bool:  # type: ignore[override]
        """Whether the command is constant between edges."""
        return self.to is None and (self.path is None or self.path.still)

    @property
    def moves(self) -> bool:
        """Whether the command is another at different times."""
        return self.to is not None or self.path is not None

    @property
    def noisy(self) -> bool:  # type: ignore[override]
        """Whether V trembles under it."""
        return self.path is not None and self.path.noisy

    @property
    def total(self) -> bool:
        """Whether an area is needed to say what the electrode does to a membrane."""
        return self.resistance_unit == WHOLE

    @property
    def ideal(self) -> bool:
        """Whether V is the command."""
        return self.series_resistance is None and self.amplifier is None

    def in_equations(self, name: str, value: Any, read: Callable[[str], Any]) -> Any:
        """A whole resistance (Mohm) as that of a unit of area (ohm cm2)."""
        if self.total and name == "series_resistance":
            return value * (_OHM_CM2 * read("area"))
        return value

    @property
    def shapes(self) -> tuple[Any, ...]:
        """This clamp alone."""
        return (self,)

    # ---- in one lane

    def put(self, name: str, t: Times) -> Any:
        if self.path is not None:
            return self._followed(name, np.asarray(t, dtype=np.float64))
        start, duration, voltage = self._numbers("start", "duration", "voltage")
        t = np.asarray(t, dtype=np.float64)
        to = voltage if self.to is None else self._numbers("to")[0]
        slope = (to - voltage) / duration
        command = voltage + slope * (t - start) if self.to is not None else voltage
        conductance = 1.0
        if name in ("clamp.G", "clamp.GV"):
            conductance = 1e3 / self._numbers("series_resistance")[0]
        size = {
            "clamp.on": 1.0, "clamp.V": command, "clamp.slope": slope,
            "clamp.G": conductance, "clamp.GV": conductance * command,
            "amplifier.on": 1.0, "amplifier.V": command,
        }[name]  # fmt: skip
        return plain(np.where((t >= start) & (t < self.off), size, 0.0))

    @property
    def off(self) -> float:
        """When it goes off, ms; if it is kept on, never."""
        start, duration = self._numbers("start", "duration")
        return math.inf if self.kept else start + duration

    def lasting(self) -> VoltageClamp:
        """The same, kept on where it ends."""
        chosen = copy.copy(self)
        chosen._set("kept", True)
        return chosen

    def _since(self, t: Times) -> Any:
        """How long it has been on, ms; where it is kept on, what its path does at its end is left
        out."""
        start, duration = self._numbers("start", "duration")
        since = np.asarray(t, dtype=np.float64) - start
        return np.minimum(since, np.nextafter(duration, 0.0)) if self.kept else since

    def _followed(self, name: str, t: Floats) -> Any:
        since = self._since(t)
        if name == "clamp.slope":
            size: Any = self.course_played.slope(just_after(t, since))
        else:
            commands = name in ("clamp.V", "clamp.GV", "amplifier.V")
            size = self._command(t, since) if commands else 1.0
        if name in ("clamp.G", "clamp.GV"):
            size = size * (1e3 / self._numbers("series_resistance")[0])
        return plain(np.where((since >= 0) & (t < self.off), size, 0.0))

    def cumulative(self, edges: Times) -> Floats:
        """What its path gives from step to step: how far an ideal clamp's command has moved
        without its jumps, mV; or the command's integral, mV ms."""
        start, duration = self._numbers("start", "duration")
        since = np.clip(np.asarray(edges, dtype=np.float64) - start, 0.0, duration)
        return self.course_played.moved(since) if self.ideal else self.course_played.charge(since)

    def streamed(self, t: Times) -> Any:
        """What its path gives at a sample: the command's slope; or the command."""
        if self.ideal:
            return self.put("clamp.slope", t)
        (start,) = self._numbers("start")
        on = (t >= start) & (t < self.off)
        return np.where(on, self._command(np.asarray(t, dtype=np.float64), self._since(t)), 0.0)

    def _command(self, t: Floats, since: Floats) -> Floats:
        course = self.course_played
        if not course.jumps.size:
            return course.value(since)
        (duration,) = self._numbers("duration")
        # a jump where the clamp ends does not come
        return course.value(np.minimum(just_after(t, since), np.nextafter(duration, 0.0)))

    def lines(self) -> Lines:
        """Its command from knot to knot."""
        start, duration = self._numbers("start", "duration")
        return Windowed(self.course_played.lines(), start, duration, self.kept)

    def entered(self, t: Times, since: Times) -> Any:
        """The command some time after an edge, without the jumps in between, mV."""
        moved = self.course_played.moved
        early = self._since(t)
        return self.course_played.value(early) + (moved(early + since) - moved(early))

    def breakpoints(self, duration: float) -> Floats:
        edges = super().breakpoints(duration)
        if self.path is None:
            return edges
        start, length = self._numbers("start", "duration")
        inner = self.course_played.knots(min(length, duration - start))
        return within([*edges, *(start + inner[(inner > 0) & (inner < length)])], duration)

    @property
    def marks(self) -> tuple[str, ...]:
        return ("start", "end") if self.path is None else ()

    def jumps(self, duration: float) -> Floats:
        if self.path is None or not self.ideal:
            return super().jumps(duration)
        start, length = self._numbers("start", "duration")
        inner = self.course_played.jumps
        ends = [start, start + length]
        return within([*ends, *(start + inner[(inner > 0) & (inner < length)])], duration)

    @property
    def course(self) -> Course:
        """Its command in one lane, as a function of the time since its start."""
        if self.path is not None:
            return self.course_played
        voltage, duration = self._numbers("voltage", "duration")
        return Straight(voltage, voltage if self.to is None else self._numbers("to")[0], duration)

    def leaps(self) -> tuple[Floats, Floats]:
        """When its command jumps while it is on, ms, increasing, and by how much, mV."""
        if self.path is None:
            return np.empty(0), np.empty(0)
        start, length = self._numbers("start", "duration")
        course = self.course_played
        inside = (course.jumps > 0) & (course.jumps < length)
        when, which = np.unique(start + course.jumps[inside], return_inverse=True)
        sizes = np.zeros(when.size)
        np.add.at(sizes, which, course.leaps[inside])
        return when, sizes

    def value(self, t: Times) -> Any:
        """The current that is known beforehand: none."""
        return plain(np.zeros(np.shape(t)))

    def integral(self, a: Times, b: Times) -> Any:
        """The charge that is known beforehand: none."""
        return plain(np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))))

    def scaled(self, factor: float) -> NoReturn:
        raise StimulusError(
            f"{self!r} is no current: it cannot be scaled; give another voltage for another command"
        )

    @classmethod
    def sentence(cls, document: Mapping[str, Any]) -> str:
        followed = document.get("voltage")
        kind = followed.get("kind") if isinstance(followed, Mapping) else None
        steady = _RAMP if document.get("to") is not None else cls.caption
        return {None: steady, "noise": "V held at noise {when}"}.get(
            kind, "V led along a given waveform {when}"
        )

    def at_place(self) -> NoReturn:
        raise StimulusError(
            f"at a place of an axon {self!r} stands alone; add up the places: "
            f"lo.at(0, {self!r}) + lo.at(0, ...)"
        )

    def refuse_at_place(self) -> None:
        """Refuse what an electrode at a place of an axon has not."""
        if self.resistance_unit == SPECIFIC:
            raise StimulusError(
                f"lo.at: the series resistance of {self!r} is that of a unit of area, and a place "
                "has none; give it in Mohm"
            )

    def _unsaid(self) -> set[str]:
        optional = ("series_resistance", "to", "amplifier")
        unsaid = {name for name in optional if getattr(self, name) is None}
        return unsaid | ({"resistance_unit"} if self.resistance_unit != SPECIFIC else set())


# of an ideal clamp that follows a path
_PLAYED = {"clamp.on": "window", "clamp.V": "path", "clamp.slope": "path_slope"}
Clamp = VoltageClamp
