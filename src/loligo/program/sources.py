"""Which stimuli a program is written for."""

from __future__ import annotations

from dataclasses import dataclass

from loligo.program.arithmetic import Builder
from loligo.program.drive import PARAMETERS, Term


@dataclass(frozen=True)
class Source:
    """One shape of a stimulus: its kind, and its place in the sum."""

    kind: str
    prefix: str
    sampled: bool = False

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
