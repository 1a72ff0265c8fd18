"""A membrane as it was written: its parts and numbers, before anything is made of them.

What reads a membrane (its equations, names, checks, documents) reads this; the public
:class:`~loligo.model.membrane.Membrane` is one that has been checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from loligo.lanes import Value
from loligo.model.course import Course
from loligo.model.expression import Expression
from loligo.model.parameter import Parameter, Parameters
from loligo.model.parts import Channel, Gate, State
from loligo.model.scheme import Scheme
from loligo.model.table import Frozen


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Written:
    """The fields of a membrane, and what is in them by name."""

    C_m: Value
    channels: tuple[Channel, ...]
    helpers: Frozen[Expression]
    schemes: tuple[Scheme, ...]
    states: tuple[State, ...]
    extra: tuple[Parameter, ...]
    celsius: Value | None
    area: Value | None
    name: str
    title: str
    citation: str
    doi: str
    notes: tuple[str, ...]
    start: Frozen[Value]
    courses: Frozen[Course]

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """Every gate, channel by channel."""
        return tuple(gate for channel in self.channels for gate in channel.gates)

    @property
    def beginnings(self) -> dict[str, Value]:
        """State -> where the search for its steady value begins, where that was said."""
        said = {s.name: s.initial for s in self.states if s.initial is not None}
        return said | {x: v for each in self.schemes for x, v in each.beginnings.items()}

    @cached_property
    def parameters(self) -> Parameters:
        """Symbol to :class:`Parameter`: C_m, celsius, area, conductances, potentials, the rest."""
        known = [Parameter.known("C_m", self.C_m, "uF/cm2", "membrane capacitance")]
        if self.celsius is not None:
            known.append(Parameter.known("celsius", self.celsius, "degC", "temperature"))
        if self.area is not None:
            known.append(Parameter.known("area", self.area, "um2", "membrane area"))
        for channel in self.channels:
            called = channel.meaning or channel.name
            if channel.density is not None:
                meaning = f"maximal conductance ({called})"
                known.append(
                    Parameter.known(f"g_{channel.name}", channel.density, "mS/cm2", meaning)
                )
            if channel.E is not None and not isinstance(channel.E, Expression):
                meaning = f"reversal potential ({called})"
                known.append(Parameter.known(f"E_{channel.name}", channel.E, "mV", meaning))
        return Parameters((each.name, each) for each in (*known, *self.extra))
