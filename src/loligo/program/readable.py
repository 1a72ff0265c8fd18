"""A program's assignments as lines that a person can read: ``alpha_m = bernoulli(t1)``.

A line is an operation. Inputs, numbers and signs stand where they are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loligo.program.arithmetic import Assignment, Block, Builder

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "eq": "==",
          "and": "&", "or": "|"}  # fmt: skip
_FOLDED = ("input", "const", "neg")
_DIGITS = 10


def backwards(block: Block, outputs: Sequence[str], stops: Mapping[str, str]) -> Block:
    """What some of a block's outputs are made of, up to others, which become inputs.

    Parameters
    ----------
    stops
        Output -> the name of the input that it becomes.
    """
    places = dict(block.outputs)
    wanted = {places[name] for name in outputs}
    given = {places[name]: called for name, called in stops.items() if places[name] not in wanted}
    b = Builder(shared=False)
    new: list[int] = []
    for index, a in enumerate(block.assignments):
        stop = index in given and a.op not in ("input", "const")
        new.append(b.input(given[index]) if stop else b.copy(a, new))
    return b.block({name: new[places[name]] for name in outputs})


def spelled(b: Builder, index: int, depth: int = 5) -> str:
    """One value of a builder in a line, with brackets where they are needed; what lies deeper is
    left out.

    >>> b = Builder()
    >>> rise = b.sub(b.input("V"), b.const(-40.0))
    >>> spelled(b, b.mul(b.const(2.0), rise))
    '2*(V - (-40))'
    """
    a = b.assignments[index]
    if a.op == "input":
        return a.name
    if a.op == "const":
        return f"{a.value:.{_DIGITS}g}"
    if not depth:
        return "…"
    shown = {i: spelled(b, i, depth - 1) for i in a.args}
    if a.op in ("mul", "div", "neg"):
        shown = {i: f"({text})" if " " in text else text for i, text in shown.items()}
    return f"-{shown[a.args[0]]}" if a.op == "neg" else _right(a, shown)


def operations(block: Block) -> int:
    """How many there are."""
    return sum(block.count().values())


def lines(
    block: Block, names: Sequence[str], inputs: Mapping[str, str], ends: bool = True
) -> list[str]:
    """The assignments, one a line.

    Parameters
    ----------
    names
        Of each of the block's assignments.
    inputs
        What an input is called, where that is not its name.
    ends
        Whether outputs that are no operation get a line of their own.

    Examples
    --------
    >>> b = Builder()
    >>> square = b.mul(b.input("V"), b.input("V"))
    >>> made = b.block({"y": b.sub(square, b.const(0.1))})
    >>> lines(made, ["V", "square", "", "y"], {})
    ['square = V*V', 'y = square - 0.1']
    """
    shown: list[str] = []
    told: list[str] = []
    for index, a in enumerate(block.assignments):
        if a.op == "input":
            text = inputs.get(a.name, a.name)
        elif a.op == "const":
            text = f"{a.value:.{_DIGITS}g}"
        elif a.op == "neg":
            text = f"-{shown[a.args[0]]}" if shown[a.args[0]][0] != "-" else shown[a.args[0]][1:]
        else:
            text = names[index]
            told.append(f"{text} = {_right(a, shown)}")
        shown.append(text)
    folded = [index for _, index in block.outputs if block.assignments[index].op in _FOLDED]
    return told + [f"{names[i]} = {shown[i]}" for i in folded if ends and names[i] != shown[i]]


def _right(a: Assignment, shown: Sequence[str] | Mapping[int, str]) -> str:
    args = [shown[i] for i in a.args]
    if a.op == "fma":
        x, y = _ordered(args[:2])
        negative = x[0] == "-"
        if negative and args[2][0] != "-":
            x, y = _ordered([x[1:], y])
            return f"{args[2]} - {x}*{_factor(y)}"
        return _sum(f"{x}*{_factor(y)}", args[2])
    if a.op == "add":
        second, first = _ordered(args)  # a number is added last
        return _sum(first, second)
    if a.op in _INFIX:
        tight = a.op in ("mul", "div")
        sign = _INFIX[a.op] if tight else f" {_INFIX[a.op]} "
        first, second = _ordered(args) if a.op == "mul" else args
        return f"{first}{sign}{_factor(second)}"
    return f"{a.op}({', '.join(args)})"


def _ordered(args: Sequence[str]) -> list[str]:
    """What may change places, always in the same order: what has a sign first, then numbers."""
    return sorted(args, key=lambda text: (text[0] != "-", not text[0].isdigit(), text))


def _factor(text: str) -> str:
    return f"({text})" if text[0] == "-" else text


def _sum(left: str, right: str) -> str:
    return f"{left} - {right[1:]}" if right[0] == "-" else f"{left} + {right}"
