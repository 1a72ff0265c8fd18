"""System → System: what is done to a membrane besides a current.

A conductance that opens, an electrode with a resistance, a shock, an ideal clamp: each is known by
the inputs that it drives, and adds to the equations what those do.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from loligo.system.outline import STIMULUS, Outline

if TYPE_CHECKING:
    from loligo.system.equations import System

ON, COMMAND, SLOPE = "clamp.on", "clamp.V", "clamp.slope"
ELECTRODE, THROUGH = "clamp.G", "clamp.GV"
OPEN, REVERSED = "stim.G", "stim.GE"
SHOCK = "shock.V"
BEGINS = "begins."  # before the name of a thing whose jump is noted, as CHARGE is
CHARGE = "charge."
COURSE = "course."  # before the name of a parameter: by how much it is off its value at the start
CLAMP_CURRENT = "I_clamp"
# in the order in which a program takes them
INPUTS = (OPEN, REVERSED, ELECTRODE, THROUGH, SHOCK, ON, COMMAND, SLOPE)
_CLAMPS = frozenset({ON, ELECTRODE})
# mean over a step: what misses 1 by less does so by the rounding of its edges
_ROUNDING = 1e-9
CLAMP_ABOUT = {"units": "uA/cm2", "long_name": "current of the clamp", "role": "clamp"}


def driven(free: Outline, inputs: Iterable[str]) -> Outline:
    """Of a System to which all this is done.

    Parameters
    ----------
    inputs
        What the stimuli drive, in any order.

    Examples
    --------
    >>> import loligo as lo
    >>> from loligo.system.outline import outline_of
    >>> squid = outline_of(lo.load("hodgkin-huxley-1952"))
    >>> driven(squid, ["clamp.V", "clamp.on"]).inputs
    ('I_stim', 'clamp.on', 'clamp.V')
    >>> driven(squid, ["I_stim"]) is squid
    True
    """
    asked = tuple(dict.fromkeys(inputs))
    begins = tuple(name for name in asked if name.startswith(BEGINS))
    courses = tuple(name for name in asked if name.startswith(COURSE))
    more = (*(name for name in INPUTS if name in asked), *begins, *courses)
    if not more:
        return free
    clamped = bool(_CLAMPS & set(more))
    records = (*free.records, CLAMP_CURRENT) if clamped else free.records
    made = replace(
        free,
        records=records,
        about={**free.about, CLAMP_CURRENT: CLAMP_ABOUT},
        inputs=(*free.inputs, *more),
        key={"driven": free.key, "by": list(more)},
        build=partial(_driven_anew, free, more, False),
    )
    return replace(made, apart=partial(_apart, free, made, more)) if ON in more else made


def portable(outline: Outline) -> Outline:
    """As adaptive programs in portable mode have it: with V's own equation apart, as it is where a
    clamp could go on. A browser's kernels have room for clamps, and the bits of Python's, which
    then must not depend on whether there is one."""
    if outline.apart is not None or outline.tangents:
        return outline.portable()
    return replace(outline, key={"apart": outline.key}, build=partial(_freely_anew, outline))


def _freely_anew(outline: Outline) -> System:
    import sympy as sp

    from loligo.system.symbols import Less, Where, symbol

    free = outline.build()
    always = Less(sp.Integer(0), symbol("C_m"))
    rate = Where(always, free.derivatives["V"], sp.Integer(0))
    return replace(free, derivatives={**free.derivatives, "V": rate})


def _apart(free: Outline, made: Outline, more: tuple[str, ...]) -> Outline:
    key = {**made.key, "apart": True}
    more = tuple(name for name in INPUTS if name in {*more, SLOPE}) + tuple(
        name for name in more if name not in INPUTS
    )
    return replace(made, key=key, build=partial(_driven_anew, free, more, True))


def _driven_anew(free: Outline, more: tuple[str, ...], apart: bool) -> System:
    return _driven(free.build(), more, apart)


def _driven(free: System, more: tuple[str, ...], apart: bool) -> System:
    made = _moving(free, [name for name in more if name.startswith(COURSE)])
    made = replace(made, inputs=(*free.inputs, *more))
    if OPEN in more:
        made = _through(made, OPEN, REVERSED, STIMULUS)
    if ELECTRODE in more:
        made = _through(made, ELECTRODE, THROUGH, CLAMP_CURRENT)
    if SHOCK in more:
        made = _shocked(made)
    if ON in more:
        made = _held(made, SLOPE in more, apart)
    return _noted(made, [name for name in more if name.startswith(BEGINS)])


def _moving(free: System, courses: list[str]) -> System:
    """Parameters that follow courses: their values at the start, and how far they are off them."""
    if not courses:
        return free
    from loligo.system.symbols import symbol

    now = {
        symbol(name.removeprefix(COURSE)): symbol(name.removeprefix(COURSE)) + symbol(name)
        for name in courses
    }
    return replace(
        free,
        derivatives={state: rate.xreplace(now) for state, rate in free.derivatives.items()},
        observables={name: e.xreplace(now) for name, e in free.observables.items()},
    )


def _through(free: System, conductance: str, driving: str, current: str) -> System:
    """A current ``driving - conductance V`` flows in, recorded as (part of) ``current``."""
    from loligo.system.equations import V
    from loligo.system.symbols import symbol

    flows = symbol(driving) - symbol(conductance) * V
    known = symbol(STIMULUS) if current == STIMULUS else 0
    rate = free.derivatives["V"] + flows / symbol("C_m")
    return replace(
        free,
        derivatives={**free.derivatives, "V": rate},
        observables={**free.observables, current: known + flows},
    )


def _shocked(free: System) -> System:
    from loligo.system.equations import V
    from loligo.system.symbols import symbol

    return replace(free, jumps={**free.jumps, "V": free.jumps.get("V", V) + symbol(SHOCK)})


def _held(free: System, moves: bool, apart: bool) -> System:
    """V held. Its own equation, weighed by the share of a step in which it is free, may stay
    ``apart``: then no pass takes the share into it."""
    import sympy as sp

    from loligo.system.equations import V
    from loligo.system.symbols import Less, Where, symbol

    on, rate = symbol(ON), free.derivatives["V"]
    slope = symbol(SLOPE) if moves else sp.Integer(0)
    # a step in which the clamp goes on or off is free for the rest of it
    some = Less(on, sp.Float(1 - _ROUNDING))
    freely = (
        (1 - on) * Where(some, rate, sp.Integer(0))
        if apart
        else Where(some, 1 - on, sp.Integer(0)) * rate
    )
    while_on = Less(sp.Rational(1, 2), on)
    electrode = Where(while_on, symbol("C_m") * (slope - rate), sp.Integer(0))
    return replace(
        free,
        derivatives={**free.derivatives, "V": slope + freely},
        observables={
            **free.observables,
            CLAMP_CURRENT: free.observables.get(CLAMP_CURRENT, sp.Integer(0)) + electrode,
        },
        jumps={**free.jumps, "V": Where(while_on, symbol(COMMAND), free.jumps.get("V", V))},
    )


def _noted(held: System, begins: list[str]) -> System:
    """The charge of each jump of V under a clamp (nC/cm2), in a state of its own that stands still
    from then on: it is no state of the membrane, and begins with 0.

    A shock into a membrane that is clamped already is taken up by the electrode; one that comes as
    the clamp goes on is part of the clamp's jump.
    """
    import sympy as sp

    from loligo.system.equations import V
    from loligo.system.symbols import Less, Where, symbol

    charge = symbol("C_m") * (held.jumps["V"] - V) if begins else sp.Integer(0)
    if begins and symbol(SHOCK) in held.jumps["V"].free_symbols:
        charge -= symbol("C_m") * symbol(SHOCK)
    charge = Where(Less(sp.Rational(1, 2), symbol(ON)), charge, sp.Integer(0))
    ledgers = {begin: CHARGE + begin.removeprefix(BEGINS) for begin in begins}
    now = {
        state: Where(Less(sp.Rational(1, 2), symbol(begin)), charge, symbol(state))
        for begin, state in ledgers.items()
    }
    return replace(
        held,
        derivatives={**held.derivatives, **dict.fromkeys(now, sp.Integer(0))},
        jumps={**held.jumps, **now},
    )
