"""Where many distinct membranes rest: on all cores, or all at once where a kernel wants that.

Where the kernel has a loop for it (:class:`loligo.engine.resting.Sought`), that does nearly all;
what it leaves goes through the kernel's blocks (:mod:`loligo.run.balance`), as few membranes do
from the start. Both ways give the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loligo.crew import on_all_cores, stretches
from loligo.engine.kernel import Kernel
from loligo.engine.resting import (
    BEGIN,
    STABLE,
    TURNS,
    UNDECIDED,
    Equations,
    Sought,
    Turns,
)
from loligo.lanes import Floats
from loligo.run.balance import GRID, LOWEST, SPACING, Rests, rests_of_block, stable_at
from loligo.run.cells import guess
from loligo.run.steady import Kept, Lanes, Truths, settle

_BLOCK = (1 << 17) // len(GRID)  # lanes relaxed at once along the grid, to bound the memory
_MANY = 1000  # lanes for which a loop is worth its compilation
_CHUNK, _WHOLE = 4, 256  # blocks that it takes at once: a core, and what takes all lanes


def rests(kernel: Kernel, parameters: Lanes, lanes: int) -> Rests:
    """Of so many distinct membranes, block by block.

    Parameters
    ----------
    parameters
        Name -> one value a lane, with what must be kept (:mod:`loligo.run.bounds`).
    """
    equations, search = None, None
    if lanes >= _MANY and _suits(kernel, parameters):
        equations = Equations.of(kernel.program)
        search = kernel.search(equations, lanes)
    if equations is None or search is None:
        parts = on_all_cores(
            lambda part: rests_of_block(kernel, _some(parameters, part), part.stop - part.start),
            stretches(lanes, _BLOCK),
        )
    else:
        sought = _sought(kernel, equations, parameters, lanes)

        def look(part: slice) -> Rests:
            return _judged(kernel, _some(parameters, part), search(sought.some(part)))

        chunks = stretches(lanes, (_WHOLE if search.alone else _CHUNK) * _BLOCK)
        parts = [look(part) for part in chunks] if search.alone else on_all_cores(look, chunks)
    return Rests(
        np.concatenate([part.states for part in parts], axis=1),
        sum(part.several for part in parts),
        next((part.why for part in parts if part.why is not None), None),
    )


def _some(parameters: Lanes, which: slice | NDArray[np.int64]) -> dict[str, Floats]:
    return {name: row[which] for name, row in parameters.items()}


def _suits(kernel: Kernel, parameters: Lanes) -> bool:
    """Whether a loop is made for such membranes: nothing must be kept, no states drive each other
    all round, and nothing drives them from outside."""
    program = kernel.program
    driven = any(name in parameters for name in program.inputs)
    return not (driven or program.mutual or Kept.of(program.states, parameters))


def _sought(kernel: Kernel, equations: Equations, parameters: Lanes, lanes: int) -> Sought:
    others = equations.states[1:]
    rows = [np.broadcast_to(parameters.get(guess(name), BEGIN), lanes) for name in others]
    begin = np.stack(rows) if rows else np.empty((0, lanes))
    table = _table(kernel, equations, parameters)
    return Sought(equations, parameters, begin, LOWEST, SPACING, len(GRID), table)


def _table(kernel: Kernel, equations: Equations, parameters: Lanes) -> Floats | None:
    """The steady states along the grid, if they are the same in all lanes: a sweep over
    conductances changes nothing of its gates."""
    guesses = [guess(name) for name in equations.states]
    named = [name for name in (*equations.relaxing, *guesses) if name in parameters]
    if not all((parameters[name] == parameters[name][0]).all() for name in named):
        return None
    one = {name: np.full(len(GRID), row[0]) for name, row in parameters.items()}
    states, settled = settle(kernel, one, GRID)
    return states[1:] if settled.all() else None


def _judged(kernel: Kernel, parameters: Lanes, turns: Turns) -> Rests:
    """The lowest stable turn of each lane. What the loop could not tell is asked of eigenvalues,
    and of lanes that it was not made for all that there is to know."""
    there = np.arange(TURNS)[:, None] < turns.count
    stable: Truths = there & (turns.verdict == STABLE)
    left, blocks = turns.count < 0, np.arange(turns.count.size) // _BLOCK
    lane, turn = np.nonzero((there & (turns.verdict == UNDECIDED)).T)
    if lane.size:
        states = turns.states[turn, :, lane].T
        stable[turn, lane], open_ = stable_at(kernel, _some(parameters, lane), states)
        if open_:  # the words are those of whole blocks
            left |= np.isin(blocks, blocks[lane])
    lowest = stable.argmax(axis=0)
    found = np.take_along_axis(turns.states, lowest[None, None], axis=0)[0]
    result = Rests(np.where(stable.any(axis=0), found, np.nan))
    several: Truths = stable.sum(axis=0) > 1
    for block in np.unique(blocks[left]):
        every = np.flatnonzero(blocks == block)
        here = every[left[every]]
        own = rests_of_block(kernel, _some(parameters, here), here.size)
        if own.why is not None and here.size < every.size:
            here, own = every, rests_of_block(kernel, _some(parameters, every), every.size)
        result.states[:, here], several[here] = own.states, False
        result.several += own.several
        result.why = result.why or own.why
    result.several += int(several.sum())
    return result
