"""Fused exponentials: rates that are powers of one exponential share it.

The squid axon's rates hold exp(-V/20), exp(-V/10) and exp(-V/80): the fourth, the eighth and
the first power of one. A power takes a multiplication or two where an exponential takes some
twenty-five operations; what is lost is a unit in the last place for each power.
"""

from __future__ import annotations

from dataclasses import dataclass

from loligo.program import exact
from loligo.program.arithmetic import Assignment, Block, Builder

HIGHEST = 16  # the largest power that is still cheaper, and loses at most 16 ulp
_LN_2 = exact.log(2.0)
_LARGEST = 1e100  # of a factor exp(shift): beyond, products might leave the range of doubles


@dataclass(frozen=True)
class Affine:
    """scale * (assignment root) + shift, with plain numbers."""

    root: int
    scale: float
    shift: float


def fuse_exponentials(block: Block, highest: int = HIGHEST) -> Block:
    """The same results with exp(c x + d), for c a multiple of another's, as a power of that, up
    to the ``highest``."""
    forms = affine_forms(block)
    arguments = {i: forms[a.args[0]] for i, a in enumerate(block.assignments) if a.op == "exp"}
    power_of = _powers(arguments, highest)
    b = Builder()
    new: list[int] = []
    for index, a in enumerate(block.assignments):
        if index in power_of:
            base, power = power_of[index]
            factor = exact.exp(arguments[index].shift - power * arguments[base].shift)
            # the base may stand later in the block: write its argument here
            exponential = b.apply("exp", _write(b, arguments[base], new))
            new.append(b.mul(b.const(factor), b.power(exponential, power)))
        elif index in arguments and index in {base for base, _ in power_of.values()}:
            new.append(b.apply("exp", _write(b, arguments[index], new)))
        else:
            new.append(b.copy(a, new))
    return b.block({name: new[index] for name, index in block.outputs})


def powers_of_two(block: Block) -> Block:
    """The same results with exp(c x + d) as a power of two, its argument divided by ln 2, and
    likewise for bernoulli: to split it into a whole number and a rest takes no multiplication.

    An argument without c and d stays: division by ln 2 would be a rounding more.
    """
    forms = affine_forms(block)
    b = Builder()
    new: list[int] = []
    for a in block.assignments:
        form = forms[a.args[0]] if a.op in ("exp", "bernoulli") else None
        if form is None or form.root == a.args[0]:
            new.append(b.copy(a, new))
            continue
        divided = Affine(form.root, form.scale / _LN_2, form.shift / _LN_2)
        power = b.apply(f"{a.op}2", _write(b, divided, new))
        new.append(power if a.op == "exp" else b.mul(b.const(_LN_2), power))
    return b.block({name: new[index] for name, index in block.outputs})


def _write(b: Builder, form: Affine, new: list[int]) -> int:
    return b.add(b.mul(b.const(form.scale), new[form.root]), b.const(form.shift))


def _powers(arguments: dict[int, Affine], highest: int) -> dict[int, tuple[int, int]]:
    """Exponential -> (the one it is a power of, the power). No base is itself a power."""
    found: dict[int, tuple[int, int]] = {}
    slowest = sorted(arguments, key=lambda i: abs(arguments[i].scale))
    for base in slowest:
        if base in found or arguments[base].scale == 0:
            continue
        for other in slowest:
            power = _multiple(arguments[other], arguments[base], highest)
            if other != base and other not in found and power is not None:
                found[other] = (base, power)
    return found


def _multiple(form: Affine, base: Affine, highest: int) -> int | None:
    if form.root != base.root:
        return None
    ratio = form.scale / base.scale
    power = round(ratio)
    if not 1 <= power <= highest or abs(ratio - power) > 1e-12 * power:
        return None
    shift = form.shift - power * base.shift
    return power if abs(shift) < exact.log(_LARGEST) else None


def affine_forms(block: Block) -> list[Affine]:
    """Every assignment as a multiple of another plus a number; at worst as itself."""
    forms: list[Affine] = []
    for index, a in enumerate(block.assignments):
        numbers = [block.assignments[i].op == "const" for i in a.args]
        values = [block.assignments[i].value for i in a.args]
        forms.append(_affine(index, a, numbers, values, forms))
    return forms


def _affine(
    index: int, a: Assignment, numbers: list[bool], values: list[float], forms: list[Affine]
) -> Affine:
    itself = Affine(index, 1.0, 0.0)
    if a.op == "neg":
        f = forms[a.args[0]]
        return Affine(f.root, -f.scale, -f.shift)
    if a.op == "fma" and numbers == [False, True, True]:
        f, factor = forms[a.args[0]], values[1]
        return Affine(f.root, f.scale * factor, f.shift * factor + values[2])
    if a.op not in ("add", "sub", "mul") or sum(numbers) != 1:
        return itself
    place = numbers.index(False)
    f, number = forms[a.args[place]], values[1 - place]
    if a.op == "mul":
        return Affine(f.root, f.scale * number, f.shift * number)
    if a.op == "add":
        return Affine(f.root, f.scale, f.shift + number)
    if place == 0:
        return Affine(f.root, f.scale, f.shift - number)
    return Affine(f.root, -f.scale, number - f.shift)
