"""What a step costs: operations before and after each transformation, for both solvers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loligo.program import exponential, taylor
from loligo.program.arithmetic import Block, narrowness
from loligo.program.passes.pipeline import Draft, stages, transformed
from loligo.program.sources import Source
from loligo.system.equations import System

# operation -> the column it is counted in; every other one is cheap (`other`)
COLUMNS = {
    "mul": "product", "add": "sum", "sub": "sum", "neg": "sum", "fma": "multiply-add",
    "div": "division", "ratio": "division", "sqrt": "division",
    "exp": "function", "expm1": "function", "exprel": "function", "exprel2": "function",
    "bernoulli": "function", "log": "function", "pow": "function", "sin": "function",
    "cos": "function", "tanh": "function", "less_one": "function",
    "decay": "function", "exp2": "function", "bernoulli2": "function",
}  # fmt: skip
KINDS = ("product", "sum", "multiply-add", "division", "function", "other")


@dataclass(frozen=True)
class Cost:
    """Operations of one step after one transformation.

    Attributes
    ----------
    solver, transformation
        What is counted.
    counts
        Kind of operation (:data:`KINDS`) -> how many.
    once
        Operations that are done once a lane instead (``prepare``).
    narrow
        How many of the others are float32, of which a register holds twice as many.
    """

    solver: str
    transformation: str
    counts: Mapping[str, int]
    once: int
    narrow: int

    @property
    def total(self) -> int:
        """All of them; two in float32 count as one."""
        return sum(self.counts.values()) - self.narrow // 2


def costs(
    system: System,
    sources: tuple[Source, ...],
    scales: Mapping[str, float],
    order: int,
    wide: int,
) -> list[Cost]:
    """Of the exponential and the Taylor scheme, nothing recorded, row by row.

    Parameters
    ----------
    scales, order, wide
        Of the Taylor scheme: see :func:`loligo.program.taylor.taylor`.
    """
    written = exponential.draft(system, sources, (), shared=False)
    made = stages(written, exponential.PASSES)
    rows = [_cost("exponential", name, draft, ("drive", "step")) for name, draft in made]
    expanded = _taylor(system, sources, scales, order, wide)
    return rows + [_cost(f"taylor, order {order}", name, draft, ("series",))
                   for name, draft in expanded]  # fmt: skip


def _taylor(
    system: System, sources: tuple[Source, ...], scales: Mapping[str, float], order: int, wide: int
) -> Iterable[tuple[str, Draft]]:
    """The equations simplified one step after the other, then their series, first in float64."""
    original = taylor.written(system, sources, order)

    def draft(equations: taylor.Equations, wide: int) -> Draft:
        blocks = taylor.expanded(equations, original, scales, wide, shared=False)
        return taylor.of_blocks(blocks, system, sources)

    simplified = original
    for name, simplified in stages(original, taylor.EQUATIONS):
        yield name, draft(simplified, order + 1)
    yield from list(stages(draft(simplified, order + 1), taylor.PASSES))[1:]
    yield "high orders in float32", transformed(draft(simplified, wide), taylor.PASSES)


def _cost(solver: str, name: str, draft: Draft, blocks: tuple[str, ...]) -> Cost:
    again = [draft.blocks[block] for block in blocks]
    once = _count([draft.blocks["prepare"]]) if "prepare" in draft.blocks else {}
    narrow = sum(map(sum, map(narrowness, again)))
    return Cost(solver, name, _count(again), sum(once.values()), narrow)


def _count(blocks: Iterable[Block]) -> dict[str, int]:
    counted: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    for block in blocks:
        for op, number in block.count().items():
            counted[COLUMNS.get(op, "other")] += number
    return dict(counted)
