"""What a run consists of: how much of everything, and one setting of one solver."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.peers import CELL, ENSEMBLE, Family, Peer
from benchmarks.squid import Work
from benchmarks.workers import FailedError, Workers


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    Attributes
    ----------
    cells, duration, late
        Of an ensemble; ms; the last ms in which errors are looked for.
    judged
        Accuracy is looked at in every so-manieth cell.
    rounds, limit
        How often everything is timed, unless the seconds for the whole run would not do (but
        once at least).
    lanes, lanes_duration
        Of the run on one and on all cores.
    reference
        Tolerance of the second reference.
    values
        Only these values of the knobs are tried, or, if none are given, all there are.
    """

    cells: int = 1000
    duration: float = 1000.0
    late: float = 100.0
    judged: int = 10
    rounds: int = 5
    limit: float = 840.0
    lanes: int = 10_000
    lanes_duration: float = 200.0
    reference: float = 1e-13
    values: tuple[float, ...] = ()
    quick: bool = False


# the part of the limit by which the rounds of a kind of work should be over
UNTIL = {CELL: 0.25, ENSEMBLE: 0.75, "all cores": 0.85, "scaling": 0.9, "cold": 1.0}

QUICK_VALUES = (0.05, 0.01, 1e-4, 1e-6, 1e-8, 1e-10)

FULL = Plan()
QUICK = Plan(64, 200.0, 50.0, 8, 2, 120.0, 512, 100.0, 1e-11, QUICK_VALUES, quick=True)


@dataclass
class Bench:
    """A measurement under way: what is there, what is known, and where it is kept."""

    plan: Plan
    ask: Workers
    peers: Mapping[str, Peer]
    results: dict[str, Any]
    started: float
    keep: Callable[[dict[str, Any]], None]
    say: Callable[[str], None]
    truths: dict[str, np.ndarray] = field(default_factory=dict)

    def work(self, kind: str) -> Work:
        return Work(1 if kind == CELL else self.plan.cells, self.plan.duration)

    def judged(self, kind: str) -> Work:
        """The part of the work that accuracy is taken from."""
        stride = 1 if kind == CELL else self.plan.judged
        return self.work(kind).but(keep=self.plan.late, stride=stride)

    def late(self, what: str, ahead: float = 0.0) -> bool:
        """Whether the rounds of this part should be over, ``ahead`` seconds from now."""
        spent = time.perf_counter() - self.started
        return spent + ahead > UNTIL[what] * self.plan.limit

    def fail(self, who: str, what: str, problem: FailedError) -> None:
        self.say(f"  {who}, {what}: {problem}")
        self.results["failed"].append({"who": who, "what": what, "why": str(problem)})


@dataclass
class Setting:
    """One row: a family, a value of its knob, the fastest of its further options."""

    name: str
    family: Family
    kind: str
    value: float
    options: dict[str, Any]
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def part(self) -> tuple[int, float]:
        """The cells and the share of the time that the clock runs over."""
        return (1, 1.0) if self.kind == CELL else (self.family.stride, self.family.share)

    def clocked(self, work: Work) -> Work:
        stride, share = self.part
        return work.but(stride=stride, duration=round(work.duration * share, 6))

    @property
    def text(self) -> str:
        return f"{self.family.knob} {self.value:g}"

    @property
    def scale(self) -> float:
        return self.part[0] / self.part[1]
