"""From a scheme as it is written to a cheap program: passes in order, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from loligo.program.arithmetic import Block, Builder
from loligo.program.passes.transform import fuse, hoist

T = TypeVar("T")


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
    conditions
        What is compared along a step (:mod:`loligo.program.switches`).
    """

    blocks: Mapping[str, Block]
    fixed: frozenset[str]
    common: frozenset[str] = frozenset()
    constants: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def _always(_: object) -> bool:
    return True


@dataclass(frozen=True)
class Pass(Generic[T]):
    """One transformation of a draft, or of what a draft is made from.

    Attributes
    ----------
    name
        What it is called in a table of costs.
    apply
        What it does.
    when
        Where it is worth it; elsewhere all stays as it is.
    """

    name: str
    apply: Callable[[T], T]
    when: Callable[[T], bool] = _always

    def __call__(self, subject: T) -> T:
        return self.apply(subject) if self.when(subject) else subject


def transformed(subject: T, passes: Sequence[Pass[T]]) -> T:
    """One after the other."""
    for each in passes:
        subject = each(subject)
    return subject


def stages(subject: T, passes: Sequence[Pass[T]]) -> Iterable[tuple[str, T]]:
    """("as written", the subject), then what each pass made of it, with its name."""
    yield "as written", subject
    for each in passes:
        subject = each(subject)
        yield each.name, subject


def blockwise(change: Callable[[Block], Block]) -> Callable[[Draft], Draft]:
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
