"""What cannot be rewritten is refused: a 0/0 whose limit we do not know how to take.

When a membrane is built its formulas are checked for poles; a removable singularity is fine
there. :mod:`loligo.system.singularity` then rewrites the forms that it knows. A divisor that
still vanishes somewhere in the physiological range would give NaN at that voltage and wrong
digits beside it, so it is an error here, before anything is computed.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from loligo.errors import ModelError
from loligo.model.check import HIGHEST, LOWEST
from loligo.system.numeric import VECTOR
from loligo.system.singularity import denominators
from loligo.system.symbols import Expr, Exprel

_POINTS = 6001


def refuse_unknown_limits(
    expression: Expr, v: sp.Symbol, numbers: Mapping[str, float], text: str
) -> None:
    """Raise if ``expression`` divides by something that vanishes at a voltage.

    Parameters
    ----------
    expression
        After rewriting.
    v
        The voltage.
    numbers
        Parameter -> its value (any of its values, if it is an array).
    text
        The formula as it was written, for the message.

    Raises
    ------
    ModelError
        Naming the formula, the voltage and the remedy.
    """
    for divisor in denominators(expression, v):
        if _never_zero(divisor):
            continue
        if {s.name for s in divisor.free_symbols} <= {v.name, *numbers}:
            values = {s: numbers[s.name] for s in divisor.free_symbols if s != v}
            zero = _zero(divisor.subs(values), v)
            if zero is not None:
                raise ModelError(
                    f"'{text}' is 0/0 at V = {zero:.6g} mV, in a form whose limit loligo cannot "
                    "take; write it with exprel(x) = (exp(x) - 1)/x, which is 1 at x = 0: "
                    "x/(1 - exp(-x)) is 1/exprel(-x)"
                )


def _never_zero(divisor: Expr) -> bool:
    """Whether it is exprel of something, or 1 + exp of something and its like: what most rates
    divide by, which need not be computed at each voltage."""
    if isinstance(divisor, Exprel):
        return True
    if not divisor.is_Add:
        return False
    parts = [term.as_coeff_Mul() for term in divisor.args]
    positive = all(size > 0 and (of == 1 or isinstance(of, sp.exp | Exprel)) for size, of in parts)
    return positive and any(of == 1 for _, of in parts)


def refuse_huge(expression: Expr, text: str) -> None:
    """Raise if numbers in it come together to one that no floating-point number holds.

    Raises
    ------
    ModelError
        Naming the formula.
    """
    if any(not n.is_finite or abs(n) > _LARGEST for n in expression.atoms(sp.Number)):
        raise ModelError(
            f"'{text:.100}': with everything written out, numbers in it multiply to more than "
            "1e308, the largest that can be computed with"
        )


_LARGEST = sp.Integer(10) ** 308


@np.errstate(all="ignore")
def _zero(divisor: Expr, v: sp.Symbol) -> float | None:
    """A voltage where the divisor is 0, or touches it."""
    function: Callable[[Any], Any] = sp.lambdify(v, divisor, [VECTOR, "numpy"])
    grid = np.linspace(LOWEST, HIGHEST, _POINTS)
    d: NDArray[np.float64] = np.broadcast_to(np.asarray(function(grid), float), grid.shape)
    crossing = np.flatnonzero((d[:-1] * d[1:] <= 0) & np.isfinite(d[:-1]) & np.isfinite(d[1:]))
    if crossing.size:
        i = int(crossing[0])
        share = 0.0 if d[i] == d[i + 1] else float(d[i] / (d[i] - d[i + 1]))
        return float(grid[i] + share * (grid[i + 1] - grid[i]))
    # a double zero: beside its lowest point the divisor is a parabola through nothing
    size = np.abs(d)
    for i in np.flatnonzero((size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])) + 1:
        left, lowest, right = size[i - 1], size[i], size[i + 1]
        curvature = left - 2 * lowest + right
        bottom = lowest - (right - left) ** 2 / (8 * curvature) if curvature > 0 else lowest
        if bottom <= 1e-3 * curvature:
            return float(grid[i])
    return None
