"""Stimuli as arithmetic: their charge over a step, and their value just after a time.

Each kind of stimulus is a row of :data:`ARITHMETIC`. ``charge`` is the exact integral of the
current from ``t0`` to ``t1``: a pulse that begins or ends anywhere in a step, or lies wholly
inside one, delivers exactly what it should. It is written as differences of clamped times, so
that nothing cancels late in a run. ``value`` is continuous from the right. Some kinds that are
constant between edges have a third, ``still``.

All this is a second spelling of what the classes of `stimulus/` compute with NumPy: each checks
the other (tests/unit/test_drive.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from loligo.program import clamps, synapses
from loligo.program.term import Arithmetic, Still, Term, box_still

_HZ = 1e-3  # cycles per ms in one Hz


def _pulse_charge(term: Term, t0: int, t1: int) -> int:
    a, z = term.overlap(t0, t1)
    return term.b.mul(term.p["amplitude"], term.b.sub(z, a))


def _pulse_value(term: Term, t: int) -> int:
    return term.only_inside(t, term.p["amplitude"])


def _pulse_still(term: Term, t: int) -> Still:
    return box_still(term, t, term.p["amplitude"])


def _step_charge(term: Term, t0: int, t1: int) -> int:
    b, zero = term.b, term.const(0.0)
    a = b.apply("max", b.sub(t0, term.p["start"]), zero)
    z = b.apply("max", b.sub(t1, term.p["start"]), zero)
    return b.mul(term.p["amplitude"], b.sub(z, a))


def _step_still(term: Term, t: int) -> Still:
    b, start = term.b, term.p["start"]
    begun = b.apply("le", start, t)
    current = b.apply("where", begun, term.p["amplitude"], term.const(0.0))
    return Still(current, b.apply("where", begun, term.const(math.inf), start))


def _step_value(term: Term, t: int) -> int:
    b = term.b
    on = b.apply("le", term.p["start"], term.when(t))
    return b.apply("where", on, term.p["amplitude"], term.const(0.0))


def _train_on_time(term: Term, t: int) -> int:
    """How long the train has been on in all at time ``t``."""
    b, zero = term.b, term.const(0.0)
    since = b.apply("max", b.sub(t, term.p["start"]), zero)
    last = b.sub(term.p["count"], term.const(1.0))
    whole = b.apply("min", b.apply("floor", b.div(since, term.p["interval"])), last)
    within = b.clip(b.sub(since, b.mul(whole, term.p["interval"])), zero, term.p["duration"])
    return b.add(b.mul(whole, term.p["duration"]), within)


def _train_charge(term: Term, t0: int, t1: int) -> int:
    b = term.b
    return b.mul(term.p["amplitude"], b.sub(_train_on_time(term, t1), _train_on_time(term, t0)))


def _train_value(term: Term, t: int) -> int:
    b, p = term.b, term.p
    since = b.sub(term.when(t), p["start"])
    last = b.sub(p["count"], term.const(1.0))
    whole = b.clip(b.apply("floor", b.div(since, p["interval"])), term.const(0.0), last)
    within = b.sub(since, b.mul(whole, p["interval"]))
    on = b.apply(
        "and", b.apply("le", term.const(0.0), within), b.apply("lt", within, p["duration"])
    )
    return b.apply("where", on, p["amplitude"], term.const(0.0))


def _ramp_charge(term: Term, t0: int, t1: int) -> int:
    """Slope times (z^2 - a^2)/2, as a product."""
    b = term.b
    a, z = term.overlap(t0, t1)
    slope = b.div(term.p["amplitude"], term.p["duration"])
    return b.mul(b.mul(slope, b.sub(z, a)), b.mul(term.const(0.5), b.add(z, a)))


def _ramp_value(term: Term, t: int) -> int:
    b = term.b
    slope = b.div(term.p["amplitude"], term.p["duration"])
    return term.only_inside(t, b.mul(slope, b.sub(t, term.p["start"])))


def _phase(term: Term, turns: int) -> int:
    """2 pi times the part of the turns after the point: a sine of millions has lost its digits."""
    b = term.b
    return b.mul(term.const(2 * math.pi), b.sub(turns, b.apply("floor", turns)))


def _sine_charge(term: Term, t0: int, t1: int) -> int:
    """sin((u(a) + u(z))/2) sinc((u(z) - u(a))/2) (z - a), u the phase: no cancellation."""
    b = term.b
    a, z = term.overlap(t0, t1)
    per_ms = b.mul(term.const(_HZ), term.p["frequency"])
    half = term.const(0.5)
    middle = b.add(_phase(term, b.mul(per_ms, b.mul(half, b.add(a, z)))), term.p["phase"])
    quarter = b.mul(b.mul(term.const(2 * math.pi), per_ms), b.mul(half, b.sub(z, a)))
    none = b.apply("eq", quarter, term.const(0.0))
    safe = b.apply("where", none, term.const(1.0), quarter)
    sinc = b.apply("where", none, term.const(1.0), b.div(b.apply("sin", safe), safe))
    return b.mul(b.mul(term.p["amplitude"], b.sub(z, a)), b.mul(b.apply("sin", middle), sinc))


def _sine_value(term: Term, t: int) -> int:
    b = term.b
    per_ms = b.mul(term.const(_HZ), term.p["frequency"])
    phase = b.add(_phase(term, b.mul(per_ms, b.sub(t, term.p["start"]))), term.p["phase"])
    return term.only_inside(t, b.mul(term.p["amplitude"], b.apply("sin", phase)))


def _chirp_at(term: Term, since: int) -> int:
    """sin(2 pi (f0 s + (f1 - f0) s^2 / (2 duration))), s ms after the start."""
    b, p = term.b, term.p
    rate = b.div(b.sub(p["frequency_end"], p["frequency_start"]), p["duration"])
    mean = b.add(p["frequency_start"], b.mul(b.mul(term.const(0.5), rate), since))
    return b.apply("sin", _phase(term, b.mul(term.const(_HZ), b.mul(mean, since))))


# Gauss-Legendre on [-1, 1], 4 points (Abramowitz & Stegun 25.4.30). A step is at most a small
# part of a cycle; the error is of order 8 in it.
_GAUSS = (
    (-0.8611363115940526, 0.34785484513745385),
    (-0.33998104358485626, 0.6521451548625461),
    (0.33998104358485626, 0.6521451548625461),
    (0.8611363115940526, 0.34785484513745385),
)


def _chirp_charge(term: Term, t0: int, t1: int) -> int:
    b = term.b
    a, z = term.overlap(t0, t1)
    middle = b.mul(term.const(0.5), b.add(a, z))
    half = b.mul(term.const(0.5), b.sub(z, a))
    total = b.total(
        b.mul(term.const(weight), _chirp_at(term, b.add(middle, b.mul(term.const(node), half))))
        for node, weight in _GAUSS
    )
    return b.mul(b.mul(term.p["amplitude"], half), total)


def _chirp_value(term: Term, t: int) -> int:
    b = term.b
    wave = _chirp_at(term, b.sub(t, term.p["start"]))
    return term.only_inside(t, b.mul(term.p["amplitude"], wave))


def _path_charge(term: Term, t0: int, t1: int) -> int:
    """A sampled path: its integral over the step is handed in from outside."""
    return term.b.mul(term.p["amplitude"], term.p["stream"])


def _path_value(term: Term, t: int) -> int:
    return term.b.mul(term.p["amplitude"], term.p["stream"])


def _noise_charge(term: Term, t0: int, t1: int) -> int:
    a, z = term.overlap(t0, t1)
    mean = term.b.mul(term.p["mean"], term.b.sub(z, a))
    return term.b.add(_path_charge(term, t0, t1), mean)


def _noise_value(term: Term, t: int) -> int:
    return term.b.add(_path_value(term, t), term.only_inside(t, term.p["mean"]))


def _course(term: Term, *_: int) -> int:
    """How far a parameter is off its value at the start, which is handed in."""
    return term.p["stream"]


# In which order kinds are added up in portable mode.
_KINDS = ("pulse", "pulse_train", "ramp", "sine", "chirp", "noise", "waveform")
_BOX = ("start", "duration", "amplitude")
# kind -> its arithmetic
ARITHMETIC: Mapping[str, Arithmetic] = {
    "pulse": Arithmetic(_BOX, _pulse_charge, _pulse_value, _pulse_still),
    "step": Arithmetic(("start", "amplitude"), _step_charge, _step_value, _step_still),
    "pulse_train": Arithmetic((*_BOX, "interval", "count"), _train_charge, _train_value),
    "ramp": Arithmetic(_BOX, _ramp_charge, _ramp_value),
    "sine": Arithmetic((*_BOX, "frequency", "phase"), _sine_charge, _sine_value),
    "chirp": Arithmetic((*_BOX, "frequency_start", "frequency_end"), _chirp_charge, _chirp_value),
    "noise": Arithmetic((*_BOX, "mean"), _noise_charge, _noise_value, sampled=True),
    "waveform": Arithmetic(("amplitude",), _path_charge, _path_value, sampled=True),
    "course": Arithmetic((), _course, _course, sampled=True),
    **clamps.ARITHMETIC,
    **synapses.ARITHMETIC,
}


def place(kind: str) -> int:
    """Where a kind stands in the sums of portable mode, which are those of a browser's slots; what
    has no slot there comes last."""
    kind = "pulse" if kind == "step" else kind  # it is one without end
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
