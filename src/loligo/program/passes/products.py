"""Products regrouped: what is the same from step to step, or in all lanes, is multiplied first.

A gate moves by ``lead * (rate * x)``, rate its temperature factor and ``lead`` the length of the
move: as ``(lead * rate) * x`` the product in brackets is made once for all that needs it, and
moves to ``prepare`` where both are constants of a run.
"""

from __future__ import annotations

from dataclasses import replace

from loligo.program.arithmetic import Block, Builder, uses
from loligo.program.passes.pipeline import Draft

FIXED, COMMON, MOVING = range(3)  # how often a value changes: never, by the step, by the lane too


def products_regrouped(draft: Draft) -> Draft:
    """:func:`regroup` in every block."""
    blocks = {n: regroup(b, draft.fixed, draft.common) for n, b in draft.blocks.items()}
    return replace(draft, blocks=blocks)


def regroup(block: Block, fixed: frozenset[str], common: frozenset[str]) -> Block:
    """The same results, to rounding, with the factors of each product sorted by how often they
    change.

    Parameters
    ----------
    fixed
        Inputs that stand still during a run.
    common
        Inputs that are the same in every lane.
    """
    levels = _levels(block, fixed, common)
    inner = _inner(block)
    b = Builder()
    new: list[int] = []
    for index, a in enumerate(block.assignments):
        factors = _factors(block, index, inner) if a.op == "mul" else []
        still = [i for i in factors if levels[i] != MOVING]
        if len(still) < 2 or len(still) == len(factors):
            new.append(b.copy(a, new))
            continue
        # left to right: the values that change within a step are the ones that are waited for
        ordered = sorted(factors, key=lambda i: levels[i])
        total = new[ordered[0]]
        for i in ordered[1:]:
            total = b.mul(total, new[i])
        new.append(total)
    return b.block({name: new[index] for name, index in block.outputs})


def _levels(block: Block, fixed: frozenset[str], common: frozenset[str]) -> list[int]:
    levels: list[int] = []
    for a in block.assignments:
        if a.op == "input":
            level = FIXED if a.name in fixed else COMMON if a.name in common else MOVING
        else:
            level = max((levels[i] for i in a.args), default=FIXED)
        levels.append(level)
    return levels


def _inner(block: Block) -> frozenset[int]:
    """Products that are used once, by another product: parts of that."""
    users = [""] * len(block.assignments)
    for a in block.assignments:
        for i in a.args:
            users[i] = a.op
    used = uses(block)
    return frozenset(
        i for i, a in enumerate(block.assignments)
        if a.op == "mul" and used[i] == 1 and users[i] == "mul"
    )  # fmt: skip


def _factors(block: Block, index: int, inner: frozenset[int]) -> list[int]:
    found: list[int] = []
    for i in block.assignments[index].args:
        found += _factors(block, i, inner) if i in inner else [i]
    return found
