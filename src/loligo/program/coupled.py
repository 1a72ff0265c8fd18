"""What a membrane offers to a cable: its gates half a step apart, its current, its slope.

The cable equation for the compartments of an axon,

    C dV/dt = -I(V, gates) + axial currents + injected currents,

is stepped by the linearised implicit midpoint rule, with the gates half a step apart from V as
in a single membrane (:mod:`loligo.program.exponential`):

    (2 C/dt + G - D) u = -I(V, gates) + D V + injected,    V += 2 u,

D the axial coupling, G = dI/dV at standing gates, u half the change of V (Hines 1984,
doi:10.1016/0020-7101(84)90008-4, for linear currents; Rosenbrock's order-2 form of the midpoint
rule where I is not linear in V, as under an instantaneous gate). Second order, and stable at any
step while G is not negative. The membrane gives ``.I`` and ``.G``; the solve is the engine's.
"""

from __future__ import annotations

from loligo.program.arithmetic import Block
from loligo.program.edge import edge
from loligo.program.exponential import PASSES, vanishing
from loligo.program.lower import lower, shares
from loligo.program.moves import Writer, groups_of, relaxation, sampling
from loligo.program.passes.pipeline import Draft, transformed
from loligo.program.program import Program
from loligo.program.scheme import Coupled
from loligo.system.equations import System


def _offer(system: System, groups: list[list[str]]) -> Block:
    """The states up to V's move, then the current and its slope before it."""
    w = Writer(system)
    b = w.b
    if len(groups) > 1:
        w.move(groups[0], b.input(".lead"))
    for group in groups[1:-1]:
        w.move(group, b.mul(b.const(0.5), b.input(".dt")))
    low = w.lowering()
    moved = {state: w.now[state] for state in system.states[1:]}
    return b.block({**moved, ".I": low(system.current), ".G": low(system.conductance)})


def _settle(system: System, groups: list[list[str]]) -> Block:
    """The half steps back after V's move."""
    w = Writer(system)
    for group in reversed(groups[1:-1]):
        w.move(group, w.b.mul(w.b.const(0.5), w.b.input(".dt")))
    moved = {state for group in groups[1:-1] for state in group}
    return w.b.block({state: w.now[state] for state in system.states if state in moved})


def cable(system: System, records: tuple[str, ...]) -> Program:
    """The blocks of a membrane that is part of an axon.

    ``offer``: V and the states in; the states half a step ahead of V, ``.I`` (uA/cm2) and ``.G``
    (mS/cm2) out. ``settle``: what is left to do once V has moved, if anything is. ``sample``:
    what is recorded, at V's time.
    """
    groups = groups_of(system)
    stepping = {
        "offer": _offer(system, groups),
        "sample": sampling(Writer(system), groups, records),
        **edge(system, ()),
    }
    if len(groups) > 2:
        stepping["settle"] = _settle(system, groups)
    fixed = frozenset({*system.parameters, ".dt"})
    made = vanishing(transformed(Draft(stepping, fixed, frozenset({".lead"})), PASSES), "float64")
    return Program(
        parameters=system.parameters,
        states=system.states,
        inputs=system.inputs,
        streams=(),
        constants=made.constants,
        records=records,
        scheme=Coupled(
            **made.blocks, relax=relaxation(system), derivative=lower(system), shares=shares(system)
        ),
    )
