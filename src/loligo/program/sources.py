"""Which stimuli a program is written for, and what they go into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loligo.program.arithmetic import Builder
from loligo.program.drive import PARAMETERS, Term


@dataclass(frozen=True)
class Source:
    """One shape of a stimulus: its kind, its place in the sum, and the input that it drives."""

    kind: str
    prefix: str
    sampled: bool = False
    into: str = "I_stim"

    @property
    def names(self) -> tuple[str, ...]:
        """The program's parameters: ``stimulus0.start``, …"""
        return tuple(f"{self.prefix}.{p}" for p in PARAMETERS[self.kind])

    @property
    def stream(self) -> str:
        return f"{self.prefix}.stream"

    def term(self, b: Builder, middle: int | None = None) -> Term:
        values = {p: b.input(n) for p, n in zip(PARAMETERS[self.kind], self.names, strict=True)}
        if self.sampled:
            values["stream"] = b.input(self.stream)
        return Term(b, values, middle)


def parameters(sources: Iterable[Source]) -> tuple[str, ...]:
    """What the sources add to a program's parameters."""
    return tuple(name for source in sources for name in source.names)


def grouped(sources: Iterable[Source], inputs: Iterable[str]) -> Mapping[str, tuple[Source, ...]]:
    """The sources that add up in each of the inputs; of some inputs, none."""
    every = tuple(sources)
    return {name: tuple(s for s in every if s.into == name) for name in inputs}
