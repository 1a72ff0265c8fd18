"""From a scheme as it is written to a cheap program: transformations in order, each counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loligo.program.arithmetic import Block, Builder
from loligo.program.passes.transform import fuse, hoist


@dataclass(frozen=True)
class Draft:
    """The blocks of a scheme on their way to a program.

    Attributes
    ----------
    blocks
        Those that run again and again, and ``prepare`` once there is one.
    fixed, common
        Inputs that stand still during a run; inputs that are the same in every lane.
    constants
        What ``prepare`` yields.
    """

    blocks: Mapping[str, Block]
    fixed: frozenset[str]
    common: frozenset[str] = frozenset()
    constants: tuple[str, ...] = ()


Transformation = Callable[[Draft], Draft]
# what a transformation is called, in a table of costs, and what it does
Transformations = Sequence[tuple[str, Transformation]]


def each(change: Callable[[Block], Block]) -> Transformation:
    """A transformation of every block by itself."""

    def apply(draft: Draft) -> Draft:
        return replace(draft, blocks={name: change(block) for name, block in draft.blocks.items()})

    return apply


def share(block: Block) -> Block:
    """Equal operations on equal values are done once (value numbering)."""
    b = Builder()
    new: list[int] = []
    for a in block.assignments:
        new.append(b.copy(a, new))
    return b.block({name: new[index] for name, index in block.outputs})


def to_prepare(draft: Draft) -> Draft:
    """What depends on fixed inputs alone is computed once a lane, in ``prepare``."""
    prepare, constants, blocks = hoist(draft.blocks, draft.fixed)
    return replace(draft, blocks={"prepare": prepare, **blocks}, constants=constants)


def multiply_add(draft: Draft) -> Draft:
    """A product and the sum it goes into are one operation; ``prepare`` may stay as it is."""
    blocks = {n: block if n == "prepare" else fuse(block) for n, block in draft.blocks.items()}
    return replace(draft, blocks=blocks)


def transformed(draft: Draft, transformations: Transformations) -> Draft:
    """One after the other."""
    for _, transform in transformations:
        draft = transform(draft)
    return draft


def stages(draft: Draft, transformations: Transformations) -> Iterable[tuple[str, Draft]]:
    """("as written", the draft), then what each transformation made of it, with its name."""
    yield "as written", draft
    for name, transform in transformations:
        draft = transform(draft)
        yield name, draft
