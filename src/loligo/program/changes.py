"""How what is done changes with its numbers, as arithmetic: between its edges, and at those that
move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from loligo.program.arithmetic import Builder
from loligo.program.derivative import derivative
from loligo.program.sources import Source, grouped
from loligo.program.term import EDGE_TOLERANCE, ROUNDED, TINY, Term

if TYPE_CHECKING:
    from loligo.system.equations import Change, System

Motion = Callable[[Term, int], int]  # (term, an edge's time) -> how far the edge moves with it


def _near(term: Term, t: int, edge: int) -> int:
    b = term.b
    return b.apply("le", b.apply("abs", b.sub(t, edge)), term.const(EDGE_TOLERANCE))


def _one_where(term: Term, mask: int) -> int:
    return term.b.apply("where", mask, term.const(1.0), term.const(0.0))


def _start(term: Term, t: int) -> int:
    """Every edge moves with the start."""
    begins = _near(term, t, term.p["start"])
    ends = "duration" in term.p
    return _one_where(
        term, term.b.apply("or", begins, _near(term, t, term.end)) if ends else begins
    )


def _end(term: Term, t: int) -> int:
    """The end moves with the duration."""
    return _one_where(term, _near(term, t, term.end))


def _period(term: Term, t: int) -> tuple[int, int]:
    """Which pulse of a train an edge is of, and how long after that began."""
    b, p = term.b, term.p
    since = b.sub(t, p["start"])
    late = b.add(since, term.const(EDGE_TOLERANCE))
    which = b.apply("floor", b.div(late, p["interval"]))
    which = b.clip(which, term.const(0.0), b.sub(p["count"], term.const(1.0)))
    return which, b.sub(since, b.mul(which, p["interval"]))


def _starts(term: Term, t: int) -> int:
    """Every edge of a train."""
    within = _period(term, t)[1]
    begins, ends = (_near(term, within, e) for e in (term.const(0.0), term.p["duration"]))
    return _one_where(term, term.b.apply("or", begins, ends))


def _ends(term: Term, t: int) -> int:
    """Those at which its pulses end."""
    return _one_where(term, _near(term, _period(term, t)[1], term.p["duration"]))


def _later(term: Term, t: int) -> int:
    """The k-th pulse of a train moves k times as far as the interval grows."""
    return term.b.mul(_starts(term, t), _period(term, t)[0])


# number -> the motion of edges; of a train, whose arithmetic has an interval, others
_MOTIONS: Mapping[str, Motion] = {"start": _start, "duration": _end}
_OF_TRAINS: Mapping[str, Motion] = {"start": _starts, "duration": _ends, "interval": _later}


def movable(parameters: Iterable[str]) -> frozenset[str]:
    """Those of a shape's numbers of which it is known how they move its edges."""
    numbers = frozenset(parameters)
    return numbers & (_OF_TRAINS if "interval" in numbers else _MOTIONS).keys()


def _motion(source: Source, number: str) -> Motion:
    motions = _OF_TRAINS if "interval" in source.arithmetic.parameters else _MOTIONS
    return motions[number]


def changes_at(
    b: Builder, system: System, sources: tuple[Source, ...], known: Mapping[str, int]
) -> dict[str, int]:
    """The inputs that say how others change, just after ``.t``.

    Parameters
    ----------
    known
        Those others.
    """
    return {
        name: _moved(b, change, sources) if change.leap else _slope(b, change, known[change.of])
        for name, change in system.changes.items()
    }


def _weighted(b: Builder, value: int, weight: str) -> int:
    return b.mul(value, b.input(weight)) if weight else value


def _slope(b: Builder, change: Change, value: int) -> int:
    return b.total(
        _weighted(b, derivative(b, value, number), weight) for number, weight in change.numbers
    )


def _moved(b: Builder, change: Change, sources: tuple[Source, ...]) -> int:
    """How far an edge moves; or how far an input jumps there, of the shapes whose numbers these
    are."""
    owners = {number.rpartition(".")[0] for number, _ in change.numbers}
    mine = [source for source in sources if source.prefix in owners]
    t, middle = b.input(".t"), b.input(".middle")
    if not change.of:
        # of what a shape is in several inputs, what knows most of its numbers
        most = sorted(mine, key=lambda source: len(source.arithmetic.parameters))
        one = {source.prefix: source for source in most}
        return b.total(
            _weighted(b, _at_edge(b, one[owner], which, t), weight)
            for (owner, _, which), weight in (
                (number.rpartition("."), weight) for number, weight in change.numbers
            )
            if owner in one
        )
    earlier = b.sub(b.sub(t, b.mul(t, b.const(ROUNDED))), b.const(TINY))
    into = grouped(mine, [change.of])[change.of]
    return b.total(
        b.sub(source.value(b, t, middle), source.value(b, t, earlier)) for source in into
    )


def _at_edge(b: Builder, source: Source, number: str, t: int) -> int:
    """How far an edge moves with a number; 0 at edges that are another shape's."""
    return _motion(source, number)(source.term(b), t)
