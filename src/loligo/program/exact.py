"""Numbers that a program is written with, rounded from their exact values: a machine's own library
may be an ulp off, and another machine's another."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import cache

_DIGITS = Context(prec=50)


@cache
def log(x: float) -> float:
    """The natural logarithm of a positive number, correctly rounded.

    >>> log(2.0)
    0.6931471805599453
    """
    return float(Decimal(x).ln(_DIGITS))


@cache
def exp(x: float) -> float:
    """The exponential, correctly rounded.

    >>> exp(1.0)
    2.718281828459045
    """
    return float(Decimal(x).exp(_DIGITS))


@cache
def log2(x: float) -> float:
    """The logarithm to the base 2, correctly rounded.

    >>> log2(8.0)
    3.0
    """
    return float(_DIGITS.divide(Decimal(x).ln(_DIGITS), Decimal(2).ln(_DIGITS)))
