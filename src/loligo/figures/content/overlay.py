"""Several recordings on the same axes, one lane of each: a line for each in every panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loligo.errors import UsageError
from loligo.figures.content import injected, panels, signals
from loligo.figures.content.labels import typeset
from loligo.figures.content.picture import Panel, Picture, Trace
from loligo.figures.content.signals import Signals
from loligo.figures.content.subtitle import done
from loligo.figures.content.titles import titles
from loligo.figures.style import DASHES, Theme
from loligo.words import join

_SAME_REST = 0.05  # mV
_LONGEST = 60  # letters of a recording's name


@dataclass(frozen=True, eq=False)
class Named:
    """A recording among several: what to call it, and how its lines look."""

    recorded: Signals
    label: str
    colour: str
    dashes: tuple[float, ...]


def overlaid(
    recs: Sequence[Any], labels: object, chosen: Sequence[object] | str | None, theme: Theme
) -> Picture:
    """Recordings over one another, a panel for each variable.

    Raises
    ------
    UsageError
        If a recording has several lanes, or a panel is recorded in none.
    """
    several = named([signals.read(rec) for rec in recs], labels, theme)
    for k, one in enumerate(several, start=1):
        if len(one.recorded.lanes) > 1:
            dim = next(d for d in one.recorded.dims if one.recorded.recording.sizes[d] > 1)
            raise UsageError(
                f"recording {k} has {len(one.recorded.lanes)} lanes, and several recordings are "
                f"drawn together with one lane each; select it, as in rec.isel({dim}=0)."
            )
    made = [p for want in _wanted(several, chosen) for p in _panels(several, want)]
    return framed(several, made, [i for one in several for i in panels.on(one.recorded)])


def framed(
    several: Sequence[Named], made: Sequence[Panel], on: Sequence[tuple[float, float]],
    found: Sequence[str] = (),
) -> Picture:  # fmt: skip
    """Panels of several recordings from the first time of any to the last, under a title; what was
    ``found`` of each is said below it."""
    start = min(float(one.recorded.time[0]) for one in several)
    end = max(float(one.recorded.time[-1]) for one in several)
    title, subtitle = headed(several, found)
    spans = injected.stretches(sorted(on), (end - start) / 400)
    return Picture(start, end, tuple(made), tuple(spans), title, subtitle)


# ------------------------------------------------------------------------ names


def named(recorded: Sequence[Signals], labels: object, theme: Theme) -> list[Named]:
    """Each recording with its label and look.

    Raises
    ------
    UsageError
        For too many recordings, or labels that do not name them one by one.
    """
    if len(recorded) > panels.MOST_OVERLAID:
        raise UsageError(
            f"{len(recorded)} recordings cannot be told apart; give {panels.MOST_OVERLAID} or "
            "fewer."
        )
    looks = zip(theme.recordings, DASHES[:2] * 4, strict=True)
    return [
        Named(one, label, colour, dashes)
        for one, label, (colour, dashes) in zip(
            recorded, _labels(recorded, labels), looks, strict=False
        )
    ]


def _labels(recorded: Sequence[Signals], labels: object) -> list[str]:
    if labels is None:
        titles = [_title(one) for one in recorded]
        brief = [title.split(" (")[0] for title in titles]  # without the paper, which the title has
        for called in (brief, titles):
            if all(called) and len(set(called)) == len(called):
                return [title[:_LONGEST].rstrip() for title in called]
        return [str(k) for k in range(1, len(recorded) + 1)]
    texts = [] if isinstance(labels, str) or not isinstance(labels, Sequence) else list(labels)
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise UsageError(
            f"labels={labels!r:.60} does not name the recordings; give a text for each, such as "
            'labels=["control", "TTX"].'
        )
    if len(texts) != len(recorded):
        raise UsageError(
            f"labels has {len(texts)} name{'s' * (len(texts) != 1)} for {len(recorded)} "
            "recordings; give one for each."
        )
    longest = max(texts, key=len)
    if len(longest) > _LONGEST:
        raise UsageError(
            f"labels: {longest!r:.40} has {len(longest)} letters; a name beside a line has at most "
            f"{_LONGEST}, and title=... has room for more."
        )
    if len(set(texts)) < len(texts):
        raise UsageError(f"labels={texts!r:.60} names two recordings alike; tell them apart.")
    return texts


def _title(recorded: Signals, within: bool = False) -> str:
    return titles(recorded.recording.attrs, within)[0]


def headed(several: Sequence[Named], found: Sequence[str] = ()) -> tuple[str, str]:
    """The title, and what was done and ``found``: once what is the same, else for each."""
    different = {_title(one.recorded): one for one in several}
    titles = [
        _title(one.recorded, within=k > 0) for k, (title, one) in enumerate(different.items())
        if title
    ]  # fmt: skip
    said = [done(one.recorded.recording) for one in several]
    for words, result in zip(said, found, strict=False):
        words += [result] if result else []
    common = [words for words in said[0] if all(words in other for other in said)]
    told = [", ".join(common)]
    for one, words in zip(several, said, strict=True):
        own = ", ".join(w for w in words if w not in common)
        told += [f"{one.label}: {own}"] if own and own != one.label else []
    return join(titles), "; ".join(filter(None, told))


# ------------------------------------------------------------------------ panels


def _wanted(several: Sequence[Named], chosen: Sequence[object] | str | None) -> list[object]:
    if chosen is not None:
        wanted = panels.listed(chosen)
        if not wanted:
            raise UsageError(
                f"panels is empty; name at least one of {panels.offer(several[0].recorded)}."
            )
        return wanted
    if not any(one.recorded.names("voltage") for one in several):
        raise UsageError(
            'no recording holds V; simulate with record=None or with "V" in record, or name the '
            f"panels that they do hold: panels={several[0].recorded.series()!r}."
        )
    driven = any(one.recorded.names("stimulus") for one in several)
    return ["V", "stimulus"] if driven else ["V"]


def names_in(several: Sequence[Named], wanted: object) -> list[str]:
    """The variables that one entry of ``panels`` names in any of the recordings.

    Raises
    ------
    UsageError
        Of the first, if it names none in any.
    """
    names: list[str] = []
    problems: list[UsageError] = []
    for one in several:
        try:
            names += panels.names_of(one.recorded, wanted)[0]
        except UsageError as problem:
            problems.append(problem)
    if not names:
        raise problems[0]
    return list(dict.fromkeys(names))


def _panels(several: Sequence[Named], wanted: object) -> list[Panel]:
    """A panel for each variable; for each of its units, where recordings differ in it."""
    made = []
    for name in names_in(several, wanted):
        holding = [one for one in several if name in one.recorded.series()]
        units = dict.fromkeys(one.recorded.unit(name) for one in holding)
        made += [
            _panel([one for one in holding if one.recorded.unit(name) == unit], name)
            for unit in units
        ]
    return made


def _panel(several: Sequence[Named], name: str) -> Panel:
    traces = tuple(
        Trace(
            f"{name} {one.label}",
            typeset(one.label),
            *panels.line(one.recorded, name, one.recorded.lanes[0]),
            one.colour,
            one.dashes,
        )
        for one in several
    )
    first = several[0].recorded
    rests = [panels.rest_of(one.recorded, name) for one in several]
    axis = panels.axis_of(first, (name,), traces, panels.heading_of(first, [name]), _common(rests))
    return Panel(axis, traces, lanes=True)


def _common(rests: Sequence[float | None]) -> float | None:
    """The resting potential, if it is the same in all recordings."""
    known = [rest for rest in rests if rest is not None]
    if len(known) < len(rests) or max(known) - min(known) > _SAME_REST:
        return None
    return known[0]
