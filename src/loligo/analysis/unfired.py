"""Why a membrane did not fire, and what flowed while V was clamped, in words."""

from __future__ import annotations

import numpy as np

from loligo.analysis.course import Course, Held
from loligo.analysis.instant import Mark, base_of, cause, flows, mark, number, stretch
from loligo.words import decimal, join, say

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
        words = say(
            "The clamp lets V go at {V:.4g} mV, and it returns to {end:.4g} mV", V=V[0], end=V[-1]
        )
        words += say(", by way of {V:.4g} mV", V=V.min()) if low not in (first, last) else ""
        return [mark(course, first, "let go", f"{words}.")]
    if float(np.ptp(V)) < _FLAT:
        still = say("V hardly moves" if course.edges.size else "Nothing is done, and V stays")
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
        words = say(
            "V goes up and down {count} times, between {low} and {high} mV, and never passes "
            "{threshold:g} mV.",
            count=count, low=number(lowest), high=number(highest), threshold=course.threshold,
        )  # fmt: skip
        return [*marks, mark(course, most, "swings", words)]
    if up:
        return [*marks, mark(course, high, "highest", _why(course, first, onset, high))]
    words = say("V is pulled down by {by:.1f} mV and no further", by=V[0] - course.V[low])
    currents = f": {flows(course, low)}" if course.currents else ""
    return [*marks, mark(course, low, "lowest", f"{words}{currents}.")]


def _under_way(course: Course, V: np.ndarray) -> Mark:
    """Where V moved when the recording began."""
    low, high = float(V.min()), float(V.max())
    by = [decimal(f"{each:.4g} mV") for each in (low, high) if abs(each - V[0]) > _FLAT
          and abs(each - V[-1]) > _FLAT]  # fmt: skip
    words = say("V is on its way when the recording begins: to {V:.4g} mV", V=V[-1])
    words += say(", by way of {places}", places=join(by)) if by else ""
    return mark(course, 0, "under way", f"{words}.")


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
    top = say(
        "V gets no higher than this, {short:.1f} mV short of {threshold:g} mV.",
        short=course.threshold - course.V[high], threshold=course.threshold,
    )  # fmt: skip
    if not course.currents:
        return top
    tiny = _NOTHING * float(np.abs(course.ionic).max(initial=0.0))
    least = onset + int(course.ionic[onset : high + 1].argmin())
    if course.ionic[least] < -tiny and onset < least < high:
        turned = say(
            "The net ionic current was inward for a while (most at {time:.2f} ms), "
            "but outward current caught up",
            time=course.time[least],
        )
    else:
        turned = say("The net ionic current never turned inward")
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
    return say(
        "Since it began, inward {gain} has been added and outward {loss} (less inward counts "
        "as outward): {channel} won.",
        gain=_summed(gain) if gain else say("nothing"), loss=_summed(loss), channel=first,
    )  # fmt: skip


def _summed(parts: dict[str, float]) -> str:
    ranked = sorted(parts.items(), key=lambda each: -each[1])
    return " + ".join(f"{name} {number(value)}" for name, value in ranked)


def held_at(course: Course, clamp: Held) -> list[Mark]:
    """What flowed while V was clamped."""
    first, last = stretch(course, clamp.start, clamp.end)
    V = course.V[first : last + 1]
    low, high, lasts = float(V.min()), float(V.max()), clamp.end - clamp.start
    if high - low < _CONSTANT:
        begun = say("V is held at {V:.4g} mV for {lasts:.4g} ms.", V=V[-1], lasts=lasts)
    else:
        begun = say(
            "V is clamped for {lasts:.4g} ms and goes from {V:.4g} to {end:.4g} mV",
            lasts=lasts, V=V[0], end=V[-1],
        )  # fmt: skip
        wider = low < min(V[0], V[-1]) - _FLAT or high > max(V[0], V[-1]) + _FLAT
        begun += say(", between {low:.4g} and {high:.4g} mV", low=low, high=high) if wider else ""
        begun += "."
    marks = [mark(course, first, "held", begun)]
    parts = {name: current[first : last + 1] for name, current in course.currents.items()}
    most = max((float(np.abs(c).max()) for c in course.currents.values()), default=0.0)
    for name, part in parts.items():
        k = int(np.abs(part).argmax())
        if float(np.ptp(part)) < max(_SMALL * most, 1e-9):
            continue
        way = say("inward" if part[k] < 0 else "outward")
        after = course.time[first + k] - clamp.start
        told = {"name": name, "way": way, "value": part[k], "after": number(after)}
        if 0 < k < part.size - 1:
            text = "I_{name} peaks {way} at {value:.4g} µA/cm², {after} ms after the clamp began."
        elif k:
            text = "I_{name} has grown to {value:.4g} µA/cm², {way}."
        else:
            text = "I_{name} begins at {value:.4g} µA/cm², {way}."
        words = say(text, **told)
        marks.append(mark(course, first + k, f"I_{name}", words))
    return marks
