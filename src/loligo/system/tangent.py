"""System → System: beside the states their derivatives with respect to something.

What it is differentiated by is a parameter, a number of what is done to the membrane, or an initial
value, p. The derivative s of the states x obeys the linearised equations (Hairer, Nørsett & Wanner
1993, *Solving ODEs I*, I.14),

    ds/dt = J s + ∂f/∂p + ∂f/∂u du/dp,        J = ∂f/∂x

where u is what reaches the equations from outside. J is the same for all that it is differentiated
by, and each of its entries is computed once.

Where something happens at a time τ, x⁺ = g(x⁻, u), and s jumps. If τ moves with p,

    s⁺ = g_x s⁻ + g_p + g_u du/dp + (g_x f⁻ + g_t - f⁺) dτ/dp

(the saltation matrix of Aizerman & Gantmacher 1958, doi:10.1093/qjmam/11.4.385): f⁻ is what the
rates were just before, of the inputs as they were then, and f⁺ what they are just after.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from loligo.system.driven import CHARGE, COMMAND, SLOPE
from loligo.system.outline import Outline

if TYPE_CHECKING:
    from loligo.system.equations import Change, System, Variation

PER = "/"  # between what is differentiated and what it is differentiated by: in no name of a model
INITIAL = "initial."


@dataclass(frozen=True)
class By:
    """What a System is differentiated by.

    Attributes
    ----------
    name
        As a run's numbers are called: ``g_Na``, ``stimulus0.start``, ``initial.V``.
    label, unit
        What it is called in what is recorded, and what it is in.
    numbers
        The numbers of what is done that change with it, and the parameters by which their shares
        are multiplied; "" for 1.
    moves
        Those of them that move edges.
    """

    name: str
    label: str
    unit: str
    numbers: tuple[tuple[str, str], ...] = ()
    moves: tuple[tuple[str, str], ...] = ()


def per(what: str, by: str) -> str:
    """What the derivative of a state, or of an input, is called."""
    return f"{what}{PER}{by}"


def follows(state: str) -> bool:
    """Whether a state is the derivative of another."""
    return PER in state


def recorded(what: str, by: By) -> str:
    """What the derivative of something recorded is called."""
    return f"d{what}_d{by.label}"


def tangent(free: Outline, every: Iterable[By], inputs: Mapping[str, tuple[str, ...]]) -> Outline:
    """Of a System and its derivatives.

    Parameters
    ----------
    inputs
        A number of what is done -> what of it reaches the equations.

    Examples
    --------
    >>> import loligo as lo
    >>> from loligo.system.outline import outline_of
    >>> squid = outline_of(lo.load("hodgkin-huxley-1952"))
    >>> by_sodium = tangent(squid, [By("g_Na", "g_Na", "mS/cm2")], {})
    >>> by_sodium.records[-1], by_sodium.build().states[4:]
    ('dI_stim_dg_Na', ('V/g_Na', 'm/g_Na', 'h/g_Na', 'n/g_Na'))
    """
    bys = tuple(every)
    if not bys:
        return free
    about = {
        recorded(name, by): {
            "units": quotient(str(free.about[name]["units"]), by.unit),
            "long_name": f"{free.about[name]['long_name']}, its derivative with respect to "
            f"{by.label}",
            "role": "derivative", "of": name, "by": by.label,
        }
        for by in bys for name in free.records
    }  # fmt: skip
    known = [[by.name, by.numbers, by.moves, {n: inputs[n] for n, _ in by.numbers}] for by in bys]
    return replace(
        free,
        records=(*free.records, *about),
        about={**free.about, **about},
        key={"tangent": free.key, "by": known},
        build=partial(_anew, free, bys, dict(inputs)),
        tangents=tuple(by.name for by in bys),
        apart=free.apart and partial(_apart, free, bys, dict(inputs)),
    )


def _apart(free: Outline, bys: tuple[By, ...], inputs: dict[str, tuple[str, ...]]) -> Outline:
    return tangent(free.portable(), bys, inputs)


def quotient(unit: str, by: str) -> str:
    """One unit over another, as units are written.

    >>> quotient("mV", "mS/cm2"), quotient("mV", "mV"), quotient("mV", "1"), quotient("1", "ms")
    ('mV/(mS/cm2)', '1', 'mV', '1/ms')
    """
    if by in ("", "1"):
        return unit
    if unit == by:
        return "1"
    divisor = f"({by})" if set("/*^ ") & set(by) else by
    return f"{unit}/{divisor}"


def _anew(free: Outline, bys: tuple[By, ...], inputs: dict[str, tuple[str, ...]]) -> System:
    return _System(free.build(), inputs).differentiated(bys)


class _System:
    """A System on its way to one with derivatives.

    Parameters
    ----------
    inputs
        See :func:`tangent`.
    """

    def __init__(self, free: System, inputs: Mapping[str, tuple[str, ...]]) -> None:
        import sympy as sp

        from loligo.system.symbols import Whole, symbol

        self.sp, self.whole, self.symbol = sp, Whole, symbol
        self.free, self.reach = free, inputs
        # what only notes what happens is no part of the flow
        self.states = tuple(state for state in free.states if not state.startswith(CHARGE))
        self.rates = {state: free.derivatives[state] for state in self.states}
        self.slopes: dict[tuple[Any, Any], Any] = {}

    def differentiated(self, bys: tuple[By, ...]) -> System:
        derivatives, jumps = dict(self.free.derivatives), dict(self.free.jumps)
        changes: dict[str, Change] = {}
        weights: dict[str, None] = {}
        for by in bys:
            own = self._changes(by)
            changes |= own
            weights |= dict.fromkeys(w for _, w in by.numbers if w)
            leaps = {c.of: name for name, c in own.items() if c.leap}
            for state in self.states:
                derivatives[per(state, by.name)] = self.along(self.rates[state], by)
                if self.free.jumps or leaps:
                    jumps[per(state, by.name)] = self._jump(state, by, leaps)
        return replace(
            self.free,
            parameters=(*self.free.parameters, *weights),
            derivatives=derivatives,
            variation=self._variation(bys),
            observables=_Observed(self.free, bys, self.along),
            inputs=(*self.free.inputs, *changes),
            jumps=jumps,
            changes=changes,
        )

    def _variation(self, bys: tuple[By, ...]) -> Variation:
        from loligo.system.equations import Variation

        slopes = {(s, o): self.slope(self.rates[s], self.symbol(o))
                  for s in self.states for o in self.states}  # fmt: skip
        pushes = {per(s, by.name): self.pushed(self.rates[s], by)
                  for by in bys for s in self.states}  # fmt: skip
        return Variation(
            self.states,
            {by.name: tuple(per(s, by.name) for s in self.states) for by in bys},
            {names: slope for names, slope in slopes.items() if slope != 0},
            {name: push for name, push in pushes.items() if push != 0},
        )

    def _changes(self, by: By) -> dict[str, Change]:
        """The inputs that are derivatives of others, or tell of edges that move."""
        from loligo.system.equations import Change

        found: dict[str, Change] = {}
        for name in self.free.inputs:
            numbers = tuple(each for each in by.numbers if name in self.reach[each[0]])
            if numbers:
                found[per(name, by.name)] = Change(name, numbers)
            moving = tuple(each for each in by.moves if name in self.reach[each[0]])
            if moving:
                found[per(f"leap.{name}", by.name)] = Change(name, moving, leap=True)
        if by.moves:
            found[per("edge", by.name)] = Change("", by.moves, leap=True)
        return found

    def slope(self, what: Any, symbol: Any) -> Any:
        """A derivative, as one thing, found once."""
        key = what, symbol
        if key not in self.slopes:
            found = self.sp.diff(what, symbol) if what.has(symbol) else self.sp.Integer(0)
            plain = found.is_Number or found.is_Symbol
            self.slopes[key] = found if plain else self.whole(found)
        return self.slopes[key]

    def along(self, what: Any, by: By) -> Any:
        """The whole derivative of an expression in states, parameters and inputs."""
        terms = [
            self.slope(what, self.symbol(s)) * self.symbol(per(s, by.name)) for s in self.states
        ]
        return self.sp.Add(*terms, self.pushed(what, by))

    def pushed(self, what: Any, by: By) -> Any:
        """What of that is there while no state has moved."""
        terms = [
            self.slope(what, self.symbol(name)) * self.symbol(per(name, by.name))
            for name in self.free.inputs
            if any(name in self.reach[number] for number, _ in by.numbers)
        ]
        if by.name in self.free.parameters:
            terms.append(self.slope(what, self.symbol(by.name)))
        return self.sp.Add(*terms)

    def _jump(self, state: str, by: By, leaps: Mapping[str, str]) -> Any:
        """What a derivative becomes at an edge."""
        jumps = self.free.jumps
        after = jumps.get(state, self.symbol(state))
        moved = self.along(after, by)
        if not leaps:
            return moved
        symbol = self.symbol
        before = {symbol(name): symbol(name) - symbol(leap) for name, leap in leaps.items() if name}
        then = {symbol(s): jumps[s] for s in self.states if s in jumps}
        late = self.rates[state].xreplace(then)
        early = self.sp.Add(
            *(self.slope(after, symbol(s)) * self.rates[s].xreplace(before) for s in self.states)
        )
        if SLOPE in self.free.inputs:
            early += self.slope(after, symbol(COMMAND)) * symbol(SLOPE)
        return moved + symbol(leaps[""]) * (early - late)


class _Observed(Mapping[str, Any]):
    """What can be recorded, and its derivatives, each found when it is asked for."""

    def __init__(self, free: System, bys: tuple[By, ...], along: Callable[[Any, By], Any]) -> None:
        self.free, self.along = free, along
        known = [*free.states, *free.observables, *free.inputs]
        self.names = {recorded(name, by): (name, by) for by in bys for name in known}

    def __getitem__(self, name: str) -> Any:
        if name in self.free.observables:
            return self.free.observables[name]
        what, by = self.names[name]
        return self.along(self._expression(what), by)

    def _expression(self, name: str) -> Any:
        from loligo.system.symbols import symbol

        return self.free.observables.get(name, symbol(name))

    def __contains__(self, name: object) -> bool:
        return name in self.free.observables or name in self.names

    def __iter__(self) -> Iterator[str]:
        yield from self.free.observables
        yield from self.names

    def __len__(self) -> int:
        return len(self.free.observables) + len(self.names)
