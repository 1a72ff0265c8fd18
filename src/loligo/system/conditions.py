"""What expressions compare along a solution, each comparison held on one side."""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from loligo.system import symbols as s
from loligo.system.symbols import Expr, symbol


class Conditions:
    """What expressions compare, and the same expressions with each comparison held on one side.

    Parameters
    ----------
    moving
        The names that move along a step.
    """

    def __init__(self, moving: Iterable[str]) -> None:
        self.moving = frozenset(map(symbol, moving))
        self.pairs: list[tuple[Expr, Expr]] = []
        self.sides: list[Expr] = []

    def hold(self, e: Expr) -> Expr:
        """An expression whose comparisons ask for sides."""
        if not e.args or not e.has(s.Where, s.Less, s.Magnitude):
            return e
        if isinstance(e, s.Magnitude) and self._moves(e):
            x = self.hold(e.args[0])
            return s.Where(self._below(x, sp.Integer(0)), -x, x)
        args = [self.hold(each) for each in e.args]
        if self._moves(e):
            if e.func is s.Less:
                return self._below(*args)
            if e.func is s.LessEqual:
                return s.Not(self._below(args[1], args[0]))
            if e.func is s.Equal:
                return s.Not(s.Or(self._below(*args), self._below(*reversed(args))))
        return e.func(*args)

    def _moves(self, e: Expr) -> bool:
        return bool(e.free_symbols & self.moving)

    def _below(self, a: Expr, b: Expr) -> Expr:
        none = sp.Integer(0)
        if (b, a) in self.pairs:
            return s.Less(self.sides[self.pairs.index((b, a))], none)
        if (a, b) not in self.pairs:
            self.pairs.append((a, b))
            self.sides.append(symbol(f"side{len(self.sides)}"))
        return s.Less(none, self.sides[self.pairs.index((a, b))])

    @property
    def told(self) -> list[str]:
        return [f"{a} < {b}" for a, b in self.pairs]
