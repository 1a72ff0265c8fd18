"""What goes into a system between two edges, and what its states become at one."""

from __future__ import annotations

from loligo.program.arithmetic import Block, Builder
from loligo.program.lower import Lowering
from loligo.program.sources import Source, grouped
from loligo.system.equations import System


def inputs_at(b: Builder, system: System, sources: tuple[Source, ...]) -> dict[str, int]:
    """What goes into the system just after ``.t``; what is on is decided at ``.middle``."""
    t, middle = b.input(".t"), b.input(".middle")
    return {
        name: b.total(s.value(b, t, middle) for s in into)
        for name, into in grouped(sources, system.inputs).items()
    }


def edge(system: System, sources: tuple[Source, ...]) -> dict[str, Block]:
    """The block ``edge`` of a system whose states jump; none of another."""
    if not system.jumps:
        return {}
    b = Builder()
    inputs = inputs_at(b, system, sources)
    now = {state: b.input(state) for state in system.states}
    low = Lowering(b, {**now, **inputs})
    after = {state: low(e) for state, e in system.jumps.items()}
    return {"edge": b.block({**now, **after})}
