"""What derivatives of states become where a condition changes: the right-hand side jumps at a time
that moves with what they are derivatives by.

The time is that at which the condition's gap g(x, p) is 0, so that it moves by

    dτ = -(g_x s + g_p)/(g_x f + g_t),    s⁺ = s⁻ + (f⁻ - f⁺) dτ

(see :mod:`loligo.system.tangent`), f and s as they are just before.
"""

from __future__ import annotations

from collections.abc import Mapping

from loligo.program.arithmetic import Block, Builder
from loligo.program.derivative import derivative
from loligo.program.switches import gap, side, was
from loligo.system.equations import System
from loligo.system.tangent import per


def turn(held: Block, system: System, conditions: int) -> dict[str, Block]:
    """The block ``turn`` of a system with derivatives; none of another.

    Parameters
    ----------
    held
        Its right-hand side (:func:`loligo.program.switches.hold`).
    """
    if not system.tangents or not conditions:
        return {}
    b = Builder()
    before = _copied(b, held, {side(k): was(k) for k in range(conditions)})
    after = _copied(b, held, {})
    states = {state: b.input(state) for state in system.states}
    for by, followers in system.tangents.items():
        moved = b.total(_moved(b, k, before, system, by) for k in range(conditions))
        for leader, state in zip(system.plain.states, followers, strict=False):
            jump = b.mul(b.sub(before[leader], after[leader]), moved)
            states[state] = b.add(states[state], jump)
    return {"turn": b.block(states)}


def _copied(b: Builder, block: Block, names: Mapping[str, str]) -> dict[str, int]:
    """The results of a block, some of its inputs by other names."""
    new: list[int] = []
    for a in block.assignments:
        called = names.get(a.name) if a.op == "input" else None
        new.append(b.copy(a, new) if called is None else b.input(called))
    return {name: new[index] for name, index in block.outputs}


def _moved(b: Builder, k: int, before: Mapping[str, int], system: System, by: str) -> int:
    """How far the time moves at which a condition changes; 0 where it does not."""
    value = before[gap(k)]
    falls, grows = derivative(b, value, ".t"), b.const(0.0)
    followers = system.tangents[by]
    for leader, state in zip(system.plain.states, followers, strict=False):
        slope = derivative(b, value, leader)
        falls = b.add(falls, b.mul(slope, before[leader]))
        grows = b.add(grows, b.mul(slope, b.input(state)))
    grows = b.add(grows, _with_numbers(b, value, system, by))
    none = b.const(0.0)
    here = b.apply("lt", b.mul(b.input(side(k)), b.input(was(k))), none)
    safe = b.apply("where", b.apply("eq", falls, none), b.const(1.0), falls)
    return b.apply("where", here, b.apply("neg", b.div(grows, safe)), none)


def _with_numbers(b: Builder, value: int, system: System, by: str) -> int:
    """How a gap changes with what it is differentiated by, but for the states."""
    found = [derivative(b, value, by)] if by in system.parameters else []
    own = [c for name, c in system.changes.items() if name.endswith(per("", by)) and not c.leap]
    for number, weight in dict.fromkeys(each for change in own for each in change.numbers):
        slope = derivative(b, value, number)
        found.append(b.mul(slope, b.input(weight)) if weight else slope)
    return b.total(found)
