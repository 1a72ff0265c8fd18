"""A patch clamp's amplifier: what stands between the command of a voltage clamp and a membrane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import numpy as np

from loligo.errors import StimulusError, UsageError, nearest
from loligo.lanes import Floats, Value, grid
from loligo.stimulus.applied import Applied, Quantity

EXACT = "exact"
LEVELS, _WHOLE = range(6), range(1)
_GOHM = 1e-3  # 1 Mohm


@dataclass(frozen=True)
class Part(Quantity):
    """A number of an amplifier.

    Attributes
    ----------
    levels
        Those that have it.
    """

    levels: range = LEVELS


def _resistance(meaning: str, last: int = 5) -> Part:
    return Part("Mohm", meaning, bounds=_ABOVE, told="MOhm", levels=range(last + 1))


def _capacitance(meaning: str, last: int) -> Part:
    return Part("pF", meaning, bounds=_NOT_BELOW, levels=range(last + 1))


_ABOVE, _NOT_BELOW = {"above": 0.0}, {"at_least": 0.0}


@dataclass(frozen=True, eq=False, repr=False)
class Amplifier(Applied):
    """The amplifier and the pipette of a whole-cell patch clamp.

    ``lo.VoltageClamp(5, 20, 0, amplifier=lo.Amplifier(series_resistance=10))`` is a clamp as it is
    in a laboratory: V follows the command late and misses it by what flows through the series
    resistance, and what the experimenter sees (``I_out``, nA) is what amplifier and filter make of
    the pipette's current. Recorded are also the pipette's potential (``V_p``, mV) and its current
    into the membrane (``I_clamp``). The membrane needs an area.

    The equations are those of Lei et al. 2020 and 2025 and of their model files, from level 0, the
    whole amplifier, to level 5, the series resistance alone; in brackets their symbols and the
    levels that have a number. It is on during all clamps of a run; while none is on it follows V
    with a time constant of 0.01 ms, and no current flows.

    Parameters
    ----------
    series_resistance : Value
        MOhm (R_s, 0 to 5).
    compensation : Value
        Of the series resistance, as a fraction of it, 0 to 1 (alpha, 0 to 5).
    prediction : Value
        Of V, so that the membrane is charged faster (supercharging), 0 to below 1 (beta, 0 to 5).
    slow_cancellation : Value
        The membrane's capacitance as the amplifier's knob says, pF, whose charging current is
        taken off ``I_out``, and by which V is predicted; 0 for none, ``"exact"`` for the
        membrane's own (C_m*, 0 to 4; exact in 5).
    fast_cancellation : Value
        The same of the pipette's, ``"exact"`` if not given (C_p*, 0 to 2).
    pipette_capacitance : Value
        pF (C_p, 0 to 2).
    offset : Value
        Of the pipette's potential, mV (E_off, 0 to 5).
    leak, leak_reversal : Value
        Of the seal, nS (1 nS is 1 GOhm) and mV (g_leak, E_leak, 0 to 5).
    estimated_resistance : Value, optional
        The series resistance as compensation and prediction take it, MOhm; as it is if not given
        (R_s*, 0 to 4).
    filter, second_filter : Value
        Where the filters of the output cut off, kHz: six and four poles, Bessel, in level 0, one
        pole and one filter in 1 to 3 (f_1, f_2; f_o).
    rise_time : Value
        Of the command's filter of two poles, ms (t_r, 0).
    command_time : Value
        Time constant of the command's filter of one pole, ms (tau_s, 1 to 3).
    compensation_time : Value
        By which compensation is late, ms (tau_rc, 0 to 3).
    feedback_resistance, feedback_capacitance : Value
        Of the headstage, MOhm, and its stray capacitance, pF (R_f, C_f, 0 and 1).
    amplifier_time : Value
        Of the headstage's operational amplifier, ms (tau_a, 0 and 1).
    level : int
        0 to 5.

    Raises
    ------
    StimulusError
        If a number cannot be, or numbers do not go together.
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> import loligo as lo
    >>> cell = lo.load("hodgkin-huxley-1952").replace(area=2000)  # um2: 20 pF
    >>> rig = Amplifier(series_resistance=10, level=3)
    >>> clamp = lo.VoltageClamp(0, 5, -65) + lo.VoltageClamp(5, 10, 0)
    >>> ideal = lo.simulate(cell, clamp, 15)
    >>> seen = lo.simulate(
    ...     cell,
    ...     lo.VoltageClamp(0, 5, -65, amplifier=rig) + lo.VoltageClamp(5, 10, 0, amplifier=rig),
    ...     15,
    ... )
    >>> float(seen.V.max()) > 5 > float(ideal.V.max())  # inward current drives V past the command
    True
    >>> rig.replace(compensation=0.8)
    Amplifier(series_resistance=10, compensation=0.8, level=3)

    Notes
    -----
    Compensation is positive feedback. Where it is late, or some of the pipette's capacitance is
    left to it, it rings, and too much of it runs away, as in the laboratory.

    Lei et al. 2020, doi:10.1098/rsta.2019.0348; Lei et al. 2025, doi:10.1002/advs.202500691;
    Weerakoon et al. 2009, doi:10.1109/TBCAS.2008.2005419 (the headstage); Sigworth 1995,
    doi:10.1007/978-1-4419-1229-9_4; the levels are those of
    github.com/CardiacModelling/VoltageClampModel (Clerx 2026), as are all values not given.
    """

    kind: ClassVar[str] = "amplifier"
    still: ClassVar[bool] = True
    caption: ClassVar[str] = "an amplifier"
    example: ClassVar[str] = "Amplifier(series_resistance=10, compensation=0.7)"
    inputs: ClassVar[Mapping[str, str]] = {}
    quantities: ClassVar[Any] = {
        "series_resistance": _resistance("series resistance"),
        "compensation": Part("1", "compensation of the series resistance", bounds=_NOT_BELOW),
        "prediction": Part(
            "1", "prediction of the membrane potential", bounds={"at_least": 0.0, "below": 1.0}
        ),
        "slow_cancellation": _capacitance("cancelled capacitance of the membrane", 4),
        "fast_cancellation": _capacitance("cancelled capacitance of the pipette", 2),
        "pipette_capacitance": _capacitance("capacitance of the pipette", 2),
        "offset": Part("mV", "offset of the pipette's potential"),
        "leak": Part("nS", "leak of the seal", bounds=_NOT_BELOW),
        "leak_reversal": Part("mV", "reversal potential of the seal's leak"),
        "estimated_resistance": _resistance("series resistance that is compensated", 4),
        "filter": Part("kHz", "cut-off of the output's filter", bounds=_ABOVE, levels=range(4)),
        "second_filter": Part("kHz", "cut-off of the second filter", bounds=_ABOVE, levels=_WHOLE),
        "rise_time": Part("ms", "rise time of the command", bounds=_ABOVE, levels=_WHOLE),
        "command_time": Part(
            "ms", "time constant of the command", bounds=_ABOVE, levels=range(1, 4)
        ),
        "compensation_time": Part(
            "ms", "time constant of the compensation", bounds=_ABOVE, levels=range(4)
        ),
        "feedback_resistance": _resistance("feedback resistance", 1),
        "feedback_capacitance": Part(
            "pF", "stray capacitance of the feedback", bounds=_ABOVE, levels=range(2)
        ),
        "amplifier_time": Part(
            "ms", "time constant of the amplifier", bounds=_ABOVE, levels=range(2)
        ),
    }  # fmt: skip

    series_resistance: Value = 5.0
    compensation: Value = field(default=0.0, kw_only=True)
    prediction: Value = field(default=0.0, kw_only=True)
    slow_cancellation: Any = field(default=0.0, kw_only=True)
    fast_cancellation: Any = field(default=EXACT, kw_only=True)
    pipette_capacitance: Value = field(default=5.0, kw_only=True)
    offset: Value = field(default=0.0, kw_only=True)
    leak: Value = field(default=0.0, kw_only=True)
    leak_reversal: Value = field(default=0.0, kw_only=True)
    estimated_resistance: Any = field(default=None, kw_only=True)
    filter: Value = field(default=10.0, kw_only=True)
    second_filter: Value = field(default=10.0, kw_only=True)
    rise_time: Value = field(default=0.04, kw_only=True)
    command_time: Value = field(default=0.025, kw_only=True)
    compensation_time: Value = field(default=0.01, kw_only=True)
    feedback_resistance: Value = field(default=500.0, kw_only=True)
    feedback_capacitance: Value = field(default=0.005, kw_only=True)
    amplifier_time: Value = field(default=13e-6, kw_only=True)
    level: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        for name, part in self.quantities.items():
            value = getattr(self, name)
            as_it_is = value is None and name == "estimated_resistance"
            if not as_it_is and not self._exact(name):
                self._set(name, self._read(value, part.unit, name, **part.bounds))
        number = isinstance(self.level, int | float | np.integer) and not isinstance(
            self.level, bool
        )
        if not number or self.level not in LEVELS:
            raise StimulusError(
                f"Amplifier: level is {self.level!r:.60}; give 0, the whole amplifier, to 5, the "
                "series resistance alone"
            )
        self._set("level", int(self.level))
        self._refuse_what_cannot_be()

    def _exact(self, name: str) -> bool:
        value = getattr(self, name)
        return isinstance(value, str) and value == EXACT and name.endswith("_cancellation")

    # ---- what goes together

    def _refuse_what_cannot_be(self) -> None:
        for name in self._beyond:
            raise StimulusError(
                f"Amplifier: {name} is an array, and level {self.level} has no {name}; choose a "
                f"level of {self._levels(name)}, or leave it out"
            )
        if np.any(self._lanes("compensation") > 1):
            raise StimulusError(
                "Amplifier: compensation is a fraction of the series resistance, 0 to 1, or text "
                f"such as '70 %', but is {np.max(self._lanes('compensation')):g}"
            )
        self._refuse_blind_prediction()
        if self.level == 4:
            self._refuse_too_much()
        if self.level == 2:
            self._refuse_fast()

    @property
    def _beyond(self) -> list[str]:
        """What varies over lanes and is no number of this level."""
        return [
            name
            for name, part in self.quantities.items()
            if self.level not in part.levels and hasattr(getattr(self, name), "dims")
        ]

    def _levels(self, name: str) -> str:
        levels = self.quantities[name].levels
        return f"{levels[0]} to {levels[-1]}" if len(levels) > 1 else f"{levels[0]}"

    def _lanes(self, *names: str) -> Any:
        """Numbers over the lanes of all of them."""
        numbers = {name: getattr(self, name) for name in names}
        table = self._guarded(lambda: grid(numbers))
        rows = [table.flat(name) for name in names]
        return rows[0] if len(rows) == 1 else rows

    def _refuse_blind_prediction(self) -> None:
        if self.level == 5 or self._exact("slow_cancellation"):
            return
        if np.any(self._lanes("prediction") > 0) and not np.any(self._lanes("slow_cancellation")):
            raise StimulusError(
                "Amplifier: prediction goes by the membrane's capacitance as slow_cancellation "
                "has it, which is 0 pF; give it too: slow_cancellation='exact', or in pF"
            )

    @property
    def _estimate(self) -> str:
        given = self.estimated_resistance is not None
        return "estimated_resistance" if given else "series_resistance"

    def _refuse_too_much(self) -> None:
        true, alpha, taken = self._lanes("series_resistance", "compensation", self._estimate)
        least = float(np.min(true - alpha * taken))
        if not least > 0:
            raise StimulusError(
                "Amplifier: in level 4 compensation acts at once, and must leave some of the "
                f"series resistance: it leaves {least:g} MOhm. Compensate less, or take level 3, "
                "where it acts late"
            )

    def _refuse_fast(self) -> None:
        if self._exact("fast_cancellation"):
            return
        late, alpha, taken, there, cancelled = self._lanes(
            "compensation_time", "compensation", self._estimate, "pipette_capacitance",
            "fast_cancellation",
        )  # fmt: skip
        least = float(np.min(late - alpha * taken * _GOHM * (there - cancelled)))
        if not least > 0:
            raise StimulusError(
                "Amplifier: in level 2 the pipette's capacitance that is not cancelled, through "
                "the compensated resistance, is charged faster than compensation acts, and it "
                "would run away; cancel more of it (fast_cancellation), compensate less, or take "
                "level 1"
            )

    # ---- facts

    @property
    def parameters(self) -> tuple[str, ...]:  # type: ignore[override]
        """The numbers of its level that were given as such."""
        return tuple(
            name
            for name, part in self.quantities.items()
            if self.level in part.levels
            and getattr(self, name) is not None
            and not self._exact(name)
        )

    def in_equations(self, name: str, value: Any, read: Callable[[str], Any]) -> Any:
        """Resistances in GOhm, so that volts, amperes and farads are mV, pA and pF."""
        return value * _GOHM if self.quantities[name].unit == "Mohm" else value

    def at(self, **scalars: float) -> Amplifier:
        """In one lane, its numbers as they are or as the equations have them."""
        self._know(scalars)
        chosen = copy(self)
        for name, number in scalars.items():
            chosen._set(name, float(number))
        return chosen

    def breakpoints(self, duration: float) -> Floats:
        """None of its own: the command has them."""
        return np.empty(0)

    def replace(self, **changes: Any) -> Amplifier:
        """The same with other numbers, or of another level.

        Raises
        ------
        UsageError
            If a name is none of its numbers.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(
                    f"Amplifier has no {name!r}{nearest(name, known)}; it has {', '.join(known)}"
                )
        return replace(self, **changes)

    def _unsaid(self) -> set[str]:
        usual = {f.name for f in fields(self) if getattr(self, f.name) == f.default}
        return usual - {"series_resistance"}
