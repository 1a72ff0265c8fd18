"""Voltage clamps and shocks as arithmetic: what holds V, what flows through an electrode.

As for currents (:mod:`loligo.program.drive`): ``charge`` is the integral over a step, ``value``
that just after a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from loligo.program.term import EDGE_TOLERANCE, Arithmetic, Still, Term, box_still

Size = Callable[[Term], int]  # a term -> a value in its builder

_WHEN = ("start", "duration", "off")


def _one(term: Term) -> int:
    return term.const(1.0)


def _voltage(term: Term) -> int:
    return term.p["voltage"]


def _slope(term: Term) -> int:
    """Of a command that moves in a straight line, mV/ms."""
    return term.b.div(term.b.sub(term.p["to"], term.p["voltage"]), term.p["duration"])


def _conductance(term: Term) -> int:
    """Of an electrode whose resistance is in ohm cm2, mS/cm2."""
    return term.b.div(term.const(1e3), term.p["series_resistance"])


def _through(size: Size) -> Size:
    """What an electrode's conductance makes of a command."""
    return lambda term: term.b.mul(_conductance(term), size(term))


def _held(parameters: tuple[str, ...], size: Size) -> Arithmetic:
    """What has a size from its start to its end, and is 0 before and after."""

    def charge(term: Term, t0: int, t1: int) -> int:
        a, z = term.overlap(t0, t1)
        return term.b.mul(size(term), term.b.sub(z, a))

    return Arithmetic(
        (*_WHEN, *parameters),
        charge,
        lambda term, t: term.only_inside(t, size(term)),
        lambda term, t: box_still(term, t, size(term)),
    )


def _moving(parameters: tuple[str, ...], first: Size, slope: Size) -> Arithmetic:
    """What moves in a straight line from a first value, and is 0 before and after."""

    def charge(term: Term, t0: int, t1: int) -> int:
        b = term.b
        a, z = term.overlap(t0, t1)
        middle = b.mul(term.const(0.5), b.add(a, z))
        return b.mul(b.sub(z, a), b.add(first(term), b.mul(slope(term), middle)))

    def value(term: Term, t: int) -> int:
        b = term.b
        since = b.sub(t, term.p["start"])
        return term.only_inside(t, b.add(first(term), b.mul(slope(term), since)))

    return Arithmetic((*_WHEN, *parameters), charge, value)


def _now(term: Term, t: int, start: int, size: int) -> int:
    """A size at the edge that is a start, and 0 at every other time."""
    b = term.b
    now = b.apply("le", b.apply("abs", b.sub(t, start)), term.const(EDGE_TOLERANCE))
    return b.apply("where", now, size, term.const(0.0))


def _shock(term: Term, t: int) -> int:
    return _now(term, t, term.p["start"], term.p["amplitude"])


def _begins(term: Term, t: int) -> int:
    """1 where it goes on: what is on before a run goes on as that begins."""
    start = term.b.apply("max", term.p["start"], term.const(0.0))
    return _now(term, t, start, term.const(1.0))


def _nothing(term: Term, t0: int, t1: int) -> int:
    """What happens at one time has no integral."""
    return term.const(0.0)


def _never(term: Term, t: int) -> Still:
    """So its mean is 0 in every step."""
    return Still(term.const(0.0), term.const(math.inf))


def _path(term: Term, t: int) -> int:
    """The command as it is handed in at an edge; between them nothing asks for it."""
    return term.only_inside(t, term.p["stream"])


def _stream(term: Term, *_: int) -> int:
    """What is handed in while the clamp is on: how far the command moves, or its slope; for an
    amplifier its integral, or itself."""
    return term.p["stream"]


def _through_path(term: Term, *_: int) -> int:
    """Of a command, or its integral, that is handed in while the clamp is on."""
    return term.b.mul(_conductance(term), term.p["stream"])


_RAMP = ("voltage", "to")
_RESISTANCE = "series_resistance"
# kind -> its arithmetic
ARITHMETIC: Mapping[str, Arithmetic] = {
    "window": _held((), _one),
    "command": _held(("voltage",), _voltage),
    "ramp_command": _moving(_RAMP, _voltage, _slope),
    "command_slope": _held(_RAMP, _slope),
    "electrode": _held((_RESISTANCE,), _conductance),
    "through": _held((_RESISTANCE, "voltage"), _through(_voltage)),
    "ramp_through": _moving((_RESISTANCE, *_RAMP), _through(_voltage), _through(_slope)),
    "path": Arithmetic(_WHEN, _nothing, _path, sampled=True),
    "path_slope": Arithmetic((), _stream, _stream, sampled=True, slopes=True),
    "path_command": Arithmetic((), _stream, _stream, sampled=True),
    "through_path": Arithmetic((_RESISTANCE,), _through_path, _through_path, sampled=True),
    "shock": Arithmetic(("start", "amplitude"), _nothing, _shock, _never),
    "begins": Arithmetic(("start",), _nothing, _begins, _never),
}
