"""How many lanes a block has, if nobody said: as many as fit the memory and cost little to lose."""

from __future__ import annotations

from loligo.memory import available, spell
from loligo.run.pose import memory_of
from loligo.run.problem import Uncut
from loligo.sweeps.asked import Asked

_WORK = 2e7  # lanes x ms in a block: some seconds of a core
_MOST = 10_000  # lanes; more make it no faster
_WIDE = {"cuda": 50}  # times as many, where a machine takes all lanes of a block at once
_FEWEST = 64  # that fill the vectors of a processor
_KEPT = 1 << 28  # bytes of what a block records
_SHARE = 0.25  # of the memory, for all blocks that are under way
_AXON = 96 * 8  # bytes of a compartment, besides what is recorded


def lanes_at_once(asked: Asked, workers: int) -> int:
    """The most lanes in a block.

    Parameters
    ----------
    workers
        Blocks that are computed at the same time.
    """
    times, wide = asked.posed.times, _WIDE.get(getattr(asked.solver, "engine", ""), 1)
    work = max(_FEWEST, int(wide * _WORK / times.duration))
    if isinstance(asked.posed, Uncut):
        work = max(1, int(_WORK / times.duration) // _compartments(asked))
    each = bytes_of(asked)
    free = available()
    memory = wide * _KEPT if free is None else min(wide * _KEPT, int(_SHARE * free / workers))
    return max(1, min(wide * _MOST, work, int(memory / each)))


def bytes_of(asked: Asked) -> float:
    """How much memory one lane takes, the recording made of it included."""
    times, records = asked.posed.times, asked.posed.records
    if isinstance(asked.posed, Uncut):
        places = asked.sample.along.positions.size
        values = 2 * 8 * places * times.samples * len(records)
        return values + _AXON * _compartments(asked)
    sampled = sum(each.shape.sampled for each in asked.posed.driven)
    whole = memory_of(_FEWEST, times, records, sampled) / _FEWEST
    return 2 * whole  # as they are computed, and as they are written


def _compartments(asked: Asked) -> int:
    return asked.sample.along.parts.count


def refuse_too_large(asked: Asked, lanes: int, workers: int) -> None:
    """Refuse blocks that do not fit into the memory.

    Raises
    ------
    RunError
        Saying how many lanes would.
    """
    from loligo.errors import RunError

    needed, free = bytes_of(asked) * lanes * workers, available()
    if free is not None and needed > free:
        fits = max(1, int(0.5 * free / bytes_of(asked) / workers))
        raise RunError(
            f"{workers} blocks of {lanes:,} lanes need {spell(needed)} of memory, but "
            f"{spell(free)} is free; give block={fits}, or record less"
        )
