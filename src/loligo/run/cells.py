"""Lanes of one System, and what is done to them when: plain values that every run is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np

from loligo.lanes import Floats, Grid, Value
from loligo.stimulus.applied import Applied
from loligo.system.driven import BEGINS
from loligo.system.outline import Outline

SHARE_ERROR = 0.05  # of the share of open gates at the end of a coarse run


def guess(state: str) -> str:
    """The name of a state's guessed steady value among the numbers of its lanes."""
    return f"guess.{state}"


def given(state: str) -> str:
    """The name of a state's value that is held while the others are sought."""
    return f"given.{state}"


def total(state: str) -> str:
    """The name of what a conserved combination adds up to, which this state completes."""
    return f"total.{state}"


def weight(state: str, other: str) -> str:
    """The name of another state's weight in that combination."""
    return f"weight.{state}.{other}"


def numbers_of(outline: Outline) -> dict[str, Value]:
    """A System's own numbers: its parameters, and the initial values of its states."""
    values = {name: p.value for name, p in outline.parameters.items()}
    return values | {guess(state): value for state, value in outline.guesses.items()}


@dataclass(frozen=True)
class Times:
    """How long a run is and when it is looked at.

    Attributes
    ----------
    duration, sample_interval, threshold
        ms, ms, mV.
    """

    duration: float
    sample_interval: float
    threshold: float

    @cached_property
    def samples(self) -> int:
        """Samples at 0, 1, 2, … sample intervals, none after the end."""
        return int(np.floor(self.duration / self.sample_interval * (1 + 1e-12) + 1e-9)) + 1

    @cached_property
    def grid(self) -> Floats:
        """Of the samples, ms: those of every engine."""
        return self.grid_of(self.sample_interval)

    def grid_of(self, interval: float) -> Floats:
        """Multiples of an interval, made in place: there may be as many as recorded values."""
        grid = np.arange(self.samples, dtype=np.float64)
        grid *= interval
        return grid

    @cached_property
    def labels(self) -> Floats:
        """Of the samples, ms, as a person writes them: 0.15 for 3 * 0.05, which is not that.

        They are the numbers nearest to the multiples of the decimal that the interval is written
        as, and may so be an ulp from :attr:`grid`.
        """
        digits = Decimal(repr(self.sample_interval)).as_tuple()
        whole = int("".join(map(str, digits.digits)))
        places = -int(digits.exponent)
        # one division of two whole numbers that floats hold is rounded once
        if 0 <= places <= 22 and whole * self.samples <= 2**53:
            labels = self.grid_of(float(whole))
            labels /= 10.0**places
            return labels
        return self.grid


@dataclass(frozen=True)
class Initial:
    """Where a run begins.

    Attributes
    ----------
    voltage
        A holding potential, or None for rest.
    states
        States given one by one; they are held while the others are made steady.
    regions
        Of an axon's regions, by what they are called, of which something else was said.
    """

    voltage: Value | None = None
    states: Mapping[str, Value] = field(default_factory=dict[str, Value])
    regions: Mapping[str, Initial] = field(default_factory=dict[str, "Initial"])

    @property
    def rests(self) -> bool:
        alone = self.voltage is None and not self.states
        return alone and all(each.rests for each in self.regions.values())


@dataclass(frozen=True)
class Cells:
    """Lanes of one System: what they are, their numbers, where they begin, what is recorded.

    Attributes
    ----------
    lanes
        Every number of theirs: parameters, ``initial.V``, ``guess.Ca``, ….
    records
        Names to record along time, in order.
    """

    outline: Outline
    lanes: Grid
    initial: Initial
    records: tuple[str, ...]


@dataclass(frozen=True)
class Driven:
    """One shape of what is done to a model.

    Attributes
    ----------
    prefix
        Its numbers are called ``stimulus0.start``, … in the problem's lanes.
    place
        um from the left end of an axon.
    noted
        Whether the charge of the jump that it makes is kept in a state of its own.
    """

    prefix: str
    shape: Applied
    place: float | None = None
    noted: bool = False

    @property
    def inputs(self) -> Mapping[str, str]:
        """What it adds to -> how, a kind of arithmetic in a program."""
        begins = {f"{BEGINS}{self.prefix}": "begins"} if self.noted else {}
        return {**self.shape.inputs, **begins}

    def name(self, parameter: str) -> str:
        return f"{self.prefix}.{parameter}"

    def span(self, lanes: Grid) -> tuple[Floats, Floats]:
        """When it goes on and off in each lane, ms."""
        start = lanes.flat(self.name("start"))
        return start, start + lanes.flat(self.name("duration"))
