"""Synapses as arithmetic: time courses of currents and of conductances.

As for pulses (:mod:`loligo.program.drive`): ``charge`` is the integral over a step, ``value`` that
just after a time. A conductance has two rows, what it is and what it makes of its reversal
potential: the current into the membrane is ``g E - g V``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loligo.program.term import Arithmetic, Still, Term, box_still

Size = Callable[[Term], int]  # a term -> a value in its builder


@dataclass(frozen=True)
class Course:
    """How something of size 1 rises and falls after its start.

    Attributes
    ----------
    parameters
        The numbers that it reads.
    value
        (term, ms since the start) -> its value.
    area
        (term, a, z) -> its integral from a to z, both ms since the start and not below 0.
    ends
        Whether it lasts for its ``duration``, and does not move before that is over.
    """

    parameters: tuple[str, ...]
    value: Callable[[Term, int], int]
    area: Callable[[Term, int, int], int]
    ends: bool = False


def _decayed(term: Term, since: int, tau: int) -> int:
    return term.b.apply("exp", term.b.apply("neg", term.b.div(since, tau)))


def _lost(term: Term, since: int, tau: int) -> int:
    """1 - exp(-since/tau), exact where it is small."""
    b = term.b
    return b.apply("neg", b.apply("expm1", b.apply("neg", b.div(since, tau))))


def _alpha(term: Term, since: int) -> int:
    """s exp(1 - s), s in time constants: 1 at its peak, where s is 1.

    Rall 1967, doi:10.1152/jn.1967.30.5.1138.
    """
    b = term.b
    s = b.div(since, term.p["tau"])
    return b.mul(s, b.apply("exp", b.sub(term.const(1.0), s)))


def _alpha_area(term: Term, a: int, z: int) -> int:
    """tau exp(1 - s) ((1 + s)(1 - exp(-h)) - h exp(-h)), s and h in time constants from a on."""
    b, tau, one = term.b, term.p["tau"], term.const(1.0)
    s, h = b.div(a, tau), b.div(b.sub(z, a), tau)
    gone = b.mul(b.add(one, s), _lost(term, h, one))
    rest = b.sub(gone, b.mul(h, _decayed(term, h, one)))
    return b.mul(b.mul(tau, b.apply("exp", b.sub(one, s))), rest)


def _rise_and_decay(term: Term, since: int) -> int:
    """exp(-t/tau) - exp(-t/rise), as a part of its peak."""
    b, p = term.b, term.p
    return b.mul(
        _norm(term), b.sub(_decayed(term, since, p["tau"]), _decayed(term, since, p["rise"]))
    )


def _norm(term: Term) -> int:
    """1 over the peak of the difference, which comes at ln(tau/rise)/(1/rise - 1/tau)."""
    b, p = term.b, term.p
    rate = b.div(b.sub(p["tau"], p["rise"]), b.mul(p["tau"], p["rise"]))
    when = b.div(b.apply("log", b.div(p["tau"], p["rise"])), rate)
    peak = b.sub(_decayed(term, when, p["tau"]), _decayed(term, when, p["rise"]))
    return b.div(term.const(1.0), peak)


def _rise_and_decay_area(term: Term, a: int, z: int) -> int:
    b, p = term.b, term.p

    def part(tau: int) -> int:
        return b.mul(tau, b.mul(_decayed(term, a, tau), _lost(term, b.sub(z, a), tau)))

    return b.mul(_norm(term), b.sub(part(p["tau"]), part(p["rise"])))


ALPHA = Course(("tau",), _alpha, _alpha_area)
RISE_AND_DECAY = Course(("rise", "tau"), _rise_and_decay, _rise_and_decay_area)
BOX = Course(
    ("duration",),
    lambda term, since: term.const(1.0),
    lambda term, a, z: term.b.sub(z, a),
    ends=True,
)


def arithmetic(course: Course, parameters: tuple[str, ...], size: Size) -> Arithmetic:
    """Of something that follows a course and has a size."""

    def since(term: Term, t: int) -> int:
        b, zero = term.b, term.const(0.0)
        late = b.sub(t, term.p["start"])
        if course.ends:
            return b.clip(late, zero, term.p["duration"])
        return b.apply("max", late, zero)

    def charge(term: Term, t0: int, t1: int) -> int:
        return term.b.mul(size(term), course.area(term, since(term, t0), since(term, t1)))

    def value(term: Term, t: int) -> int:
        b = term.b
        now = b.mul(size(term), course.value(term, b.sub(t, term.p["start"])))
        if course.ends:
            return term.only_inside(t, now)
        begun = b.apply("le", term.p["start"], term.when(t))
        return b.apply("where", begun, now, term.const(0.0))

    def still(term: Term, t: int) -> Still:
        return box_still(term, t, size(term))

    numbers = ("start", *course.parameters, *parameters)
    return Arithmetic(numbers, charge, value, still if course.ends else None)


def _amplitude(term: Term) -> int:
    return term.p["amplitude"]


def _g(term: Term) -> int:
    return term.p["g"]


def _g_times_e(term: Term) -> int:
    return term.b.mul(term.p["g"], term.p["E"])


def _path(*numbers: str) -> Arithmetic:
    """Of a waveform, which is handed in with amplitude 1."""

    def size(term: Term, *_: int) -> int:
        total = term.p["stream"]
        for name in numbers:
            total = term.b.mul(total, term.p[name])
        return total

    return Arithmetic(numbers, size, size, sampled=True)


COURSES: Mapping[str, Course] = {"box": BOX, "alpha": ALPHA, "biexponential": RISE_AND_DECAY}
# kind -> its arithmetic
ARITHMETIC: Mapping[str, Arithmetic] = {
    "alpha": arithmetic(ALPHA, ("amplitude",), _amplitude),
    "g_path": _path("amplitude"),
    "gE_path": _path("amplitude", "E"),
    **{f"g_{name}": arithmetic(c, ("g",), _g) for name, c in COURSES.items()},
    **{
        f"gE_{name}": arithmetic(course, ("g", "E"), _g_times_e) for name, course in COURSES.items()
    },
}
