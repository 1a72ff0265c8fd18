"""What a membrane is made of: gates, channels and further states.

All of them are frozen values. What a person may write (text, numbers, quantities, arrays) is
read once, when they are made; the fields hold what was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from loligo.errors import ModelError
from loligo.lanes import Value
from loligo.model.expression import Expression
from loligo.model.reading import (
    CONDUCTANCES,
    Formula,
    Total,
    channel_name,
    conductance,
    formula,
    freeze,
    identifier,
    ion_name,
    label,
    members,
    optional,
    potential,
    same_unit,
    spread,
    truth,
    whole,
)
from loligo.units import read

VALENCE = {"Na": 1, "K": 1, "Li": 1, "H": 1, "Ca": 2, "Mg": 2, "Cl": -1}
"""The ions that carry currents through channels, and their charges."""

RATES = ("alpha", "beta", "inf", "tau", "rate")
"""The expressions that a gate may have."""


@dataclass(frozen=True, init=False, repr=False)
class Gate:
    """A gating variable, between 0 and 1.

    Given by ``alpha`` and ``beta`` (dx/dt = alpha (1 - x) - beta x; Hodgkin & Huxley 1952,
    doi:10.1113/jphysiol.1952.sp004764, eq. 7), or by ``inf`` and ``tau`` (dx/dt = (inf - x)/tau),
    or instantaneous (always at ``inf``, or at alpha/(alpha + beta)).

    Parameters
    ----------
    name
        Its symbol, unique in the membrane.
    power
        How many of these gates are in series: m**3 has 3.
    alpha, beta
        Opening and closing rate, per ms.
    inf, tau
        Steady state, and time constant in ms.
    rate
        A factor on the speed, for the temperature: ``"q10(3, 6.3)"``. It multiplies alpha and beta,
        or divides tau.
    instantaneous
        The gate is always at its steady state.
    meaning
        A few words.

    Raises
    ------
    ModelError
        It is given in no such way, or an expression cannot be read.

    Examples
    --------
    >>> Gate("n", power=4, alpha="0.01*(V+55)/(1-exp(-(V+55)/10))", beta="0.125*exp(-(V+65)/80)")
    Gate('n', power=4, alpha='0.01*(V+55)/(1-exp(-(V+55)/10))', beta='0.125*exp(-(V+65)/80)')
    """

    name: str
    power: int
    alpha: Expression | None
    beta: Expression | None
    inf: Expression | None
    tau: Expression | None
    rate: Expression | None
    instantaneous: bool
    meaning: str

    def __init__(
        self,
        name: str,
        power: int = 1,
        alpha: Formula | None = None,
        beta: Formula | None = None,
        inf: Formula | None = None,
        tau: Formula | None = None,
        rate: Formula | None = None,
        instantaneous: bool = False,
        meaning: str = "",
    ) -> None:
        identifier(name, "gate")
        formulas = {"alpha": alpha, "beta": beta, "inf": inf, "tau": tau, "rate": rate}
        freeze(
            self,
            name=name,
            power=whole(power, f"power of gate {name}"),
            instantaneous=truth(instantaneous, f"instantaneous of gate {name}"),
            meaning=label(meaning, f"gate {name}"),
            **{key: optional(value, f"{key} of gate {name}") for key, value in formulas.items()},
        )
        _check_form(self)

    def __repr__(self) -> str:
        return _short(self)


@dataclass(frozen=True, init=False, repr=False)
class Channel:
    """A kind of ion channel, and the current through it.

    The current is g * (gates to their powers) * open * (V - E), outward positive (Hodgkin & Huxley
    1952, eqs. 3-5), unless it is written out as ``current``.

    Parameters
    ----------
    name
        As in ``g_Na``, ``E_Na``, ``I_Na``: ``"Na"``.
    g
        Maximal conductance, mS/cm2: a number, a quantity or an array; or the whole cell's,
        ``"20 uS"``, which the membrane's area then turns into that.
    E
        Reversal potential, mV; or an expression: ``"nernst(1, K_o, K_i)"``.
    gates
        The gates in it.
    open
        What fraction of it is open besides, which multiplies the gates: the occupancy that
        conducts in a :class:`~loligo.model.scheme.Scheme`, ``"O"``, or any expression,
        ``"O1 + 0.3*O2"``.
    current
        An expression in µA/cm2 that replaces the product above.
    meaning
        A few words: ``"sodium"``.
    ion
        What carries its current, ``"Na"``: drugs and concentrations act by it, and figures colour
        by it. A channel that is called as its ion need not say so.

    Raises
    ------
    ModelError, UnitError, UsageError
        A part is missing, or a value is no such quantity.

    Examples
    --------
    >>> Channel("L", g="0.3 mS/cm2", E=-54.387)
    Channel('L', g=0.3, E=-54.387)
    """

    name: str
    g: Value | Total | None
    E: Value | Expression | None
    gates: tuple[Gate, ...]
    open: Expression | None
    current: Expression | None
    meaning: str
    ion: str

    def __init__(
        self,
        name: str,
        g: Any = None,
        E: Any = None,
        gates: Iterable[Gate] = (),
        current: Formula | None = None,
        meaning: str = "",
        open: Formula | None = None,
        ion: str = "",
    ) -> None:
        channel_name(name)
        freeze(
            self,
            name=name,
            g=None if g is None else conductance(g, name),
            E=None if E is None else potential(E, f"E_{name}"),
            gates=members(gates, Gate, f"gates of channel {name}"),
            open=optional(open, f"open of channel {name}"),
            current=optional(current, f"current of channel {name}"),
            meaning=label(meaning, f"channel {name}"),
            ion=ion_name(ion, f"channel {name}"),
        )
        if self.current is None and (g is None or self.E is None):
            missing = " and ".join(key for key, value in (("g", g), ("E", E)) if value is None)
            raise ModelError(
                f"channel {name}: {missing} is missing; give g (mS/cm2) and E (mV), or write out "
                "its current"
            )
        if self.current is not None and self.open is not None:
            raise ModelError(
                f"channel {name}: its current is written out, so open has no effect; multiply the "
                "current by it"
            )

    @property
    def carrier(self) -> str:
        """The ion that carries its current, by what it says or else by its name; or empty.

        >>> Channel("Na", 120, 50).carrier, Channel("A", 47.7, -75, ion="K").carrier
        ('Na', 'K')
        """
        return self.ion or (self.name if self.name in VALENCE else "")

    @property
    def density(self) -> Value | None:
        """Its g per area, mS/cm2, which every channel of a membrane with a g has."""
        return None if isinstance(self.g, Total) else self.g

    def changed(self, **values: Any) -> Channel:
        """The same with other values of its arguments."""
        same = {key: getattr(self, key) for key in _CHANNEL}
        return Channel(**{**same, **values})

    def spread(self, area: Value | None) -> Channel:
        """The same with its conductance per area."""
        if not isinstance(self.g, Total):
            return self
        return self.changed(g=spread(self.g.value, area, f"g_{self.name}", CONDUCTANCES))

    def __repr__(self) -> str:
        return _short(self)


_CHANNEL = ("name", "g", "E", "gates", "current", "meaning", "open", "ion")


@dataclass(frozen=True, init=False, repr=False)
class State:
    """A further variable with its own differential equation, such as an ion's concentration.

    Parameters
    ----------
    name
        Its symbol, unique in the membrane.
    derivative
        Its rate of change per ms.
    initial
        Its value at the start of a run, where rest cannot tell; a number in ``unit``, a quantity
        (``"50 nM"``) or an array.
    unit
        What its number in the equations counts, and so what ``derivative`` is per ms: one of the
        units that expressions count in (mM, not uM).
    scale
        How large it typically is, in ``unit``: what a tolerance is relative to. Positive.
    meaning
        A few words.

    Raises
    ------
    ModelError, UnitError, UsageError
        The derivative cannot be read, or a value is no such quantity.

    Examples
    --------
    >>> State("Ca", "-0.001*I_Ca - Ca/20", unit="mM", scale=1e-3)
    State('Ca', derivative='-0.001*I_Ca - Ca/20', unit='mM', scale=0.001)
    """

    name: str
    derivative: Expression
    initial: Value | None
    unit: str
    scale: float
    meaning: str

    def __init__(
        self,
        name: str,
        derivative: Formula,
        initial: Any = None,
        unit: str = "1",
        scale: Any = 1.0,
        meaning: str = "",
    ) -> None:
        identifier(name, "state")
        counted = same_unit(unit, name)
        typical = read(scale, counted, f"scale of state {name}", above=0)
        if not isinstance(typical, float):
            raise ModelError(f"scale of state {name}: one number is needed, not an array")
        freeze(
            self,
            name=name,
            derivative=formula(derivative, f"derivative of state {name}"),
            # an array's dimension cannot be called as the variable that is recorded
            initial=None if initial is None else read(initial, counted, f"initial_{name}"),
            unit=counted,
            scale=typical,
            meaning=label(meaning, f"state {name}"),
        )

    def __repr__(self) -> str:
        return _short(self)


# ---------------------------------------------------------------------------- forms


_FORMS = (
    ({"alpha", "beta"}, False),
    ({"inf", "tau"}, False),
    ({"alpha", "beta"}, True),
    ({"inf"}, True),
)


def _check_form(gate: Gate) -> None:
    has = {key for key in ("alpha", "beta", "inf", "tau") if getattr(gate, key) is not None}
    if gate.instantaneous and gate.rate is not None:
        raise ModelError(f"gate {gate.name} is instantaneous: a rate has no effect, leave it out")
    if (has, gate.instantaneous) in _FORMS:
        return
    listed = f"it has {', '.join(sorted(has)) or 'none of them'}"
    if gate.instantaneous:
        raise ModelError(
            f"gate {gate.name} is instantaneous: give inf, or alpha and beta, and no tau; {listed}"
        )
    hint = "; for a gate without delay add instantaneous=True" if has == {"inf"} else ""
    raise ModelError(f"gate {gate.name}: give alpha and beta, or inf and tau; {listed}{hint}")


def _short(part: Any) -> str:
    """``Gate('m', power=3, ...)``: what differs from the defaults, expressions as text."""
    arguments: list[str] = []
    for each in fields(part):
        value = getattr(part, each.name)
        if each.name == "name":
            arguments.append(repr(value))
        elif value is not None and value != _DEFAULTS.get(each.name):
            text = repr(str(value)) if isinstance(value, Expression) else repr(value)
            arguments.append(f"{each.name}={text}")
    return f"{type(part).__name__}({', '.join(arguments)})"


_DEFAULTS: dict[str, object] = {
    "power": 1, "instantaneous": False, "meaning": "", "gates": (), "unit": "1", "scale": 1.0,
    "ion": "",
}  # fmt: skip
