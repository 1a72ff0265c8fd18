"""One instant of a membrane in words: what flows, and what set it going."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loligo.analysis.course import Course

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
        return "no ionic current flows"
    said = [f"in through {inward}" if inward else "nothing flows in",
            f"out through {outward}" if outward else "nothing flows out"]  # fmt: skip
    return ", ".join(said)


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
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def off(course: Course, base: int | None, k: int) -> str:
    """Gates that are not where they were."""
    if base is None:
        return ""
    return ", ".join(
        f"{name} {gate[k]:.2f} instead of {gate[base]:.2f}"
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
        words = f"A shock moves V by {moved:+.3g} mV at once; the gates have not moved yet."
    elif any(abs(time - h.end) < 1e-6 for h in course.held):
        words = f"The clamp lets V go at {course.V[edge]:.4g} mV."
    elif edge > before and was < 0 <= course.injected[edge]:
        words = f"The current of {number(was)} µA/cm² that held V down is over."
    elif (during > 0).any():
        words = _charging(course, edge, until, passively)
    elif edge > before and was > 0 >= course.injected[edge]:
        words = f"The current of {number(was)} µA/cm² is over."
    elif (during < 0).any():
        words = f"A current of {number(during.min())} µA/cm² flows out and pulls V down."
    elif not course.known:
        words = "What was done is not known."
    else:
        words = "Nothing is injected: V moves by itself."
    return mark(course, edge, "cause", words)


def _charging(course: Course, edge: int, until: int, passively: bool) -> str:
    """A current that depolarises."""
    later = course.edges[course.edges > course.time[edge] + 1e-9]
    lasts = min(until, course.at(float(later[0]))) if later.size else until
    during = course.injected[edge : max(lasts, edge + 1)]
    most = float(during.max())
    steady = float(np.ptp(during)) <= 1e-6 * abs(most)
    said = f"{number(most)} µA/cm² flow in" if steady else f"Up to {number(most)} µA/cm² flow in"
    middle = (edge + until) // 2
    if not passively or middle <= edge or course.ionic[middle] <= 0:
        return f"{said} and charge the membrane."
    return (
        f"{said} and charge the membrane; V rises passively, and ionic current flows out against "
        f"it: half way {number(course.ionic[middle])} net ({flows(course, middle)})."
    )
