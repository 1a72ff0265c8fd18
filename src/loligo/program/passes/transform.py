"""Programs into cheaper programs that mean the same."""

from __future__ import annotations

from collections.abc import Mapping

from loligo.program.arithmetic import MASKS, Assignment, Block, Builder, uses


def fuse(block: Block) -> Block:
    """Products that are used once, in a sum or difference, become part of an ``fma``."""
    b, used = Builder(), uses(block)
    new: list[int] = []
    for a in block.assignments:
        new.append(_fused(a, block, used, new, b))
    return b.block({name: new[index] for name, index in block.outputs})


def _fused(a: Assignment, block: Block, used: list[int], new: list[int], b: Builder) -> int:
    if a.op in ("add", "sub"):
        # the later product is the one that is waited for
        for place in sorted((0, 1), key=lambda p: -a.args[p]):
            product = block.assignments[a.args[place]]
            if product.op == "mul" and used[a.args[place]] == 1:
                x, y = (new[i] for i in product.args)
                other = new[a.args[1 - place]]
                if a.op == "sub" and place == 1:
                    x = b.neg(x)
                elif a.op == "sub":
                    other = b.neg(other)
                return b.apply("fma", x, y, other)
    return b.copy(a, new)


# what a row of constants cannot hold, and is not made a number for it
_STAY = frozenset({"narrow"})

_COMPARED = frozenset({"lt", "le", "eq"})


def hoist(
    blocks: Mapping[str, Block], constant_inputs: frozenset[str]
) -> tuple[Block, tuple[str, ...], dict[str, Block]]:
    """Move what depends on ``constant_inputs`` alone out of ``blocks``.

    A division by such a value becomes a product with its reciprocal.

    Returns
    -------
    prepare
        The block that computes the constants once a lane.
    constants
        Their names, ``.k0``, ``.k1``, …: the outputs of ``prepare``. No name in a model has
        a dot, so they cannot be taken for a state or a parameter.
    blocks
        The blocks, reading constants as inputs instead.
    """
    prepare = Builder()
    names: dict[int, str] = {}  # assignment in `prepare` -> constant's name
    rest = {
        name: _Hoist(block, prepare, names).run(constant_inputs) for name, block in blocks.items()
    }
    return prepare.block({name: i for i, name in names.items()}), tuple(names.values()), rest


class _Hoist:
    """Splits one block between ``prepare`` and what is left of it."""

    def __init__(self, block: Block, prepare: Builder, names: dict[int, str]) -> None:
        self.block, self.prepare, self.names = block, prepare, names
        self.b = Builder()
        self.fixed: dict[int, int] = {}  # index in the block -> index in `prepare`
        self.moved: dict[int, int] = {}  # index in the block -> index in what is left

    def run(self, constant_inputs: frozenset[str]) -> Block:
        for index, a in enumerate(self.block.assignments):
            if a.op == "const":
                self.fixed[index] = self.prepare.const(a.value)
            elif a.op == "input" and a.name in constant_inputs:
                self.fixed[index] = self.prepare.input(a.name)
            elif a.op == "input":
                self.moved[index] = self.b.input(a.name)
            elif a.op not in _STAY and all(i in self.fixed for i in a.args):
                self.fixed[index] = self.prepare.apply(a.op, *(self.fixed[i] for i in a.args))
            else:
                self.moved[index] = self._keep(a)
        return self.b.block({name: self._here(index) for name, index in self.block.outputs})

    def _keep(self, a: Assignment) -> int:
        if a.op == "div" and a.args[1] in self.fixed:
            return self.b.mul(self._here(a.args[0]), self._inverse(self.fixed[a.args[1]]))
        return self.b.apply(a.op, *(self._here(i) for i in a.args))

    def _inverse(self, divisor: int) -> int:
        number = self.prepare.assignments[divisor]
        if number.op == "const" and number.value:
            return self.b.const(1.0 / number.value)
        return self._constant(self.prepare.div(self.prepare.const(1.0), divisor))

    def _here(self, index: int) -> int:
        if index not in self.moved:
            a = self.block.assignments[index]
            if a.op in _COMPARED:  # as cheap here as what would tell of it
                self.moved[index] = self.b.apply(a.op, *(self._here(i) for i in a.args))
            elif a.op in MASKS:
                one, zero = self.prepare.const(1.0), self.prepare.const(0.0)
                told = self._constant(self.prepare.apply("where", self.fixed[index], one, zero))
                self.moved[index] = self.b.apply("lt", self.b.const(0.0), told)
            else:
                self.moved[index] = self._constant(self.fixed[index])
        return self.moved[index]

    def _constant(self, index: int) -> int:
        """A value of ``prepare``, readable in this block."""
        a = self.prepare.assignments[index]
        if a.op == "const":
            return self.b.const(a.value)
        return self.b.input(self.names.setdefault(index, f".k{len(self.names)}"))
