"""Why it fired, or why not: a recording in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.course import Course, course_of
from loligo.analysis.dimensionless import is_dimensionless, unitless
from loligo.analysis.fired import excited
from loligo.analysis.instant import Mark
from loligo.analysis.unfired import failed, held_at
from loligo.words import reworded, say, speaking

if TYPE_CHECKING:
    import xarray


_INSTANT = 1e-6  # ms
_MOST_HELD = 6  # stretches of a clamp that are told


@dataclass(frozen=True, eq=False, repr=False)
class Narration:
    """A recording in words; ``print`` it, or ``lo.plot`` it.

    Attributes
    ----------
    text : str
        A line for each phase: when, at what V, and the currents that decide it (uA/cm2).
    marks : xarray.Dataset
        Over ``mark``: ``phase``, ``time`` (ms), ``V`` (mV), ``words``; ``slope`` of V (mV/ms),
        ``I_stim`` and ``I_ionic`` (uA/cm2), and each ``current`` over ``channel``.
    course : Course
        What it is told from: V and every current, finely sampled.
    dimensionless : bool
        Whether nothing of it has a unit, as of FitzHugh and Nagumo's model.
    """

    text: str
    marks: xarray.Dataset
    course: Course
    dimensionless: bool = False

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(self.text)}</pre>"


def narrate(rec: Any, *, language: str | None = None) -> Narration:
    """Tell why a membrane fired, or why it did not, from the currents that flowed.

    The phases are instants with a meaning of their own, none of them a fixed potential: where the
    net ionic current turns inward (from there on V would rise without any stimulus), where V rises
    fastest, where inward and outward current balance (the peak), where V falls fastest, where it is
    lowest, and where it is back. Where nothing fired, which current won; where V was clamped, what
    was held and what flowed. Of a train the first action potential is told in full. Shares are
    parts of all inward, or of all outward, current.

    A recording with few samples, or without currents, is made again as it says it was made.

    Parameters
    ----------
    rec : xarray.Dataset
        A recording of one membrane; of several cells, choose one: ``rec.isel(amplitude=0)``.
    language : str, optional
        ``"en"`` or ``"de"``; by default that of `loligo.language`.

    Returns
    -------
    Narration
        Its ``text`` (``print`` it), its ``marks``; ``lo.plot`` shows both.

    Raises
    ------
    UsageError
        If it is of several cells, or of an axon, or V is not known.

    Examples
    --------
    >>> import loligo as lo
    >>> rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(5, 1, 20), 20)
    >>> told = lo.narrate(rec)
    >>> told.marks.phase.values.tolist()[:4]
    ['cause', 'turns inward', 'upstroke', 'peak']
    """
    with speaking(language):
        course = course_of(rec)
        marks, bare = _story(course), is_dimensionless(rec, ("V",) if "V" in rec else ())
        if bare:
            marks = [replace(mark, words=unitless(mark.words)) for mark in marks]
        return Narration(_text(course, marks, bare), _table(course, marks), course, bare)


def _story(course: Course) -> list[Mark]:
    """Every phase in order of time."""
    marks = [each for clamp in course.held[:_MOST_HELD] for each in held_at(course, clamp)]
    spike = next((s for s in course.spikes if not _clamped(course, s)), None)
    for begin, end in _free(course)[: _MOST_HELD + 1]:
        if spike is None:
            told = failed(course, begin, end)
            marks += told if told[0].phase != "rest" or not course.held else []
        elif begin <= spike <= end:
            marks += excited(course, begin, end, spike)
    return sorted(marks, key=lambda each: each.time)


def _clamped(course: Course, time: float) -> bool:
    """Whether V was held there, or jumped there."""
    return any(h.start - _INSTANT <= time <= h.end + _INSTANT for h in course.held) or any(
        abs(time - shock) < _INSTANT for shock in course.shocks
    )


def _free(course: Course) -> list[tuple[float, float]]:
    """The stretches without a clamp."""
    first, last = float(course.time[0]), float(course.time[-1])
    bounds = [(first, first), *((h.start, h.end) for h in course.held), (last, last)]
    return [(a[1], b[0]) for a, b in pairwise(bounds) if b[0] - a[1] > _INSTANT]


def _text(course: Course, marks: list[Mark], bare: bool) -> str:
    what = course.stimulus or ("" if course.known else say("what was done is not known"))
    head = ": ".join(part for part in (reworded(course.title), what) if part)
    lines = [head, _verdict(course, marks), ""]
    for mark in marks:
        begin = say("{time:8.2f} ms  {V:6.1f} mV  ", time=mark.time, V=mark.V)
        begin = unitless(begin) if bare else begin
        lines += _wrapped(begin, mark.words)
    if course.currents and bare:
        lines += ["", say("Shares are of all that flows the same way.")]
    elif course.currents:
        lines += ["", say("Currents in µA/cm²; shares are of all that flows the same way.")]
    return "\n".join(lines)


_WIDTH = 96  # letters of a line


def _wrapped(begin: str, words: str) -> list[str]:
    import textwrap

    return textwrap.wrap(words, _WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin))


def _verdict(course: Course, marks: list[Mark]) -> str:
    """In one sentence."""
    phases = {mark.phase for mark in marks}
    if "upstroke" in phases:
        count = int(course.spikes.size)
        return say("It fired.") if count == 1 else say("It fired {count} times.", count=count)
    if course.held:
        return say("V was clamped.")
    if "under way" in phases:
        return say("No action potential begins in this recording.")
    return say("It swung without firing." if "swings" in phases else "It did not fire.")


def _table(course: Course, marks: list[Mark]) -> xarray.Dataset:
    import xarray as xr

    at = np.array([course.at(mark.time) for mark in marks], dtype=int)
    names = list(course.currents)
    flow = np.array([course.currents[name][at] for name in names]).reshape(len(names), at.size)
    current = {"units": "uA/cm2"}
    return xr.Dataset(
        {
            "phase": ("mark", np.array([mark.phase for mark in marks], dtype=str)),
            "time": ("mark", np.array([mark.time for mark in marks]), {"units": "ms"}),
            "V": ("mark", np.array([mark.V for mark in marks]), {"units": "mV"}),
            "slope": ("mark", course.slope[at], {"units": "mV/ms", "long_name": "slope of V"}),
            "I_stim": ("mark", course.injected[at], {**current, "long_name": "injected current"}),
            "I_ionic": ("mark", course.ionic[at], {**current, "long_name": "ionic current"}),
            "current": (("mark", "channel"), flow.T, {**current, "long_name": "current"}),
            "words": ("mark", np.array([mark.words for mark in marks], dtype=str)),
        },
        {"channel": ("channel", np.array(names, dtype=str))},
        {"title": course.title, "stimulus": course.stimulus},
    )
