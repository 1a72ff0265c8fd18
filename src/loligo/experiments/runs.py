"""The runs of an experiment: without words of their own, and each a part of one bar."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.model import Membrane
from loligo.progress import Advance
from loligo.progress import progress as bar
from loligo.run.pace import Pace
from loligo.run.solve import Answer
from loligo.run.status import lost
from loligo.simulation import answered, recording_of
from loligo.solvers import Solver, Taylor

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
P = ParamSpec("P")
T = TypeVar("T")

_MANY = 1 << 10  # lanes


class _Teller:
    """Tells how much of it all is done, never less than before."""

    def __init__(self, advance: Advance) -> None:
        self.advance, self.most = advance, 0.0

    def tell(self, fraction: float) -> None:
        self.most = max(self.most, fraction)
        self.advance(self.most)


@dataclass(frozen=True)
class _Stretch:
    """A part of an experiment: who tells of it, and from where to where of the whole it goes."""

    teller: _Teller
    begins: float
    ends: float

    def at(self, fraction: float) -> float:
        return self.begins + fraction * (self.ends - self.begins)


# the stretch of the experiment that is under way; None outside
_NOW: ContextVar[_Stretch | None] = ContextVar("_NOW", default=None)


@contextmanager
def course(label: str, progress: bool | Advance | None = None) -> Iterator[None]:
    """A whole experiment, with one bar for all its runs; one inside another is a part of that.

    Parameters
    ----------
    label
        A verb: "seeking the threshold".
    progress
        As of :func:`loligo.simulate`.
    """
    if progress is None and _NOW.get() is not None:
        yield
        return
    with bar(label, progress) as advance:
        before = _NOW.set(_Stretch(_Teller(advance), 0.0, 1.0))
        try:
            yield
        finally:
            _NOW.reset(before)


def protocol(label: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """An experiment as it is called: arguments that do not suit it are told, and one bar is shown
    for the whole of it, as its own ``progress`` has it.

    Parameters
    ----------
    label
        A verb: "measuring currents"; none where its runs have bars of their own.
    """

    def of(experiment: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(experiment)

        @functools.wraps(experiment)
        def called(*given: P.args, **more: P.kwargs) -> T:
            try:
                signature.bind(*given, **more)
            except TypeError as error:
                raise UsageError(
                    _unsuited(experiment.__name__, signature, given, more, str(error))
                ) from None
            if not label:
                return experiment(*given, **more)
            with course(label, cast("bool | None", more.get("progress"))):
                return experiment(*given, **more)

        return called

    return of


def _unsuited(
    experiment: str, signature: inspect.Signature, given: tuple[Any, ...], more: Mapping[str, Any],
    why: str,
) -> str:  # fmt: skip
    """What to give instead of what does not suit an experiment."""
    known = signature.parameters
    name = f"lo.experiments.{experiment}"
    first = next(iter(known.values()))
    if first.default is first.empty and not given and first.name not in more:
        return (
            f"{experiment} is made on a {first.name}: give one, such as "
            f'{name}(lo.load("hodgkin-huxley-1952"))'
        )
    for keyword in more:
        if keyword not in known:
            close = nearest(keyword, known)
            return f"{name} takes no {keyword}{close}; it takes {', '.join(known)}"
    return f"{name}: {why}; it takes {', '.join(known)}: give them by their names"


@contextmanager
def part(number: int, of: int) -> Iterator[None]:
    """A part of what is under way: the ``number``-th (from 0) of so many equal ones.

    Examples
    --------
    >>> with course("trying", print):
    ...     for k in range(2):
    ...         with part(k, 2):
    ...             done(1.0)
    0.5
    1.0
    """
    whole = _NOW.get()
    if whole is None:
        yield
        return
    begins, ends = whole.at(min(1.0, number / of)), whole.at(min(1.0, (number + 1) / of))
    before = _NOW.set(_Stretch(whole.teller, begins, ends))
    try:
        yield
    finally:
        _NOW.reset(before)


def done(fraction: float) -> None:
    """How much of the part under way is done: for work that is no run."""
    now = _NOW.get()
    if now is not None:
        now.teller.tell(now.at(fraction))


def run(
    model: Any, stimulus: Any, duration: float, *, record: list[str] | None,
    sample_interval: float, initial: Any = "rest", threshold: float = 0.0,
    solver: Solver | None = None,
) -> xarray.Dataset:  # fmt: skip
    """:func:`loligo.simulate`, as a part of an experiment.

    What it would warn of is not said: the experiment says what it found. A lane that was lost has
    a ``spike_count`` of -1 and NaN for its values.
    """
    answer = _answer(
        model, stimulus, duration, solver, record=record, sample_interval=sample_interval,
        initial=initial, threshold=threshold,
    )  # fmt: skip
    return recording_of(answer, stimulus, None)


@dataclass(frozen=True)
class Spikes:
    """When lanes fired, and nothing else of a run.

    Attributes
    ----------
    lane, time : (spikes,)
        By lane, then by time; ms.
    lanes
        How many there are.
    lost : (lanes,)
        Those that could not be run to their end.
    """

    lane: Array
    time: Array
    lanes: int
    lost: Array

    @property
    def count(self) -> Array:
        """(lanes,): how often each fired."""
        return np.bincount(self.lane, minlength=self.lanes)

    def nth(self, number: int) -> Array:
        """(lanes,): when each fired for that time, from 0 (or -1, the last), ms; or NaN."""
        count = self.count
        first = np.cumsum(count) - count
        there = count > number if number >= 0 else count >= -number
        where = first + (number if number >= 0 else count + number)
        return np.where(there, np.append(self.time, np.nan)[np.where(there, where, -1)], np.nan)

    def of(self, lane: int) -> Array:
        """When one lane fired, ms."""
        return self.time[self.lane == lane]


def spikes(
    model: Any, stimulus: Any, duration: float, *, record: list[str], initial: Any,
    threshold: float,
) -> Spikes:  # fmt: skip
    """The spikes of a :func:`run`, whose recording is not made: that takes longer than few lanes.

    Parameters
    ----------
    record
        What is recorded once at the end: a run that is asked for it has its kernel.
    """
    answer = _answer(
        model, stimulus, duration, None, record=record, sample_interval=duration, initial=initial,
        threshold=threshold,
    )  # fmt: skip
    outcome, size = answer.outcome, answer.problem.lanes.size
    gone = lost(outcome.status, size)
    return Spikes(outcome.spike_lane, outcome.spike_time, size, gone)


def _answer(
    model: Any, stimulus: Any, duration: float, solver: Solver | None, **asked: Any
) -> Answer:
    told: Callable[[float], None] | bool = done if _NOW.get() is not None else False
    return answered(
        model, stimulus, duration, solver, told, _pace(model, solver), positions=None,
        **asked,
    )  # fmt: skip


def _pace(model: Any, solver: Solver | None) -> Pace:
    """Searches go from many lanes to few, and one kernel serves them all."""
    adaptive = isinstance(model, Membrane) and isinstance(solver, Taylor | None)
    return Pace(as_many=_MANY if adaptive else 1)
