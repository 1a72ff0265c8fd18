"""What is told when lanes of a run are lost, whatever the geometry and the solver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from loligo.errors import RunError
from loligo.lanes import Floats
from loligo.run.problem import Problem
from loligo.run.status import Status, lost

Statuses = NDArray[np.int8]
_MOST_TOLD = 5  # lanes of each status: the others are counted


class LostError(RunError):
    """A lane's end before its time.

    Attributes
    ----------
    t
        When, ms.
    status
        What became of it.
    """

    def __init__(self, message: str, t: float, status: Status = Status.DIVERGED) -> None:
        super().__init__(message)
        self.t, self.status = t, status


@dataclass(frozen=True)
class Loss:
    """Why a lane has no values.

    Attributes
    ----------
    error
        What a single run raises; it says where the lane is, if there are several.
    label
        `` in the lane g_Na = 60``; nothing for a single run.
    t
        When, ms; None where it never began.
    """

    lane: int
    status: Status
    error: RunError
    label: str
    t: float | None = None


class Losses:
    """What became of each lane of a run, and of the first that were lost the reason.

    Parameters
    ----------
    status
        Of each lane as the run begins; None where all are fine.
    why
        For each status of a lane that cannot even begin, what is the matter and what helps.

    Attributes
    ----------
    status : (lanes,)
        A :class:`Status` of each lane.
    first
        The reasons in the first few lanes of each status, in their order: the same however the run
        was dealt out.
    when : (lanes,)
        Until when each was whole, ms; NaN where it is whole, or never began.
    """

    def __init__(
        self, problem: Problem, status: Statuses | None = None,
        why: Mapping[Status, str] | None = None,
    ) -> None:  # fmt: skip
        self.status: Statuses = np.zeros(problem.lanes.size, np.int8)
        self.first: list[Loss] = []
        self.when: Floats = np.full(problem.lanes.size, np.nan)
        for kind, reason in (why or {}).items():
            for lane in np.flatnonzero(status == kind).tolist():
                self.add(lane, kind, lambda lane, kind=kind, reason=reason: Loss(
                    lane, kind, RunError(reason), problem.where(lane)
                ))  # fmt: skip

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which lanes are."""
        return lost(self.status, self.status.size)

    def told(self) -> tuple[Statuses | None, list[Loss]]:
        """The status of each lane, None where all are fine; and the first reasons."""
        return (self.status if self.lost.any() else None), self.first

    @property
    def fine(self) -> int | None:
        """The first lane that is not lost."""
        lane = int(np.argmin(self.lost))
        return None if self.status[lane] > Status.EXPONENTIAL else lane

    def add(
        self, lane: int, status: Status, told: Callable[[int], Loss], when: float = np.nan
    ) -> None:
        """A lane that is lost now, or one that only fills a vector or another's place.

        Parameters
        ----------
        told
            The reason; it is asked for only where the lane is among the first of its kind.
        """
        if lane >= self.status.size or self.status[lane] > Status.EXPONENTIAL:
            return
        self.status[lane], self.when[lane] = status, when
        same = [loss for loss in self.first if loss.status == status]
        if len(same) == _MOST_TOLD and same[-1].lane < lane:
            return
        others = [loss for loss in self.first if loss.status != status]
        kept = sorted([*same, told(lane)], key=lambda loss: loss.lane)[:_MOST_TOLD]
        self.first = [*others, *kept]

    def fail(self, lane: int, error: LostError, label: str) -> None:
        """A lane whose run came to nothing."""
        told = Loss(lane, error.status, error, label, error.t)
        self.add(lane, error.status, lambda _: told, error.t)


def first_of(losses: Iterable[Loss], status: Statuses) -> list[Loss]:
    """The first lanes of each status, of those that have come to it in the end."""
    return first_of_all(loss for loss in losses if status[loss.lane] == loss.status)


def first_of_all(losses: Iterable[Loss]) -> list[Loss]:
    """The first lanes of each status."""
    final = sorted(losses, key=lambda loss: (loss.status, loss.lane))
    kinds = groupby(final, key=lambda loss: loss.status)
    return [loss for _, same in kinds for loss in islice(same, _MOST_TOLD)]


def diverged(t: float, what: str, remedy: str, where: str = "") -> RunError:
    """The error of a run that was lost at ``t`` ms.

    Parameters
    ----------
    what
        Which variable, and its last value.
    remedy
        What to try besides other numbers.
    where
        `` in the lane g_Na = 60``, if that is not told with the variable.
    """
    upwards = re.match(r"V\b.*?(?:V = |value was )\d", what)
    return RunError(
        f"the run diverged at t = {t:.6g} ms{where}: {what}. Check the parameters and the "
        f"stimulus, or {remedy}{_RESETS if upwards else ''}"
    )


def at_switch(
    t: float, conditions: Iterable[str], fast: bool, values: Mapping[str, float], where: str
) -> LostError:
    """The error of a lane that cannot leave a switch.

    Parameters
    ----------
    conditions
        At whose switch it is.
    fast
        Whether it comes to switches ever faster; else it slides along one.
    """
    last = ", ".join(f"{name} = {value:.6g}" for name, value in values.items())
    which = " and of ".join(conditions) or "several conditions"
    what = (
        f"it comes to the switch of {which} ever faster, a thousand times within a thousandth of "
        "a ms of each other"
        if fast
        else f"on both sides of the switch of {which} it is pushed back to it, and slides along it"
    )
    return LostError(
        f"no branch of a condition holds from t = {t:.6g} ms on{where}: {what}; the last values "
        f"were {last}. Write what lies between the two branches as well: a smooth step, as in "
        "1/(1 + exp(-(V + 40)/0.1)) for V > -40, or two thresholds",
        t,
        Status.SWITCHING,
    )


_RESETS = (
    ". If the paper sets V back when it reaches a threshold (integrate-and-fire, Izhikevich): such "
    "a rule is no equation, and cannot be written here"
)


def smaller_step(dt: float) -> str:
    """The remedy where steps have one length."""
    return f"take a smaller step: solver=lo.Exponential(dt={dt / 4:.3g})"


def counts_of(status: Statuses) -> dict[Status, int]:
    """How many lanes came to each end."""
    kinds, counts = np.unique(status, return_counts=True)
    return {Status(int(kind)): int(count) for kind, count in zip(kinds, counts, strict=True)}


def told_of_all(counts: Mapping[Status, int], first: Iterable[Loss]) -> str:
    """One warning for all lanes of a sweep that were lost: how many of each kind, which were the
    first of them and when, and what was the matter with the very first."""
    gone = sum(count for status, count in counts.items() if status.lost)
    kinds: dict[Status, list[Loss]] = {}
    for loss in first:
        kinds.setdefault(loss.status, []).append(loss)
    reasons = [_told_of_kind(counts[kind], kinds[kind]) for kind in sorted(kinds)]
    return (
        f"{gone:,} of {sum(counts.values()):,} lanes could not be run: their values are NaN, their "
        f"spike_count is -1, and rec.status says why. {'. '.join(reasons)}"
    )


def _told_of_kind(count: int, losses: list[Loss]) -> str:
    lanes = [
        loss.label.removeprefix(" in the lane ")
        + ("" if loss.t is None else f" at {loss.t:.6g} ms")
        for loss in losses
    ]
    more = f"; and {count - len(lanes):,} more" if count > len(lanes) else ""
    return f"In {count:,} ({'; '.join(lanes)}{more}): {losses[0].error}"
