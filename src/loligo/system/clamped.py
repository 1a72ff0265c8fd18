"""System → System: V held by an ideal clamp while one is on, free before and after."""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loligo.system.outline import Outline

if TYPE_CHECKING:
    from loligo.system.equations import System

ON, COMMAND, CURRENT = "clamp.on", "clamp.V", "I_clamp"
# mean over a step: what misses 1 by less does so by the rounding of its edges
_ROUNDING = 1e-9
_ABOUT = {"units": "uA/cm2", "long_name": "current of the clamp", "role": "clamp"}


def clamped(free: Outline) -> Outline:
    """Of a System whose V can be held.

    Examples
    --------
    >>> import loligo as lo
    >>> from loligo.system.outline import outline_of
    >>> clamped(outline_of(lo.load("hodgkin-huxley-1952"))).inputs
    ('I_stim', 'clamp.on', 'clamp.V')
    """
    return replace(
        free,
        records=(*free.records, CURRENT),
        about={**free.about, CURRENT: _ABOUT},
        inputs=(*free.inputs, ON, COMMAND),
        key={"clamped": free.key},
        build=lambda: _held(free.build()),
    )


def _held(free: System) -> System:
    import sympy as sp

    from loligo.system.equations import V
    from loligo.system.symbols import Less, Where, symbol

    on, rate = symbol(ON), free.derivatives["V"]
    # a step in which the clamp goes on or off is free for the rest of it
    share = Where(Less(on, sp.Float(1 - _ROUNDING)), 1 - on, sp.Integer(0))
    while_on = Less(sp.Rational(1, 2), on)
    return replace(
        free,
        derivatives={**free.derivatives, "V": share * rate},
        observables={
            **free.observables,
            CURRENT: Where(while_on, -symbol("C_m") * rate, sp.Integer(0)),
        },
        inputs=(*free.inputs, ON, COMMAND),
        jumps={**free.jumps, "V": Where(while_on, symbol(COMMAND), free.jumps.get("V", V))},
    )
