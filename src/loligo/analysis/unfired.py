"""Why a membrane did not fire, and what flowed while V was clamped, in words."""

from __future__ import annotations

import numpy as np

from loligo.analysis.course import Course, Held
from loligo.analysis.instant import Mark, base_of, cause, flows, mark, number, stretch

_SHOWN = 0.005  # of the current that has grown most: less is not named
_FLAT = 0.5  # mV: V that moved by less did nothing
_NOTHING = 1e-6  # of the largest ionic current: no current
_SMALL = 0.005  # of the largest current: changes too little to be told
_CONSTANT = 0.01  # mV


def failed(course: Course, begin: float, end: float) -> list[Mark]:
    """Why there was none."""
    first, last = stretch(course, begin, end)
    V = course.V[first : last + 1]
    high, low = first + int(V.argmax()), first + int(V.argmin())
    if any(abs(begin - h.end) < 1e-6 for h in course.held):
        words = f"The clamp lets V go at {V[0]:.4g} mV, and it returns to {V[-1]:.4g} mV"
        beyond = f", by way of {V.min():.4g} mV" if low not in (first, last) else ""
        return [mark(course, first, "let go", f"{words}{beyond}.")]
    if float(np.ptp(V)) < _FLAT:
        still = "V hardly moves" if course.edges.size else "Nothing is done, and V stays"
        return [mark(course, first, "rest", f"{still}. {_balance(course, first)}")]
    if base_of(course) is None and first == 0 and not course.held:
        return [_under_way(course, V)]
    edges = [course.at(e) for e in (*course.edges, *course.shocks) if begin - 1e-9 <= e < end]
    up = course.V[high] - V[0] >= V[0] - course.V[low]
    most = high if up else low
    onset = max((e for e in edges if e <= most and _begins(course, e, most, up)), default=first)
    marks = [cause(course, onset, most, True)]
    count, lowest, highest = course.swings
    if count > 1:
        words = (
            f"V goes up and down {count} times, between {number(lowest)} and {number(highest)} mV, "
            f"and never passes {course.threshold:g} mV."
        )
        return [*marks, mark(course, most, "swings", words)]
    if up:
        return [*marks, mark(course, high, "highest", _why(course, first, onset, high))]
    words = f"V is pulled down by {V[0] - course.V[low]:.1f} mV and no further"
    currents = f": {flows(course, low)}" if course.currents else ""
    return [*marks, mark(course, low, "lowest", f"{words}{currents}.")]


def _under_way(course: Course, V: np.ndarray) -> Mark:
    """Where V moved when the recording began."""
    low, high = float(V.min()), float(V.max())
    by = [f"{each:.4g} mV" for each in (low, high) if abs(each - V[0]) > _FLAT
          and abs(each - V[-1]) > _FLAT]  # fmt: skip
    beyond = f", by way of {' and '.join(by)}" if by else ""
    words = f"V is on its way when the recording begins: to {V[-1]:.4g} mV{beyond}."
    return mark(course, 0, "under way", words)


def _begins(course: Course, edge: int, until: int, up: bool) -> bool:
    """Whether something that raises (or lowers) V begins at an edge."""
    before = max(edge - 1, 0)
    after = course.injected[edge : max(until, edge + 1)] - course.injected[before]
    jumped = float(course.V[edge] - course.V[before])
    sign = 1.0 if up else -1.0
    return bool((sign * after > 0).any()) or sign * jumped > _FLAT or edge == before


def _balance(course: Course, k: int) -> str:
    told = flows(course, k)
    return f"{told[0].upper()}{told[1:]}." if course.currents else ""


def _why(course: Course, base: int, onset: int, high: int) -> str:
    """Which current won."""
    short = f"{course.threshold - course.V[high]:.1f} mV short of {course.threshold:g} mV"
    top = f"V gets no higher than this, {short}."
    if not course.currents:
        return top
    tiny = _NOTHING * float(np.abs(course.ionic).max(initial=0.0))
    least = onset + int(course.ionic[onset : high + 1].argmin())
    if course.ionic[least] < -tiny and onset < least < high:
        turned = (
            f"The net ionic current was inward for a while (most at {course.time[least]:.2f} ms), "
            "but outward current caught up"
        )
    else:
        turned = "The net ionic current never turned inward"
    return f"{top} {turned}: {flows(course, high)}. {_winner(course, base, high)}".rstrip()


def _winner(course: Course, base: int, high: int) -> str:
    """What has grown beside the beginning."""
    grown = {name: float(c[high] - c[base]) for name, c in course.currents.items()}
    most = max(map(abs, grown.values()), default=0.0)
    gain = {name: -v for name, v in grown.items() if v < -_SHOWN * most}
    loss = {name: v for name, v in grown.items() if v > _SHOWN * most}
    if not loss:
        return ""
    first = max(loss, key=lambda name: loss[name])
    inward = f"inward {_summed(gain)}" if gain else "inward nothing"
    return (
        f"Since it began, {inward} has been added and outward {_summed(loss)} (less inward counts "
        f"as outward): {first} won."
    )


def _summed(parts: dict[str, float]) -> str:
    ranked = sorted(parts.items(), key=lambda each: -each[1])
    return " + ".join(f"{name} {number(value)}" for name, value in ranked)


def held_at(course: Course, clamp: Held) -> list[Mark]:
    """What flowed while V was clamped."""
    first, last = stretch(course, clamp.start, clamp.end)
    V = course.V[first : last + 1]
    low, high, lasts = float(V.min()), float(V.max()), f"{clamp.end - clamp.start:.4g} ms"
    if high - low < _CONSTANT:
        begun = f"V is held at {V[-1]:.4g} mV for {lasts}."
    else:
        begun = f"V is clamped for {lasts} and goes from {V[0]:.4g} to {V[-1]:.4g} mV"
        wider = low < min(V[0], V[-1]) - _FLAT or high > max(V[0], V[-1]) + _FLAT
        begun += f", between {low:.4g} and {high:.4g} mV." if wider else "."
    marks = [mark(course, first, "held", begun)]
    parts = {name: current[first : last + 1] for name, current in course.currents.items()}
    most = max((float(np.abs(c).max()) for c in course.currents.values()), default=0.0)
    for name, part in parts.items():
        k = int(np.abs(part).argmax())
        if float(np.ptp(part)) < max(_SMALL * most, 1e-9):
            continue
        way, value = "inward" if part[k] < 0 else "outward", f"{part[k]:.4g} µA/cm²"
        after = course.time[first + k] - clamp.start
        if 0 < k < part.size - 1:
            words = f"I_{name} peaks {way} at {value}, {number(after)} ms after the clamp began."
        else:
            words = f"I_{name} {'has grown to' if k else 'begins at'} {value}, {way}."
        marks.append(mark(course, first + k, f"I_{name}", words))
    return marks
