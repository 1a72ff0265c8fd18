"""Which linear combinations of states the equations keep constant, in each lane.

From the shares with which terms enter the states' rates (:mod:`loligo.system.conserved`), at the
lane's own numbers: what is conserved only where a parameter is 0, or two are equal, is found there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loligo.engine.numpy.kernel import evaluate
from loligo.lanes import Floats, Integers, distinct
from loligo.program import Program
from loligo.program.scheme import shared

_NOTHING = 1e-11  # of a share beside the largest of its term: rounding


def combinations(
    program: Program, parameters: Mapping[str, Floats], order: Sequence[str]
) -> Floats | None:
    """The weights of states in what stays constant; None where nothing does in any lane.

    Parameters
    ----------
    parameters
        Name -> one value a lane.
    order
        All states. Each combination is completed by one state and otherwise made of states
        before it; so it is without the last ones wherever it can be.

    Returns
    -------
    (lanes, states, states)
        Row k: the combination that state k of the program completes, in which its weight is 1;
        zeros where there is none.

    Examples
    --------
    >>> import loligo as lo
    >>> from loligo.program.exponential import exponential
    >>> from loligo.system.equations import build
    >>> buffer = [lo.State("B", "k_off*CaB - k_on*B", 1), lo.State("CaB", "k_on*B - k_off*CaB", 0)]
    >>> leak = lo.Channel("L", g=0.3, E=-65)
    >>> cell = lo.Membrane(channels=[leak], states=buffer, parameters={"k_on": 2, "k_off": 1})
    >>> program = exponential(build(cell), (), ())
    >>> numbers = {name: np.array([p.value]) for name, p in cell.parameters.items()}
    >>> combinations(program, numbers, ["B", "CaB", "V"])[0]
    array([[0., 0., 0.],
           [0., 0., 0.],
           [0., 1., 1.]])
    """
    block = program.blocks.get("shares")
    if block is None:
        return None
    if program.alone is not None and all(
        np.all(share != 0.0) for share in evaluate(program.alone, parameters).values()
    ):
        return None
    lanes = len(next(iter(parameters.values())))
    values = evaluate(block, parameters)
    table = np.stack([np.broadcast_to(values[name], lanes) for name in block.names])
    first, which = distinct(table)
    places = [shared(name) for name in block.names]
    matrix = np.zeros((first.size, 1 + max(k for _, k in places), len(program.states)))
    for row, (state, term) in zip(table, places, strict=True):
        matrix[:, term, program.states.index(state)] = row[first]
    matrix = _told(matrix)
    named = {state for state, _ in places}
    columns = [program.states.index(state) for state in order if state in named]
    weights = _combinations(matrix, columns)
    return weights[which] if weights.any() else None


def _told(matrix: Floats) -> Floats:
    """With a term of its own for each state of which a share is beyond floating point: nothing is
    known to be conserved that it is part of."""
    untold: Any = ~np.isfinite(matrix).all(axis=1)
    if not untold.any():
        return matrix
    states = matrix.shape[2]
    return np.concatenate([np.where(np.isfinite(matrix), matrix, 0.0),
                           untold[:, :, None] * np.eye(states)], axis=1)  # fmt: skip


def _combinations(matrix: Floats, columns: Sequence[int]) -> Floats:
    """Of (lanes, terms, states), by Gauss and Jordan's elimination of the columns in order: what
    is left without a pivot completes a combination."""
    matrix, _, scale = balanced(matrix)
    lanes: int = matrix.shape[0]
    terms: int = matrix.shape[1]
    states: int = matrix.shape[2]
    every: Integers = np.arange(lanes)
    unused = np.ones((lanes, terms), dtype=bool)
    pivot = np.full((lanes, states), -1)
    for column in columns:
        size = np.where(unused, np.abs(matrix[:, :, column]), 0.0)
        row = size.argmax(axis=1)
        here: Integers = every[size[every, row] > _NOTHING]
        row = row[here]
        pivot[here, column] = row
        unused[here, row] = False
        chosen = matrix[here, row] / matrix[here, row, column][:, None]
        factor = matrix[here, :, column]
        matrix[here] -= factor[:, :, None] * chosen[:, None, :]
        matrix[here, row] = chosen
    weights = np.zeros((lanes, states, states))
    for free in columns:
        for column in columns:
            row = pivot[:, column]
            part = np.where(row < 0, 0.0, -matrix[every, row, free])
            part = np.where(np.abs(part) > _NOTHING, part, 0.0)
            weights[:, free, column] = part * scale[:, free] / scale[:, column]
        weights[:, free, free] = 1.0
        weights[pivot[:, free] >= 0, free] = 0.0
    return weights


def balanced(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """(lanes, rows, columns), every row and column divided by a power of 2 until its largest number
    is near 1, so that units do not matter, nor does rounding; and what they were divided by."""
    lanes, height, width = matrix.shape
    rows, columns = np.ones((lanes, height)), np.ones((lanes, width))
    with np.errstate(all="ignore"):
        matrix = np.where(np.isfinite(matrix), matrix, 0.0)
        for _ in range(3):
            by_row = _power_of_two(np.abs(matrix).max(axis=2))
            matrix = matrix / by_row[:, :, None]
            by_column = _power_of_two(np.abs(matrix).max(axis=1))
            matrix = matrix / by_column[:, None, :]
            rows, columns = rows * by_row, columns * by_column
    return matrix, rows, columns


def _power_of_two(size: Floats) -> Floats:
    """Near each number; 1 for 0."""
    return np.where(size > 0.0, np.ldexp(1.0, np.frexp(size)[1] - 1), 1.0)
