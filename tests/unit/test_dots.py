"""Sums of products that are called: which are found, where their factors lie, what they give."""

from __future__ import annotations

import itertools
from collections import Counter

from loligo.engine.llvm import dots
from loligo.program.arithmetic import Block, Builder


def products(orders: int, copies: int = 4) -> Block:
    """z = x y order by order, each factor's next coefficient made of z's last; several of them."""
    b = Builder()
    outputs: dict[str, int] = {}
    for n in range(copies):
        x, y = [b.input(f"x{n}")], [b.input(f"y{n}")]
        for k in range(orders):
            pairs = sorted(((x[j], y[k - j]) for j in range(k + 1)), key=max)
            total = b.mul(*pairs[0])
            for one, other in pairs[1:]:
                total = b.apply("fma", one, other, total)
            outputs[f"z{n}.{k}"] = total
            x.append(b.mul(total, b.const(0.5 + k)))
            y.append(b.apply("sub", total, x[0]))
    return b.block(outputs)


def test_the_factors_of_a_convolution_lie_in_two_rows() -> None:
    plan = dots.plan_of(products(9))
    lengths = Counter(len(chain.left) for chain, _, _ in plan.calls.values())
    assert lengths == dict.fromkeys(range(3, 10), 4)
    assert plan.sizes == (4 * 2 * 9, 0)
    starts = {frozenset(pair) for _, *pair in plan.calls.values()}
    assert starts == {frozenset((18 * n, 18 * n + 9)) for n in range(4)}


def test_a_sum_is_of_the_same_products_in_the_same_order() -> None:
    """By the places that it is called with and the function's own, against the chain itself."""
    block = products(7)
    plan = dots.plan_of(block)
    assert plan.calls
    lies = {place: value for value, places in plan.places.items() for place in places}
    for end, (chain, left, right) in plan.calls.items():
        (one, other, begun) = dots.shape(chain)
        assert not begun
        terms = [(lies[left + i], lies[right + j]) for i, j in zip(one, other, strict=True)]
        place, written = end, list[tuple[int, ...]]()
        while block.assignments[place].op == "fma":
            written.append(block.assignments[place].args[:2])
            place = block.assignments[place].args[2]
        written.append(block.assignments[place].args)
        same = zip(terms, reversed(written), strict=True)
        assert all(sorted(each) == sorted(its) for each, its in same)


def test_what_is_used_elsewhere_begins_a_sum_and_is_not_in_it() -> None:
    b = Builder()
    first, second, third = (
        [b.input(f"{letter}{k}") for k in range(4)] for letter in ("x", "y", "z")
    )
    total = b.mul(first[0], second[0])
    for one, other in zip(first[1:], second[1:], strict=True):
        total = b.apply("fma", one, other, total)
    more = total
    for one, other in zip(first, third, strict=True):
        more = b.apply("fma", one, other, more)
    chains = dots.chains_of(b.block({"a": total, "b": more}))
    assert [(len(c.left), c.start is None) for c in chains.values()] == [(4, True), (4, False)]
    assert max(itertools.chain(*(c.within for c in chains.values()))) < max(chains)


def test_rows_never_outgrow_the_stack() -> None:
    """A series of a hundred products lies in memory as far as there is room, and the rest as it
    is elsewhere."""
    b = Builder()
    outputs: dict[str, int] = {}
    for n in range(120):
        x, y = ([b.input(f"{letter}{n}.{k}") for k in range(12)] for letter in "xy")
        for k in range(3, 12):
            total = b.mul(x[0], y[k])
            for j in range(1, k + 1):
                total = b.apply("fma", x[j], y[k - j], total)
            outputs[f"z{n}.{k}"] = total
    plan = dots.plan_of(b.block(outputs))
    assert 10_000 < 8 * plan.sizes[0] <= 20_000
