"""Formulas in another frame of V: what was written for one resting potential, for another.

The text of each formula is kept but for V: ``0.1*(V+40)`` becomes ``0.1*(V+45)`` where everything
is 5 mV lower, so that it still looks as in a paper and is 0/0 at a number that can be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from loligo.lanes import Labelled, Value
from loligo.model.expression import Expression, parse
from loligo.model.rewritten import gate_with, scheme_with, state_with
from loligo.model.tree import Call, Name, Node, Number, Span
from loligo.model.written import Written

Edit: TypeAlias = tuple[Span, str]


def exact(number: float) -> Fraction:
    """A number as it is written: 0.1 is a tenth."""
    return Fraction(repr(float(number)))


def shifted(text: Expression, by: Mapping[str, Fraction]) -> Expression:
    """A formula in which some names have been replaced by the name less a number.

    Parameters
    ----------
    by
        Name -> what is taken off it.

    Examples
    --------
    >>> str(shifted(parse("0.1*(V+40)/(1-exp(-(V+40)/10))"), {"V": Fraction(-5)}))
    '0.1*(V+45)/(1-exp(-(V+45)/10))'
    >>> str(shifted(parse("exp(V/20) + 54 - V"), {"V": Fraction(65)}))
    'exp((V-65)/20) + 54 - (V-65)'
    """
    written = str(text)
    edits = sorted(set(_edits(text.tree, by, written)))  # a < V < b has V twice in its tree
    for (start, end), new in reversed(edits):
        written = written[:start] + new + written[end:]
    return parse(written) if edits else text


def plus(text: Expression, number: Fraction) -> Expression:
    """A formula with a number added.

    >>> str(plus(parse("nernst(1, 20, 400)"), Fraction(-5)))
    '(nernst(1, 20, 400))-5'
    """
    return parse(f"({text}){_signed(number)}") if number else text


def reframed(membrane: Written, number: float) -> dict[str, Any]:
    """What of a membrane has V in it, all of it at V + ``number``."""
    move = exact(number)
    by = {"V": move} | {f"E_{c.name}": move for c in membrane.channels if c.E is not None}

    def text(expression: Expression | None) -> Expression | None:
        return None if expression is None else shifted(expression, by)

    channels = [
        channel.changed(
            E=_moved(channel.E, by, number),
            gates=[gate_with(gate, lambda key, rate: text(rate)) for gate in channel.gates],
            open=text(channel.open),
            current=text(channel.current),
        )
        for channel in membrane.channels
    ]
    start = {n: _moved(v, by, number) if n == "V" else v for n, v in membrane.start.items()}
    return {
        "channels": channels,
        "helpers": {name: shifted(helper, by) for name, helper in membrane.helpers.items()},
        "schemes": [scheme_with(each, lambda rate: shifted(rate, by)) for each in membrane.schemes],
        "states": [state_with(each, shifted(each.derivative, by)) for each in membrane.states],
        "start": start,
    }


def _moved(
    potential: Value | Expression | None, by: Mapping[str, Any], number: float
) -> Value | Expression | None:
    if potential is None:
        return None
    if isinstance(potential, Expression):
        return plus(shifted(potential, by), by["V"])
    if isinstance(potential, Labelled):
        return potential.with_values(potential.values + number)
    return float(exact(potential) + by["V"])


def _edits(node: Node, by: Mapping[str, Fraction], written: str) -> Iterator[Edit]:
    if isinstance(node, Name):
        less = by.get(node.id)
        start, end = node.span
        if not less:
            return
        if written[start:end] == node.id:
            yield node.span, f"({node.id}{_signed(-less)})"
        elif written[end - 1 : end] == ")":  # what a function takes though it is not written
            yield (end - 1, end - 1), f", {node.id}{_signed(-less)}"
    elif isinstance(node, Call):
        folded = _folded(node, by, written)
        if folded is not None:
            yield node.span, folded
            return
        for part in node.args:
            yield from _edits(part, by, written)


def _folded(node: Call, by: Mapping[str, Fraction], written: str) -> str | None:
    """``V + 40`` with the number changed, ``40 - V`` likewise; None if it is no such thing."""
    if node.op not in ("+", "-"):
        return None
    left, right = node.args
    ends = left.span[0] == node.span[0] and right.span[1] == node.span[1]
    if not ends or not all(_plain(each, written) for each in node.args):
        return None
    if isinstance(left, Name) and isinstance(right, Number) and left.id in by:
        number = right.value if node.op == "+" else -right.value
        total = number - by[left.id]
        return f"{left.id}{_signed(total)}" if total else left.id
    if isinstance(left, Number) and isinstance(right, Name) and right.id in by:
        turned = by[right.id] if node.op == "-" else -by[right.id]
        return f"{_number(left.value + turned)}{node.op}{right.id}"
    return None


def _plain(node: Node, written: str) -> bool:
    """Whether it stands there as it is: a name, a number in digits."""
    word = written[node.span[0] : node.span[1]]
    if isinstance(node, Name):
        return word == node.id
    return isinstance(node, Number) and word == node.text and word[:1] in "0123456789."


def _signed(number: Fraction) -> str:
    return f"-{_number(-number)}" if number < 0 else f"+{_number(number)}"


def _number(number: Fraction) -> str:
    """A decimal in full."""
    context = Context(prec=60)
    decimal = context.divide(Decimal(number.numerator), Decimal(number.denominator))
    plain = f"{decimal:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
