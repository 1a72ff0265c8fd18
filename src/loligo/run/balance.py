"""Where the balance of a membrane's currents turns, and whether the membrane is stable there.

Everything is computed lane by lane with the kernel's own arithmetic (and otherwise only
``+ - * /`` and comparisons; of stability, eigenvalues).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.engine.kernel import Kernel
from loligo.engine.resting import PARTS, ROUNDS
from loligo.lanes import Floats
from loligo.run.bounds import listed
from loligo.run.steady import Kept, Lanes, Truths, derivative, jacobian, loose, settle

# Where a resting potential is looked for (mV). Neighbouring equilibria closer than the
# spacing are taken for one.
LOWEST, HIGHEST, SPACING = -150.0, 100.0, 1.0
GRID = np.arange(LOWEST, HIGHEST + SPACING / 2, SPACING)
_SLOW = 1e-5  # of the fastest rate: slower is looked at more closely
CONTINUUM = (
    "the membrane has no single resting potential: without any conductance every "
    "voltage is an equilibrium; give a holding potential, for example initial=-65"
)
NOWHERE = (
    "some state has no steady value at any voltage, so that the membrane has no rest; give that "
    "state, for example initial={'Q': 0}, or all: initial={'V': ..., ...}"
)


def chance(states: list[str], where: str) -> str:
    be, needed = ("is", "it an initial value")
    if len(states) > 1:
        be, needed = "are", "them initial values"
    return (
        f"the equations leave open what {listed(states)} {be} {where}: more than one value stands "
        f"still; give {needed}: initial={{'{states[0]}': ..., ...}}"
    )


@dataclass
class Rests:
    """What was found of distinct membranes.

    Attributes
    ----------
    states : (states, lanes)
        NaN where there is no rest.
    several
        How many have more than one.
    why
        What is the matter where there are too many to choose from.
    """

    states: Floats
    several: int = 0
    why: str | None = None


def rests_of_block(kernel: Kernel, parameters: Lanes, count: int) -> Rests:
    """Of so many distinct membranes."""
    grid, result = GRID, Rests(np.full((len(kernel.program.states), count), np.nan))
    balance = balanced(
        kernel, {n: np.repeat(r, len(grid)) for n, r in parameters.items()}, np.tile(grid, count)
    ).reshape(count, len(grid))
    flat = ((balance[:, :-1] == 0) & (balance[:, 1:] == 0)).any(axis=1)
    if flat.any():
        result.why = CONTINUUM
    if np.isnan(balance).all(axis=1).any():
        result.why = result.why or NOWHERE
    lane, place = np.nonzero((balance[:, :-1] > 0) & (balance[:, 1:] <= 0) & ~flat[:, None])
    chosen = {name: row[lane] for name, row in parameters.items()}
    voltage = narrowed(kernel, chosen, grid[place], grid[place] + SPACING)
    states, settled = settle(kernel, chosen, voltage)
    stable, open_ = stable_at(kernel, chosen, states)
    stable &= settled
    if open_:
        result.why = result.why or chance(open_, "where V rests")
    for i in np.flatnonzero(stable)[::-1]:  # downwards, so that the lowest V is kept
        result.states[:, lane[i]] = states[:, i]
    result.several = int((np.bincount(lane[stable], minlength=count) > 1).sum())
    return result


def balanced(kernel: Kernel, parameters: Lanes, voltage: Floats) -> Floats:
    """dV/dt, all other states steady at V; NaN where they cannot be."""
    states, settled = settle(kernel, parameters, voltage)
    return np.where(settled, derivative(kernel, parameters, states)[0], np.nan)


def narrowed(
    kernel: Kernel, parameters: Lanes, low: Floats, high: Floats, sign: float | Floats = 1.0
) -> Floats:
    """The voltage where the balance, times ``sign``, first turns negative, to the last bit: the
    bracket is cut into many parts at once, since a call of the kernel costs more than what it
    computes."""
    parts = np.arange(1, PARTS)[:, None] / PARTS
    many = {name: np.tile(row, PARTS - 1) for name, row in parameters.items()}
    for _ in range(ROUNDS):
        inner = low + parts * (high - low)
        if np.all((inner == low) | (inner == high)):
            break
        inward = sign * balanced(kernel, many, inner.ravel()).reshape(inner.shape) > 0
        bounds = np.concatenate([low[None], inner, high[None]])
        turn = np.argmin(np.concatenate([inward, np.zeros_like(inward[:1])]), axis=0)[None]
        low = np.take_along_axis(bounds, turn, axis=0)[0]
        high = np.take_along_axis(bounds, turn + 1, axis=0)[0]
    return high


def stable_at(kernel: Kernel, parameters: Lanes, states: Floats) -> tuple[Truths, list[str]]:
    """Whether all eigenvalues of the Jacobian have negative real parts, but for those of what is
    kept; and which states could stand still elsewhere too, where some could."""
    slopes = jacobian(kernel, parameters, states)
    if not slopes.size:
        return np.zeros(len(slopes), dtype=bool), []
    sound = np.logical_and.reduce(np.isfinite(slopes), axis=(1, 2))
    slopes = np.where(sound[:, None, None], slopes, 0.0)
    Kept.of(kernel.program.states, parameters).within(slopes)
    values = np.linalg.eigvals(slopes)
    worst: Floats = values.real.max(axis=1)
    sizes = np.abs(values)
    if (sizes.min(axis=1) > _SLOW * sizes.max(axis=1)).all():
        return sound & (worst < 0), []
    left = loose(kernel, parameters, states, first=0)
    for lane in np.flatnonzero(left.count):
        own = values[lane][np.argsort(np.abs(values[lane]))]
        worst[lane] = own[left.count[lane] :].real.max(initial=-np.inf)
    stable = sound & (worst < 0)
    return stable & ~left.unsaid, left.states if (stable & left.unsaid).any() else []
