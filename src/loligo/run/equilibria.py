"""All equilibria of a membrane under a steady current, stable or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.engine.kernel import Kernel
from loligo.lanes import Floats, Integers
from loligo.run.balance import (
    CONTINUUM,
    HIGHEST,
    LOWEST,
    NOWHERE,
    SPACING,
    balanced,
    narrowed,
)
from loligo.run.bounds import bounded
from loligo.run.steady import Lanes, settle
from loligo.system.outline import STIMULUS

# Where equilibria under a current are looked for (mV): a leak alone is moved far.
_LOWEST, _HIGHEST = -1000.0, 500.0
_FINER = 256  # parts of two intervals, between which the balance nearly turns
_BLOCK = 1 << 15  # potentials that are tried at once


@dataclass(frozen=True)
class Equilibria:
    """Where a membrane stands still: of all lanes in one row, each lane's by rising V.

    Attributes
    ----------
    lane : (found,)
    states : (states, found)
    kept
        The numbers of the search, in every lane: what must be kept is among them.
    why
        What is the matter in lanes without any, where more is known than that none was found.
    between : (float, float)
        Where they were looked for, mV.
    """

    lane: Integers
    states: Floats
    kept: Lanes
    why: str | None
    between: tuple[float, float]


def equilibria(kernel: Kernel, parameters: Lanes, current: Floats) -> Equilibria:
    """Every V at which the current balances, with all other states steady there.

    The balance is scanned in steps of 1 mV, and more closely where it nearly turns; each place
    where it changes its sign is narrowed down to the last bit.

    Parameters
    ----------
    parameters
        Name -> one value a lane; see :func:`loligo.run.equilibrium.rested`.
    current : (lanes,)
        uA/cm2.
    """
    search = bounded(kernel, parameters, {}, clamped=False)
    rows = {**search.parameters, STIMULUS: current}
    low, high = (LOWEST, HIGHEST) if not current.any() else (_LOWEST, _HIGHEST)
    grid = np.arange(low, high + SPACING / 2, SPACING)
    why = search.why
    lanes: list[Integers] = [np.zeros(0, dtype=np.int64)]
    states: list[Floats] = [np.zeros((len(kernel.program.states), 0))]
    at_once = max(1, _BLOCK // grid.size)
    for first in range(0, current.size, at_once):
        here = slice(first, min(first + at_once, current.size))
        some = {name: row[here] for name, row in rows.items()}
        lane, found, trouble = _of_block(kernel, some, here.stop - first, grid)
        fine = ~search.lost[first + lane]
        lanes.append(first + lane[fine])
        states.append(found[:, fine])
        why = why or trouble
    return Equilibria(np.concatenate(lanes), np.concatenate(states, axis=1), rows, why, (low, high))


def _of_block(
    kernel: Kernel, rows: Lanes, count: int, grid: Floats
) -> tuple[Integers, Floats, str | None]:
    """(lane, states) of the equilibria of some lanes, and what is the matter with one of them."""
    many = {name: np.repeat(row, grid.size) for name, row in rows.items()}
    balance = balanced(kernel, many, np.tile(grid, count)).reshape(count, grid.size)
    flat = ((balance[:, :-1] == 0) & (balance[:, 1:] == 0)).any(axis=1)
    why = CONTINUUM if flat.any() else None
    if np.isnan(balance).all(axis=1).any():
        why = why or NOWHERE
    balance[flat] = np.nan
    brackets = _turns(np.arange(count), np.tile(grid, (count, 1)), balance)
    close, left, right = _near(balance, grid)
    if close.size:
        parts = left[:, None] + (right - left)[:, None] * np.arange(_FINER + 1) / _FINER
        many = {name: np.repeat(row[close], _FINER + 1) for name, row in rows.items()}
        finer = balanced(kernel, many, parts.ravel()).reshape(parts.shape)
        brackets = brackets.and_those(_turns(close, parts, finer))
    lane = brackets.lane
    chosen = {name: row[lane] for name, row in rows.items()}
    voltage = narrowed(kernel, chosen, brackets.low, brackets.high, brackets.sign)
    states, settled = settle(kernel, chosen, voltage)
    lane, states = lane[settled], states[:, settled]
    order = np.lexsort((states[0], lane))
    return lane[order], states[:, order], why


@dataclass(frozen=True)
class _Brackets:
    """Where the balance changes its sign: of which lane, from, to, and its sign before."""

    lane: Integers
    low: Floats
    high: Floats
    sign: Floats

    def and_those(self, others: _Brackets) -> _Brackets:
        """Both."""
        return _Brackets(
            np.concatenate([self.lane, others.lane]),
            np.concatenate([self.low, others.low]),
            np.concatenate([self.high, others.high]),
            np.concatenate([self.sign, others.sign]),
        )


def _turns(lanes: Integers, voltage: Floats, balance: Floats) -> _Brackets:
    """Where the balance of each row changes its sign."""
    before, after = balance[:, :-1], balance[:, 1:]
    row, place = np.nonzero(((before > 0) & (after <= 0)) | ((before < 0) & (after >= 0)))
    return _Brackets(
        lanes[row], voltage[row, place], voltage[row, place + 1], np.sign(before[row, place])
    )


def _near(balance: Floats, grid: Floats) -> tuple[Integers, Floats, Floats]:
    """Where the balance comes near 0 and goes away again, so that it may have touched it between:
    lane, from, to."""
    size = np.abs(balance)
    inside, left, right = size[:, 1:-1], size[:, :-2], size[:, 2:]
    same = (np.sign(balance[:, 1:-1]) == np.sign(balance[:, :-2])) & (
        np.sign(balance[:, 1:-1]) == np.sign(balance[:, 2:])
    )
    # a parabola through the three: how far below the least of them its bottom is
    bend = left + right - 2 * inside
    with np.errstate(divide="ignore", invalid="ignore"):
        drop = (right - left) ** 2 / (8 * bend)
    lane, place = np.nonzero(
        same & (inside <= left) & (inside <= right) & (inside - drop <= 0.5 * bend)
    )
    return lane, grid[place], grid[place + 2]
