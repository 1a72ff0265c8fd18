"""What is told when a run ceases to be finite, whatever the geometry and the solver."""

from __future__ import annotations

import re

from loligo.errors import RunError


def diverged(t: float, what: str, remedy: str, where: str = "") -> RunError:
    """The error of a run that was lost at ``t`` ms.

    Parameters
    ----------
    what
        Which variable, and its last value.
    remedy
        What to try besides other numbers.
    where
        `` in the lane g_Na = 60``, if that is not told with the variable.
    """
    upwards = re.match(r"V\b.*?(?:V = |value was )\d", what)
    return RunError(
        f"the run diverged at t = {t:.6g} ms{where}: {what}. Check the parameters and the "
        f"stimulus, or {remedy}{_RESETS if upwards else ''}"
    )


_RESETS = (
    ". If the paper sets V back when it reaches a threshold (integrate-and-fire, Izhikevich): such "
    "a rule is no equation, and cannot be written here"
)


def smaller_step(dt: float) -> str:
    """The remedy where steps have one length."""
    return f"take a smaller step: solver=lo.Exponential(dt={dt / 4:.3g})"
