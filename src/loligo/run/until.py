"""What ends a run before its time: so many spikes, or a condition on what is recorded."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

from loligo import units
from loligo.errors import UnitError, UsageError, nearest
from loligo.lanes import Floats, Integers
from loligo.run.cells import Times

_EXAMPLES = "until=lo.Spikes(10), or a condition on what is recorded: until='V > -20'"


@dataclass(frozen=True)
class Spikes:
    """So many spikes, which end a run: ``lo.simulate(squid, lo.Step(5, 10), 1000,
    until=lo.Spikes(10))``.

    Parameters
    ----------
    count : int
        At least 1. Of an axon, at every recorded place.

    Raises
    ------
    UsageError
        If it is no such number.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Step(5, 10), 1000, until=lo.Spikes(3))
    >>> int(rec.spike_count), round(float(rec.time[-1]), 2)
    (3, 36.5)
    """

    count: int

    def __post_init__(self) -> None:
        given: Any = self.count
        whole = not isinstance(given, bool) and isinstance(given, int | np.integer)
        if not whole or given < 1:
            raise UsageError(
                f"lo.Spikes takes a whole number, 1 or more, as in lo.Spikes(10), not "
                f"{self.count!r:.60}"
            )
        object.__setattr__(self, "count", int(self.count))

    def to_document(self) -> Any:
        return {"spikes": self.count}

    def told(self) -> str:
        return f"{self.count} spike{'s' if self.count > 1 else ''}"

    def first(self, times: Times, rows: Mapping[str, Floats], spikes: Found, size: int) -> Integers:
        """In each lane, the first sample at or after that spike; as many as there are if none."""
        time, lane = spikes
        order = np.lexsort((time, lane))
        time, lane = time[order], lane[order]
        before = np.searchsorted(lane, lane, side="left")
        last = np.arange(lane.size) - before == self.count - 1
        found = np.full(size, times.samples, dtype=np.int64)
        found[lane[last]] = np.searchsorted(times.grid, time[last], side="left")
        return found


@dataclass(frozen=True)
class Condition:
    """A recorded quantity beyond a number, in its own unit."""

    name: str
    sign: str
    value: float

    def to_document(self) -> Any:
        return self.told()

    def told(self) -> str:
        return f"{self.name} {self.sign} {self.value!r}"

    def first(self, times: Times, rows: Mapping[str, Floats], spikes: Found, size: int) -> Integers:
        """In each lane, the first sample at which it holds; as many as there are if none."""
        holds = SIGNS[self.sign](rows[self.name], self.value)
        first: Integers = np.where(holds.any(axis=1), holds.argmax(axis=1), times.samples)
        return first


Found: TypeAlias = tuple[Floats, Integers]  # times of spikes, and their lanes
Until: TypeAlias = Spikes | Condition
SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_SPIKES = re.compile(r"\s*(\d{1,15})\s*spikes?\s*")
_TEXT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*(\S.*?)\s*")


def read_until(given: Any, records: tuple[str, ...], unit: Callable[[str], str]) -> Until | None:
    """What a person wrote.

    Parameters
    ----------
    records
        What is recorded along time.
    unit
        The unit of one of them.
    """
    if given is None or isinstance(given, Spikes):
        return given
    spikes = _SPIKES.fullmatch(given[:200]) if isinstance(given, str) else None
    if spikes is not None:
        return Spikes(int(spikes[1]))
    found = _TEXT.fullmatch(given[:200]) if isinstance(given, str) else None
    if found is None:
        raise UsageError(f"until is {given!r:.80}, but ends a run by {_EXAMPLES}")
    name, sign, value = found.groups()
    if name not in records:
        known = ", ".join(records) or "nothing but spikes"
        raise UsageError(
            f"until: {name} is not recorded{nearest(name, records)}; recorded is {known}; name it "
            f"in record=[...] too"
        )
    try:
        number = units.read(value, unit(name), "until")
    except (UsageError, UnitError) as problem:
        raise type(problem)(f"{problem}; write {_EXAMPLES}") from None
    return Condition(name, sign, float(number))  # type: ignore[arg-type]


def from_document(document: Any) -> Any:
    """What :meth:`to_document` said, as a person writes it."""
    if isinstance(document, Mapping):
        return Spikes(cast(Mapping[str, Any], document)["spikes"])
    return document
