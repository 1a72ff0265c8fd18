"""How many lanes the loop of a program takes together."""

from __future__ import annotations

from loligo.engine.llvm.rows import ROW
from loligo.engine.llvm.target import host
from loligo.lanes import block_width
from loligo.program.recipe import Recipe
from loligo.program.scheme import Coupled, Fixed

# Registers that a block of many lanes may fill. A fixed step is one long chain of operations
# that wait for each other, and what four do meanwhile costs little more than what two do.
_FIXED, _OTHER = 4, 2


def width_of(recipe: Recipe, lanes: int, width: int | None = None) -> int:
    """Of a run of so many lanes: ``width``, where there is a choice and it is given."""
    if recipe.scheme is Coupled:
        return ROW
    if width is not None:
        return width
    registers = _FIXED if recipe.scheme is Fixed else _OTHER
    vector = host().vector * (2 if recipe.precision == "float32" else 1)
    return block_width(lanes, vector, registers)
