"""An action potential in words, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.analysis.course import Course
from loligo.analysis.instant import (
    Mark,
    base_of,
    cause,
    flows,
    main,
    mark,
    number,
    off,
    pushed,
    stretch,
)
from loligo.analysis.loops import RECOVERY
from loligo.words import say

_STILL = 0.05  # mV/ms: V that moves slower stands still
_NOTHING = 1e-6  # of the largest ionic current: no current
_SLIGHT = 0.05  # uA/cm2: as good as none
_NEAR = 1.0  # mV from where it began: recovered
_GROWN = 1.2  # times a conductance: still open
_EVEN = 0.01  # of an interval: the others are alike


@dataclass(frozen=True)
class _Places:
    """Samples of one action potential.

    ``base`` is the first of the recording, if V stood still there; ``edge`` where what set it off
    began; ``inward`` from where the net ionic current is inward up to the upstroke, which is
    ``how``: ``"turned"``, ``"at once"``, or ``"pulled"`` where V had been pulled down, so that it
    was inward already, and V is back where it began; ``stop`` is the next spike, or the end.
    """

    base: int | None
    edge: int
    inward: int
    how: str
    steep: int
    top: int
    fall: int
    low: int
    stop: int


def excited(course: Course, begin: float, end: float, spike: float) -> list[Mark]:
    at = _places(course, begin, end, spike)
    rises = say("V rises fastest, by {slope} mV/ms", slope=number(course.slope[at.steep]))
    currents = f": {flows(course, at.steep)}" if course.currents else ""
    told = [
        cause(course, at.edge, at.inward, at.how == "turned"), _turn(course, at),
        mark(course, at.steep, "upstroke", f"{rises}{currents}."),
        _peak(course, at), _repolarisation(course, at), _undershoot(course, at),
        _recovery(course, at, spike, end),
    ]  # fmt: skip
    return [mark for mark in told if mark is not None]


def _places(course: Course, begin: float, end: float, spike: float) -> _Places:
    first, last = stretch(course, begin, end)
    risen = min(course.at(spike), last)
    later = course.spikes[course.spikes > spike + 1e-9]
    stop = min(course.at(float(later[0])), last) if later.size else last
    top = risen + int(course.V[risen : stop + 1].argmax())
    jump = max([first, *(course.at(s) for s in course.shocks if begin <= s <= spike)])
    steep = jump + int(course.slope[jump : top + 1].argmax())
    edges = [first, *(course.at(e) for e in course.edges if begin - 1e-9 <= e <= spike)]
    base = base_of(course)
    inward, how = _inward(course, first, steep)
    if how == "turned" and course.slope[inward] < -_STILL:  # it turned as V was pulled down
        how = "pulled"
    if how == "at once" and base is not None and course.V[inward] < course.V[base] - _NEAR:
        how = "pulled"  # below where it began all current may be inward
    if how == "pulled":
        edge = max(e for e in edges if e <= steep and (e == first or pushed(course, e, steep) > 0))
        level = course.V[base] if base is not None else course.V[edge]
        over = np.flatnonzero(course.V[edge : steep + 1] >= level)
        inward = edge + int(over[0]) if over.size else edge
    else:
        edge = max(e for e in edges if e <= inward)
        how = "at once" if inward in (edge, first) else how
    low = top + _lowest(course.V[top : stop + 1])
    fall = top + int(course.slope[top : low + 1].argmin())
    return _Places(base, edge, inward, how, steep, top, fall, low, stop)


def _lowest(V: np.ndarray) -> int:
    """Where V is lowest before it has risen again."""
    risen = np.flatnonzero(V - np.minimum.accumulate(V) > RECOVERY)
    return int(V[: int(risen[0]) if risen.size else V.size].argmin())


def _inward(course: Course, first: int, steep: int) -> tuple[int, str]:
    """From where the net ionic current is inward up to the upstroke."""
    tiny = _NOTHING * float(np.abs(course.ionic).max(initial=0.0))
    outward = np.flatnonzero(course.ionic[first : steep + 1] >= -tiny)
    if not outward.size:
        return first, "at once"
    return min(first + int(outward[-1]) + 1, steep), "turned"


def _turn(course: Course, at: _Places) -> Mark | None:
    """Where the net ionic current turns inward: from there V rises by itself."""
    if not course.currents:
        return None
    what = flows(course, at.inward)
    helped = course.injected[at.inward] > 0
    alone = say("from here V would rise without the stimulus" if helped else "V rises by itself")
    if at.how != "pulled":
        words = say(
            "The net ionic current turns inward ({currents}): {then}." if at.how == "turned"
            else "The net ionic current is inward at once ({currents}): {then}.",
            currents=what, then=alone,
        )  # fmt: skip
        return mark(course, at.inward, "turns inward", words)
    gates = off(course, at.base, at.inward)
    why = " " + say("Gates are not yet back: {gates}.", gates=gates) if gates else ""
    still = at.base is not None and abs(course.ionic[at.base]) < _SLIGHT
    words = say(
        "V is back where it began, but the net ionic current, 0 there before, is inward "
        "({currents}): {then}." if still
        else "V is back where it began, but the net ionic current is inward ({currents}): {then}.",
        currents=what, then=alone,
    )  # fmt: skip
    return mark(course, at.inward, "turns inward", f"{words}{why}")


def _peak(course: Course, at: _Places) -> Mark:
    """Where inward and outward current balance."""
    if at.top >= course.time.size - 1:
        return mark(course, at.top, "peak", say("The recording ends while V still rises."))
    if not course.currents:
        return mark(course, at.top, "peak", say("V is highest."))
    carrier, short = main(course, at.top, -1), ""
    if carrier in course.reversals:
        away = course.reversals[carrier] - float(course.V[at.top])
        short = " " + say(
            "E_{channel}, {reversal} mV, is {away:.1f} mV away.",
            channel=carrier, reversal=number(course.reversals[carrier]), away=away,
        )  # fmt: skip
    injected = float(course.injected[at.top])
    currents = flows(course, at.top)
    currents += say(", {current} injected", current=number(injected)) if injected > 0 else ""
    words = say("Inward and outward current balance ({currents}): V turns.", currents=currents)
    return mark(course, at.top, "peak", f"{words}{short}")


def _repolarisation(course: Course, at: _Places) -> Mark | None:
    if at.low <= at.top + 1:
        return None
    currents = f": {flows(course, at.fall)}" if course.currents else ""
    falls = say("V falls fastest, by {slope} mV/ms", slope=number(-course.slope[at.fall]))
    return mark(course, at.fall, "repolarisation", f"{falls}{currents}.")


def _undershoot(course: Course, at: _Places) -> Mark | None:
    """The lowest V after the spike."""
    if at.low <= at.top + 1:
        return None
    if at.low >= course.time.size - 1:
        return mark(course, at.low, "end", say("The recording ends while V still falls."))
    base = at.base
    if base is None:
        return mark(course, at.low, "undershoot", say("V is lowest."))
    below = float(course.V[base] - course.V[at.low])
    if below <= 0:
        words = say("V is lowest, {above:.1f} mV above where it began.", above=-below)
        return mark(course, at.low, "undershoot", words)
    grown = [
        (float(now[at.low] / now[base]), name) for name, now in course.conductances.items()
        if now[base] > 0 and name in course.currents and course.currents[name][at.low] > 0
    ]  # fmt: skip
    ratio, name = max(grown, default=(0.0, ""))
    still = say("G_{channel} is still {ratio} times what it was", channel=name, ratio=number(ratio))
    words = say("V is lowest, {below:.1f} mV below where it began", below=below)
    return mark(course, at.low, "undershoot", f"{words}{f': {still}' if ratio > _GROWN else ''}.")


def _recovery(course: Course, at: _Places, spike: float, end: float) -> Mark | None:
    """How it goes on: another spike, or the way back."""
    later = course.spikes[(course.spikes > spike + 1e-9) & (course.spikes <= end + 1e-9)]
    if later.size:
        return _train(course, np.concatenate([[spike], later]))
    last, base = stretch(course, spike, end)[1], at.base
    if base is None or at.low >= last:
        return None
    far = np.flatnonzero(np.abs(course.V[at.low : last + 1] - course.V[base]) > _NEAR)
    back = at.low + (int(far[-1]) + 1 if far.size else 0)
    gates = off(course, base, min(back, last))
    if back > last:
        away = float(course.V[last] - course.V[base])
        words = say(
            "At the end V is {away:.1f} mV above where it began" if away > 0
            else "At the end V is {away:.1f} mV below where it began",
            away=abs(away),
        )  # fmt: skip
        words += say("; gates differ: {gates}", gates=gates) if gates else ""
        return mark(course, last, "recovery", f"{words}.")
    words = say("V is back within {near:g} mV of where it began", near=_NEAR)
    words += say(", but not its gates: {gates}", gates=gates) if gates else ""
    return mark(course, back, "recovery", f"{words}.")


def _train(course: Course, train: np.ndarray) -> Mark:
    """In a sentence."""
    gaps = np.diff(train)
    if gaps.size == 1:
        apart = say("{gap} ms later", gap=number(gaps[0]))
    elif np.ptp(gaps) < _EVEN * gaps[0]:
        apart = say("every {gap} ms", gap=number(gaps[-1]))
    else:
        apart = say(
            "{first} ms apart at first, {last} ms at last",
            first=number(gaps[0]), last=number(gaps[-1]),
        )  # fmt: skip
    rate = f" ({number(1e3 / gaps[-1])} Hz)" if gaps.size > 1 else ""
    words = say(
        "It fires again, {count} times in all, {apart}.", count=train.size, apart=apart + rate
    )
    return mark(course, course.at(float(train[1])), "again", words)
