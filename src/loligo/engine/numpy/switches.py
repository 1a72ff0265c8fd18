"""Switches of an adaptive step, by NumPy: :mod:`loligo.engine.switches` says how."""

# A lane array is Any here, and what NumPy makes of it is unknown to the checker, not wrong.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.kernel import SHORTEST
from loligo.engine.switches import (
    ALL_AT_ONCE,
    BLURRED,
    COUNTS,
    LEAST,
    LOOSE,
    ROUNDED,
    SHARE,
    SHORTEST_WALK,
    SWITCHED,
    WALK,
    most_changes,
)
from loligo.lanes import Floats
from loligo.program.program import coefficient
from loligo.program.switches import gap, side, size

Array = Any  # float64 or bool lanes


@dataclass(frozen=True)
class Gap:
    """A condition's gap in a step: the coefficients of its polynomial, (orders, lanes), and the
    size of what it is a difference of."""

    curve: Array
    size: Array

    def terms(self, reach: Array) -> Array:
        """What each derivative moves it by, from the first."""
        powers = np.arange(1, len(self.curve))[:, None]
        return self.curve[1:] * reach**powers

    def blur(self, moves: Array) -> Array:
        """What of it is rounding."""
        return ROUNDED * self.size + BLURRED * moves + LEAST


@dataclass(frozen=True)
class Landing:
    """Where the switches end a step, and what the sides are then."""

    length: Array
    sides: list[Array]
    landed: Array


class Switches:
    """Those of some lanes: their rows of a journey's clock."""

    def __init__(self, conditions: int, rows: Floats) -> None:
        self.count, self.sides = conditions, rows[:conditions]
        self.changes, self.short = rows[conditions:] if conditions else (rows, rows)

    def held(self) -> dict[str, Array]:
        """The sides, as a block reads them."""
        return {side(k): row.copy() for k, row in enumerate(self.sides)}

    def there(self) -> Array:
        """The lanes that are at a switch."""
        return (np.abs(self.sides) > 1.5).any(axis=0)

    def gaps(self, results: Mapping[str, Array], order: int, lanes: int) -> list[Gap]:
        """Of the series that a block has yielded."""

        def row(name: str) -> Array:
            return np.broadcast_to(np.asarray(results[name], dtype=np.float64), (lanes,))

        every = range(self.count)
        return [
            Gap(np.stack([row(coefficient(gap(k), n)) for n in range(order + 1)]), row(size(k)))
            for k in every
        ]

    def settled(self, gaps: list[Gap], reach: Array, active: Array) -> Array:
        """The active lanes whose sides are right; the others take the right one, and wait."""
        some = active & (reach > 0)
        wrong_somewhere = np.zeros_like(some)
        for k, (each, held) in enumerate(zip(gaps, self.sides, strict=True)):
            with np.errstate(all="ignore"):
                wanted, zero = _wanted(each, held, reach)
            wrong = some & (wanted != np.sign(held))
            now = (self.changes % self.count == k) | (self.changes < ALL_AT_ONCE)
            kept = np.where(wrong & ~now, np.sign(held), wanted)
            held[:] = np.where(some, np.where(zero, 2.0 * kept, kept), held)
            wrong_somewhere |= wrong
        self.changes += wrong_somewhere
        return active & ~wrong_somewhere

    def landing(self, gaps: list[Gap], moving: Array, whole: Array) -> Landing:
        """How far the moving lanes go, of the whole of their steps."""
        with np.errstate(all="ignore"):
            ends = [_first(g, s, moving, whole) for g, s in zip(gaps, self.sides, strict=True)]
        length = np.minimum.reduce([whole, *(when for when, _ in ends)])
        landed = [found & (when <= length) for when, found in ends]
        sides = [
            np.where(there, -2.0 * np.sign(held), np.sign(held))
            for there, held in zip(landed, self.sides, strict=True)
        ]
        return Landing(length, sides, np.logical_or.reduce(landed))

    def take(self, landing: Landing, moving: Array) -> None:
        """What the lanes keep once they have moved."""
        for row, value in zip(self.sides, landing.sides, strict=True):
            row[:] = np.where(moving, value, row)
        count = np.where(landing.length < SHORTEST, self.short + landing.landed, 0.0)
        self.short[:] = np.where(moving, count, self.short)
        self.changes[moving] = 0.0

    def stuck(self) -> tuple[Array, Array]:
        """The lanes that slide along a switch, and those whose switches come ever faster."""
        return self.changes > most_changes(self.count), self.short >= SWITCHED


def _wanted(each: Gap, held: Array, reach: Array) -> tuple[Array, Array]:
    """The side on which a gap is from now on, and whether it is 0 now."""
    first, sign, terms = each.curve[0], np.sign(held), each.terms(reach)
    moves = np.abs(terms).sum(axis=0)
    blur = each.blur(moves)
    at, astray = np.abs(held) > 1.5, sign * first < 0
    zero = (np.abs(first) <= blur) | (at & astray & (np.abs(first) < LOOSE * moves))
    counts = np.maximum(COUNTS * blur, SHARE * moves)
    leads = np.where(sign == 0, -1.0, sign)
    for k in range(len(terms), 0, -1):
        term = each.curve[k]
        if k < len(terms):  # until the next derivative has its say
            soon = np.abs(term) / np.maximum((k + 1) * np.abs(each.curve[k + 1]), LEAST)
            term = term * np.minimum(reach, soon) ** k
        else:
            term = terms[k - 1]
        leads = np.where(np.abs(term) > counts, np.sign(term), leads)
    extent = np.abs(first) + moves
    wanted = np.where(extent == 0, 0.0, np.where(zero, leads, np.sign(first)))
    known = extent < np.inf
    return np.where(known, wanted, sign), known & zero


def _first(each: Gap, held: Array, moving: Array, whole: Array) -> tuple[Array, Array]:
    """When a gap first changes its sign, the end of the step where it does not; and whether it
    does."""
    at, moves = np.abs(held) > 1.5, np.abs(each.terms(whole)).sum(axis=0)
    blur = each.blur(moves)
    curve = np.sign(held) * each.curve
    watched = np.where(at, np.append(curve[1:], np.zeros_like(curve[:1]), axis=0), curve)
    blur = np.where(at, blur / whole, blur)
    watched[0] += np.where(at, -np.minimum(0.0, watched[0]), 0.0) + blur
    far = np.where(at, moves / whole, moves)
    walks = moving & (whole > 0) & ~(watched[0] > far)
    return _walked(watched, whole, 0.5 * blur, walks)


def _walked(curve: Array, end: Array, enough: Array, walks: Array) -> tuple[Array, Array]:
    """From 0 to where a polynomial that is above 0 there is down to ``enough``, never beyond; and
    whether it comes so far."""
    orders = np.arange(len(curve))[:, None]
    bend = (orders * (orders - 1) * np.abs(curve) * end ** np.maximum(orders - 2, 0)).sum(axis=0)
    bend, time = bend + LEAST, np.where(walks, 0.0, end)
    walking, found = walks.copy(), np.zeros_like(walks)
    for _ in range(WALK):
        if not walking.any():
            break
        value, slope = np.zeros_like(time), np.zeros_like(time)
        for coefficient_ in curve[::-1]:
            slope, value = slope * time + value, value * time + coefficient_
        down = walking & (value <= enough)
        found |= down
        root = np.sqrt(slope * slope + 2.0 * bend * np.maximum(value, 0.0))
        falls = slope < 0
        further = np.where(falls, 2.0 * value, slope + root) / np.where(falls, root - slope, bend)
        after = time + np.maximum(SHORTEST_WALK * end, further)
        going = walking & ~down
        beyond = ~(after < end)
        time = np.where(going, np.where(beyond, end, after), time)
        walking = going & ~beyond
    return time, found
