"""What goes into a system between two edges, and what its states become at one."""

from __future__ import annotations

from collections.abc import Iterable

from loligo.program.arithmetic import Block, Builder
from loligo.program.changes import changes_at
from loligo.program.moves import Writer
from loligo.program.sources import Source, grouped
from loligo.system.driven import SLOPE
from loligo.system.equations import System


def inputs_at(b: Builder, system: System, sources: tuple[Source, ...]) -> dict[str, int]:
    """What goes into the system just after ``.t``; what is on is decided at ``.middle``."""
    t, middle = b.input(".t"), b.input(".middle")
    known = {
        name: b.total(s.value(b, t, middle) for s in into)
        for name, into in grouped(sources, system.plain.inputs).items()
    }
    return known | changes_at(b, system, sources, known)


def _since(w: Writer, system: System, sources: tuple[Source, ...]) -> int:
    """How far a command has moved since the edge, which V is ``.since`` past; not one that is
    handed in, which is as it is then."""
    b, slopes = w.b, grouped(sources, [SLOPE])[SLOPE]
    t, middle = b.input(".t"), b.input(".middle")
    slope = b.total(s.value(b, t, middle) for s in slopes if not s.sampled)
    return b.mul(b.input(".since"), slope)


def edge(
    system: System, sources: tuple[Source, ...], behind: Iterable[str] = ()
) -> dict[str, Block]:
    """The block ``edge`` of a system whose states jump; none of another.

    Parameters
    ----------
    behind
        States that are ``.lead`` behind the edge, and are first brought there.
    """
    if not system.jumps:
        return {}
    w = Writer(system)
    w.inputs = inputs_at(w.b, system, sources)
    moves = bool(behind) and SLOPE in system.inputs
    back = _since(w, system, sources) if moves else None
    if back is not None:
        w.now["V"] = w.b.sub(w.now["V"], back)
    if behind:
        w.move(behind, w.b.input(".lead"))
    low = w.lowering()
    w.now |= {state: low(e) for state, e in system.jumps.items()}
    if back is not None:
        w.now["V"] = w.b.add(w.now["V"], back)
    return {"edge": w.block()}
