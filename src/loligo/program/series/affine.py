"""What is a multiple of something else along a step, but for a constant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from loligo.program.arithmetic import Assignment, Block, Builder

Values = Sequence[Sequence[int]]  # of every assignment, the coefficients known so far


def _scaled_by(b: Builder, values: Values, args: tuple[int, ...], moving: int) -> int:
    (constant,) = (i for i in args if i != moving)
    return values[constant][0]


def _shifted(b: Builder, values: Values, args: tuple[int, ...], moving: int) -> int | None:
    return None


def _difference(b: Builder, values: Values, args: tuple[int, ...], moving: int) -> int | None:
    return None if args[0] == moving else b.const(-1.0)


def _negated(b: Builder, values: Values, args: tuple[int, ...], moving: int) -> int:
    return b.const(-1.0)


def _fused(b: Builder, values: Values, args: tuple[int, ...], moving: int) -> int | None:
    if moving == args[2]:
        return None
    return values[args[1] if args[0] == moving else args[0]][0]


# operation -> the factor by which it multiplies its one moving argument; None for 1
AFFINE: dict[str, Callable[[Builder, Values, tuple[int, ...], int], int | None]] = {
    "mul": _scaled_by,
    "add": _shifted,
    "sub": _difference,
    "neg": _negated,
    "fma": _fused,
    "less_one": _shifted,
}


def affine_steps(block: Block, varies: list[bool], index: int) -> Iterator[tuple[Assignment, int]]:
    """From an assignment down to what it is a multiple of, but for a constant: (assignment, the
    place of its one moving argument)."""
    while True:
        a = block.assignments[index]
        # of less_one(exp(z), z) the first alone tells
        arguments = a.args[:1] if a.op == "less_one" else a.args
        moving = [i for i in arguments if varies[i]]
        if len(moving) != 1 or a.op not in AFFINE:
            return
        yield a, (index := moving[0])


def of_voltage(block: Block, varies: list[bool], index: int) -> bool:
    """Whether an assignment is affine in V, and moves."""
    for _, moving in affine_steps(block, varies, index):
        index = moving
    return block.assignments[index].name == "V"
