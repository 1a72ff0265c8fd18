"""Constant factors inside: 4 exp(z) is exp(z + log 4), and c times a quotient a quotient.

Along a step a rate is a power series, and a factor outside it a product for every coefficient;
inside it is one product for all of them.
"""

from __future__ import annotations

from loligo.program import exact
from loligo.program.arithmetic import Block, Builder, uses, varying

_QUOTIENTS = ("ratio", "div")


def absorb(block: Block, states: tuple[str, ...]) -> Block:
    """The same results, with what multiplies an exponential or a quotient that nothing else uses
    taken into it: numbers into the one, all that stands still into the other."""
    b, used, varies = Builder(), uses(block), varying(block, (*states, ".t"))
    new: list[int] = []
    for a in block.assignments:
        made = None
        if a.op == "mul":
            for factor, value in (a.args, a.args[::-1]):
                if made is None and used[value] == 1 and varies[value] and not varies[factor]:
                    made = _inside(b, new[factor], new[value])
        new.append(b.copy(a, new) if made is None else made)
    return b.block({name: new[index] for name, index in block.outputs})


def _inside(b: Builder, factor: int, value: int) -> int | None:
    number, a = b.assignments[factor], b.assignments[value]
    if a.op in _QUOTIENTS:
        return b.apply(a.op, b.mul(factor, a.args[0]), a.args[1])
    if a.op == "exp" and number.op == "const" and number.value:
        shifted = b.apply("exp", b.add(a.args[0], b.const(exact.log(abs(number.value)))))
        return shifted if number.value > 0 else b.apply("neg", shifted)
    return None
