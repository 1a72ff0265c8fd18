"""What the search for steady states must keep: given states, and the totals of what is conserved.

A state that is given is held while the others are sought. A combination of states that the
equations keep constant (:mod:`loligo.run.conserved`) keeps the value that it has in the model,
where the states have their initial values; so the equation of one of its states is left out, and
its total is asked for instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loligo.engine.kernel import Kernel
from loligo.lanes import Floats
from loligo.run.cells import given, guess, total, weight
from loligo.run.conserved import combinations

Lanes = Mapping[str, Floats]
Truths = NDArray[np.bool_]


@dataclass
class Bounded:
    """The numbers of a search, what must be kept among them.

    Attributes
    ----------
    parameters
        Name -> one value a lane; what is kept under :func:`given`, :func:`total`, :func:`weight`.
    lost : (lanes,)
        Where it is not known what to keep.
    why
        What is missing there; None where nothing is.
    """

    parameters: dict[str, Floats]
    lost: Truths
    why: str | None = None

    def lose(self, lanes: Truths, why: str) -> None:
        """These lanes cannot be searched."""
        self.lost |= lanes
        self.why = self.why or why


def bounded(kernel: Kernel, parameters: Lanes, held: Lanes, clamped: bool) -> Bounded:
    """What must be kept.

    Parameters
    ----------
    parameters
        Name -> one value a lane; under :func:`guess` the model's initial values.
    held
        State -> its value in each lane, where it was given.
    clamped
        Whether V is held too.
    """
    names = kernel.program.states
    sought = [name for name in names[1:] if name not in held]
    lanes = len(next(iter((*parameters.values(), *held.values())), np.zeros(1)))
    found = Bounded({**parameters}, np.zeros(lanes, dtype=bool))
    found.parameters |= {given(name): value for name, value in held.items()}
    weights = combinations(kernel.program, parameters, (*sought, *held, "V"))
    if weights is None:
        return found
    for row, name in enumerate(names):
        active = weights[:, row, row] != 0.0
        if not active.any():
            continue
        if name == "V":
            with_others = (np.count_nonzero(weights[:, 0], axis=1) > 1) & active
            if not clamped and with_others.any():
                said = spoken(names, weights[with_others.argmax(), 0])
                found.lose(with_others, _VOLTAGE.format(said))
        else:
            _keep(found, names, sought, held, weights[:, row], active)
    return found


def _keep(
    found: Bounded, names: tuple[str, ...], sought: list[str], held: Lanes, weights: Floats,
    active: Truths,
) -> None:  # fmt: skip
    """The total of a combination, (lanes, states), where it is one."""
    free = np.array([name in sought for name in names]) & (weights != 0.0)
    several = active & (free.sum(axis=1) > 1)
    partly = several & np.any((weights != 0.0) & ~free, axis=1)
    if partly.any():
        k = int(partly.argmax())
        missing = [name for name, is_free in zip(names, free[k], strict=True) if is_free]
        found.lose(partly, _PARTLY.format(spoken(names, weights[k]), listed(missing)))
    start = np.zeros(weights.shape)
    for column, name in enumerate(names):
        nothing = np.full(len(weights), np.nan)
        value = found.parameters.get(guess(name), held.get(name, nothing))
        start[:, column] = np.where(weights[:, column] != 0.0, value, 0.0)
    unknown = active & free.any(axis=1) & np.isnan(start).any(axis=1)
    if unknown.any():
        k = int(unknown.argmax())
        missing = [name for name, x in zip(names, start[k], strict=True) if np.isnan(x)]
        found.lose(unknown, _unsaid(spoken(names, weights[k]), missing))
    amount = np.where(weights != 0.0, weights * start, 0.0).sum(axis=1)
    # the state that completes it: the last of those that are sought
    last = len(names) - 1 - free[:, ::-1].argmax(axis=1)
    kept = active & free.any(axis=1) & ~partly & ~unknown
    for column in np.unique(last[kept]):
        here = kept & (last == column)
        _ask(found, names, int(column), here, weights, amount)
        alone = here & ~several & (start >= 0.0).all(axis=1)
        _refuse_negative(found, names, held, int(column), alone, weights, amount)


def _ask(
    found: Bounded, names: tuple[str, ...], column: int, here: Truths, weights: Floats,
    amount: Floats,
) -> None:  # fmt: skip
    """That a state completes a combination in these lanes."""
    state, scale = names[column], np.where(here, weights[:, column], 1.0)
    rows = found.parameters
    before = rows.get(weight(state, state), np.zeros(len(here))) != 0.0
    if (before & here).any():
        found.lose(before & here, _PARTLY.format(spoken(names, weights[here.argmax()]), state))
    rows[total(state)] = np.where(here, amount / scale, rows.get(total(state), 0.0))
    for other, share in zip(names, weights.T, strict=True):
        name = weight(state, other)
        rows[name] = np.where(here, share / scale, rows.get(name, 0.0))


def _refuse_negative(
    found: Bounded, names: tuple[str, ...], held: Lanes, column: int, here: Truths,
    weights: Floats, amount: Floats,
) -> None:  # fmt: skip
    """Where the given states leave less than nothing for the last of those that add up with them,
    and the model begins with none below 0."""
    others = [k for k, name in enumerate(names) if name in held and (weights[:, k] != 0.0).any()]
    if not others or not here.any():
        return
    parts = [weights[:, k] * held[names[k]] for k in others]
    left = (amount - np.sum(parts, axis=0)) / np.where(here, weights[:, column], 1.0)
    size = np.abs(amount) + np.sum(np.abs(parts), axis=0)
    below = here & (left < -1e-12 * size)
    if below.any():
        k, said = int(below.argmax()), listed([names[k] for k in others])
        found.lose(
            below,
            f"initial: with the given {said} there would be {left[k]:.6g} of {names[column]}, "
            f"since {spoken(names, weights[k])} stays constant and is {amount[k]:.6g} in the "
            f"model; give {names[column]} too",
        )


def spoken(names: tuple[str, ...], weights: Floats) -> str:
    """A combination as a person writes it: ``B + 2 CaB``."""
    text = ""
    for name, share in zip(names, weights, strict=True):
        if share != 0.0:
            size = "" if abs(share) == 1.0 else f"{abs(share):.6g} "
            sign = ("-" if share < 0.0 else "") if not text else (" - " if share < 0.0 else " + ")
            text += f"{sign}{size}{name}"
    return text


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_VOLTAGE = (
    "the equations keep {} constant, so that V rests where that says, and nothing says what it is: "
    "give V, for example initial=-65"
)
_PARTLY = (
    "initial: the equations keep {} constant, and only a part of it is given; give {} too, or "
    "none of these states"
)


def _unsaid(said: str, missing: list[str]) -> str:
    if said == missing[0]:
        return (
            f"nothing changes {said} in these equations, and nothing says what it is: give it an "
            f"initial value, in the model or in initial={{'{said}': ...}}"
        )
    return (
        f"the equations keep {said} constant, and nothing says what it is: give {listed(missing)} "
        "an initial value, in the model (initial of its State) or in initial={...}"
    )
