"""What is 0 to all digits is 0: exp(z)/(1 + exp(z))**4 where exp(z), or a power of it, is infinite.

Such products are slopes of instantaneous gates. Where the gate is shut they are 0 times infinity.
They are made 0 there after all other passes, so that every other number keeps its bits, and only
where V can bring it about: most slopes are so gentle that no voltage can.
"""

from __future__ import annotations

import math

from loligo.program import exact
from loligo.program.arithmetic import Block, Builder

_FARTHEST = 200.0  # mV from 0: V beyond it is no membrane's
_POWER = 5  # of an exponential in a product
# The largest argument whose exponential's powers are finite, of each precision.
_LARGEST = {"float64": 1023 * exact.log(2.0) / _POWER, "float32": 127 * exact.log(2.0) / _POWER}


def vanish(block: Block, precision: str) -> Block:
    """The same results, but 0 where a product would be 0 times infinity."""
    huge, tiny = _extremes(block, precision)
    b = Builder()
    new: list[int] = []
    for a in block.assignments:
        value = b.copy(a, new)
        if a.op in ("mul", "fma"):
            x, y = a.args[:2]
            if (huge[x] and tiny[y]) or (huge[y] and tiny[x]):
                otherwise = new[a.args[2]] if a.op == "fma" else b.const(0.0)
                value = b.apply("where", b.apply("eq", value, value), value, otherwise)
        new.append(value)
    return b.block({name: new[index] for name, index in block.outputs})


def _extremes(block: Block, precision: str) -> tuple[list[bool], list[bool]]:
    """Which assignments may be infinite as an exponential is, and which 0 as its inverse."""
    huge: list[bool] = []
    tiny: list[bool] = []
    sizes = _sizes(block)
    for a in block.assignments:
        args = a.args
        if a.op in ("exp", "exp2", "exprel", "less_one"):
            argument = sizes[args[-1]] * (exact.log(2.0) if a.op == "exp2" else 1.0)
            huge.append(argument > _LARGEST[precision])
            tiny.append(False)
        elif a.op in ("div", "ratio"):
            huge.append(huge[args[0]])
            tiny.append(huge[args[1]] or tiny[args[0]])
        elif a.op in ("mul", "fma"):
            meet = (huge[args[0]] and tiny[args[1]]) or (huge[args[1]] and tiny[args[0]])
            huge.append(any(huge[i] for i in args) and not meet)
            tiny.append(a.op == "mul" and any(tiny[i] for i in args))
        else:
            huge.append(a.op in _SUMS and any(huge[i] for i in args))
            tiny.append(a.op == "neg" and tiny[args[0]])
    return huge, tiny


_SUMS = frozenset({"add", "sub", "neg", "where", "min", "max", "narrow", "widen"})


def _sizes(block: Block) -> list[float]:
    """How large each assignment may be for a membrane's V; infinite where that is not seen."""
    sizes: list[float] = []
    for a in block.assignments:
        own = [sizes[i] for i in a.args]
        if a.op == "const":
            sizes.append(abs(a.value))
        elif a.op == "input":
            sizes.append(_FARTHEST if a.name == "V" else math.inf)
        elif a.op in ("add", "sub"):
            sizes.append(own[0] + own[1])
        elif a.op == "mul":
            sizes.append(_product(own[0], own[1]))
        elif a.op == "fma":
            sizes.append(_product(own[0], own[1]) + own[2])
        else:
            sizes.append(own[0] if a.op in ("neg", "abs", "narrow", "widen") else math.inf)
    return sizes


def _product(x: float, y: float) -> float:
    return 0.0 if x == 0.0 or y == 0.0 else x * y
