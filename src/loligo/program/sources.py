"""Which stimuli a program is written for, and what they go into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loligo.program.arithmetic import Builder
from loligo.program.drive import ARITHMETIC
from loligo.program.scheme import slope_of
from loligo.program.term import Arithmetic, Term


@dataclass(frozen=True)
class Source:
    """One shape of a stimulus in one input: how it is computed, its place in the sum, the input."""

    kind: str
    prefix: str
    into: str = "I_stim"

    @property
    def arithmetic(self) -> Arithmetic:
        """How its charge and its value are computed."""
        return ARITHMETIC[self.kind]

    @property
    def sampled(self) -> bool:
        """Whether it reads a path that is handed in from outside."""
        return self.arithmetic.sampled

    @property
    def names(self) -> tuple[str, ...]:
        """The program's parameters: ``stimulus0.start``, …"""
        return tuple(f"{self.prefix}.{p}" for p in self.arithmetic.parameters)

    @property
    def stream(self) -> str:
        return f"{self.prefix}.stream"

    def term(self, b: Builder, middle: int | None = None) -> Term:
        names = zip(self.arithmetic.parameters, self.names, strict=True)
        values = {p: b.input(n) for p, n in names}
        if self.sampled:
            # where switches are decided at a time of their own, lines are straight
            moves = self.arithmetic.slopes and middle is not None
            values["stream"] = b.input(slope_of(self.stream) if moves else self.stream)
        return Term(b, values, middle)

    def mean(self, b: Builder, t0: int, t1: int) -> int:
        """The mean current from ``t0`` to ``t1``."""
        return self.arithmetic.mean(self.term(b), t0, t1)

    def value(self, b: Builder, t: int, middle: int | None = None) -> int:
        """The current just after ``t``; switches are decided at ``middle``, if that is given."""
        return self.arithmetic.value(self.term(b, middle), t)

    def until(self, b: Builder, t: int) -> int:
        """The time up to which the current stays as it is just after ``t``.

        Only where its arithmetic has ``still``.
        """
        assert self.arithmetic.still is not None
        return self.arithmetic.still(self.term(b), t).until


def parameters(sources: Iterable[Source]) -> tuple[str, ...]:
    """What the sources add to a program's parameters."""
    # a shape that drives several inputs has but one set of numbers
    return tuple(dict.fromkeys(name for source in sources for name in source.names))


def streams(sources: Iterable[Source]) -> tuple[str, ...]:
    """What is handed in from outside."""
    return tuple(dict.fromkeys(source.stream for source in sources if source.sampled))


def grouped(sources: Iterable[Source], inputs: Iterable[str]) -> Mapping[str, tuple[Source, ...]]:
    """The sources that add up in each of the inputs; of some inputs, none."""
    every = tuple(sources)
    return {name: tuple(s for s in every if s.into == name) for name in inputs}
