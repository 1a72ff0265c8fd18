"""Where in a step the voltage crossed the threshold, and how far it went where it turned."""

from __future__ import annotations

from loligo.program.arithmetic import Block, Builder


def locate() -> Block:
    """The fraction of the step at which V rises through the threshold.

    The parabola through V one step before, at the beginning and at the end of the step
    (``before``, ``now``, ``after``) has one root in the step with a rising V:

        theta = 2 (threshold - now) / (b + sqrt(b^2 + 4 a (threshold - now))),

    a and b its quadratic and linear coefficients; written so that nothing cancels. In the
    first step of a run, where ``before`` is not finite, and where the parabola has no root,
    the chord serves.
    """
    b = Builder()
    before, now, after = b.input("before"), b.input("now"), b.input("after")
    missing = b.sub(b.input("threshold"), now)
    half = b.const(0.5)
    chord = b.div(missing, b.sub(after, now))
    quadratic = b.mul(half, b.add(b.sub(after, now), b.sub(before, now)))
    linear = b.mul(half, b.sub(after, before))
    root = b.apply(
        "sqrt", b.add(b.mul(linear, linear), b.mul(b.const(4.0), b.mul(quadratic, missing)))
    )
    theta = b.div(b.mul(b.const(2.0), missing), b.add(linear, root))
    # false for NaN too
    usable = b.apply("and", b.apply("le", b.const(0.0), theta), b.apply("le", theta, b.const(1.0)))
    return b.block({"theta": b.apply("where", usable, theta, chord)})


def extreme() -> Block:
    """V where it turned, between the steps about ``now``.

    The vertex of the parabola through ``before``, ``now`` and ``after``,

        now - b^2 / 4 a,

    a and b its quadratic and linear coefficients; ``now`` itself where the vertex is not within
    half a step of it, or ``before`` is not finite.
    """
    b = Builder()
    before, now, after = b.input("before"), b.input("now"), b.input("after")
    half = b.const(0.5)
    quadratic = b.mul(half, b.add(b.sub(after, now), b.sub(before, now)))
    linear = b.mul(half, b.sub(after, before))
    # |b/2a| <= 1/2; false for NaN too
    near = b.apply("le", b.apply("abs", linear), b.apply("abs", quadratic))
    correction = b.div(b.mul(linear, linear), b.mul(b.const(4.0), quadratic))
    usable = b.apply("and", near, b.apply("lt", b.const(0.0), b.apply("abs", quadratic)))
    return b.block({"V": b.apply("where", usable, b.sub(now, correction), now)})
