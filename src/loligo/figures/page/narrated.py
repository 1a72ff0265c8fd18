"""What a membrane did as a figure: V and its currents, each phase marked and numbered."""

from __future__ import annotations

import numpy as np

from loligo.analysis.course import Course
from loligo.analysis.dimensionless import unitless
from loligo.analysis.narrate import Narration
from loligo.errors import UsageError
from loligo.figures.content.captions import stimulus
from loligo.figures.content.labels import number
from loligo.figures.page import chart
from loligo.figures.style import channel_inks
from loligo.words import reworded, say

_MOST = 4000  # vertices of a line
_BESIDE = 0.12  # of the time from the first mark to the last that is shown around them
_LEAST = 2.0  # ms
_UNSEEN = 0.01  # of the largest current: too small to be drawn


def narrated_chart(told: Narration, title: str | None) -> chart.Chart:
    """V above, every current below, over the time that the story takes; the numbers are those of
    the lines of the caption."""
    if title is not None and not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    course = told.course
    low, high = _shown(told)
    across = chart.Axis(say("Time"), _unit(told, "ms"), limits=(low, high))
    inside = (course.time >= low) & (course.time <= high)
    panels = [_voltage(told, inside, across)]
    if course.currents:
        panels.append(_currents(told, inside, across))
    words = reworded(course.title) if title is None else title
    caption = " ".join(
        f"({k}) {reworded(str(phase))}: {said}" for k, (phase, said) in enumerate(
            zip(told.marks.phase.values, _brief(told), strict=True), start=1)
    )  # fmt: skip
    return chart.Chart(
        tuple(panels),
        words,
        _done(told) if words else "",
        shared=True,
        caption=caption,
    )


def _done(told: Narration) -> str:
    """What was done, in words."""
    course = told.course
    said = stimulus(course.done) if course.done else course.stimulus
    return unitless(said) if told.dimensionless else said


def _shown(told: Narration) -> tuple[float, float]:
    """From a little before the first mark to a little after the last."""
    course, when = told.course, told.marks.time.values
    if not when.size or np.ptp(when) == 0:
        return float(course.time[0]), float(course.time[-1])
    beside = max(_BESIDE * float(np.ptp(when)), _LEAST)
    return (
        max(float(when.min()) - beside, float(course.time[0])),
        min(float(when.max()) + beside, float(course.time[-1])),
    )


def _brief(told: Narration) -> list[str]:
    """When and where, of each mark."""
    said = [
        f"{number(time, 2)} ms, {number(V, 1)} mV." for time, V in
        zip(told.marks.time.values, told.marks.V.values, strict=True)
    ]  # fmt: skip
    return list(map(unitless, said)) if told.dimensionless else said


def _unit(told: Narration, unit: str) -> str:
    """Of an axis; none where nothing has one."""
    return "1" if told.dimensionless else unit


def _thinned(course: Course, values: np.ndarray, inside: np.ndarray) -> chart.Line:
    from loligo.figures.content.signals import thinned

    return chart.Line(*thinned(course.time[inside], values[inside], _MOST))


def _voltage(told: Narration, inside: np.ndarray, across: chart.Axis) -> chart.Axes:
    course, marks = told.course, told.marks
    line = _thinned(course, course.V, inside)
    dots = chart.Points(marks.time.values, marks.V.values, "stimulus", size=5.0)
    numbers = _numbers(marks.time.values, marks.V.values)
    low, high = float(np.min(line.y)), float(np.max(line.y))
    room = max(high - low, 1.0)
    limits = (low - 0.06 * room, high + 0.24 * room)  # for the numbers
    up = chart.Axis(say("Membrane potential"), _unit(told, "mV"), limits=limits)
    return chart.Axes((line, dots, *numbers), across, up, weight=1.2)


def _numbers(when: np.ndarray, height: np.ndarray) -> list[chart.Layer]:
    """A number at each mark; of several at one place, together."""
    notes: dict[tuple[float, float], list[str]] = {}
    for k, (time, value) in enumerate(zip(when, height, strict=True), start=1):
        notes.setdefault((round(float(time), 2), float(value)), []).append(str(k))
    return [chart.Note(*place, ", ".join(said), "stimulus") for place, said in notes.items()]


def _currents(told: Narration, inside: np.ndarray, across: chart.Axis) -> chart.Axes:
    course = told.course
    most = max(float(np.abs(c[inside]).max(initial=0.0)) for c in course.currents.values())
    inks = channel_inks(course.currents, course.ions)
    lines: list[chart.Layer] = [chart.Rule(0.0)]
    for name, current in course.currents.items():
        drawn = _thinned(course, current, inside)
        label = name if float(np.abs(current[inside]).max(initial=0.0)) >= _UNSEEN * most else ""
        lines.append(chart.Line(drawn.x, drawn.y, inks[name], reworded(label)))
    net = _thinned(course, course.ionic, inside)
    lines.append(chart.Line(net.x, net.y, "voltage", say("net"), dashes=(3.0, 2.0), width=0.8))
    lines += [chart.Rule(float(time), across=True) for time in told.marks.time.values]
    return chart.Axes(tuple(lines), across, chart.Axis(say("Ionic current"), _unit(told, "uA/cm2")))
