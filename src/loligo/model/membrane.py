"""A patch of excitable membrane: what its paper says about it, as one frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from loligo.errors import ModelError
from loligo.lanes import Value
from loligo.model.changes import Changeable
from loligo.model.check import check
from loligo.model.course import Course, read_courses, refuse_fixed
from loligo.model.document import arguments, at, to_dict
from loligo.model.expression import Expression
from loligo.model.formats import write
from loligo.model.namespace import arrange
from loligo.model.parameter import Parameter
from loligo.model.parts import RATES, Channel, State
from loligo.model.reading import (
    CAPACITANCES,
    Formula,
    capacitance,
    foreign,
    formula,
    freeze,
    identifier,
    members,
    own,
    spread,
    unknown,
)
from loligo.model.scheme import Scheme
from loligo.model.start import beginning
from loligo.model.table import Frozen, show_unit

if TYPE_CHECKING:
    from loligo.model.equations import Equations


@dataclass(frozen=True, init=False, repr=False)
class Membrane(Changeable):
    """A membrane: C_m dV/dt = I_stim - sum of the currents of its channels.

    Parameters
    ----------
    C_m
        Capacitance, µF/cm2: a number, a quantity (``"1 uF/cm2"``) or an array; so for every value.
        Or the whole cell's, ``"0.2 nF"``, which ``area`` then turns into that.
    channels
        Its channels.
    helpers
        Name to expression: what several expressions share.
    states
        Further variables with differential equations of their own.
    parameters
        Further parameters: name to value, to :class:`Parameter`, or to a mapping with ``value``,
        ``unit`` and ``meaning``.
    celsius
        Temperature, °C. Needed if an expression uses it (``q10`` and ``nernst`` do).
    area
        Area, µm2. Needed for stimuli that are a total current (nA), and where the capacitance or a
        conductance is the whole cell's.
    name, title, citation, doi, notes
        Where the model comes from. ``notes`` is a text or several.
    schemes
        Kinetic schemes, whose occupancies channels may use.
    courses
        Parameter symbol to :class:`Course`: what a parameter is in the course of a run, whose value
        is then that at 0 ms. Or give courses to :meth:`replace`.
    start
        Where a run begins that does not say: a holding potential (mV), or states by name as
        ``initial`` of :func:`loligo.simulate` takes them. Without, at rest, which a membrane that
        fires by itself has not.

    Raises
    ------
    ModelError, UnitError, UsageError
        A name is used twice or unknown, an expression is singular between -150 and 150 mV, a value
        cannot be.

    Examples
    --------
    >>> passive = Membrane(C_m=1, channels=[Channel("L", g=0.3, E=-65)])
    >>> passive.replace(g_L=0.1).parameters["g_L"].value
    0.1
    """

    def __init__(
        self,
        C_m: Any = 1.0,
        channels: Channel | Iterable[Channel] = (),
        helpers: Mapping[str, Formula] | None = None,
        states: State | Iterable[State] = (),
        parameters: Mapping[str, Any] | None = None,
        celsius: Any = None,
        area: Any = None,
        name: str = "",
        title: str = "",
        citation: str = "",
        doi: str = "",
        notes: str | Iterable[str] = (),
        schemes: Scheme | Iterable[Scheme] = (),
        start: Any = None,
        courses: Mapping[str, Any] | None = None,
    ) -> None:
        over = None if area is None else own("area", area)
        freeze(
            self,
            C_m=_capacitance(C_m, over),
            channels=tuple(_spread(each, over) for each in members(channels, Channel, "channels")),
            helpers=_helpers(helpers),
            schemes=members(schemes, Scheme, "schemes"),
            states=members(states, State, "states"),
            extra=_extra(parameters),
            celsius=None if celsius is None else own("celsius", celsius),
            area=over,
            name=own("name", name),
            title=own("title", title),
            citation=own("citation", citation),
            doi=own("doi", doi),
            notes=own("notes", notes),
        )
        freeze(self, start=beginning(self, start), courses=Frozen[Course]())
        check(self, self.quantities)
        if courses is not None:
            with at(("courses",)):
                self._follow(read_courses(courses, self.parameters))

    def _follow(self, courses: Mapping[str, Course]) -> None:
        """Let parameters follow courses, where the model can be at their ends."""
        for name, course in courses.items():
            for value in {min(course.values), max(course.values)}:
                if value != self.parameters[name].value:
                    self.replace(**{name: value})
        freeze(self, courses=Frozen(courses.items()))

    @cached_property
    def quantities(self) -> Frozen[Expression]:
        """What follows from states and parameters: instantaneous gates, helpers, computed
        potentials, conductances and currents, each after those that it uses."""
        return arrange(self)

    @cached_property
    def equations(self) -> Equations:
        """The equations as they were written: ``print(model.equations)``, or typeset."""
        from loligo.model.equations import Equations  # typesetting is rarely asked for

        return Equations(self)

    def replace(self, /, **values: Any) -> Membrane:
        """The same membrane with other parameter values.

        Parameters
        ----------
        **values
            Parameter symbol to number, quantity or array, or to a :class:`Course`; also
            ``name``, ``title``, ``citation``, ``doi`` and ``notes``.

        Raises
        ------
        ModelError
            There is no such parameter; the nearest are offered.
        UnitError, UsageError
            The value is no such quantity.

        Examples
        --------
        >>> import loligo as lo
        >>> squid = lo.load("hodgkin-huxley-1952").replace(g_Na=0, celsius=18.5)
        >>> squid.parameters["g_Na"].value
        0.0
        """
        for name in values:
            if name not in self.parameters and name not in _ALWAYS:
                raise ModelError(self._no_parameter(name))
        courses = {n: c for n, c in self.courses.items() if n not in values}
        for name, value in values.items():
            if isinstance(value, Course):
                refuse_fixed(name)
                courses[name] = value.counted(self.parameters[name].unit, name)
                values[name] = courses[name].at(0.0)
        channels = [
            channel.changed(
                g=values.get(f"g_{channel.name}", channel.g),
                E=values.get(f"E_{channel.name}", channel.E),
            )
            for channel in self.channels
        ]
        extra = {p.name: p.valued(values[p.name]) if p.name in values else p for p in self.extra}
        others = {key: values[key] for key in (*_SCALARS, *_ABOUT) if key in values}
        return Membrane(
            **self.arguments(channels=channels, parameters=extra, courses=courses, **others)
        )

    def _no_parameter(self, name: str) -> str:
        model = self.name or "this membrane"
        known = self.parameters
        if name == "celsius":
            return f"{model} has no parameter celsius: nothing in it depends on temperature"
        if foreign(name):
            remedy = "" if "celsius" in known else ", and nothing in this model depends on it"
            remedy = remedy if "celsius" in foreign(name) else ""
            return f"{foreign(name)}{remedy}; {model} has {', '.join(known)}"
        if name in self.quantities:
            text = self.quantities[name]
            inputs = [each for each in known if each in text.names]
            remedy = f"; change {' or '.join(inputs)}" if inputs else ""
            return f"{name} of {model} is computed, as {text}{remedy}"
        problem = unknown(name, "parameter", known)
        return f"{problem} in {model}; it has {', '.join(known)}"

    def structure(self) -> dict[str, Any]:
        """Everything but the values of parameters, as plain lists, texts and numbers.

        Two membranes that differ only in numbers have equal structures.
        """
        schemes = {"schemes": [_scheme_structure(each) for each in self.schemes]}
        return {
            **(schemes if self.schemes else {}),  # others keep their key
            "parameters": list(self.parameters),
            "helpers": {name: str(helper) for name, helper in self.helpers.items()},
            "channels": [_channel_structure(channel) for channel in self.channels],
            "states": [
                {"name": s.name, "derivative": str(s.derivative), "unit": s.unit, "scale": s.scale}
                for s in self.states
            ],
        }

    def to_dict(self) -> dict[str, Any]:
        """The whole membrane as a document of plain values; TOML and JSON keep it exactly."""
        return to_dict(self)

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Membrane:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        ModelError, UnitError, UsageError
            The document does not describe a membrane.
        """
        return Membrane(**arguments(document))

    def save(self, path: str | Path) -> None:
        """Write a TOML file that :func:`loligo.load` reads back to an equal membrane.

        Raises
        ------
        FileError
            The file cannot be written.
        """
        write(self.to_dict(), path)

    def __repr__(self) -> str:
        heading = ": ".join(filter(None, (self.name, self.title))) or "unnamed"
        channels = ", ".join(_summary(channel) for channel in self.channels) or "no channels"
        moving = "".join(f"; {name} along a course" for name in self.courses)
        return f"<Membrane {heading}; {channels}{moving}>"

    def __str__(self) -> str:
        about = [self.title or self.name, self.citation, self.doi and f"doi:{self.doi}"]
        blocks = ["\n".join(filter(None, about)), str(self.equations), repr(self.parameters)]
        blocks += [
            f"{name} follows a course, in {show_unit(self.parameters[name].unit)}: {course}"
            for name, course in self.courses.items()
        ]
        if self.notes:
            blocks.append("\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(filter(None, blocks))

    def _repr_html_(self) -> str:
        from loligo.model.equations import membrane_html

        return membrane_html(self)


_SCALARS = ("C_m", "celsius", "area")
_ABOUT = ("name", "title", "citation", "doi", "notes")
_ALWAYS = ("area", *_ABOUT)


def _capacitance(value: Any, area: Value | None) -> Value:
    with at(("C_m",)):
        amount, unit = capacitance(value)
        return amount if unit == CAPACITANCES[0] else spread(amount, area, "C_m", CAPACITANCES)


def _spread(channel: Channel, area: Value | None) -> Channel:
    with at(("channels", channel.name, "g")):
        return channel.spread(area)


def _helpers(helpers: object) -> Frozen[Expression]:
    if helpers is None:
        return Frozen()
    texts = _mapping(helpers, "helpers", "phi", '"q10(3, 6.3)"')
    for name in texts:
        identifier(name, "helper")
    return Frozen((name, formula(text, f"helper {name}")) for name, text in texts.items())


def _extra(parameters: object) -> tuple[Parameter, ...]:
    if parameters is None:
        return ()
    further = _mapping(parameters, "parameters", "K_o", '"20 mM"')
    for name in further:
        if name in _ABOUT:
            raise ModelError(
                f"a parameter cannot be called {name}, which is the model's own {name}; "
                "choose another name"
            )
    return tuple(_parameter(name, value) for name, value in further.items())


def _parameter(name: str, value: Any) -> Parameter:
    if isinstance(value, Parameter):
        if value.name != name:
            raise ModelError(f"parameter {name}: the Parameter given for it is called {value.name}")
        return value
    if isinstance(value, Mapping):
        entries = cast(Mapping[str, Any], value)
        for key in entries:
            if key not in ("value", "unit", "meaning"):
                raise ModelError(
                    f"parameter {name}: {unknown(str(key), 'entry', ('value', 'unit', 'meaning'))}"
                )
        if "value" not in entries:
            raise ModelError(f"parameter {name}: its value is missing")
        return Parameter(name, **entries)
    return Parameter(name, value)


def _mapping(value: object, what: str, key: str, example: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ModelError(f'{what}: give names and values, as in {{"{key}": {example}}}')
    return cast(Mapping[str, Any], value)


def _summary(channel: Channel) -> str:
    gates = " ".join(f"{g.name}{g.power if g.power > 1 else ''}" for g in channel.gates)
    return f"{channel.name} ({gates})" if gates else channel.name


def _scheme_structure(scheme: Scheme) -> dict[str, Any]:
    return {
        "name": scheme.name,
        "states": list(scheme.states),
        "transitions": list(map(str, scheme.transitions)),
        "eliminated": scheme.eliminated,
    }


def _channel_structure(channel: Channel) -> dict[str, Any]:
    def text(expression: Expression | None) -> str | None:
        return None if expression is None else str(expression)

    return {
        "name": channel.name,
        "g": channel.g is not None,
        "E": str(channel.E) if isinstance(channel.E, Expression) else channel.E is not None,
        **({} if channel.open is None else {"open": text(channel.open)}),
        "current": text(channel.current),
        "gates": [
            {
                "name": gate.name,
                "power": gate.power,
                "instantaneous": gate.instantaneous,
                **{key: text(getattr(gate, key)) for key in RATES},
            }
            for gate in channel.gates
        ],
    }
