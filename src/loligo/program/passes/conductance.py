"""Total conductance: currents that share a driving force's voltage share a product with it.

The ionic current is a sum of g_i(V - E_i), and along a step every such product is a convolution
of two series. The sum of them is (sum of g_i) V - sum of g_i E_i: one product of two moving
quantities, however many channels there are. What stands still, maximal conductances and the
capacity by which the sum is divided, is multiplied among itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from loligo.program.arithmetic import Assignment, Block, Builder, uses, varying


@dataclass(frozen=True)
class _Drive:
    """A term of a sum: sign * (product of ``factors``) * (state - shift, or + shift)."""

    sign: float
    factors: tuple[int, ...]
    state: int
    shift: int
    shift_sign: float


def gather(block: Block, states: Iterable[str]) -> Block:
    """The same results, products with one shifted state added up before they are multiplied."""
    return _Gather(block, frozenset(states)).run()


class _Gather:
    def __init__(self, block: Block, states: frozenset[str]) -> None:
        self.block, self.b = block, Builder()
        self.new: list[int] = []
        self.uses = uses(block)
        self.state = [a.op == "input" and a.name in states for a in block.assignments]
        self.varies = varying(block, (*states, ".t"))

    def run(self) -> Block:
        for index, a in enumerate(self.block.assignments):
            drives, others = self._sorted(index) if a.op in ("add", "sub") else ([], [])
            if drives:
                self.new.append(self._sum(drives, others))
            elif (scaled := self._scaled(a)) is not None:
                self.new.append(scaled)
            else:
                self.new.append(self.b.copy(a, self.new))
        return self.b.block({name: self.new[i] for name, i in self.block.outputs})

    def _scaled(self, a: Assignment) -> int | None:
        """A sum's multiple, if it is that and nothing else uses the sum: its terms' multiples."""
        if a.op != "mul":
            return None
        for total, factor in (a.args, a.args[::-1]):
            of_sum = self.block.assignments[total].op in ("add", "sub") and self.uses[total] == 1
            drives, others = self._sorted(total) if of_sum else ([], [])
            if drives and not self.varies[factor]:
                return self._sum(drives, others, self.new[factor])
        return None

    def _sorted(self, index: int) -> tuple[list[_Drive], list[tuple[float, int]]]:
        """The terms of a sum: those that share a state with another, and the others."""
        terms = self._terms(index, 1.0, top=True)
        drives = [self._drive(sign, term) for sign, term in terms]
        states = [d.state for d in drives if d is not None]
        shared = [d if d is not None and states.count(d.state) > 1 else None for d in drives]
        others = [term for term, d in zip(terms, shared, strict=True) if d is None]
        return [d for d in shared if d is not None], others

    def _terms(self, index: int, sign: float, top: bool = False) -> list[tuple[float, int]]:
        a = self.block.assignments[index]
        if a.op not in ("add", "sub", "neg") or not (top or self.uses[index] == 1):
            return [(sign, index)]
        last = self._terms(a.args[-1], sign if a.op == "add" else -sign)
        return last if a.op == "neg" else [*self._terms(a.args[0], sign), *last]

    def _factors(self, index: int, top: bool = False) -> list[int]:
        a = self.block.assignments[index]
        if a.op != "mul" or not (top or self.uses[index] == 1):
            return [index]
        return [*self._factors(a.args[0]), *self._factors(a.args[1])]

    def _drive(self, sign: float, term: int) -> _Drive | None:
        factors = self._factors(term, top=True) if self.uses[term] == 1 else [term]
        for place, factor in enumerate(factors if len(factors) > 1 else ()):
            a = self.block.assignments[factor]
            if a.op not in ("add", "sub"):
                continue
            for state, shift in (a.args, a.args[::-1]):
                if self.state[state] and not self.varies[shift]:
                    # of (V - E)^2 one factor goes, and one stays
                    rest = (*factors[:place], *factors[place + 1 :])
                    turned = -1.0 if a.op == "sub" and state == a.args[1] else 1.0
                    plus = 1.0 if a.op == "add" else -1.0
                    return _Drive(sign * turned, rest, state, shift, plus)
        return None

    def _sum(
        self, drives: list[_Drive], others: list[tuple[float, int]], scale: int | None = None
    ) -> int:
        b = self.b
        scale = b.const(1.0) if scale is None else scale
        terms = [(sign, b.mul(scale, self.new[term])) for sign, term in others]
        for state in dict.fromkeys(d.state for d in drives):
            conductances: list[tuple[float, int]] = []
            for d in (d for d in drives if d.state == state):
                still, moving = self._product(d.factors, scale)
                conductances.append((d.sign, b.mul(still, moving)))
                charge = b.mul(b.mul(still, self.new[d.shift]), moving)
                terms.append((d.sign * d.shift_sign, charge))
            sign, total = _signed(b, conductances)
            terms.append((sign, b.mul(total, self.new[state])))
        sign, total = _signed(b, terms)
        return total if sign > 0 else b.apply("neg", total)

    def _product(self, factors: Iterable[int], scale: int) -> tuple[int, int]:
        """What stands still and what moves of a product; equal factors make a square."""
        b = self.b
        still, moving = scale, b.const(1.0)
        for factor, power in Counter(factors).items():
            value = b.power(self.new[factor], power)
            if self.varies[factor]:
                moving = b.mul(moving, value)
            else:
                still = b.mul(still, value)
        return still, moving


def _signed(b: Builder, terms: list[tuple[float, int]]) -> tuple[float, int]:
    """(sign, value) of the sum of signed terms."""
    plus = [t for sign, t in terms if sign > 0]
    minus = [t for sign, t in terms if sign < 0]
    if not plus:
        return -1.0, b.total(minus)
    total = b.total(plus)
    for term in minus:
        total = b.sub(total, term)
    return 1.0, total
