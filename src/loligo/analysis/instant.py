"""One instant of a membrane in words: what flows, and what set it going."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.analysis.course import Course
from loligo.words import decimal, say

_SHOWN = 0.005  # of all inward, or all outward current: less is not named
_STILL = 0.05  # mV/ms: V that moves slower stands still
_NOTHING = 1e-6  # of the largest current: none
_MOVED = 0.02  # of a gate: not where it was


@dataclass(frozen=True)
class Mark:
    """An instant that matters."""

    phase: str
    time: float
    V: float
    words: str


def mark(course: Course, k: int, phase: str, words: str) -> Mark:
    return Mark(phase, float(course.time[k]), float(course.V[k]), words)


def base_of(course: Course) -> int | None:
    """The first sample, if V stood still there."""
    moved = float(np.abs(course.slope[:3]).max())
    held = any(h.start <= course.time[0] for h in course.held)
    return 0 if moved <= _STILL and not held else None


def stretch(course: Course, begin: float, end: float) -> tuple[int, int]:
    """The samples of a stretch; that at its end is a clamp's already."""
    first, last = course.at(begin), course.at(end)
    return first, last - 1 if end < course.time[-1] and last > first else last


def flows(course: Course, k: int) -> str:
    """``in through Na 612 (100 %); out through K 180 (97 %), L 6 (3 %)``, of a sample."""
    now = {name: float(current[k]) for name, current in course.currents.items()}
    inward, outward = _side(now, -1), _side(now, 1)
    if not inward and not outward:
        return say("no ionic current flows")
    return ", ".join([
        say("in through {channels}", channels=inward) if inward else say("nothing flows in"),
        say("out through {channels}", channels=outward) if outward else say("nothing flows out"),
    ])  # fmt: skip


def _side(now: dict[str, float], sign: int) -> str:
    """The currents of one direction, the largest first."""
    own = {name: sign * value for name, value in now.items() if sign * value > 0}
    total = sum(own.values())
    most = max((abs(value) for value in now.values()), default=0.0)
    if total <= _NOTHING * most:
        return ""
    ranked = sorted(own.items(), key=lambda each: -each[1])
    kept = [(n, v) for n, v in ranked if v >= _SHOWN * total]
    return " + ".join(
        f"{name} {number(value)}" + (f" ({100 * value / total:.0f} %)" if len(kept) > 1 else "")
        for name, value in kept
    )


def main(course: Course, k: int, sign: int) -> str:
    """The channel that carries most of one direction; "" if none does."""
    now = {name: sign * float(current[k]) for name, current in course.currents.items()}
    best = max(now, key=lambda name: now[name], default="")
    return best if best and now[best] > 0 else ""


def number(value: float) -> str:
    """Three digits, without powers of ten.

    >>> number(0.01234), number(1234.5)
    ('0.0123', '1234')
    """
    return decimal(f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}")


def off(course: Course, base: int | None, k: int) -> str:
    """Gates that are not where they were."""
    if base is None:
        return ""
    return ", ".join(
        say("{gate} {now:.2f} instead of {before:.2f}", gate=name, now=gate[k], before=gate[base])
        for name, gate in course.gates.items() if abs(gate[k] - gate[base]) > _MOVED
    )  # fmt: skip


def pushed(course: Course, edge: int, until: int) -> float:
    """By how much more is injected after an edge than just before it, at most."""
    after = course.injected[edge : max(until, edge + 1)]
    return float(after.max() - course.injected[max(edge - 1, 0)])


def cause(course: Course, edge: int, until: int, passively: bool) -> Mark:
    """What set it off, and what it does before the net current turns inward."""
    before = max(edge - 1, 0)
    time, was = float(course.time[edge]), float(course.injected[before])
    during = course.injected[edge : max(until, edge + 1)]
    if edge > before and any(abs(time - s) < 1e-6 for s in course.shocks):
        moved = float(course.V[edge] - course.V[before])
        words = say(
            "A shock moves V by {moved:+.3g} mV at once; the gates have not moved yet.", moved=moved
        )
    elif any(abs(time - h.end) < 1e-6 for h in course.held):
        words = say("The clamp lets V go at {V:.4g} mV.", V=course.V[edge])
    elif edge > before and was < 0 <= course.injected[edge]:
        words = say(
            "The current of {current} µA/cm² that held V down is over.", current=number(was)
        )
    elif (during > 0).any():
        words = _charging(course, edge, until, passively)
    elif edge > before and was > 0 >= course.injected[edge]:
        words = say("The current of {current} µA/cm² is over.", current=number(was))
    elif (during < 0).any():
        words = say(
            "A current of {current} µA/cm² flows out and pulls V down.",
            current=number(during.min()),
        )
    elif not course.known:
        words = say("What was done is not known.")
    else:
        words = say("Nothing is injected: V moves by itself.")
    return mark(course, edge, "cause", words)


def _charging(course: Course, edge: int, until: int, passively: bool) -> str:
    """A current that depolarises."""
    later = course.edges[course.edges > course.time[edge] + 1e-9]
    lasts = min(until, course.at(float(later[0]))) if later.size else until
    during = course.injected[edge : max(lasts, edge + 1)]
    most = float(during.max())
    steady = float(np.ptp(during)) <= 1e-6 * abs(most)
    how = "{current} µA/cm² flow in" if steady else "Up to {current} µA/cm² flow in"
    begun = say(how, current=number(most))
    middle = (edge + until) // 2
    if not passively or middle <= edge or course.ionic[middle] <= 0:
        return say("{begun} and charge the membrane.", begun=begun)
    return say(
        "{begun} and charge the membrane; V rises passively, and ionic current flows out against "
        "it: half way {net} net ({currents}).",
        begun=begun, net=number(course.ionic[middle]), currents=flows(course, middle),
    )  # fmt: skip
